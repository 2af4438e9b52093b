package ledger_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/umsrecon/umsrecon/reconcile/ledger"
)

// ids are n ids made by a function, as the rows of a ledger.
func ids(n int, id func(i int) string) string {
	text := plainHeader + "\n"
	for i := range n {
		text += id(i) + ",2026-11-19,1908,PAID\n"
	}
	return text
}

// Many ids that end in zeros make the file suspect; a few may be whole. The
// rows are valid either way.
func TestColumnsThatHaveLostTheirDigits(t *testing.T) {
	whole := func(i int) string { return fmt.Sprintf("3194202607191%05d", i*7+1) }
	spoilt := func(i int) string { return fmt.Sprintf("31942026071%04d000", i) }
	for name, c := range map[string]struct {
		text    string
		suspect bool
	}{
		"one of one":                 {ids(1, spoilt), false},
		"four of four":               {ids(4, spoilt), false},
		"five of five":               {ids(5, spoilt), true},
		"five of ten":                {ids(5, spoilt) + strings.TrimPrefix(ids(5, whole), plainHeader+"\n"), false},
		"six of eleven":              {ids(6, spoilt) + strings.TrimPrefix(ids(5, whole), plainHeader+"\n"), true},
		"none":                       {ids(50, whole), false},
		"the same one over and over": {ids(9, func(int) string { return spoilt(1) }), false},
		"nineteen digits":            {ids(9, func(i int) string { return spoilt(i) + "0" }), true},
		"sixteen digits by chance":   {ids(100, func(i int) string { return fmt.Sprintf("319420260719%04d", i) }), false},
		"fifteen digits":             {ids(9, func(i int) string { return fmt.Sprintf("31942026071%04d", i*10) }), false},
		"with letters":               {ids(9, func(i int) string { return fmt.Sprintf("31AB2026071%04d000", i) }), false},
	} {
		t.Run(name, func(t *testing.T) {
			s := source(t, c.text)
			r, err := readSource(t, s)
			require.NoError(t, err)
			require.Empty(t, r.bad)
			require.Equal(t, c.suspect, len(r.load.Suspect) == 1, r.load.Suspect)
			if c.suspect {
				require.Regexp(t, `^orders.csv, column "bill_no": [0-9]+ of [0-9]+ ids longer than 15 digits end in zeros from the 16th on, .*export the column as text again`, r.load.Suspect[0].EN)
				require.Contains(t, r.load.Suspect[0].ZH, "文本格式重新导出")
			}
			s.Control.ZeroEnds = true
			r, err = readSource(t, s)
			require.NoError(t, err)
			require.Empty(t, r.load.Suspect)
		})
	}
}

func TestEveryColumnOfIdsIsLookedAt(t *testing.T) {
	text := "bill_no,bill_date,total_amount,status,mer_order_id,订单号,refund_order_id,refund_amount\n"
	for i := range 5 {
		text += fmt.Sprintf("31942026071912560%05d,2026-11-19,,SUCCESS,%[2]d000,%[2]d0,%[2]d00,1\n", i+1, 319420260719100+i)
	}
	s := source(t, text)
	s.Columns = map[string]string{"order_no": "订单号"}
	r, err := readSource(t, s)
	require.NoError(t, err)
	require.Empty(t, r.bad)
	require.Len(t, r.load.Suspect, 3)
	for i, column := range []string{"订单号", "mer_order_id", "refund_order_id"} {
		require.Contains(t, r.load.Suspect[i].EN, fmt.Sprintf("column %q: 5 of 5", column))
	}
}

// A workbook says which ids are numbers, also where it shows them in full: of
// those with more than 15 digits each is damaged. As text they are whole.
func TestLongNumbersInWorkbooks(t *testing.T) {
	header := []any{"bill_no", "bill_date", "total_amount", "status"}
	row := func(id any) []any { return []any{id, "2026-11-19", "19.08", "PAID"} }
	r, err := readBytes(t, ledger.XLSX, sheet(t, [][]any{
		{"明细"}, header, row("319420260719125601"), row(int64(319420260719125601)), row(int64(31942026071912)), row(int64(319420260719125)), row(uint64(3194202607191256)),
	}))
	require.NoError(t, err)
	var good []string
	for _, o := range r.orders {
		good = append(good, o.BillNo)
	}
	require.Equal(t, []string{"319420260719125601", "31942026071912", "319420260719125"}, good)
	require.Len(t, r.bad, 2)
	for i, line := range []int{4, 7} {
		require.Equal(t, line, r.bad[i].Line)
		require.True(t, r.bad[i].Damaged)
		require.Contains(t, r.bad[i].Reason.EN, "is stored as a number, of which only 15 digits can be relied on; store it as text")
	}
	shown, err := readBytes(t, ledger.XLSX, inFull(t, [][]any{header, row(int64(319420260719125601)), row("319420260719125602"), row(int64(31942026071912))}))
	require.NoError(t, err)
	require.Len(t, shown.orders, 2)
	require.Len(t, shown.bad, 1)
	require.Equal(t, 2, shown.bad[0].Line)
	require.True(t, shown.bad[0].Damaged)
}
