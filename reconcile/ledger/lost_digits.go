package ledger

import (
	"slices"
	"strings"
)

// Spreadsheets keep 15 digits of a number and write zeros for the others. Of
// one id of 16 to 19 digits that ends in zeros nobody can tell whether it is
// whole, and its row is valid. A column of them is another matter: when at
// least lostLeast different ids of a column end in zeros from the 16th digit
// on, and they are more than half of its ids that are longer than 15 digits,
// the file has most likely been through a spreadsheet.
//
// The rows stay valid all the same: a merchant whose ids do end in zeros would
// have none left, and what UMS answers for a wrong number shows on a paid
// order. On an unpaid one it shows nothing, so the file is told as Suspect,
// which makes the run incomplete until the file is exported anew or
// Control.ZeroEnds says that the ids are so.
const lostLeast = 5

// tally counts the ids of a column that are longer than 15 digits.
type tally struct {
	long, ended int64
	different   []string // of those that end in zeros, at most lostLeast
}

func (t *tally) add(id string) {
	if len(id) <= exactDigits || !digits(id) {
		return
	}
	t.long++
	if strings.Trim(id[exactDigits:], "0") != "" {
		return
	}
	t.ended++
	if len(t.different) < lostLeast && !slices.Contains(t.different, id) {
		t.different = append(t.different, strings.Clone(id))
	}
}

func (t *tally) suspect() bool {
	return len(t.different) >= lostLeast && 2*t.ended > t.long
}

// idColumns are those in which a merchant's ids stand.
var idColumns = []column{colOrderNo, colBillNo, colMerOrderID, colRefundID, colAuthedID, colContractID, colFenOrderID}

// suspects tells of the columns of a file whose digits seem lost.
func (p *pass) suspects(f file, r *rowReader) {
	if p.books.source.Control.ZeroEnds {
		return
	}
	for _, c := range idColumns {
		if t := &p.counted.ids[c]; t.suspect() {
			p.load.Suspect = append(p.load.Suspect, say(
				"%[1]s 列 %[2]q：%[4]d 个超过 15 位的编号中有 %[3]d 个第 15 位以后全为零，很可能已被表格软件丢失数字；请将该列以文本格式重新导出；若编号本来如此，请设 ledger.control.zero_ends: true",
				"%[1]s, column %[2]q: %[3]d of %[4]d ids longer than 15 digits end in zeros from the 16th on, which is how a spreadsheet loses digits; export the column as text again, or set ledger.control.zero_ends: true if the ids are so",
				f.name, r.heading(c), t.ended, t.long))
		}
	}
}

// noted counts the ids of a row.
func (c *counted) noted(v *values) {
	for _, at := range idColumns {
		if v.text[at] != "" {
			c.ids[at].add(v.text[at])
		}
	}
}
