package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"

	"github.com/umsrecon/umsrecon/chinaums/chinaumstest"
	"github.com/umsrecon/umsrecon/reconcile"
	"github.com/umsrecon/umsrecon/reconcile/ledger/ledgertest"
	"github.com/umsrecon/umsrecon/store"
)

// shopOfMonths is a shop whose nights are run one after the other.
type shopOfMonths struct {
	*testing.T
	clock   *demoClock
	config  string
	gateway *chinaumstest.Gateway
}

// winter and summer are the days that the shop sells on; those of winter become
// history in July.
var (
	winter = []string{"2026-01-05", "2026-01-06", "2026-01-31", "2026-02-03", "2026-02-04", "2026-02-27"}
	summer = []string{"2026-03-02", "2026-06-30", "2026-07-01", "2026-07-10"}
)

func newShopOfMonths(t *testing.T, more string) shopOfMonths {
	clock := &demoClock{now: time.Date(2026, time.January, 1, 0, 0, 0, 0, reconcile.Beijing)}
	config, g := shopOfDays(t, clock, slices.Concat(winter, summer)...)
	text, err := os.ReadFile(config)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(config, []byte(string(text)+"schedule: {catch_up: 0d}\n"+more), 0o600))
	s := shopOfMonths{T: t, clock: clock, config: config, gateway: g}
	for _, day := range slices.Concat(winter, summer) {
		s.books(day, "")
	}
	s.books("2026-01-06", "X1,2026-01-06,1908,PAID,,,") // which UMS does not have
	s.books("2026-02-27", "X2,2026-02-27,1908,PAID,,,") // of which nothing was settled before March
	late := paidBill("X2", "2026-02-27")
	late.BillPayment.SettleDate = "2026-03-02"
	g.Put(late)
	return s
}

// refunds gives back something of a payment that has long gone; a part of it was
// settled in winter.
func (s shopOfMonths) refunds() {
	s.Helper()
	s.books("2026-07-10", "N20260105,2026-01-05,,SUCCESS,,R1,500\nN20260105,2026-01-05,,SUCCESS,,R2,300")
	back := paidBill("N20260105", "2026-01-05")
	back.BillStatus, back.BillPayment.Status = "REFUND", "TRADE_REFUND"
	back.Refunds = map[string]chinaumstest.Flow{"R1": {TotalAmount: "500", Status: "SUCCESS", SettleDate: "2026-07-10"}, "R2": {TotalAmount: "300", Status: "SUCCESS", SettleDate: "2026-01-20"}}
	s.gateway.Put(back)
}

// books adds a row to those of a day.
func (s shopOfMonths) books(day, row string) {
	s.Helper()
	no := "N" + strings.ReplaceAll(day, "-", "")
	text := "bill_no,bill_date,total_amount,status,settle_date,refund_order_id,refund_amount\n" + no + "," + day + ",1908,PAID,,,\n" + row + "\n"
	path := filepath.Join(filepath.Dir(s.config), "ledger", "orders-"+day+".csv")
	require.NoError(s, os.WriteFile(path, []byte(text), 0o600))
	require.NoError(s, os.Chtimes(path, s.clock.Now(), s.clock.Now()))
}

// at runs the program at half past two on a day.
func (s shopOfMonths) at(day reconcile.Day, args ...string) (code int, stdout, stderr string) {
	s.Helper()
	s.clock.set(day.Start().Add(150 * time.Minute))
	a, out, errs := newApp(s.clock)
	code = a.run(s.Context(), append([]string{"-c", s.config}, args...))
	return code, out.String(), errs.String()
}

func (s shopOfMonths) nights(days []string) {
	s.Helper()
	for _, text := range days {
		day, err := reconcile.ParseDay(text)
		require.NoError(s, err)
		code, out, errs := s.at(day+1, "run", "--date", text)
		require.Contains(s, []int{exitDone, exitDiscrepant}, code, out+errs)
	}
}

var aRun = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f-]{21}`)

// cells is every cell of the workbooks of some periods, but for the ids of runs.
func (s shopOfMonths) cells(names ...string) (all []string) {
	s.Helper()
	for _, name := range names {
		book, err := excelize.OpenFile(filepath.Join(filepath.Dir(s.config), "reports", name+".xlsx"))
		require.NoError(s, err)
		for _, sheet := range book.GetSheetList() {
			rows, err := book.GetRows(sheet, excelize.Options{RawCellValue: true})
			require.NoError(s, err)
			for n, row := range rows {
				all = append(all, fmt.Sprintf("%s %s %d %s", name, sheet, n+1, aRun.ReplaceAllString(strings.Join(row, "|"), "RUN")))
			}
		}
		require.NoError(s, book.Close())
	}
	return all
}

// reports are the files that the shop has, with what they hold.
func (s shopOfMonths) reports() map[string]string {
	s.Helper()
	files := map[string]string{}
	entries, err := os.ReadDir(filepath.Join(filepath.Dir(s.config), "reports"))
	require.NoError(s, err)
	for _, e := range entries {
		text, err := os.ReadFile(filepath.Join(filepath.Dir(s.config), "reports", e.Name()))
		require.NoError(s, err)
		files[e.Name()] = string(text)
	}
	return files
}

func (s shopOfMonths) count() (orders int, horizon reconcile.Day) {
	s.Helper()
	a, _, _ := newApp(s.clock)
	a.configFlag = s.config
	cfg, err := a.load(NeedDatabase)
	require.NoError(s, err)
	db, err := store.Open(s.Context(), cfg.database())
	require.NoError(s, err)
	defer db.Close()
	for _, day := range slices.Concat(winter, summer) {
		d, err := reconcile.ParseDay(day)
		require.NoError(s, err)
		n, err := db.DayOrders(s.Context(), "898340149000005", d)
		require.NoError(s, err)
		orders += int(n)
	}
	horizon, err = db.Horizon(s.Context())
	require.NoError(s, err)
	return orders, horizon
}

// TestOldMonths: a shop that keeps its orders for 130 days has, of the months that
// it keeps, the figures and workbooks of one that keeps all; the others are
// history.
func TestOldMonths(t *testing.T) {
	t.Run("file", func(t *testing.T) { oldMonths(t, func(string) string { return "" }) })
	t.Run("server", func(t *testing.T) {
		address := ledgertest.Postgres(t, os.Getenv("REQUIRE_DATABASES") != "")
		oldMonths(t, func(schema string) string {
			require.NoError(t, makeSchema(address, schema))
			path := filepath.Join(t.TempDir(), schema)
			require.NoError(t, os.WriteFile(path, []byte(address+"&search_path="+schema), 0o600))
			return "database: file:" + path + "\n"
		})
	})
}

func oldMonths(t *testing.T, database func(schema string) string) {
	kept, taken := newShopOfMonths(t, database("kept")), newShopOfMonths(t, database("taken")+"keep: {orders: 130d}\n")
	for _, s := range []shopOfMonths{kept, taken} {
		s.nights(winter)
		s.nights(summer[:3])
	}
	orders, horizon := taken.count()
	require.Equal(t, 8, orders)
	require.Equal(t, "2026-02-01", horizon.String(), "130 days before 1 July is 21 February")
	before, all := taken.reports(), kept.reports()
	for _, s := range []shopOfMonths{kept, taken} {
		s.refunds()
		s.nights(summer[3:])
	}

	orders, horizon = kept.count()
	require.Equal(t, []any{14, reconcile.Day(0)}, []any{orders, horizon})
	orders, horizon = taken.count()
	require.Equal(t, "2026-03-01", horizon.String())
	require.Equal(t, 8, orders, "of winter X1, which has a case, and X2, which was settled in March")
	names := []string{"settlement-2026-03", "settlement-2026-06", "settlement-2026-07"}
	for _, day := range summer {
		names = append(names, "discrepancies-"+day)
	}
	require.Equal(t, kept.cells(names...), taken.cells(names...))
	require.NotEqual(t, all["settlement-2026-01.xlsx"], kept.reports()["settlement-2026-01.xlsx"], "the night in July has changed a line of January")
	historyStays(t, taken, before)

	again := []string{"report", "--month", "2026-03"}
	for _, s := range []shopOfMonths{kept, taken} {
		code, out, errs := s.at(reconcile.MakeDay(2026, time.July, 12), again...)
		require.Equal(t, exitDone, code, out+errs)
	}
	require.Equal(t, kept.cells("settlement-2026-03"), taken.cells("settlement-2026-03"), "written again")
	require.Contains(t, strings.Join(taken.cells("settlement-2026-03"), "\n"), "X2")
}

// historyStays: it is refused to run or write it again, nothing does by itself,
// and what is there can be looked at.
func historyStays(t *testing.T, s shopOfMonths, before map[string]string) {
	today := reconcile.MakeDay(2026, time.July, 12)
	for _, args := range []string{
		"run --date 2026-02-28", "run --date 2026-02-03 --no-query", "run --date 2026-02-03 --restate", "run --date 2026-02-03 --dry-run", "run --from 2026-02-28 --to 2026-03-02",
		"report --date 2026-02-03", "report --month 2026-02", "report --settle-date 2026-02-28", "day reopen 2026-02-03 --by 李四 --reason again",
	} {
		code, out, errs := s.at(today, strings.Fields(args)...)
		require.Equal(t, exitUsage, code, args+out+errs)
		require.Regexp(t, `umsrecon: 2026-02-\d\d is history: orders of the months before 2026-03 were taken away \(keep.orders\).*still there`, errs, args)
	}
	for _, args := range []string{"day close 2026-02-03 --by 张三", "day list", "runs", "check --date 2026-07-10", "discrepancies list --date 2026-01-06"} {
		code, out, errs := s.at(today, strings.Fields(args)...)
		require.NotEqual(t, exitUsage, code, args+out+errs)
		require.NotRegexp(t, `(?m)^database +NOT`, out)
		if strings.HasPrefix(args, "discrepancies") {
			require.Contains(t, out, "BILL_NOT_FOUND")
		}
	}
	after := s.reports()
	for name, text := range before {
		if strings.Contains(name, "-2026-01") || strings.Contains(name, "-2026-02") {
			require.True(t, text == after[name], name+" stays as it was")
		}
	}
}

// TestNoNightOfHistoryIsLate: whatever the configuration says later, nights of
// history are neither caught up with nor told of.
func TestNoNightOfHistoryIsLate(t *testing.T) {
	s := newShopOfMonths(t, "keep: {orders: 130d}\n")
	s.nights(winter)
	s.nights(summer)
	text, err := os.ReadFile(s.config)
	require.NoError(t, err)
	for _, catchUp := range []string{"366d", "132d"} { // with the second, 28 February would be too old
		changed := strings.NewReplacer("keep: {orders: 130d}", "", "catch_up: 0d", "catch_up: "+catchUp).Replace(string(text))
		require.NoError(t, os.WriteFile(s.config, []byte(changed), 0o600))
		a, _, _ := newApp(s.clock)
		a.configFlag = s.config
		s.clock.set(time.Date(2026, time.July, 12, 2, 30, 0, 0, reconcile.Beijing))
		cfg, err := a.load(NeedDatabase, NeedSchedule)
		require.NoError(t, err)
		db, err := store.Open(t.Context(), cfg.database())
		require.NoError(t, err)
		p, err := cfg.dueNights(s.clock.Now(), 0).plan(t.Context(), db)
		require.NoError(t, err)
		require.NoError(t, db.Close())
		require.Empty(t, p.tooOld)
		require.Equal(t, "2026-03-01", p.nights[0].Day.String())
	}
}

// TestOldMonthsInTheConfiguration: what the nights look back at is kept.
func TestOldMonthsInTheConfiguration(t *testing.T) {
	for text, fault := range map[string]string{
		"keep: {orders: 0d}":                              "",
		"keep: {orders: 129d}":                            "",
		"keep: {orders: 128d}":                            "keep.orders: must be 0d (for ever), or more than rules.lookback, schedule.catch_up and 31 days together (128d), is",
		"rules: {lookback: 200d}\nkeep: {orders: 238d}":   "together (238d), is",
		"rules: {lookback: 200d}\nkeep: {orders: 239d}":   "",
		"schedule: {catch_up: 30d}\nkeep: {orders: 151d}": "together (151d), is",
		"schedule: {catch_up: 30d}\nkeep: {orders: 152d}": "",
	} {
		path := filepath.Join(t.TempDir(), "config.yaml")
		require.NoError(t, os.WriteFile(path, []byte(text+"\n"), 0o600))
		a, _, _ := newApp(wallClock{})
		a.configFlag = path
		_, err := a.load(NeedDatabase)
		if fault == "" {
			require.NoError(t, err, text)
			continue
		}
		require.ErrorContains(t, err, fault, text)
	}
}
