// Command books makes the books of one large day, for the measurements of
// .ci/bench: a ledger of N orders, a database that holds an answer about each,
// and the same bills as CSV for programs that know nothing of umsrecon. One
// order in a hundred disagrees. It prints what storing took, as JSON.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"time"

	"github.com/umsrecon/umsrecon/reconcile"
	"github.com/umsrecon/umsrecon/reconcile/ledger"
	"github.com/umsrecon/umsrecon/store"
)

const (
	tid, instMID = "00000001", "QRPAYDEFAULT"
	day          = "2026-11-18"
	config       = `ledger:
  path: orders-{date}.csv
  statuses: {unpaid: [UNPAID], paid: [PAID]}
`
)

func main() {
	n := flag.Int("n", 100_000, "orders")
	dir := flag.String("dir", "", "where to")
	flag.BoolVar(&agreed, "agreed", false, "all orders agree")
	flag.IntVar(&merchants, "merchants", 1, "who share them")
	flag.StringVar(&database, "database", "", "address of a PostgreSQL server; none: a file")
	flag.Parse()
	if err := run(context.Background(), *dir, *n); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

var (
	agreed    bool // the ledger and UMS agree about every order
	merchants int
	database  string
)

func run(ctx context.Context, dir string, n int) error {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "config.yaml"), configured(), 0o640); err != nil {
		return err
	}
	if err := write(filepath.Join(dir, "orders-"+day+".csv"), "order_no,bill_no,bill_date,total_amount,status,paid_at,buyer_pay_amount,coupon_amount"+whose(",mid,tid"), n, sale.row); err != nil {
		return err
	}
	if err := write(filepath.Join(dir, "bills.csv"), "mid,tid,inst_mid,bill_date,bill_no,status,total_amount,settle_date", n, sale.bill); err != nil {
		return err
	}
	return fill(ctx, dir, n)
}

func configured() []byte {
	text := []byte(config)
	if merchants == 1 {
		text = fmt.Appendf(text, "merchant: {mid: %q, tid: %q, inst_mid: %s}\n", sale(0).mid(), tid, instMID)
	} else {
		text = append(text, "merchants:\n"...)
		for i := range merchants {
			text = fmt.Appendf(text, "  - {mid: %q, tid: %q, inst_mid: %s, app_id: env:UMS_APP_ID, app_key: env:UMS_APP_KEY}\n", sale(i).mid(), tid, instMID)
		}
	}
	if database != "" {
		text = append(text, "database: env:DATABASE\n"...)
	}
	return text
}

func write(path, header string, n int, line func(sale) string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	w := bufio.NewWriter(f)
	fmt.Fprintln(w, header)
	for i := range n {
		fmt.Fprintln(w, line(sale(i)))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return f.Close()
}

// sale is the nth order of the day, as the ledger and UMS have it.
type sale int

// billNo sorts by digits that have nothing to do with the order of the rows,
// and ends in the number of the sale.
func (s sale) billNo() string {
	x := uint64(s) + 0x9E3779B97F4A7C15*(uint64(s)+1)
	x = (x ^ x>>30) * 0xBF58476D1CE4E5B9
	x = (x ^ x>>27) * 0x94D049BB133111EB
	return fmt.Sprintf("3194261118%02d%07d%07d", uint64(s)%24, (x^x>>31)%10_000_000, int(s))
}

func (s sale) mid() string { return fmt.Sprintf("89834%010d", int(s)%merchants) }

func (s sale) fen() int     { return 100 + int(s)*7919%50_000 }
func (s sale) less() bool   { return !agreed && s%200 == 17 } // UMS says one fen less
func (s sale) unpaid() bool { return !agreed && s%200 == 117 }

func (s sale) paidAt() string { return fmt.Sprintf("%s %02d:%02d:%02d", day, s%24, s/24%60, s/1440%60) }

func (s sale) umsFen() int {
	if s.less() {
		return s.fen() - 1
	}
	return s.fen()
}

func (s sale) row() string {
	if s.unpaid() {
		return fmt.Sprintf("SO%010d,%s,%s,%d,UNPAID,,,", int(s), s.billNo(), day, s.fen()) + whose(","+s.mid()+","+tid)
	}
	return fmt.Sprintf("SO%010d,%s,%s,%d,PAID,%s,%d,0", int(s), s.billNo(), day, s.fen(), s.paidAt(), s.umsFen()) + whose(","+s.mid()+","+tid)
}

// whose is what says whose an order is, where there are several merchants.
func whose(columns string) string {
	if merchants == 1 {
		return ""
	}
	return columns
}

func (s sale) bill() string {
	return fmt.Sprintf("%s,%s,%s,%s,%s,PAID,%d,2026-11-19", s.mid(), tid, instMID, day, s.billNo(), s.umsFen())
}

func (s sale) seqID() string  { return fmt.Sprintf("%011dN", int(s)) }
func (s sale) target() string { return fmt.Sprintf("42000005%020d", int(s)) }

// body is an answer as the platform gives it, personal fields masked.
func (s sale) body() []byte {
	sys := []string{"WXPay", "Alipay 2.0", "UnionPay"}[s%3]
	return fmt.Appendf(nil, `{"billDate":"%[1]s","billNo":"%[2]s","billPayment":{"billBizType":"bills","buyerCashPayAmt":"%[3]d","buyerId":"***","buyerPayAmount":"%[3]d","buyerUsername":"***","couponAmount":"0","discountAmount":"0","invoiceAmount":"%[3]d","merOrderId":"%[2]s0","paySeqId":"%[4]s","payTime":"%[5]s","settleDate":"2026-11-19","status":"TRADE_SUCCESS","targetOrderId":"%[6]s","targetSys":"%[7]s","totalAmount":"%[3]d"},"billStatus":"PAID","cardAttr":"DEBIT_CARD","createTime":"%[5]s","errCode":"SUCCESS","errMsg":"","instMid":"%[8]s","mid":"%[9]s","responseTimeStamp":"2026-11-19 02:30:00","tid":"%[10]s","totalAmount":"%[3]d"}`,
		day, s.billNo(), s.umsFen(), s.seqID(), s.paidAt(), s.target(), sys, instMID, s.mid(), tid)
}

func (s sale) answer(now time.Time) reconcile.Answered {
	d, _ := reconcile.ParseDay(day)
	at, _ := time.ParseInLocation(time.DateTime, s.paidAt(), reconcile.Beijing)
	fen := reconcile.Some(reconcile.Fen(s.umsFen()))
	a := reconcile.Answer{Outcome: reconcile.Found, Code: "SUCCESS", AskedAt: now, Attempts: 1, Raw: s.body(), Bill: reconcile.Bill{
		Status: reconcile.BillPaid, CreatedAt: at, Total: fen, CardAttr: "DEBIT_CARD",
		Payment: reconcile.Flow{
			Present: true, Status: reconcile.FlowSuccess, MerOrderID: s.billNo() + "0", PaySeqID: s.seqID(), TargetOrderID: s.target(),
			TargetSys: []string{"WXPay", "Alipay 2.0", "UnionPay"}[s%3], Total: fen, BuyerPay: fen, Invoice: fen, BuyerCash: fen,
			Discount: reconcile.Some(0), Coupon: reconcile.Some(0), PaidAt: at, SettleDay: d + 1,
		},
	}}
	return reconcile.Answered{Key: reconcile.Key{BillKey: reconcile.BillKey{MID: s.mid(), TID: tid, InstMID: instMID, BillDay: d, BillNo: s.billNo()}}, Answer: a}
}

// fill stores the ledger and the answers, in batches as a night commits them.
func fill(ctx context.Context, dir string, n int) error {
	place := database
	if place == "" {
		place = filepath.Join(dir, "umsrecon.db")
	}
	db, err := store.Open(ctx, place)
	if err != nil {
		return err
	}
	defer db.Close()
	d, _ := reconcile.ParseDay(day)
	now := (d + 1).Start().Add(150 * time.Minute)
	run, err := db.BeginRun(ctx, d, now)
	if err != nil {
		return err
	}
	began := cpu()
	if err := load(ctx, db, dir, run, d, now); err != nil {
		return err
	}
	loaded := cpu() - began
	began = cpu()
	if err := answerAll(ctx, db, run, d, now); err != nil {
		return err
	}
	if err := db.EndRun(ctx, run, reconcile.RunInterrupted, "made for a measurement", now); err != nil {
		return err
	}
	answering := cpu() - began
	return json.NewEncoder(os.Stdout).Encode(map[string]any{
		"orders": n, "load_cpu_us_per_order": loaded.Seconds() * 1e6 / float64(n), "answer_cpu_us_per_order": answering.Seconds() * 1e6 / float64(n),
	})
}

// answerAll goes through the orders as a night asks about them.
func answerAll(ctx context.Context, db *store.DB, run string, d reconcile.Day, now time.Time) error {
	questions, err := db.ToAsk(ctx, reconcile.Scope{RunID: run, Day: d, Since: d - 90, Now: now, FreshFor: 12 * time.Hour}, reconcile.Asking{Concurrency: 128})
	if err != nil {
		return err
	}
	defer questions.Close()
	for {
		found, err := questions.Next(ctx, reconcile.Refrain{})
		if err != nil || len(found) == 0 {
			return err
		}
		for batch := range slices.Chunk(found, 256) {
			answers := make([]reconcile.Answered, len(batch))
			for i, q := range batch {
				n, err := strconv.Atoi(q.Key.BillNo[len(q.Key.BillNo)-7:])
				if err != nil {
					return err
				}
				answers[i] = sale(n).answer(now)
				answers[i].Lease = q.Lease
			}
			if err := db.SaveAnswers(ctx, run, answers); err != nil {
				return err
			}
		}
	}
}

// cpu is the processor time of this process so far, of all its threads: what
// else the machine does makes no difference.
func cpu() time.Duration {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		panic(err)
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

func load(ctx context.Context, db *store.DB, dir, run string, d reconcile.Day, now time.Time) error {
	defaults := ledger.Defaults{InstMID: instMID}
	if merchants == 1 {
		defaults.MID, defaults.TID = sale(0).mid(), tid
	}
	books, err := ledger.New(ledger.Source{
		Dir: dir, Pattern: "orders-{date}.csv", Format: ledger.CSV, Encoding: ledger.Auto, Unit: ledger.Fen,
		Statuses: map[reconcile.Status][]string{reconcile.Paid: {"PAID"}, reconcile.Unpaid: {"UNPAID"}},
		Location: reconcile.Beijing, Defaults: defaults, Now: time.Now,
	})
	if err != nil {
		return err
	}
	_, err = db.LoadLedger(ctx, run, reconcile.Reading{Scope: books.Scope(d)}, now, func(w reconcile.LoadWriter) (reconcile.Load, error) {
		return books.Read(ctx, d, w.Order, w.BadRow)
	})
	return err
}
