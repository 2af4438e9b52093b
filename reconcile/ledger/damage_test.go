package ledger_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/umsrecon/umsrecon/reconcile"
)

// Two damaged quotes must not close each other: the first row would be read
// with the amount of the second, and the rows between them would be gone.
func TestDamagedQuotesDoNotPair(t *testing.T) {
	const middle = "bill_no,bill_date,remark,total_amount,status"
	const first = "remark,bill_no,bill_date,total_amount,status"
	const last = "bill_no,bill_date,total_amount,status,remark"
	for name, c := range map[string]struct {
		text      string
		good, bad []string
	}{
		"rows between": {
			lines(middle, `A1,2026-11-19,"foo,1,paid`, `B1,2026-11-19,x,2,paid`, `K1,2026-11-19,bar",4,paid`, `L1,2026-11-19,x,5,paid`),
			[]string{"B1", "L1"}, []string{"a quote is not closed (a quote inside a field is doubled)", "a quote stands inside a field"},
		},
		"neighbours": {
			lines(middle, `A1,2026-11-19,"foo,1,paid`, `K1,2026-11-19,bar",4,paid`),
			nil, []string{"a quote is not closed (a quote inside a field is doubled)", "a quote stands inside a field"},
		},
		"compact dates": {
			lines(middle, `A1,20261119,"foo,1,paid`, `B1, 20261119 ,x,2,paid`, `K1,20261119,bar",4,paid`),
			[]string{"B1"}, []string{"a quote is not closed (a quote inside a field is doubled)", "a quote stands inside a field"},
		},
		"first column": {
			lines(first, `"foo,A1,2026-11-19,1,paid`, `bar",K1,2026-11-19,4,paid`),
			nil, []string{"a quote is not closed (a quote inside a field is doubled)", "a quote stands inside a field"},
		},
		"last column": {
			lines(last, `A1,2026-11-19,1,paid,"foo`, `B1,2026-11-19,2,paid,x`, `K1,2026-11-19,4,paid,bar"`),
			[]string{"B1"}, []string{"a quote is not closed (a quote inside a field is doubled)", "a quote stands inside a field"},
		},
		"sound, middle column": {lines(middle, `A1,2026-11-19,"foo, x`, ``, `2026-11-19,bar,",1,paid`, `B1,2026-11-19,x,2,paid`), []string{"A1", "B1"}, nil},
		"sound, first column":  {lines(first, `"foo`, `bar",A1,2026-11-19,1,paid`, `x,B1,2026-11-19,2,paid`), []string{"A1", "B1"}, nil},
		"sound, last column":   {lines(last, `A1,2026-11-19,1,paid,"foo`, `a,b,c,d,e`, `bar"`, `B1,2026-11-19,2,paid,x`), []string{"A1", "B1"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := readBooks(newBooks(t, source(t, c.text)), day)
			require.NoError(t, err)
			var good []string
			for _, o := range r.orders {
				good = append(good, o.BillNo)
			}
			require.Equal(t, c.good, good)
			require.Len(t, r.bad, len(c.bad))
			for i, why := range c.bad {
				require.Contains(t, r.bad[i].Reason.EN, why)
			}
		})
	}
}

func TestAmountReasons(t *testing.T) {
	for cell, why := range map[string]string{
		"None": "is not a number", "free": "is not a number", "N-A": "is not a number", "-": "is not a number", "2026-11-19": "is not a number",
		"1e3": "is in scientific notation", "1.9E+3": "is in scientific notation", "-1e3": "is in scientific notation",
		"-19": "has a sign", "19-": "has a sign", "+19": "has a sign", "−19": "has a sign",
	} {
		t.Run(cell, func(t *testing.T) {
			r, err := readBooks(newBooks(t, source(t, lines(plainHeader, "3194A,2026-11-19,"+cell+",paid"))), day)
			require.NoError(t, err)
			require.Len(t, r.bad, 1)
			require.Contains(t, r.bad[0].Reason.EN, why)
		})
	}
}

// A folder in the place of an earlier day's file is no reason to lose the night.
func TestFolderIsUnreadable(t *testing.T) {
	s := source(t, "")
	path := filepath.Join(s.Dir, "orders.csv")
	require.NoError(t, os.Remove(path))
	require.NoError(t, os.Mkdir(path, 0o700))
	_, err := readBooks(newBooks(t, s), day)
	require.ErrorIs(t, err, reconcile.ErrUnreadable)
	require.NotErrorIs(t, err, reconcile.ErrNoLedger)
	require.ErrorContains(t, err, "is a directory, not a file")
}
