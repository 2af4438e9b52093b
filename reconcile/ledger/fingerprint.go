package ledger

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"

	"github.com/umsrecon/umsrecon/reconcile"
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

// Agrees says whether an order of a payment may have been read from the row with
// this fingerprint. The order does not say whether the row had amounts of 0 where
// it has no refund or completion; it holds no more of a refund's amount on a row
// without its id, nor of a time than milliseconds: such an order may not agree.
func Agrees(o reconcile.Order, row string) bool {
	v := valuesOf(o)
	zero := []reconcile.Amount{{}, reconcile.Some(0)}
	authed := zero
	if o.Authed.Known {
		authed = []reconcile.Amount{o.Authed}
	}
	for _, v.amount[colRefundAmount] = range zero {
		for _, v.amount[colAuthedAmount] = range authed {
			if v.fingerprint(allColumns) == row {
				return true
			}
		}
	}
	return false
}

func valuesOf(o reconcile.Order) *values {
	v := &values{status: o.Status}
	for c, text := range map[column]string{
		colOrderNo: o.OrderNo, colBillNo: o.BillNo, colMID: o.MID, colTID: o.TID, colInstMID: o.InstMID, colMerOrderID: o.MerOrderID,
		colAuthCode: o.AuthCode, colContractID: o.ContractID, colFenOrderID: o.FenOrderID, colServiceID: o.ServiceID,
	} {
		v.text[c] = text
	}
	v.day[colBillDate], v.day[colSettleDate] = o.BillDay, o.SettleDay
	v.at[colPaidAt], v.at[colServiceStart], v.at[colServiceEnd] = o.PaidAt, o.ServiceStart, o.ServiceEnd
	v.amount[colTotal], v.amount[colBuyerPay], v.amount[colCoupon] = reconcile.Some(o.Amount), o.BuyerPay, o.Coupon
	return v
}
