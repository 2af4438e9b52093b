package reconcile_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/umsrecon/umsrecon/chinaums/chinaumstest"
	"github.com/umsrecon/umsrecon/reconcile"
	"github.com/umsrecon/umsrecon/reconcile/ledger"
	"github.com/umsrecon/umsrecon/store"
)

// A generated day is put together from golden cases under names of their own,
// and of orders on which everybody agrees.

// piece is a golden case of one night with the settings that are the default.
type piece struct {
	name  string
	rows  []map[string]string
	bills []chinaumstest.Bill
	found []string // what must be found: "order code severity state"
}

// ids are the names inside a golden case; each use of it has its own.
var ids = regexp.MustCompile(`\b(SO|MB|SB|TB|B|R|C|S|T|M|F)[0-9]\b`)

// pieces reads the golden cases that can stand beside others.
func pieces(t *testing.T) (all []string) {
	folders, err := filepath.Glob(goldenCases + "/*/*")
	require.NoError(t, err)
	for _, folder := range folders {
		alone := slices.ContainsFunc([]string{"settings.json", "notices.json", "statement.csv", "night1"}, func(name string) bool {
			_, err := os.Stat(filepath.Join(folder, name))
			return err == nil
		})
		if !alone {
			all = append(all, folder)
		}
	}
	require.Greater(t, len(all), 60)
	return all
}

// use reads a golden case under names that begin with a prefix.
func use(t require.TestingT, folder, prefix string) piece {
	renamed := func(name string) string {
		text, err := os.ReadFile(filepath.Join(folder, name))
		require.NoError(t, err)
		return ids.ReplaceAllString(string(text), prefix+"$0")
	}
	p := piece{name: folder}
	require.NoError(t, json.Unmarshal([]byte(renamed("bills.json")), &p.bills))
	records, err := csv.NewReader(strings.NewReader(renamed("ledger.csv"))).ReadAll()
	require.NoError(t, err)
	for _, record := range records[1:] {
		row := map[string]string{}
		for i, column := range records[0] {
			row[column] = record[i]
		}
		p.rows = append(p.rows, row)
	}
	text, err := os.ReadFile(filepath.Join(folder, "expected.csv"))
	require.NoError(t, err)
	expected, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	require.NoError(t, err)
	for _, e := range expected[1:] {
		p.found = append(p.found, label(ids.ReplaceAllString(e[0], prefix+"$0"), e[1], e[2], e[3]))
	}
	return p
}

// label is a finding; a bad row is known by its code alone, its line moves.
func label(order, code, severity, state string) string {
	if strings.HasPrefix(order, "line ") {
		order = "row"
	}
	return strings.Join([]string{order, code, severity, state}, " ")
}

// generated is a day.
type generated struct {
	rows  []map[string]string
	bills []chinaumstest.Bill
	found []string
}

// anyDay draws some golden cases and as many agreeing orders that they stay a
// minority: a day that looks systemic clears nothing. All names begin with names.
func anyDay(t *rapid.T, folders []string, names string) generated {
	day := generated{found: []string{}}
	// Each once: what names no order, a row whose key is damaged, would be the same row twice.
	for i, folder := range rapid.SliceOfNDistinct(rapid.SampledFrom(folders), 1, 8, rapid.ID[string]).Draw(t, "cases") {
		p := use(t, folder, fmt.Sprintf("%sK%02d", names, i))
		day.rows, day.bills, day.found = append(day.rows, p.rows...), append(day.bills, p.bills...), append(day.found, p.found...)
	}
	for i := range 2*len(day.rows) + 1 {
		p := use(t, goldenCases+"/BUYER_PAY_MISMATCH/close", fmt.Sprintf("%sA%02d", names, i))
		day.rows, day.bills = append(day.rows, p.rows...), append(day.bills, p.bills...)
	}
	return day
}

// play runs the day in a world of its own, its rows in so many files.
func (d generated) play(t *testing.T, rows []map[string]string, files int) (*world, reconcile.Summary) {
	w := newWorld(t)
	books, err := ledger.New(ledger.Source{
		Dir: w.dir, Pattern: "orders-{date}-*.csv", Defaults: ledger.Defaults{MID: mid, TID: tid, InstMID: "QRPAYDEFAULT"},
	})
	require.NoError(t, err)
	w.job.Ledgers, w.job.Asking.Concurrency = []reconcile.Ledger{books}, 8
	w.writeRows(rows, files)
	w.ums.Put(d.bills...)
	w.clock.set(w.at(goldenNight))
	return w, w.again()
}

func (w *world) again() reconcile.Summary {
	s, err := w.job.Run(w.Context(), reconcile.Request{Day: goldenDay, Requery: true})
	require.NoError(w, err)
	return s
}

var bookColumns = strings.Split("bill_no,bill_date,total_amount,status,paid_at,order_no,buyer_pay_amount,coupon_amount,settle_date,mer_order_id,"+
	"refund_order_id,refund_amount,authed_order_id,authed_amount,fen_order_id", ",")

func (w *world) writeRows(rows []map[string]string, files int) {
	for n := range files {
		var text strings.Builder
		out := csv.NewWriter(&text)
		require.NoError(w, out.Write(bookColumns))
		for i, row := range rows {
			if i%files != n {
				continue
			}
			record := make([]string, len(bookColumns))
			for c, column := range bookColumns {
				record[c] = row[column]
			}
			require.NoError(w, out.Write(record))
		}
		out.Flush()
		path := filepath.Join(w.dir, fmt.Sprintf("orders-%s-%d.csv", goldenDay, n))
		require.NoError(w, os.WriteFile(path, []byte(text.String()), 0o600))
		require.NoError(w, os.Chtimes(path, w.at(goldenTaken), w.at(goldenTaken)))
	}
}

// found lists what was found, sorted.
func (w *world) found() []string {
	all := []string{}
	for l, err := range w.db.Cases(w.Context(), store.Filter{}) {
		require.NoError(w, err)
		k := l.Case.Key
		subject := strings.Trim(k.BillNo+"/"+k.RefundID+k.CompletionID, "/")
		if l.Row != nil || subject == "" { // a row that was mended has gone
			subject = "line "
		}
		all = append(all, label(subject, string(l.Case.Code), string(l.Case.Severity), string(l.Case.State)))
	}
	slices.Sort(all)
	return all
}

// TestADayIsTheSumOfItsCases: whatever stands beside an order changes nothing
// about it; nor does the order of the rows, their files, or a second run. The
// figures add up in each.
func TestADayIsTheSumOfItsCases(t *testing.T) {
	folders := pieces(t)
	wholeDays(t)
	rapid.Check(t, func(r *rapid.T) {
		day := anyDay(r, folders, "")
		slices.Sort(day.found)
		w, first := day.play(t, day.rows, 1)
		require.Equal(r, day.found, w.found())
		requireWhole(r, first, day)

		files := rapid.IntRange(1, 3).Draw(r, "files")
		switch rapid.SampledFrom([]string{"again", "shuffled", "doubled"}).Draw(r, "then") {
		case "again":
			again := w.again()
			require.Equal(r, day.found, w.found(), "twice is as good as once")
			require.Equal(r, first.Kinds, again.Kinds)
			require.Equal(r, first.Codes, again.Codes)
			require.Equal(r, first.Cases.Closing, again.Cases.Opening)
			require.Equal(r, again.Cases.Opening, again.Cases.Closing)
		case "shuffled":
			w, shuffled := day.play(t, rapid.Permutation(day.rows).Draw(r, "order"), files)
			require.Equal(r, day.found, w.found(), "the order of the rows and their files do not matter")
			require.Equal(r, first.Kinds, shuffled.Kinds)
			require.Equal(r, first.Codes, shuffled.Codes)
		case "doubled":
			w, doubled := day.play(t, append(slices.Clone(day.rows), day.rows...), files)
			require.Equal(r, without(day.found, " LEDGER_DUPLICATE_ROW "), without(w.found(), " LEDGER_DUPLICATE_ROW "), "identical rows twice")
			require.Equal(r, first.Kinds, doubled.Kinds)
			require.Equal(r, first.Loaded(), doubled.Codes[reconcile.LedgerDuplicateRow].Count, "each is said to stand there twice")
		}
	})
}

// requireWhole: each order is in one class, and the parts sum to the whole.
func requireWhole(r *rapid.T, s reconcile.Summary, day generated) {
	require.NoError(r, s.Check())
	require.False(r, s.Systemic)
	keys := map[string]bool{}
	for _, row := range day.rows {
		keys[row["bill_no"]+"/"+row["refund_order_id"]+row["authed_order_id"]] = true
	}
	require.EqualValues(r, len(keys), s.Loaded()+s.Invalid)
	var classes int64
	for _, n := range s.ClassCounts() {
		classes += n
	}
	require.Equal(r, s.Loaded(), classes)
}

func without(all []string, word string) []string {
	return slices.DeleteFunc(slices.Clone(all), func(s string) bool { return strings.Contains(s, word) })
}

// stays are the codes that a healed world does not clear: never, or only when
// a person decides, or on a ground that this healing does not give.
var stays = map[reconcile.Code]string{
	reconcile.PaymentReferenceReused: "never",
	reconcile.LedgerPaidBillClosed:   "never",
	reconcile.RefundExceedsPayment:   "never",
	reconcile.DoublePayment:          "neither of the two was given back",
	reconcile.RefundNotInLedger:      "no refund appears in the ledger where it has none",
	reconcile.RefundUndetermined:     "no refund id is supplied",
	reconcile.RefundIncomplete:       "the refunds do not sum to what was refunded",
	reconcile.PayScoreSyncDue:        "UMS was not told",
}

// heal lets both sides agree about every order: paid, of one amount, settled;
// refunds and completions that the ledger knows are done.
func (d generated) heal() generated {
	healed := generated{}
	bills := map[string]*chinaumstest.Bill{}
	seen := map[string]bool{}
	for _, row := range d.rows {
		key := row["bill_no"] + "/" + row["refund_order_id"] + row["authed_order_id"]
		if strings.Contains(row["bill_no"], "E+") || row["status"] == "HOLD" || seen[key] {
			continue
		}
		seen[key] = true
		if bills[row["bill_no"]] == nil {
			bills[row["bill_no"]] = healedBill(row["bill_no"])
		}
		healed.rows = append(healed.rows, healedRow(row, bills[row["bill_no"]]))
	}
	for _, b := range bills {
		for _, row := range healed.rows {
			if row["bill_no"] == b.BillNo && row["refund_order_id"]+row["authed_order_id"] == "" && len(b.Refunds) > 0 {
				row["status"], b.BillStatus, b.BillPayment.Status = "PART_REFUNDED", "REFUND", "TRADE_REFUND"
			}
		}
		healed.bills = append(healed.bills, *b)
	}
	return healed
}

func healedBill(no string) *chinaumstest.Bill {
	return &chinaumstest.Bill{
		Key:        chinaumstest.Key{MID: mid, TID: tid, InstMID: "QRPAYDEFAULT", BillNo: no, BillDate: goldenDay.String()},
		CreateTime: "2026-01-05 09:59:00", BillStatus: "PAID", TotalAmount: "1908", BillPayment: &chinaumstest.Flow{
			PaySeqID: "S" + no, TargetOrderID: "T" + no, TargetSys: "WXPay", Status: "TRADE_SUCCESS", TotalAmount: "1908", BuyerPayAmount: "1908",
			PayTime: "2026-01-05 10:00:00", SettleDate: "2026-01-06",
		},
		Refunds: map[string]chinaumstest.Flow{}, Completions: map[string]chinaumstest.Flow{},
	}
}

func healedRow(row map[string]string, b *chinaumstest.Bill) map[string]string {
	healed := map[string]string{"bill_no": row["bill_no"], "bill_date": row["bill_date"], "total_amount": "1908", "status": "PAID", "paid_at": "2026-01-05 10:00:00"}
	for kind, column := range map[string]string{"refund": "refund_amount", "authed": "authed_amount"} {
		id := row[kind+"_order_id"]
		if id == "" {
			continue
		}
		healed["total_amount"], healed["status"], healed[kind+"_order_id"], healed[column] = "", "SUCCESS", id, row[column]
		flows := map[string]map[string]chinaumstest.Flow{"refund": b.Refunds, "authed": b.Completions}[kind]
		flows[id] = chinaumstest.Flow{Status: "SUCCESS", TotalAmount: chinaumstest.Amount(row[column]), PayTime: "2026-01-05 12:00:00", SettleDate: "2026-01-06"}
	}
	return healed
}

// TestAHealedWorldClears every case that may clear, and no other.
func TestAHealedWorldClears(t *testing.T) {
	folders := pieces(t)
	wholeDays(t)
	rapid.Check(t, func(r *rapid.T) {
		day := anyDay(r, folders, "")
		w, _ := day.play(t, day.rows, 1)
		before := w.found()
		healed := day.heal()
		w.writeRows(healed.rows, 1)
		w.ums.Put(healed.bills...)
		require.NoError(r, w.again().Check())

		want := []string{}
		for _, l := range before {
			part := strings.Fields(l)
			order, code, severity, state := part[0], reconcile.Code(part[1]), part[2], part[3]
			switch {
			case state == "note":
				continue
			case state != "open" || stays[code] == "" || code == reconcile.RefundUndetermined && strings.Contains(order, "/"): // the refund's own amount is named now
				state = "cleared"
			}
			want = append(want, label(order, string(code), severity, state))
		}
		slices.Sort(want)
		// The healing itself moves settle dates, and edits rows that were final.
		got := without(without(w.found(), " SETTLE_DATE_CHANGED "), " LEDGER_CHANGED ")
		got = slices.DeleteFunc(got, func(l string) bool { return strings.HasSuffix(l, " note") })
		require.Equal(r, want, got)
	})
}
