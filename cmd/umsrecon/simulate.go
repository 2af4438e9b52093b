package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/umsrecon/umsrecon/chinaums"
	"github.com/umsrecon/umsrecon/chinaums/chinaumstest"
)

type simulateOptions struct {
	listen, bills, appID, appKey string
	misbehave                    []string
	seed                         uint64
	tokenLife                    time.Duration
	notify, noticeKey, record    string
	list                         bool
}

func (a *app) simulateCommand() *cobra.Command {
	var o simulateOptions
	c := &cobra.Command{
		Use:   "simulate",
		Short: "serve the gateway simulator on loopback, to try a configuration without UMS",
		Long: "simulate answers bills/query from a JSON list of bills, in the vendor's field names, takes completions and\n" +
			"pay-score orders, and gives out access tokens. It checks signature, clock and required fields as strictly as\n" +
			"UMS. With --notify it sends a signed notice of each paid bill to a receiver, and again until it is answered\n" +
			"SUCCESS. Its credentials are for play; never use real ones here.",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if o.list {
				for _, m := range slices.Concat(chinaumstest.Misbehaviours(), chinaumstest.NoticeMisbehaviours()) {
					fmt.Fprintf(a.stdout, "%-20s %s\n", m.Name, m.Sentence)
				}
				return nil
			}
			return a.simulate(c, o)
		},
	}
	f := c.Flags()
	f.StringVar(&o.listen, "listen", "127.0.0.1:18080", "loopback address and port")
	f.StringVar(&o.bills, "bills", "", "JSON file with the bills (default: none, every bill is NO_ORDER)")
	f.StringVar(&o.appID, "app-id", "simulator", "app id that it accepts")
	f.StringVar(&o.appKey, "app-key", "simulator-key", "app key that it accepts, for play")
	f.StringSliceVar(&o.misbehave, "misbehave", nil, "misbehaviours, by name; name=0.1 strikes that share of requests, name:2 the first two about each bill")
	f.DurationVar(&o.tokenLife, "token-life", time.Hour, "how long an access token lives")
	f.StringVar(&o.notify, "notify", "", "address of a receiver to send notices to, http://127.0.0.1:8080/ums/notice")
	f.StringVar(&o.noticeKey, "notice-key", "simulator-notice-key", "communication key that notices are signed with, for play")
	f.StringVar(&o.record, "record", "", "file to which each request is appended before it is answered, as a line of JSON")
	f.Uint64Var(&o.seed, "seed", 1, "decides which requests a share strikes")
	f.BoolVar(&o.list, "list", false, "list the misbehaviours")
	return c
}

func (a *app) simulate(c *cobra.Command, o simulateOptions) (err error) {
	if err := onLoopback(o.listen); err != nil {
		return err
	}
	var seen func(chinaumstest.Request)
	if o.record != "" {
		r, err := openRecord(o.record)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, r.close()) }()
		seen = r.add
	}
	g := chinaumstest.New(chinaumstest.Config{
		Keys: map[string]chinaums.Secret{o.appID: chinaums.NewSecret(o.appKey)}, Now: a.clock.Now, Seed: o.seed, TokenLife: o.tokenLife, Seen: seen,
	})
	sender := &chinaumstest.Sender{URL: o.notify, Key: chinaums.NewSecret(o.noticeKey), SignType: "SHA256", Pause: a.betweenNotices}
	bills, err := o.setUp(g, sender)
	if err != nil {
		return err
	}
	server, err := g.Listen(o.listen)
	if err != nil {
		return err
	}
	fmt.Fprintf(a.stdout, "gateway simulator: %s, app_id %s; stop it with Ctrl-C\n", server.URL, o.appID)
	if o.notify != "" {
		a.notify(c.Context(), sender, bills)
	}
	<-c.Context().Done()
	fmt.Fprintf(a.stderr, "%d requests answered\n", g.Total())
	return server.Close()
}

// betweenNotices waits longer before each repeat of a notice.
func (a *app) betweenNotices(ctx context.Context, n int) {
	_ = a.clock.Sleep(ctx, time.Duration(n)*time.Second) // the context ends it, and then nothing more is sent
}

// notify sends the notice of each paid bill and says how it went.
func (a *app) notify(ctx context.Context, sender *chinaumstest.Sender, bills []chinaumstest.Bill) {
	for _, b := range bills {
		if b.BillPayment == nil {
			continue
		}
		d, err := sender.Send(ctx, chinaumstest.BillNotice("notice-"+b.BillNo, b))
		word := d.Answer
		if err != nil {
			word = err.Error()
		}
		fmt.Fprintf(a.stdout, "notice of %s: %s after %d attempts\n", b.BillNo, plain(word), d.Attempts)
	}
}

// setUp gives the gateway its bills, and gateway and sender their misbehaviours.
func (o simulateOptions) setUp(g *chinaumstest.Gateway, s *chinaumstest.Sender) (bills []chinaumstest.Bill, err error) {
	if o.bills != "" {
		f, err := os.Open(o.bills)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		if bills, err = chinaumstest.ReadBills(f); err != nil {
			return nil, fmt.Errorf("%s: %w", o.bills, err)
		}
		g.Put(bills...)
	}
	for _, text := range o.misbehave {
		fault, err := parseFault(text)
		if err == nil && s.Misbehave(fault.Name) != nil {
			err = g.Misbehave(fault)
		}
		if err != nil {
			return nil, usage("--misbehave: %v; try: umsrecon simulate --list", err)
		}
	}
	return bills, nil
}

// parseFault reads name, name=0.1 or name:2.
func parseFault(text string) (f chinaumstest.Fault, err error) {
	name, share, shared := strings.Cut(text, "=")
	name, first, counted := strings.Cut(name, ":")
	f.Name = name
	switch {
	case shared && counted:
		return f, fmt.Errorf("%q: give a share or a number, not both", text)
	case shared:
		f.Probability, err = strconv.ParseFloat(share, 64)
		if err != nil || !(f.Probability > 0 && f.Probability <= 1) {
			return f, fmt.Errorf("%q: the share must be above 0 and at most 1, such as %s=0.1", text, name)
		}
	case counted:
		f.First, err = strconv.Atoi(first)
		if err != nil || f.First < 1 {
			return f, fmt.Errorf("%q: the number must be 1 or more, such as %s:2", text, name)
		}
	}
	return f, nil
}

func onLoopback(address string) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return usage("--listen: %v", err)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return usage("--listen: %q is not this machine itself; the simulator serves loopback only", address)
	}
	return nil
}
