package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"sort"
	"strings"
	"time"

	"github.com/umsrecon/umsrecon/chinaums"
	"github.com/umsrecon/umsrecon/chinaums/chinaumstest"
)

const (
	demoNoticeKey    = "umsrecon-demo-notice-key" // of the notices in this process
	demoContractPath = "/ums/contract/umsrecon-demo-secret"
)

// letterOut is a notice that the platform will send.
type letterOut struct {
	at     time.Time
	params map[string]string
	key    string // it is signed with
	want   string // what it must be answered
}

// mail is what the platform has to tell the merchant: one notice for each bill
// that was paid, and what the faults add.
type mail struct {
	told  map[string]bool // bills that were told of, and those that never will be
	extra []letterOut
}

// silent lets no notice of the sale ever come.
func (x *sale) silent() { x.mail.told[x.row.billNo] = true }

// tell adds a notice, five seconds after the payment.
func (x *sale) tell(params map[string]string, key string) {
	x.mail.extra = append(x.mail.extra, letterOut{
		at: paidAt(x.bill).Add(5 * time.Second), params: params, key: key,
		want: map[bool]string{true: "SUCCESS", false: "FAILED"}[key == demoNoticeKey],
	})
}

func paidAt(b *chinaumstest.Bill) time.Time {
	at, err := time.ParseInLocation(time.DateTime, b.BillPayment.PayTime, beijingTime)
	if err != nil {
		panic(err) // the times are ours
	}
	return at
}

// due takes what is to be sent now out of the mail, the oldest first.
func (s *shop) due() []letterOut {
	letters := s.mail.extra
	s.mail.extra = nil
	for no, b := range s.bills {
		if b.BillPayment == nil || s.mail.told[no] {
			continue
		}
		s.mail.told[no] = true
		letters = append(letters, letterOut{paidAt(b).Add(2 * time.Second), chinaumstest.BillNotice("notice-"+no, *b), demoNoticeKey, "SUCCESS"})
	}
	sort.SliceStable(letters, func(i, j int) bool {
		a, b := letters[i], letters[j]
		return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.params["notifyId"], b.params["notifyId"])) < 0
	})
	return letters
}

// deliver runs the real receiver on loopback and lets the platform send what it
// has to tell, each notice at its own time.
func (s *stage) deliver(ctx context.Context, night *app, cfg *Config) error {
	address := ""
	logger := slog.New(slog.NewTextHandler(io.Discard, nil))
	closeReceiver, err := night.receive(ctx, cfg, "127.0.0.1:0", logger, func(error) {}, func(a string) { address = a })
	if err != nil {
		return err
	}
	defer closeReceiver()
	contract := chinaumstest.ContractNotice("contract-1", demoMID, "DEMO-CONTRACT", true, demoOld.Start())
	s.clock.set(demoOld.Start())
	if err := s.post("http://"+address+demoContractPath, "application/json", string(contract), "SUCCESS"); err != nil {
		return err
	}
	for _, l := range s.shop.due() {
		s.clock.set(l.at)
		form := url.Values{}
		for name, value := range chinaumstest.Sign(l.params, chinaums.NewSecret(l.key), "SHA256") {
			form.Set(name, value)
		}
		if err := s.post("http://"+address+cfg.Notices.Path, "application/x-www-form-urlencoded", form.Encode(), l.want); err != nil {
			return err
		}
	}
	return nil
}

func (s *stage) post(to, contentType, body, want string) error {
	resp, err := http.Post(to, contentType, strings.NewReader(body))
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if answer, err := io.ReadAll(resp.Body); err != nil || string(answer) != want {
		return fmt.Errorf("a notice was answered %q, not %s", answer, want)
	}
	return nil
}
