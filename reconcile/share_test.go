package reconcile_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/umsrecon/umsrecon/reconcile"
	"github.com/umsrecon/umsrecon/reconcile/ledger"
)

// serve lets the world run the books of these merchants, each a source of its own.
func (w *world) serve(mids ...string) {
	w.job.Ledgers, w.job.Asking.Concurrency = nil, 8
	for _, m := range mids {
		books, err := ledger.New(ledger.Source{
			Name: m, Owner: m, Dir: filepath.Join(w.dir, m), Pattern: "orders-{date}-*.csv", Defaults: ledger.Defaults{MID: m, TID: tid, InstMID: "QRPAYDEFAULT"},
		})
		require.NoError(w, err)
		w.job.Ledgers = append(w.job.Ledgers, books)
	}
	w.clock.set(w.at(goldenNight))
}

// give puts a merchant's rows and bills in place.
func (w *world) give(m string, d generated) {
	own := *w
	own.dir = filepath.Join(w.dir, m)
	require.NoError(w, os.MkdirAll(own.dir, 0o700))
	own.writeRows(d.rows, 1)
	for i := range d.bills {
		d.bills[i].MID = m
	}
	w.ums.Put(d.bills...)
}

// share is the summary of a merchant's part of a run, as it was kept.
func (w *world) share(s reconcile.Summary, m string) reconcile.Summary {
	part, found, err := w.db.Share(w.Context(), s.RunID, m)
	require.NoError(w, err)
	require.True(w, found, m)
	return s.Of(part)
}

// TestAShareIsWhatTheMerchantAloneWouldComeTo: three merchants in one run have
// the figures that each has in a run of its own, in a database of its own, on the
// first night and when everything has healed; that together they are the run's,
// the run itself proves.
func TestAShareIsWhatTheMerchantAloneWouldComeTo(t *testing.T) {
	folders := pieces(t)
	wholeDays(t)
	mids := []string{mid, "898340149000006", "898340149000007"}
	rapid.Check(t, func(r *rapid.T) {
		together := newWorld(t)
		together.job.PerMerchant = true
		together.serve(mids...)
		days, alone := map[string]generated{}, map[string]*world{}
		for i, m := range mids {
			days[m] = anyDay(r, folders, string(rune('a'+i)))
			alone[m] = newWorld(t)
			alone[m].serve(m)
		}
		for range 2 {
			for _, m := range mids {
				together.give(m, days[m])
				alone[m].give(m, days[m])
			}
			whole := together.again()
			for _, m := range mids {
				requireSame(r, alone[m].again(), together.share(whole, m))
				days[m] = days[m].heal()
			}
		}
	})
}

func requireSame(r require.TestingT, want, got reconcile.Summary) {
	require.Equal(r, want.Kinds, got.Kinds)
	require.Equal(r, want.Cases, got.Cases)
	require.Equal(r, want.Ageing, got.Ageing)
	require.Equal(r, want.Status, got.Status)
	require.Equal(r, want.Invalid, got.Invalid)
	require.Equal(r, want.Loads, got.Loads)
	for _, pair := range [][2]map[reconcile.Code]reconcile.Sum{{want.Codes, got.Codes}, {want.OwnCodes, got.OwnCodes}} {
		require.Equal(r, len(pair[0]), len(pair[1]))
		for code, sum := range pair[0] {
			require.Equal(r, sum, pair[1][code], code)
		}
	}
	require.Equal(r, len(want.NotCompared), len(got.NotCompared))
	for field, n := range want.NotCompared {
		require.Equal(r, n, got.NotCompared[field], field)
	}
}
