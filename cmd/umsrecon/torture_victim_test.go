package main

import (
	"bufio"
	"bytes"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"

	"github.com/umsrecon/umsrecon/chinaums/chinaumstest"
)

const (
	killDay  = "2026-01-05"
	killNext = "2026-01-06"
)

// victim is a merchant's folder, and the simulator in a process of its own.
type victim struct {
	dir       string
	disk      string // the folder of database and workbooks, with a slash; empty: dir
	phases    map[string]int
	kills     int
	kept      int // answers that were committed at a kill of their run
	committed []committed
}

const victimConfig = `merchant: {mid: "898340149000005", tid: "00000001"}
gateway: {base_url: "%s", requests_per_second: 400, concurrency: 8}
notices: {expected: true}
reports: {csv: true}
statement:
  path: statement/{date}.csv
  columns: {reference: 参考号, mer_order_id: 商户订单号, type: 交易类型, amount: 交易金额, fee: 手续费, net: 清算金额}
settlement: {fees: [{target_sys: WXPay, rate_ppm: 3800}]}
`

// newVictim has two days of trade, a statement, notices and a database of the
// first schema.
func newVictim(t *testing.T) *victim {
	v := &victim{dir: t.TempDir(), phases: map[string]int{}}
	for _, dir := range []string{"ledger", "statement", "tmp"} {
		require.NoError(t, os.Mkdir(v.path(dir), 0o750))
	}
	bills := append(v.trade(t, killDay, "A", 60), v.trade(t, killNext, "B", 40)...)
	text, err := json.Marshal(bills)
	require.NoError(t, err)
	v.write(t, "bills.json", string(text))
	schema, err := os.ReadFile("../../store/testdata/schema-1.sql")
	require.NoError(t, err)
	old, err := sql.Open("sqlite", v.path("umsrecon.db"))
	require.NoError(t, err)
	_, err = old.Exec(string(schema) + fmt.Sprintf("PRAGMA application_id = %d; PRAGMA user_version = 1;", 0x554D5352))
	require.NoError(t, err)
	require.NoError(t, old.Close())
	v.write(t, "config.yaml", fmt.Sprintf(victimConfig, v.simulate(t)))
	return v
}

// trade is a day on which of ten orders one is off by a fen, one is not at UMS,
// one is not paid in the books, and one is refunded; a row is bad, a payment is
// not in the books, and a line of the statement is missing.
func (v *victim) trade(t *testing.T, day, prefix string, n int) (bills []chinaumstest.Bill) {
	ledger := "bill_no,bill_date,total_amount,status,paid_at,refund_order_id,refund_amount\n"
	statement := "参考号,商户订单号,交易类型,交易金额,手续费,清算金额\n"
	notices := ""
	for i := range n + 1 {
		billNo, status := fmt.Sprintf("%s%04d", prefix, i), "PAID"
		b := paidBill(billNo, day)
		switch i % 10 {
		case 0:
			b.TotalAmount, b.BillPayment.TotalAmount, b.BillPayment.BuyerPayAmount = "1907", "1907", "1907"
		case 2:
			status = "UNPAID"
		case 3:
			b.BillStatus, b.BillPayment.Status = "REFUND", "TRADE_REFUND"
			b.Refunds = map[string]chinaumstest.Flow{"R" + billNo: {TotalAmount: "100", Status: "SUCCESS", SettleDate: day}}
			ledger += fmt.Sprintf("%s,%s,,SUCCESS,%s 11:00:00,R%s,100\n", billNo, day, day, billNo)
			status = "PART_REFUNDED"
		}
		if i%10 != 1 {
			bills = append(bills, b)
			notices += signedNotice("bill", "N"+billNo, billNo, day, playNoticeKey) + "\n"
			statement += fmt.Sprintf("S%s%s,%s0,支付,19.08,0.07,19.01\n", billNo, day, billNo)
		}
		if i < n {
			ledger += fmt.Sprintf("%s,%s,1908,%s,%s 10:00:00,,\n", billNo, day, status, day)
		}
	}
	v.write(t, "ledger/orders-"+day+".csv", ledger+"bad,"+day+",nineteen,PAID,,,\n")
	v.write(t, "statement/"+day+".csv", statement+"S9,M9,支付,12.00,0.05,11.95\n")
	v.append(t, "notices.log", notices)
	return bills
}

func (v *victim) path(name string) string { return filepath.Join(v.dir, name) }

func (v *victim) write(t *testing.T, name, text string) {
	require.NoError(t, os.WriteFile(v.path(name), []byte(text), 0o600))
}

func (v *victim) append(t *testing.T, name, text string) {
	before, err := os.ReadFile(v.path(name))
	if !os.IsNotExist(err) {
		require.NoError(t, err)
	}
	v.write(t, name, string(before)+text)
}

// command is the program in the folder, as testscript has built it.
func (v *victim) command(t *testing.T, args ...string) *exec.Cmd {
	c := exec.CommandContext(t.Context(), "umsrecon", args...)
	c.Dir = v.dir
	c.Env = append(os.Environ(), "UMS_APP_ID="+playAppID, "UMS_APP_KEY="+playAppKey, "UMS_NOTICE_KEY="+playNoticeKey,
		"TMPDIR="+v.path("tmp"), "GORACE=atexit_sleep_ms=0", "UMSRECON_CONFIG="+v.path("config.yaml"))
	return c
}

func (v *victim) simulate(t *testing.T) (url string) {
	c := v.command(t, "simulate", "--listen", "127.0.0.1:0", "--app-id", playAppID, "--app-key", playAppKey, "--bills", "bills.json", "--record", "requests.jsonl")
	out, err := c.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, c.Start())
	t.Cleanup(func() { _ = c.Process.Kill(); _ = c.Wait() })
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	url = regexp.MustCompile(`http://127\.0\.0\.1:\d+`).FindString(line)
	require.NotEmpty(t, url, line)
	return url
}

// start starts a step.
func (v *victim) start(t *testing.T, s step) *victimProcess {
	p := &victimProcess{Cmd: v.command(t, append([]string{"-v"}, s.args...)...), lines: make(chan string, 1000), ended: make(chan struct{}), out: &lockedBuffer{}}
	p.Stdout = p.out
	errors, err := p.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, p.Start())
	go func() {
		defer close(p.ended)
		defer close(p.lines)
		for lines := bufio.NewScanner(io.TeeReader(errors, p.out)); lines.Scan(); {
			p.lines <- lines.Text()
		}
	}()
	return p
}

// requests are the questions that the simulator saw, in order.
func (v *victim) requests(t *testing.T) (questions []string) {
	text, err := os.ReadFile(v.path("requests.jsonl"))
	require.NoError(t, err)
	for line := range bytes.Lines(text) {
		if !bytes.HasSuffix(line, []byte("\n")) {
			break // it is being written
		}
		var r recorded
		require.NoError(t, json.Unmarshal(line, &r))
		require.Empty(t, r.Refusal)
		questions = append(questions, strings.Join([]string{r.BillDate, r.BillNo, r.RefundOrderID, r.AuthedOrderID}, " "))
	}
	return questions
}

// openCopy opens the database as it lies there, with its log, and leaves it so.
func (v *victim) openCopy(t *testing.T) *sql.DB {
	dir := t.TempDir()
	for _, ending := range []string{"", "-wal"} {
		text, err := os.ReadFile(v.path("umsrecon.db" + ending))
		if os.IsNotExist(err) {
			continue
		}
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(dir, "umsrecon.db"+ending), text, 0o600))
	}
	db, err := sql.Open("sqlite", filepath.Join(dir, "umsrecon.db"))
	require.NoError(t, err)
	return db
}

// runDone: the run has published, and its last workbook is recorded.
func runDone(day string) func(*testing.T, *victim) bool {
	return func(t *testing.T, v *victim) bool {
		db := v.openCopy(t)
		defer db.Close()
		var schema, done int
		require.NoError(t, db.QueryRow("PRAGMA user_version").Scan(&schema))
		if schema == 1 {
			return false
		}
		require.NoError(t, db.QueryRow("SELECT count(*) FROM runs JOIN workbooks USING (run_id) WHERE day = ?", day).Scan(&done))
		return done > 0
	}
}

func backupDone(_ *testing.T, v *victim) bool {
	_, err := os.Stat(v.path("copy.db"))
	return err == nil
}

// decideInWorkbook is what finance writes into the workbook of the first day.
func decideInWorkbook(t *testing.T, v *victim) {
	f, err := excelize.OpenFile(v.path("reports/discrepancies-" + killDay + ".xlsx"))
	require.NoError(t, err)
	defer f.Close()
	const sheet = "对账差异表"
	rows, err := f.GetRows(sheet)
	require.NoError(t, err)
	filled := 0
	for i, row := range rows {
		outcome := ""
		switch {
		case slices.Contains(row, "AMOUNT_BILL_LESS"):
			outcome = "退款"
		case slices.Contains(row, "LEDGER_ROW_INVALID"), slices.Contains(row, "STATEMENT_MISSING"):
			outcome = "调账"
		default:
			continue
		}
		for head, value := range map[string]string{"处理方式": outcome, "处理说明": "已处理", "处理人": "张三"} {
			cell, err := excelize.CoordinatesToCellName(slices.Index(rows[2], head)+1, i+1)
			require.NoError(t, err)
			require.NoError(t, f.SetCellValue(sheet, cell, value))
		}
		filled++
	}
	require.Positive(t, filled)
	require.NoError(t, f.SaveAs(v.path("filled.xlsx")))
}

// remains is all that a night has left, without what is of its moment: run ids
// and times, and how the asking went.
func (v *victim) remains(t *testing.T) string {
	var all strings.Builder
	db, err := sql.Open("sqlite", v.path(v.disk+"umsrecon.db"))
	require.NoError(t, err)
	defer db.Close()
	v.dump(t, &all, db)
	if backupDone(t, v) {
		copied, err := sql.Open("sqlite", v.path("copy.db"))
		require.NoError(t, err)
		defer copied.Close()
		var is strings.Builder
		v.dump(t, &is, copied)
		require.Equal(t, all.String(), is.String(), "the backup")
	}
	list, err := v.command(t, "discrepancies", "list", "--format", "json").Output()
	require.NoError(t, err)
	all.WriteString(string(list) + "\n")
	require.NoError(t, filepath.WalkDir(v.dir, func(path string, d fs.DirEntry, err error) error {
		name := strings.TrimPrefix(path, v.dir)
		if err != nil || d.IsDir() || regexp.MustCompile(`-wal$|-shm$`).MatchString(name) {
			return err
		}
		// One folder of a process is there, the simulator's, and it is empty.
		fmt.Fprintf(&all, "file %s\n", regexp.MustCompile(`\.umsrecon-\d+\.tmp`).ReplaceAllString(name, "…"))
		switch filepath.Ext(path) {
		case ".xlsx":
			v.cells(t, &all, path)
		case ".html":
			text, err := os.ReadFile(path)
			require.NoError(t, err)
			fmt.Fprintln(&all, regexp.MustCompile(`<[^>]*>`).ReplaceAllString(string(text), " "))
		}
		return nil
	}))
	return ofItsMoment.ReplaceAllString(all.String(), "…")
}

// ofItsMoment are run ids, instants of other days than those of the trade, and
// how many requests it took.
var ofItsMoment = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}` +
	`|(2026-0[2-9]|2026-1|202[7-9]-|20[3-9]\d-)[-0-9]+([T ][0-9:.]+(\+08:00)?)?` + `|查询：应查[^\n]*|"queries":\{[^}]*\}`)

// dump is what the database knows, in an order of its own.
func (v *victim) dump(t *testing.T, to io.Writer, db *sql.DB) {
	for _, query := range []string{
		"SELECT 'case', code, state, case_id, severity, is_primary, ledger_day, ledger_fen, ums_fen, gap_fen, stake_fen, reason_en, facts, gone, first_seen_day, last_seen_day, times, outcome, note, decided_by, covers FROM cases ORDER BY case_id",
		"SELECT 'event', case_id, kind, was, state, stake_fen, delta_fen, by_whom, reason_en, facts, run_id IS NULL FROM events ORDER BY case_id, event_id",
		"SELECT 'order', bill_day, bill_no, refund_id, ledger_day, amount_fen, status, class, final, copies, conflicting, pinned_status, pinned_fen, first_settle_day, first_paid_at FROM orders ORDER BY bill_day, bill_no, refund_id",
		"SELECT 'answer', o.bill_no, o.refund_id, r.day, count(DISTINCT a.run_id), max(a.outcome) FROM answers AS a JOIN orders AS o USING (order_id) JOIN runs AS r ON r.run_id = a.run_id AND r.publication IS NOT NULL GROUP BY o.order_id, r.day ORDER BY o.bill_day, o.bill_no, o.refund_id, r.day",
		"SELECT 'note', r.day, o.bill_no, o.refund_id, n.code, n.nth, n.severity, n.reason_en FROM notes AS n JOIN runs AS r USING (run_id) JOIN orders AS o USING (order_id) ORDER BY 2, 3, 4, 5, 6",
		"SELECT 'run', day, status, judged, discrepant, publication, json_remove(summary, '$.queries') FROM runs WHERE publication IS NOT NULL ORDER BY publication",
		"SELECT 'notice', kind, notify_id, verified, o.bill_no FROM notices LEFT JOIN orders AS o USING (order_id) ORDER BY notify_id",
		"SELECT 'line', reference, l.mer_order_id, l.kind, l.amount_fen, l.copies, o.bill_no FROM statement_lines AS l LEFT JOIN orders AS o USING (order_id) ORDER BY 2, 3",
		"SELECT 'bad row', file, line, column_name, reason_en FROM bad_rows ORDER BY 2, 3",
		"SELECT 'workbook', path, intended_sha256 FROM workbooks ORDER BY path",
	} {
		rows, err := db.Query(query)
		require.NoError(t, err)
		columns, err := rows.Columns()
		require.NoError(t, err)
		for rows.Next() {
			values, pointers := make([]sql.NullString, len(columns)), make([]any, len(columns))
			for i := range values {
				pointers[i] = &values[i]
			}
			require.NoError(t, rows.Scan(pointers...))
			for i, value := range values {
				if i > 0 {
					_, _ = io.WriteString(to, " ")
				}
				_, _ = io.WriteString(to, value.String)
			}
			_, _ = io.WriteString(to, "\n")
		}
		require.NoError(t, rows.Err())
		require.NoError(t, rows.Close())
	}
}

// cells are those of a workbook, as they are shown.
func (v *victim) cells(t *testing.T, to io.Writer, path string) {
	f, err := excelize.OpenFile(path)
	require.NoError(t, err)
	defer f.Close()
	for _, sheet := range f.GetSheetList() {
		rows, err := f.GetRows(sheet)
		require.NoError(t, err)
		for i, row := range rows {
			fmt.Fprintf(to, "%s %d: %s\n", sheet, i+1, strings.Join(row, " | "))
		}
	}
}
