package ledger_test

import (
	"encoding/csv"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/umsrecon/umsrecon/reconcile"
	"github.com/umsrecon/umsrecon/reconcile/ledger"
)

// drawOrder makes an order as a row can state it: no ledger day, no source.
func drawOrder(t *rapid.T) reconcile.Order {
	id := rapid.StringMatching(`[A-Z][0-9A-Za-z_-]{0,27}`)
	text := rapid.StringMatching(`([^\pC\pZ"'][^\pC]{0,10}[^\pC\pZ])?`)
	fen := rapid.Map(rapid.Int64Range(1, int64(reconcile.MaxFen)), func(n int64) reconcile.Fen { return reconcile.Fen(n) })
	amount := rapid.Custom(func(t *rapid.T) (a reconcile.Amount) {
		if a.Known = rapid.Bool().Draw(t, "known"); a.Known {
			a.Fen = fen.Draw(t, "fen")
		}
		return a
	})
	instant := rapid.Map(rapid.Int64Range(1, 4_000_000_000), func(s int64) time.Time { return time.Unix(s, 0).In(reconcile.Beijing) })
	o := reconcile.Order{
		Key: reconcile.Key{BillKey: reconcile.BillKey{
			MID: id.Draw(t, "mid"), TID: id.Draw(t, "tid"), InstMID: id.Draw(t, "inst_mid"),
			BillDay: reconcile.Day(rapid.IntRange(730000, 760000).Draw(t, "bill_date")), BillNo: id.Draw(t, "bill_no"),
		}},
		OrderNo: text.Draw(t, "order_no"), Amount: fen.Draw(t, "amount"), PaidAt: instant.Draw(t, "paid_at"),
		SettleDay:  reconcile.Day(rapid.IntRange(730000, 760000).Draw(t, "settle_date")),
		MerOrderID: text.Draw(t, "mer_order_id"), AuthCode: text.Draw(t, "auth"), ContractID: text.Draw(t, "contract"),
		FenOrderID: text.Draw(t, "fen_order"), ServiceID: text.Draw(t, "service"),
		ServiceStart: instant.Draw(t, "start"), ServiceEnd: instant.Draw(t, "end"),
	}
	switch rapid.SampledFrom(reconcile.Kinds).Draw(t, "kind") {
	case reconcile.Refund:
		o.RefundID = id.Draw(t, "refund_order_id")
		o.Status = rapid.SampledFrom(reconcile.Statuses[5:]).Draw(t, "status")
	case reconcile.Completion:
		o.CompletionID = id.Draw(t, "authed_order_id")
		o.Status = rapid.SampledFrom(reconcile.Statuses[5:]).Draw(t, "status")
	default:
		o.Status = rapid.SampledFrom(reconcile.Statuses[:5]).Draw(t, "status")
		o.BuyerPay, o.Coupon, o.Authed = amount.Draw(t, "buyer"), amount.Draw(t, "coupon"), amount.Draw(t, "authed")
	}
	return o
}

// written is the row of an order, by our own names. How it is spelled where a
// ledger leaves a choice is up to chance.
func written(o reconcile.Order, chance *rand.Rand) map[string]string {
	either := func(a, b string) string {
		if chance.IntN(2) == 0 {
			return a
		}
		return b
	}
	yuan := func(f reconcile.Fen) string {
		return either(f.Yuan(), strings.TrimSuffix(f.Yuan(), "0")+either("", "0000"))
	}
	known := func(a reconcile.Amount) string {
		if !a.Known {
			return either("", "  ")
		}
		return yuan(a.Fen)
	}
	at := func(t time.Time) string { return either(t.Format(time.DateTime), t.UTC().Format(time.RFC3339)) }
	cells := map[string]string{
		"order_no": o.OrderNo, "bill_no": o.BillNo, "bill_date": either(o.BillDay.String(), o.BillDay.Compact()),
		"mid": o.MID, "tid": o.TID, "inst_mid": o.InstMID,
		"status": either(strings.ToUpper(string(o.Status)), " "+string(o.Status)), "paid_at": at(o.PaidAt),
		"buyer_pay_amount": known(o.BuyerPay), "coupon_amount": known(o.Coupon), "settle_date": either(o.SettleDay.String(), o.SettleDay.Compact()),
		"mer_order_id": o.MerOrderID, "refund_order_id": o.RefundID, "authed_order_id": o.CompletionID,
		"auth_id_resp_cd": o.AuthCode, "contract_id": o.ContractID, "fen_order_id": o.FenOrderID, "service_id": o.ServiceID,
		"service_start_at": at(o.ServiceStart), "service_end_at": at(o.ServiceEnd),
		"total_amount": "", "refund_amount": "", "authed_amount": known(o.Authed),
	}
	amount := map[reconcile.Kind]string{reconcile.Payment: "total_amount", reconcile.Refund: "refund_amount", reconcile.Completion: "authed_amount"}
	cells[amount[o.Kind()]] = yuan(o.Amount)
	return cells
}

// csvOf writes orders with the columns in the order given.
func csvOf(orders []reconcile.Order, columns []string, chance *rand.Rand) string {
	var out strings.Builder
	w := csv.NewWriter(&out)
	w.UseCRLF = chance.IntN(2) == 0
	row := make([]string, len(columns))
	_ = w.Write(columns)
	for _, o := range orders {
		cells := written(o, chance)
		for i, c := range columns {
			row[i] = cells[c]
		}
		_ = w.Write(row)
	}
	w.Flush()
	return out.String()
}

// What is written is read, whatever the order of the columns and the spelling,
// and has the same fingerprint.
func TestRoundTrip(t *testing.T) {
	dir := t.TempDir()
	books := newBooks(t, ledger.Source{Dir: dir, Pattern: "orders.csv", Unit: ledger.Yuan})
	rapid.Check(t, func(t *rapid.T) {
		orders := rapid.SliceOfN(rapid.Custom(drawOrder), 1, 8).Draw(t, "orders")
		chance := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		columns := append([]string{"remark"}, ledger.Columns()...)
		var fingerprints []string
		for range 2 {
			chance.Shuffle(len(columns), func(i, j int) { columns[i], columns[j] = columns[j], columns[i] })
			require.NoError(t, os.WriteFile(filepath.Join(dir, "orders.csv"), []byte(csvOf(orders, columns, chance)), 0o600))
			r, err := readBooks(books, day)
			require.NoError(t, err)
			require.Empty(t, r.bad)
			for i := range r.orders {
				r.orders[i].LedgerDay, r.orders[i].Source = 0, reconcile.Source{}
			}
			require.Equal(t, orders, r.orders)
			if fingerprints != nil {
				require.Equal(t, fingerprints, r.rows)
			}
			fingerprints = r.rows
		}
	})
}

// Every column that changes its meaning changes the fingerprint.
func TestFingerprintSeesEveryColumn(t *testing.T) {
	base := map[string]string{
		"order_no": "SO1", "bill_no": "3194A", "bill_date": "2026-11-19", "mid": "M1", "tid": "T1", "inst_mid": "Q1",
		"total_amount": "1.00", "status": "refunded", "paid_at": "2026-11-19 10:00:00", "buyer_pay_amount": "1", "coupon_amount": "0",
		"settle_date": "2026-11-20", "mer_order_id": "O1", "refund_order_id": "", "refund_amount": "1", "authed_order_id": "", "authed_amount": "1",
		"auth_id_resp_cd": "A1", "contract_id": "C1", "fen_order_id": "F1", "service_id": "S1",
		"service_start_at": "2026-11-19 10:00:00", "service_end_at": "2026-11-19 11:00:00",
	}
	other := map[string]string{
		"order_no": "", "bill_no": "3194B", "bill_date": "2026-11-18", "mid": "M2", "tid": "T2", "inst_mid": "Q2",
		"total_amount": "1.01", "status": "part_refunded", "paid_at": "2026-11-19 10:00:01", "buyer_pay_amount": "", "coupon_amount": "",
		"settle_date": "", "mer_order_id": "O2", "refund_amount": "", "authed_amount": "2",
		"auth_id_resp_cd": "A2", "contract_id": "C2", "fen_order_id": "F2", "service_id": "S2",
		"service_start_at": "", "service_end_at": "2026-11-19 12:00:00",
	}
	fingerprint := func(cells map[string]string) string {
		s := source(t, table(cells))
		s.Unit = ledger.Yuan
		r, err := readSource(t, s)
		require.NoError(t, err)
		require.Empty(t, r.bad)
		return r.rows[0]
	}
	seen := map[string]string{fingerprint(base): "base"}
	for column, value := range other {
		was := base[column]
		base[column] = value
		f := fingerprint(base)
		require.NotContains(t, seen, f, column)
		seen[f] = column
		base[column] = was
	}
}

// An order that has changed does not agree with the row that it was read from.
func TestWhatHasChangedDoesNotAgree(t *testing.T) {
	r := readText(t, lines(flowHeader, "3194A,2026-11-19,100,paid,,0,,,", "3194B,2026-11-19,100,paid,,,,0,"))
	require.Len(t, r.orders, 2)
	for i, o := range r.orders {
		require.True(t, ledger.Agrees(o, r.rows[i]))
		for _, change := range []func(){
			func() { o.Amount++ }, func() { o.Status = reconcile.Unpaid }, func() { o.PaidAt = day.Start() }, func() { o.BillNo += "x" },
			func() { o.BillDay++ }, func() { o.Coupon = reconcile.Some(0) }, func() { o.Authed = reconcile.Some(1) },
		} {
			o = r.orders[i]
			change()
			require.False(t, ledger.Agrees(o, r.rows[i]), o)
		}
		require.False(t, ledger.Agrees(r.orders[i], r.rows[1-i]))
	}
}

// A payment that an export lists once per refund is one payment.
func TestFingerprintsOfASharedRow(t *testing.T) {
	r := readText(t, lines(flowHeader, "3194A,2026-11-19,100,paid,R1,30,,,", "3194A,2026-11-19,100,paid,R2,20,,,", "3194A,2026-11-19,100,paid,R2,21,,,"))
	require.Len(t, r.rows, 6)
	require.Equal(t, r.rows[0], r.rows[2])
	require.Equal(t, r.rows[0], r.rows[4])
	require.NotEqual(t, r.rows[1], r.rows[3])
	require.NotEqual(t, r.rows[3], r.rows[5])
	require.Len(t, r.rows[0], 32)
}

// Each line of a ledger without line ends in its quotes is an order or a bad
// row, whatever happens to the others.
func TestDamageIsLocal(t *testing.T) {
	dir := t.TempDir()
	books := newBooks(t, ledger.Source{Dir: dir, Pattern: "orders.csv", Defaults: terminal})
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 70).Draw(t, "rows")
		hit := rapid.IntRange(0, n-1).Draw(t, "damaged row")
		damage := rapid.StringMatching(`[a-z",\x00 ]{1,20}`).Draw(t, "damage")
		rows := make([]string, n)
		for i := range rows {
			rows[i] = row(i, fmt.Sprintf(`"x ""%d"", y"`, i))
		}
		at := rapid.IntRange(0, len(rows[hit])).Draw(t, "place")
		rows[hit] = rows[hit][:at] + damage + rows[hit][at:]
		require.NoError(t, os.WriteFile(filepath.Join(dir, "orders.csv"), []byte(lines(append([]string{remarked}, rows...)...)), 0o600))
		r, err := readBooks(books, day)
		require.NoError(t, err)
		require.Equal(t, int64(n), r.load.Rows)
		require.LessOrEqual(t, len(r.bad), 1)
		for _, b := range r.bad {
			require.Equal(t, hit+2, b.Line)
		}
	})
}
