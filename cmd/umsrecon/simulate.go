package main

import (
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/umsrecon/umsrecon/chinaums"
	"github.com/umsrecon/umsrecon/chinaums/chinaumstest"
)

type simulateOptions struct {
	listen, bills, appID, appKey string
	misbehave                    []string
	seed                         uint64
	list                         bool
}

func (a *app) simulateCommand() *cobra.Command {
	var o simulateOptions
	c := &cobra.Command{
		Use:   "simulate",
		Short: "serve the gateway simulator on loopback, to try a configuration without UMS",
		Long: "simulate answers bills/query from a JSON list of bills, in the vendor's field names, and checks signature,\n" +
			"clock and required fields as strictly as UMS. Its credentials are for play; never use real ones here.",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if o.list {
				for _, m := range chinaumstest.Misbehaviours() {
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
	f.StringSliceVar(&o.misbehave, "misbehave", nil, "misbehaviours, by name; name=0.1 strikes that share of requests")
	f.Uint64Var(&o.seed, "seed", 1, "decides which requests a share strikes")
	f.BoolVar(&o.list, "list", false, "list the misbehaviours")
	return c
}

func (a *app) simulate(c *cobra.Command, o simulateOptions) error {
	if err := onLoopback(o.listen); err != nil {
		return err
	}
	g := chinaumstest.New(chinaumstest.Config{
		Keys: map[string]chinaums.Secret{o.appID: chinaums.NewSecret(o.appKey)}, Now: a.clock.Now, Seed: o.seed,
	})
	if err := o.setUp(g); err != nil {
		return err
	}
	server, err := g.Listen(o.listen)
	if err != nil {
		return err
	}
	fmt.Fprintf(a.stdout, "gateway simulator: %s, app_id %s; stop it with Ctrl-C\n", server.URL, o.appID)
	<-c.Context().Done()
	fmt.Fprintf(a.stderr, "%d requests answered\n", g.Total())
	return server.Close()
}

func (o simulateOptions) setUp(g *chinaumstest.Gateway) error {
	if o.bills != "" {
		f, err := os.Open(o.bills)
		if err != nil {
			return err
		}
		defer f.Close()
		bills, err := chinaumstest.ReadBills(f)
		if err != nil {
			return fmt.Errorf("%s: %w", o.bills, err)
		}
		g.Put(bills...)
	}
	for _, text := range o.misbehave {
		fault, err := parseFault(text)
		if err == nil {
			err = g.Misbehave(fault)
		}
		if err != nil {
			return usage("--misbehave: %v; try: umsrecon simulate --list", err)
		}
	}
	return nil
}

func parseFault(text string) (f chinaumstest.Fault, err error) {
	name, share, found := strings.Cut(text, "=")
	f.Name = name
	if !found {
		return f, nil
	}
	f.Probability, err = strconv.ParseFloat(share, 64)
	if err != nil || !(f.Probability > 0 && f.Probability <= 1) {
		return f, fmt.Errorf("%q: the share must be above 0 and at most 1, such as %s=0.1", text, name)
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
