package ledger

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
)

// columnSet is a set of columns, one bit each.
type columnSet uint32

func setOf(columns ...column) (s columnSet) {
	for _, c := range columns {
		s |= 1 << c
	}
	return s
}

// On a row that holds a payment and its refund, each answers for its own
// columns: a payment that is listed once per refund is the same payment each time.
var (
	allColumns     columnSet = 1<<columnCount - 1
	refundColumns            = setOf(colMID, colTID, colInstMID, colBillDate, colBillNo, colOrderNo, colRefundID, colRefundAmount)
	paymentColumns           = allColumns &^ setOf(colRefundID, colRefundAmount)
)

// fingerprint is a hash of what the row means in a set of columns. How it is
// written (the order of the columns, 12.3 or 12.30, the form of a date, a
// default or a cell) makes no difference.
func (v *values) fingerprint(of columnSet) string {
	var space [512]byte
	text := space[:0]
	for c := range columnCount {
		if of&(1<<c) == 0 {
			continue
		}
		start := len(text)
		text = strconv.AppendInt(text, int64(c), 10)
		text = append(text, 0x1f)
		value := len(text)
		if text = v.append(text, c); len(text) == value {
			text = text[:start]
			continue
		}
		text = append(text, 0x1e)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:16])
}

// append writes the value of a column; nothing when the row has none. No
// value holds a control character, so values cannot run into each other.
func (v *values) append(text []byte, c column) []byte {
	switch {
	case c == colStatus:
		return append(text, v.status...)
	case v.text[c] != "":
		return append(text, v.text[c]...)
	case v.amount[c].Known:
		return strconv.AppendInt(text, int64(v.amount[c].Fen), 10)
	case v.day[c] != 0:
		return strconv.AppendInt(text, int64(v.day[c]), 10)
	case !v.at[c].IsZero():
		text = strconv.AppendInt(text, v.at[c].Unix(), 10)
		return strconv.AppendInt(append(text, '.'), int64(v.at[c].Nanosecond()), 10)
	}
	return text
}
