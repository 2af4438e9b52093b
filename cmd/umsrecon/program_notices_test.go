package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/umsrecon/umsrecon/chinaums"
	"github.com/umsrecon/umsrecon/chinaums/chinaumstest"
)

// playNoticeKey is the communication key of the scripts' merchant.
const playNoticeKey = "marked-notice-key"

// playBill is the bill of `sell` on a day, as a notice tells of it.
func playBill(billNo, day string) chinaumstest.Bill {
	return chinaumstest.Bill{
		Key:        chinaumstest.Key{MID: "898340149000005", TID: "00000001", InstMID: "QRPAYDEFAULT", BillNo: billNo, BillDate: day},
		CreateTime: day + " 09:59:00", BillStatus: "PAID", TotalAmount: "1908",
		BillPayment: &chinaumstest.Flow{
			MerOrderID: billNo + "0", PaySeqID: "S" + billNo, TargetOrderID: "T" + billNo, TargetSys: "WXPay", Status: "TRADE_SUCCESS",
			TotalAmount: "1908", BuyerPayAmount: "1908", PayTime: day + " 10:00:00", SettleDate: day,
			BuyerID: "marked-buyer-id", BuyerUsername: "marked-buyer-name",
		},
	}
}

// signedNotice is a notice as it is posted; changes replace parameters before
// it is signed.
func signedNotice(kind, id, billNo, day, key string, changes ...string) string {
	params := chinaumstest.BillNotice(id, playBill(billNo, day))
	if kind == "deduction" {
		params = chinaumstest.DeductionNotice(id, playBill(billNo, day))
	}
	for _, change := range changes {
		name, value, _ := strings.Cut(change, "=")
		params[name] = value
	}
	form := url.Values{}
	for name, value := range chinaumstest.Sign(params, chinaums.NewSecret(key), "SHA256") {
		form.Set(name, value)
	}
	return form.Encode()
}

// notice FILE KIND ID BILL DAY [NAME=VALUE…]: adds a notice about a bill of
// `sell` to a file; KIND is bill, deduction, forged (a bill's, signed with
// another key), opened or closed (a contract's, BILL being its code).
func addNotice(ts *testscript.TestScript, _ bool, args []string) {
	file, kind, id, billNo, day := args[0], args[1], args[2], args[3], args[4]
	line := ""
	switch kind {
	case "opened", "closed":
		at, err := time.Parse(time.DateOnly, day)
		ts.Check(err)
		line = string(chinaumstest.ContractNotice(id, "898340149000005", billNo, kind == "opened", at))
	case "forged":
		line = signedNotice("bill", id, billNo, day, "another key", args[5:]...)
	default:
		line = signedNotice(kind, id, billNo, day, playNoticeKey, args[5:]...)
	}
	f, err := os.OpenFile(ts.MkAbs(file), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	ts.Check(err)
	defer f.Close()
	_, err = fmt.Fprintln(f, line)
	ts.Check(err)
}

// serve: starts umsrecon serve. $LISTEN in the configurations is a free
// address, the same whenever it is started again.
func startServe(ts *testscript.TestScript, _ bool, _ []string) {
	p := playOf(ts)
	if p.receiver == "" {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		ts.Check(err)
		p.receiver = l.Addr().String()
		ts.Setenv("RECEIVER", p.receiver)
		ts.Check(l.Close())
		fillIn(ts, "$LISTEN", p.receiver)
	}
	p.serve = serveAt(ts, p.receiver)
}

func serveAt(ts *testscript.TestScript, address string) *process {
	r, w := io.Pipe()
	s := startWith(ts, []string{"umsrecon", "serve"}, io.Discard, w)
	go func() { <-s.ended; _ = w.Close() }()
	lines := bufio.NewReader(r)
	listening := regexp.MustCompile(`msg="receiving notices" address=` + regexp.QuoteMeta(address))
	for {
		line, err := lines.ReadString('\n')
		if listening.MatchString(line) {
			break
		}
		if err != nil {
			ts.Fatalf("serve ended: %s", s.stderr.String())
		}
	}
	go func() { _, _ = io.Copy(io.Discard, r) }()
	return s
}

// end-serve SIGNAL
func endServe(ts *testscript.TestScript, _ bool, args []string) { playOf(ts).serve.end(ts, args[0]) }

// deliver FILE WORD [PATH]: posts each line of a file to the receiver, which
// answers each with the word.
func deliver(ts *testscript.TestScript, _ bool, args []string) {
	path := "/ums/notice"
	if len(args) > 2 {
		path = args[2]
	}
	for line := range strings.Lines(ts.ReadFile(args[0])) {
		word, err := post("http://"+playOf(ts).receiver+path, strings.TrimSpace(line))
		ts.Check(err)
		if word != args[1] {
			ts.Fatalf("%.60s… was answered %q", line, word)
		}
	}
}

func post(to, body string) (word string, err error) {
	kind := "application/x-www-form-urlencoded"
	if strings.HasPrefix(body, "{") {
		kind = "application/json"
	}
	resp, err := http.Post(to, kind, strings.NewReader(body))
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	return string(answer), err
}

// torrent N SENDERS DAY: sends N notices, a third of them repeats, from so many
// senders at once, each until it is answered SUCCESS, while the receiver is
// killed and started again three times.
func torrent(ts *testscript.TestScript, _ bool, args []string) {
	var n, senders int
	_, err := fmt.Sscan(args[0], &n)
	ts.Check(err)
	_, err = fmt.Sscan(args[1], &senders)
	ts.Check(err)
	p := playOf(ts)
	work := make(chan int)
	done := make(chan struct{}, n)
	var all sync.WaitGroup
	for range senders {
		all.Go(func() {
			for i := range work {
				id := fmt.Sprintf("N%05d", i*2/3) // every third one is told twice
				insist("http://"+p.receiver+"/ums/notice", signedNotice("bill", id, "B"+id, args[2], playNoticeKey))
				done <- struct{}{}
			}
		})
	}
	go func() {
		for i := range n {
			work <- i
		}
		close(work)
	}()
	for kill := 1; kill <= 3; kill++ {
		for range n / 4 {
			<-done
		}
		p.serve.end(ts, "KILL")
		p.serve = serveAt(ts, p.receiver)
	}
	all.Wait()
}

// insist posts until the answer is SUCCESS.
func insist(to, body string) {
	for {
		if word, err := post(to, body); err == nil && word == "SUCCESS" {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// each-once FIELD N: the JSON list just printed has N values of a field, each
// once.
func eachOnce(ts *testscript.TestScript, _ bool, args []string) {
	var list []map[string]any
	ts.Check(json.Unmarshal([]byte(ts.ReadFile("stdout")), &list))
	seen := map[any]bool{}
	for _, item := range list {
		seen[item[args[0]]] = true
	}
	if len(list) != len(seen) || strconv.Itoa(len(seen)) != args[1] {
		ts.Fatalf("%d items with %d values of %s, want %s", len(list), len(seen), args[0], args[1])
	}
}
