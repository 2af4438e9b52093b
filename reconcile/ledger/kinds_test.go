package ledger_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/umsrecon/umsrecon/reconcile"
	"github.com/umsrecon/umsrecon/reconcile/ledger"
)

const soundBill = "31942023071912562344830889"

// TestKindsOfDamage has one damaged and one sound cell for each thing that
// spreadsheets and hands do to a ledger: the damaged one costs its row, with
// the reason; the sound one, which looks much like it, is read.
func TestKindsOfDamage(t *testing.T) {
	const id, date, yuan, at, tid = "bill_no", "bill_date", "total_amount", "paid_at", "tid"
	for name, c := range map[string]struct {
		column, damaged, why, sound string
		key                         bool // the damage is of the key
	}{
		"scientific notation":        {id, "3.19E+25", "scientific notation", "12E42023071912562344830889", true},
		"lost digits":                {id, "31942023071912500000000000", "zeros behind its 15th digit", "31942023071912500000000001", true},
		"decimal":                    {id, "31942023.0", "decimal number", "31942023.A", true},
		"formula":                    {id, `="0001"`, "spreadsheet formula", "0001", true},
		"apostrophe":                 {id, "'0001", "backtick or an apostrophe", "0001", true},
		"backtick":                   {id, "`0001", "backtick or an apostrophe", "0001", true},
		"tab":                        {id, "\t0001", "stray blanks", "0001", true},
		"blank":                      {id, "0001 ", "stray blanks", "0001", true},
		"blank inside":               {id, "00 01", "blank inside", "0001", true},
		"full-width blank":           {id, "0001\u3000", "stray blanks", "0001", true},
		"mark of no width":           {id, "\u200b0001", "stray blanks", "0001", true},
		"full-width digits":          {id, "３１９４", "full-width characters", "3194", true},
		"leading zeros of a tid":     {tid, "1", "leading zeros are lost", "00000001", true},
		"thousands separator":        {yuan, `"1,908.00"`, "thousands separator", "1908.00", false},
		"full-width thousands":       {yuan, "1，908", "full-width", "1908", false},
		"currency mark":              {yuan, "¥19.08", "currency mark", "19.08", false},
		"full-width currency mark":   {yuan, "￥19.08", "currency mark", "19.08", false},
		"currency name":              {yuan, "19.08元", "currency mark", "19.08", false},
		"minus":                      {yuan, "-19.08", "sign", "19.08", false},
		"brackets":                   {yuan, "(19.08)", "brackets", "19.08", false},
		"full-width amount":          {yuan, "１９.08", "full-width", "19.08", false},
		"third decimal":              {yuan, "12.301", "finer than one fen", "12.300", false},
		"float":                      {yuan, "19.899999999999999", "finer than one fen", "19.9", false},
		"scientific amount":          {yuan, "1.9E3", "scientific notation", "1900", false},
		"serial date":                {date, "46345", "serial number", "20261119", false},
		"date with slashes":          {date, "2026/11/19", "slashes", "2026-11-19", false},
		"short date with slashes":    {date, "2026/1/9", "slashes", "2026-01-09", false},
		"full-width date":            {date, "２０２６-11-19", "full-width", "2026-11-19", false},
		"no such date":               {date, "2026-02-30", "not a date", "2026-02-28", false},
		"serial time":                {at, "46345.5", "serial number", "2026-11-19 12:00:00", false},
		"time without seconds":       {at, "2026-11-19 12:00", "no seconds", "2026-11-19 12:00:00", false},
		"time with slashes":          {at, "2026/11/19 12:00", "slashes", "2026-11-19T12:00:00+08:00", false},
		"NUL bytes":                  {"order_no", "a\x00b", "NUL", "ab", false},
		"control character":          {"order_no", "a\x02b", "control characters", "ab", false},
		"quote in the middle":        {"order_no", `a"b`, "quote", `"a""b"`, false},
		"quote that is never closed": {"order_no", `"ab`, "quote is not closed", `"ab"`, false},
		"bytes of another encoding":  {"order_no", "a\xffb", "does not define", "甲", false},
	} {
		t.Run(name, func(t *testing.T) {
			row := map[string]string{id: soundBill, date: "2026-11-19", yuan: "19.08", "status": "PAID", at: "", tid: "", "order_no": ""}
			row[c.column] = c.damaged
			bad := readYuan(t, table(row))
			require.Empty(t, bad.orders)
			require.Len(t, bad.bad, 1)
			require.Contains(t, bad.bad[0].Reason.EN, c.why)
			require.NotEmpty(t, bad.bad[0].Reason.ZH)
			require.Equal(t, c.key, bad.bad[0].Damaged)

			row[c.column] = c.sound
			sound := readYuan(t, table(row))
			require.Empty(t, sound.bad)
			require.Len(t, sound.orders, 1)
		})
	}
}

func readYuan(t *testing.T, text string) result {
	s := source(t, text)
	s.Unit = ledger.Yuan
	r, err := readSource(t, s)
	require.NoError(t, err)
	return r
}

// Ways to write one amount, and line ends, that all mean the same.
func TestFormsThatAreNoDamage(t *testing.T) {
	for _, amount := range []string{"12.30", "12.3", "12.300", `"12.30"`, " 12.30"} {
		for _, end := range []string{"\n", "\r\n", "\r"} {
			r := readYuan(t, "\ufeff"+plainHeader+end+"3194A,20261119,"+amount+",PAID"+end)
			require.Empty(t, r.bad, amount)
			require.Equal(t, reconcile.Fen(1230), r.orders[0].Amount, amount)
		}
	}
}
