package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/text/encoding/simplifiedchinese"

	"github.com/umsrecon/umsrecon/chinaums"
	"github.com/umsrecon/umsrecon/chinaums/chinaumstest"
)

// The credentials of the simulator, marked so that they are found wherever
// they leak.
const (
	playAppID  = "simulator"
	playAppKey = "marked-app-key"
)

const defaultScriptConfig = `merchant: {mid: "898340149000005", tid: "00000001"}
gateway: {base_url: "$GATEWAY", requests_per_second: 10000}
`

// gateway: a simulator on loopback. Its address replaces $GATEWAY in every
// configuration of the script; without a config.yaml one is made.
func startGateway(ts *testscript.TestScript, _ bool, _ []string) {
	p := playOf(ts)
	p.gateway = chinaumstest.New(chinaumstest.Config{
		Keys: map[string]chinaums.Secret{playAppID: chinaums.NewSecret(playAppKey)}, Now: time.Now,
	})
	server, err := p.gateway.Listen("127.0.0.1:0")
	ts.Check(err)
	p.server = server
	ts.Defer(func() { _ = server.Close() })
	if _, err := os.Stat(ts.MkAbs("config.yaml")); os.IsNotExist(err) {
		ts.Check(os.WriteFile(ts.MkAbs("config.yaml"), []byte(defaultScriptConfig), 0o600))
	}
	fillIn(ts, "$GATEWAY", server.URL)
	if ts.Getenv("DATABASE") != "" {
		ts.Check(nameDatabase(ts.MkAbs(".")))
	}
}

// fillIn puts an address into every configuration of the script.
func fillIn(ts *testscript.TestScript, name, url string) {
	configs, err := filepath.Glob(ts.MkAbs("*.yaml"))
	ts.Check(err)
	for _, config := range configs {
		text, err := os.ReadFile(config)
		ts.Check(err)
		ts.Check(os.WriteFile(config, []byte(strings.ReplaceAll(string(text), name, url)), 0o600))
	}
}

func stopGateway(ts *testscript.TestScript, _ bool, _ []string) { ts.Check(playOf(ts).server.Close()) }

// bills FILE: puts the bills of a JSON file into the gateway.
func putBills(ts *testscript.TestScript, _ bool, args []string) {
	f, err := os.Open(ts.MkAbs(args[0]))
	ts.Check(err)
	defer f.Close()
	bills, err := chinaumstest.ReadBills(f)
	ts.Check(err)
	playOf(ts).gateway.Put(bills...)
}

// sell N DAY [chinese]: a ledger of N paid orders of 19.08 yuan, B0000 and on,
// and the bills that agree with them; chinese: in GB18030 and yuan, with
// Chinese headings and words.
func sell(ts *testscript.TestScript, _ bool, args []string) {
	n, err := strconv.Atoi(args[0])
	ts.Check(err)
	day, chinese := args[1], len(args) > 2 && args[2] == "chinese"
	text := "bill_no,bill_date,total_amount,status,paid_at\n"
	row := "%s,%s,1908,PAID,%s 10:00:00\n"
	if chinese {
		text, row = "账单号,账单日期,金额,状态,支付时间\r\n", "%s,%s,19.08,交易成功,%s 10:00:00\r\n"
	}
	for i := range n {
		billNo := fmt.Sprintf("B%04d", i)
		text += fmt.Sprintf(row, billNo, day, day)
		playOf(ts).gateway.Put(paidBill(billNo, day))
	}
	if chinese {
		text, err = simplifiedchinese.GB18030.NewEncoder().String(text)
		ts.Check(err)
	}
	ts.Check(os.MkdirAll(ts.MkAbs("ledger"), 0o750))
	ts.Check(os.WriteFile(ts.MkAbs("ledger/orders-"+day+".csv"), []byte(text), 0o600))
}

func paidBill(billNo, day string) chinaumstest.Bill {
	return chinaumstest.Bill{
		Key:        chinaumstest.Key{MID: "898340149000005", TID: "00000001", InstMID: "QRPAYDEFAULT", BillNo: billNo, BillDate: day},
		CreateTime: day + " 09:59:00", BillStatus: "PAID", TotalAmount: "1908",
		BillPayment: &chinaumstest.Flow{
			MerOrderID: billNo + "0", PaySeqID: "S" + billNo + day, TotalAmount: "1908", BuyerPayAmount: "1908",
			BuyerID: "marked-buyer-id", BuyerUsername: "marked-buyer-name", PayTime: day + " 10:00:00", SettleDate: day,
			Status: "TRADE_SUCCESS", TargetOrderID: "T" + billNo + day, TargetSys: "WXPay",
		},
	}
}

// misbehave NAME [BILL]: the gateway misbehaves, about that bill alone.
func misbehave(ts *testscript.TestScript, _ bool, args []string) {
	f := chinaumstest.Fault{Name: args[0]}
	if len(args) > 1 {
		f.BillNo = args[1]
	}
	if len(args) > 2 {
		f.Op = args[2]
	}
	ts.Check(playOf(ts).gateway.Misbehave(f))
}

func behave(ts *testscript.TestScript, _ bool, _ []string) { playOf(ts).gateway.Behave() }

// requests N: so many requests since the last look.
func requests(ts *testscript.TestScript, _ bool, args []string) {
	p := playOf(ts)
	total := p.gateway.Total()
	if got := strconv.Itoa(total - p.seen); got != args[0] {
		ts.Fatalf("the gateway saw %s requests, want %s", got, args[0])
	}
	p.seen = total
}

// perBill is how often each bill was asked about.
func (p *play) perBill() map[string]int {
	counts := map[string]int{}
	for _, r := range p.gateway.Requests() {
		counts[r.BillNo]++
	}
	return counts
}

// asked BILL N: the gateway was asked N times about a bill.
func asked(ts *testscript.TestScript, _ bool, args []string) {
	if got := strconv.Itoa(playOf(ts).perBill()[args[0]]); got != args[1] {
		ts.Fatalf("the gateway was asked %s times about %s, want %s", got, args[0], args[1])
	}
}

// asked-once N AGAIN: the gateway was asked about N bills, and about at most
// AGAIN of them twice: those whose answer was not heard or not committed.
func askedOnce(ts *testscript.TestScript, _ bool, args []string) {
	counts := playOf(ts).perBill()
	if got := strconv.Itoa(len(counts)); got != args[0] {
		ts.Fatalf("the gateway was asked about %s bills, want %s", got, args[0])
	}
	most, err := strconv.Atoi(args[1])
	ts.Check(err)
	again := 0
	for _, n := range counts {
		again += n - 1
	}
	if again > most {
		ts.Fatalf("%d questions were asked again, want at most %d", again, most)
	}
}

// completed ID N: UMS has executed a completion so many times.
func completed(ts *testscript.TestScript, _ bool, args []string) {
	if got := playOf(ts).gateway.Completed(args[0]); strconv.Itoa(got) != args[1] {
		ts.Fatalf("completion %s was executed %d times, want %s", args[0], got, args[1])
	}
}

// synced ID N: UMS was told so many times of a pay-score order.
func synced(ts *testscript.TestScript, _ bool, args []string) {
	if got := playOf(ts).gateway.Synced(args[0]); strconv.Itoa(got) != args[1] {
		ts.Fatalf("order %s was told %d times, want %s", args[0], got, args[1])
	}
}

// tokens N: so many access tokens were ever issued.
func issued(ts *testscript.TestScript, _ bool, args []string) {
	if got := playOf(ts).gateway.Tokens(playAppID); strconv.Itoa(got) != args[0] {
		ts.Fatalf("%d tokens were issued, want %s", got, args[0])
	}
}

// case CODE: $CASE is the id of the one case of a code.
func caseOf(ts *testscript.TestScript, _ bool, args []string) {
	ts.Check(ts.Exec("umsrecon", "discrepancies", "list"))
	for line := range strings.Lines(ts.ReadFile("stdout")) {
		if fields := strings.Fields(line); strings.Contains(line, " "+args[0]+" ") {
			ts.Setenv("CASE", fields[0])
			return
		}
	}
	ts.Fatalf("there is no case %s", args[0])
}

// completions BILL N: the gateway has so many completions of a bill.
func completionsOf(ts *testscript.TestScript, _ bool, args []string) {
	n := map[string]bool{}
	for _, r := range playOf(ts).gateway.Requests() {
		if r.Op == chinaumstest.OpPreauthed && r.BillNo == args[0] {
			n[r.AuthedOrderID] = true
		}
	}
	if strconv.Itoa(len(n)) != args[1] {
		ts.Fatalf("%d completions of bill %s, want %s", len(n), args[0], args[1])
	}
}
