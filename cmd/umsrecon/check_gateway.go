package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/umsrecon/umsrecon/reconcile"
	"github.com/umsrecon/umsrecon/reconcile/gateway"
)

// probe asks UMS, for what the answers show of access and of the clock.
type probe struct {
	*app
	sentAt time.Time
	answer *reconcile.Answer // the last one; nil: not asked
}

// gateway asks once with each set of credentials: who is not asked about has
// not been shown to be let in.
func (p *probe) gateway(ctx context.Context, cfg *Config, day reconcile.Day) (string, error) {
	limits, err := cfg.limits(ctx)
	if err != nil {
		return "", err
	}
	defer limits.close()
	clients, _, err := cfg.clients(p.app.clock.Now, p.app.tokens, limits)
	if err != nil {
		return "", err
	}
	ums, sets, failed := gateway.New(clients, p.app.clock.Now), cfg.credentials(), false
	var lines []string
	for _, of := range sets {
		text, ok := p.access(ctx, ums, of, day)
		failed = failed || !ok
		if len(sets) > 1 {
			text = whose(of) + ": " + text
		}
		lines = append(lines, text)
	}
	text := cfg.Gateway.BaseURL + " " + lines[0]
	if len(sets) > 1 {
		text = fmt.Sprintf("%s asked with %d sets of credentials\n%s", cfg.Gateway.BaseURL, len(sets), strings.Join(lines, "\n"))
	}
	if failed {
		return "", &exitError{code: exitIncomplete, err: fmt.Errorf("%s", text)}
	}
	return text, nil
}

// access asks about a bill that need not exist: NO_ORDER proves the credentials
// as well as any bill does.
func (p *probe) access(ctx context.Context, ums *gateway.Gateway, of []Merchant, day reconcile.Day) (text string, ok bool) {
	for _, m := range of {
		if m.MID == "" || m.TID == "" {
			continue
		}
		k := reconcile.BillKey{MID: m.MID, TID: m.TID, InstMID: m.InstMID, BillNo: "0000UMSRECONCHECK", BillDay: day}
		p.sentAt = p.app.clock.Now()
		answer := ums.Ask(ctx, reconcile.Key{BillKey: k})
		p.answer = &answer
		if answer.Trustworthy() {
			return fmt.Sprintf("answered %s; the credentials are accepted", answer.Outcome), true
		}
		try := "gateway.app_id, gateway.app_key, merchant and this machine's clock"
		if answer.Outcome == reconcile.QueryFailed {
			try = "gateway.base_url, and the way from this machine to it"
		}
		return fmt.Sprintf("%s %s; try: %s", answer.Outcome, plain(answer.Message), try), false
	}
	return "not asked: no merchant of these credentials has both mid and tid in the configuration, so there is none to ask about", true
}

// credentials are the merchants by what they sign with, in the order of the
// configuration.
func (c *Config) credentials() (sets [][]Merchant) {
	place := map[[2]string]int{}
	for _, m := range c.Merchants() {
		with := [2]string{m.AppID, m.AppKey.Reveal()}
		at, known := place[with]
		if !known {
			at = len(sets)
			place[with], sets = at, append(sets, nil)
		}
		sets[at] = append(sets[at], m)
	}
	return sets
}

// whose names the merchants of a set of credentials.
func whose(of []Merchant) string {
	if len(of) == 1 {
		return "mid " + of[0].MID
	}
	return fmt.Sprintf("mid %s and %d more", of[0].MID, len(of)-1)
}

// clockSkew is how far this machine may be from the gateway before signatures
// are in danger of being refused.
const clockSkew = time.Minute

// clock compares this machine's time with what the gateway put on its answer.
func (p *probe) clock(context.Context, *Config, reconcile.Day) (string, error) {
	here := p.app.clock.Now()
	now := here.In(reconcile.Beijing).Format(time.DateTime)
	there, known := p.gatewayTime()
	if !known {
		return now + " in Beijing; the gateway gave no time to compare with", nil
	}
	text := fmt.Sprintf("%s in Beijing, the gateway says %s", now, there.Format(time.DateTime))
	if there.Sub(here) > clockSkew || p.sentAt.Sub(there) > clockSkew {
		return "", fmt.Errorf("%s; try: synchronising this machine's clock (NTP)", text)
	}
	return text, nil
}

// gatewayTime is the time on the answer, under either of its two spellings.
func (p *probe) gatewayTime() (time.Time, bool) {
	if p.answer == nil {
		return time.Time{}, false
	}
	var stamps map[string]any
	_ = json.Unmarshal(p.answer.Raw, &stamps) // no body, or one that says nothing
	for _, name := range []string{"responseTimeStamp", "responseTimestamp"} {
		text, _ := stamps[name].(string)
		if t, err := time.ParseInLocation(time.DateTime, text, reconcile.Beijing); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}
