package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/text/encoding/simplifiedchinese"

	"github.com/umsrecon/umsrecon/chinaums"
	"github.com/umsrecon/umsrecon/chinaums/chinaumstest"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"umsrecon": main})
}

// TestProgram runs the program as its users do: one script a story, in
// testdata/script. The commands beside those of testscript are below.
func TestProgram(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			env.Setenv("UMS_APP_ID", "simulator")
			env.Setenv("UMS_APP_KEY", "marked-app-key")
			env.Values["play"] = &play{}
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits, "gateway": startGateway, "stop-gateway": stopGateway, "bills": putBills, "sell": sell,
			"misbehave": misbehave, "behave": behave, "requests": requests, "asked-once": askedOnce,
			"interrupt-after": interruptAfter, "ends-with": endsWith, "hold": hold, "release": release, "same": same, "nowhere": nowhere,
		},
	})
}

// play is the gateway of one script.
type play struct {
	gateway *chinaumstest.Gateway
	server  *chinaumstest.Server
	seen    int    // requests up to the last look
	free    func() // gives back the lock that the script holds
}

func playOf(ts *testscript.TestScript) *play { return ts.Value("play").(*play) }

// exits CODE COMMAND…: the command ends with that exit code.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND…")
	}
	err := ts.Exec(args[1], args[2:]...)
	code := 0
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		code = exit.ExitCode()
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if args[0] != strconv.Itoa(code) {
		ts.Fatalf("exit code is %d, want %s", code, args[0])
	}
}

// gateway: a simulator on loopback, and a config.yaml that asks it.
func startGateway(ts *testscript.TestScript, _ bool, args []string) {
	p := playOf(ts)
	p.gateway = chinaumstest.New(chinaumstest.Config{
		Keys: map[string]chinaums.Secret{"simulator": chinaums.NewSecret("marked-app-key")}, Now: time.Now,
	})
	server, err := p.gateway.Listen("127.0.0.1:0")
	ts.Check(err)
	p.server = server
	ts.Defer(func() { _ = server.Close() })
	ts.Setenv("GATEWAY", server.URL)
	config := ts.MkAbs("config.yaml")
	text, err := os.ReadFile(config)
	if os.IsNotExist(err) {
		text, err = []byte(defaultScriptConfig), nil
	}
	ts.Check(err)
	ts.Check(os.WriteFile(config, []byte(strings.ReplaceAll(string(text), "$GATEWAY", server.URL)), 0o600))
}

const defaultScriptConfig = `merchant: {mid: "898340149000005", tid: "00000001"}
gateway: {base_url: "$GATEWAY", requests_per_second: 10000}
`

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

// sell N DAY [plain|chinese]: a ledger of N paid orders of 19.08 yuan, B0000
// and on, and the bills that agree with them.
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
			MerOrderID: billNo + "0", PaySeqID: "S" + billNo, TotalAmount: "1908", BuyerPayAmount: "1908",
			BuyerID: "marked-buyer-id", BuyerUsername: "marked-buyer-name", PayTime: day + " 10:00:00", SettleDate: day,
			Status: "TRADE_SUCCESS", TargetOrderID: "T" + billNo, TargetSys: "WXPay",
		},
	}
}

// misbehave NAME [BILL [FIRST]]
func misbehave(ts *testscript.TestScript, _ bool, args []string) {
	f := chinaumstest.Fault{Name: args[0]}
	if len(args) > 1 && args[1] != "*" {
		f.BillNo = args[1]
	}
	if len(args) > 2 {
		first, err := strconv.Atoi(args[2])
		ts.Check(err)
		f.First = first
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

// asked-once N AGAIN: the gateway was asked about N bills, and about at most
// AGAIN of them twice: those whose answer a kill tore away before it was
// committed.
func askedOnce(ts *testscript.TestScript, _ bool, args []string) {
	p := playOf(ts)
	counts := map[string]int{}
	for _, r := range p.gateway.Requests() {
		counts[r.BillNo]++
	}
	if got := strconv.Itoa(len(counts)); got != args[0] {
		ts.Fatalf("the gateway was asked about %s bills, want %s", got, args[0])
	}
	again, err := strconv.Atoi(args[1])
	ts.Check(err)
	if extra := p.gateway.Total() - len(counts); extra > again {
		ts.Fatalf("%d questions were asked again, want at most %d", extra, again)
	}
}

// interrupt-after N SIGNAL COMMAND…: starts the command, and sends it the
// signal when the gateway has seen N more requests. $CODE is its exit code,
// -1 when the signal killed it.
func interruptAfter(ts *testscript.TestScript, _ bool, args []string) {
	p := playOf(ts)
	n, err := strconv.Atoi(args[0])
	ts.Check(err)
	path, err := exec.LookPath(args[2])
	ts.Check(err)
	c := exec.Command(path, args[3:]...)
	c.Dir, c.Env = ts.Getenv("WORK"), scriptEnv(ts)
	before := p.gateway.Total()
	ts.Check(c.Start())
	for deadline := time.Now().Add(30 * time.Second); p.gateway.Total() < before+n; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			ts.Fatalf("the gateway saw %d requests in 30 s", p.gateway.Total()-before)
		}
	}
	signal := map[string]syscall.Signal{"INT": syscall.SIGINT, "TERM": syscall.SIGTERM, "KILL": syscall.SIGKILL}[args[1]]
	ts.Check(c.Process.Signal(signal))
	_ = c.Wait() // the code says how it ended
	ts.Setenv("CODE", strconv.Itoa(c.ProcessState.ExitCode()))
}

func scriptEnv(ts *testscript.TestScript) []string {
	env := os.Environ()
	for _, name := range []string{"UMS_APP_ID", "UMS_APP_KEY", "UMSRECON_CONFIG", "HOME"} {
		if v := ts.Getenv(name); v != "" {
			env = append(env, name+"="+v)
		}
	}
	return env
}

// ends-with CODE WANT
func endsWith(ts *testscript.TestScript, _ bool, args []string) {
	if args[0] != args[1] {
		ts.Fatalf("it ended with %s, want %s", args[0], args[1])
	}
}

// hold DATABASE: takes the lock as a run would; release gives it back.
func hold(ts *testscript.TestScript, _ bool, args []string) {
	free, err := lock(ts.MkAbs(args[0]), "run of the test", time.Now())
	ts.Check(err)
	playOf(ts).free = free
	ts.Defer(free)
}

func release(ts *testscript.TestScript, _ bool, _ []string) { playOf(ts).free() }

// same FILE FILE: equal but for what may differ between two runs.
func same(ts *testscript.TestScript, _ bool, args []string) {
	a, b := stripped(ts, args[0]), stripped(ts, args[1])
	if a != b {
		ts.Fatalf("%s and %s differ:\n%s\n---\n%s", args[0], args[1], a, b)
	}
}

func stripped(ts *testscript.TestScript, name string) string {
	lines := strings.Split(ts.ReadFile(name), "\n")
	lines = slices.DeleteFunc(lines, func(l string) bool {
		return strings.Contains(l, `"run_id"`) || strings.Contains(l, `"last_seen"`)
	})
	return strings.Join(lines, "\n")
}

// nowhere TEXT: no file below the working folder holds the text, packed
// workbooks included.
func nowhere(ts *testscript.TestScript, _ bool, args []string) {
	ts.Check(filepath.WalkDir(ts.Getenv("WORK"), func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		found := strings.Contains(string(data), args[0])
		if strings.HasSuffix(path, ".xlsx") {
			found = found || zipHolds(path, args[0])
		}
		if found {
			return fmt.Errorf("%q stands in %s", args[0], path)
		}
		return nil
	}))
}
