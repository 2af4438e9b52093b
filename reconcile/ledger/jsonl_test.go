package ledger_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/umsrecon/umsrecon/reconcile"
	"github.com/umsrecon/umsrecon/reconcile/ledger"
)

func TestDamagedJSONLines(t *testing.T) {
	const sound = `{"bill_no":"3194A","bill_date":"2026-11-19","total_amount":19.08,"status":"PAID"}`
	for name, c := range map[string]struct {
		line, why string
		damaged   bool
	}{
		"cut off":           {sound[:40], "is not one JSON object (unexpected EOF); it is the last line, the file is probably cut off", false},
		"two objects":       {sound + sound, "text behind the object", false},
		"no object":         {`"x"`, "does not begin with {", false},
		"a key twice":       {strings.Replace(sound, `{`, `{"status":"UNPAID",`, 1), `the key "status" stands twice`, false},
		"id as a number":    {strings.Replace(sound, `"3194A"`, `31942023071912562344`, 1), "only 15 digits can be relied on", true},
		"float":             {strings.Replace(sound, "19.08", "19.079999999999998", 1), "finer than one fen", false},
		"exponent":          {strings.Replace(sound, "19.08", "1.9e1", 1), "scientific notation", false},
		"a list":            {strings.Replace(sound, `"PAID"`, `["PAID"]`, 1), "is not mapped", false},
		"null":              {strings.Replace(sound, `19.08`, `null`, 1), "total_amount is empty", false},
		"NUL":               {strings.Replace(sound, `3194A`, `3194\u0000`, 1), "characters that no identifier has", false},
		"key that is empty": {`{"":1}`, "bill_no is empty", false},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := readBytes(t, ledger.JSONL, []byte(sound+"\n\n"+c.line))
			require.NoError(t, err)
			require.Len(t, r.orders, 1)
			require.Len(t, r.bad, 1)
			require.Equal(t, 3, r.bad[0].Line)
			require.Contains(t, r.bad[0].Reason.EN, c.why)
			require.Equal(t, c.damaged, r.bad[0].Damaged)
			require.Equal(t, strings.ReplaceAll(c.line, "\x00", "\ufffd"), r.bad[0].Raw)
		})
	}
}

func TestJSONLinesAsAWhole(t *testing.T) {
	_, err := readBytes(t, ledger.JSONL, []byte("[\n{}\n]"))
	require.ErrorIs(t, err, reconcile.ErrUnreadable)
	require.ErrorContains(t, err, "one JSON list")
	_, err = readBytes(t, ledger.JSONL, nil)
	require.ErrorIs(t, err, reconcile.ErrHeadless)
	_, err = readBytes(t, ledger.JSONL, []byte(`{"bill_nr":"1"}`))
	var header *ledger.HeaderError
	require.ErrorAs(t, err, &header)
	require.ErrorContains(t, err, `did you mean "bill_nr"?`)

	dir := t.TempDir()
	writeFile(t, dir, "o.jsonl", `{"bill_no":"3194A","bill_date":"2026-11-19","pay":{"total":1908},"status":"PAID"}`)
	r, err := readSource(t, ledger.Source{Dir: dir, Pattern: "o.jsonl", Format: ledger.JSONL, Defaults: terminal, Columns: map[string]string{"total_amount": "pay.total"}})
	require.NoError(t, err)
	require.Equal(t, reconcile.Fen(1908), r.orders[0].Amount)
}

// JSON lines leave out what is null: a day without refunds has no key of theirs.
func TestKeysThatNoLineHas(t *testing.T) {
	columns := map[string]string{"total_amount": "pay.total", "paid_at": "pay.at", "refund_order_id": "refund.id", "refund_amount": "refund.amount", "mid": "shop.mid"}
	read := func(text string) (result, error) {
		dir := t.TempDir()
		writeFile(t, dir, "o.jsonl", text)
		return readSource(t, ledger.Source{Dir: dir, Pattern: "o.jsonl", Format: ledger.JSONL, Defaults: terminal, Columns: columns})
	}
	r, err := read(`{"bill_no":"3194A","bill_date":"2026-11-19","pay":{"total":1908},"status":"UNPAID"}`)
	require.NoError(t, err)
	require.Equal(t, reconcile.Fen(1908), r.orders[0].Amount)
	require.Equal(t, terminal.MID, r.orders[0].MID)
	r, err = read(`{"bill_no":"3194A","bill_date":"2026-11-19","refund":{"id":"R1","amount":5},"status":"SUCCESS"}`)
	require.NoError(t, err)
	require.Equal(t, "R1", r.orders[0].RefundID)

	for text, want := range map[string]string{
		`{"bill_no":"3194A","bill_date":"2026-11-19","status":"PAID"}`:                                                       `no column "pay.total", which the configuration names for total_amount`,
		`{"bill_no":"3194A","bill_date":"2026-11-19","pay":{"total":1908},"refund_no":"R1","status":"PAID"}`:                 `no column "refund.id", which the configuration names for refund_order_id (did you mean "refund_no"?)`,
		`{"bill_no":"3194A","bill_date":"2026-11-19","pay":{"total":1908,"pay_time":"2026-11-19 10:00:00"},"status":"PAID"}`: `no column "pay.at", which the configuration names for paid_at (did you mean "pay.pay_time"?)`,
	} {
		_, err = read(text)
		require.ErrorContains(t, err, want)
	}
	columns["tid"] = "shop.tid"
	dir := t.TempDir()
	writeFile(t, dir, "o.jsonl", `{"bill_no":"3194A","bill_date":"2026-11-19","pay":{"total":1908},"status":"PAID"}`)
	_, err = readSource(t, ledger.Source{Dir: dir, Pattern: "o.jsonl", Format: ledger.JSONL, Defaults: ledger.Defaults{MID: "1", InstMID: "2"}, Columns: columns})
	require.ErrorContains(t, err, `no column "shop.tid", which the configuration names for tid`)
}
