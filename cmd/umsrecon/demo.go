package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/umsrecon/umsrecon/chinaums"
	"github.com/umsrecon/umsrecon/chinaums/chinaumstest"
	"github.com/umsrecon/umsrecon/reconcile"
)

const (
	demoAppID  = "umsrecon-demo"
	demoAppKey = "umsrecon-demo-key" // of the simulator in this process; opens nothing else
	demoMarker = ".umsrecon-demo"    // says that a folder is ours to make anew
	demoFewest = 150                 // orders a night, so that the faults stay a minority
)

func (a *app) demoCommand() *cobra.Command {
	var dir string
	var orders int
	var seed uint64
	c := &cobra.Command{
		Use:   "demo",
		Short: "show the whole job on a sample ledger against the simulator; needs nothing",
		Long: "demo makes a sample ledger with labelled faults, starts the gateway simulator on loopback, runs the real job\n" +
			"over two nights, writes the workbooks, and checks that every labelled fault was found under its code.",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if orders < demoFewest || orders > 100_000 {
				return usage("--orders: must be from %d to 100000, is %d", demoFewest, orders)
			}
			return a.demo(c.Context(), dir, orders, seed)
		},
	}
	c.Flags().StringVar(&dir, "dir", "umsrecon-demo", "folder to make; one from an earlier demo is made anew")
	c.Flags().IntVar(&orders, "orders", 200, "ordinary orders of each night")
	c.Flags().Uint64Var(&seed, "seed", 1, "seed of the sample")
	return c
}

// stage is a demo under way.
type stage struct {
	*app
	dir    string
	clock  *demoClock
	shop   *shop
	sales  []*sale
	server *chinaumstest.Gateway
}

func (a *app) demo(ctx context.Context, dir string, orders int, seed uint64) error {
	dir, err := demoFolder(dir)
	if err != nil {
		return err
	}
	clock := &demoClock{}
	s := &stage{app: a, dir: dir, clock: clock, shop: newShop(seed), server: chinaumstest.New(chinaumstest.Config{
		Keys: map[string]chinaums.Secret{demoAppID: chinaums.NewSecret(demoAppKey)}, Now: clock.Now, Seed: seed,
	})}
	listening, err := s.server.Listen("127.0.0.1:0")
	if err != nil {
		return err
	}
	defer listening.Close()
	s.stock(orders)
	if err := s.writeConfig(listening.URL); err != nil {
		return err
	}
	return s.play(ctx)
}

// stock fills the shop: ordinary orders of both days, then the faults.
func (s *stage) stock(orders int) {
	for range orders {
		s.sales = append(s.sales, s.shop.sell(demoFirst))
	}
	for _, f := range demoFaults {
		s.spoil(f, demoFirst)
	}
	for range orders {
		s.sales = append(s.sales, s.shop.sell(demoSecond))
	}
	for _, f := range demoSecondFaults {
		s.spoil(f, demoSecond)
	}
}

func (s *stage) spoil(f fault, day reconcile.Day) {
	made := day
	if f.old {
		made = demoOld
	}
	x := s.shop.sellIn(day, made)
	x.misbehave = func(billNo, name string) {
		if err := s.server.Misbehave(chinaumstest.Fault{Name: name, BillNo: billNo}); err != nil {
			panic(err) // the names are ours
		}
	}
	f.put(x)
	s.sales = append(s.sales, x)
}

// play runs both nights, with what happens between them, and checks the end.
func (s *stage) play(ctx context.Context) error {
	night := *s.app
	night.clock, night.configFlag = s.clock, filepath.Join(s.dir, "config.yaml")
	cfg, err := night.load(append(slices.Clone(EverySection), NeedNoticeKey)...)
	if err != nil {
		return err
	}
	var last result
	for _, day := range []reconcile.Day{demoFirst, demoSecond} {
		if day == demoSecond {
			s.nextDay()
		}
		if err := s.world(day); err != nil {
			return err
		}
		if err := s.deliver(ctx, &night, cfg); err != nil {
			return err
		}
		s.clock.set(day.End().Add(2*time.Hour + 30*time.Minute))
		results, _, err := night.nights(ctx, cfg, fixedDays(day), nightOptions{})
		if err != nil {
			return err
		}
		last = results[0]
		fmt.Fprintf(s.stdout, "Night %s\n", wire(s.clock.Now()))
		last.text(s.stdout, cfg, false)
		fmt.Fprintln(s.stdout)
	}
	if err := s.verify(ctx, cfg); err != nil {
		return err
	}
	s.tell(cfg, last)
	return nil
}

// nextDay lets happen what happens between the nights.
func (s *stage) nextDay() {
	for _, x := range s.sales {
		if x.later != nil {
			x.later()
		}
	}
}

// world brings the simulator and the ledger files up to a day.
func (s *stage) world(day reconcile.Day) error {
	for _, b := range s.shop.bills {
		s.server.Put(*b)
	}
	for file, rows := range s.shop.rows {
		if file > day {
			continue
		}
		if err := s.writeLedger(file, day, rows); err != nil {
			return err
		}
	}
	if day == demoSecond { // the first night's is not out yet
		return s.writeStatement(demoSecond)
	}
	return nil
}

// tell says where everything is and what to look at.
func (s *stage) tell(cfg *Config, last result) {
	dir := s.dir
	if wd, err := os.Getwd(); err == nil {
		if rel, err := filepath.Rel(wd, dir); err == nil && filepath.IsLocal(rel) {
			dir = rel
		}
	}
	fmt.Fprintln(s.stdout, "\nOpen these in Excel, WPS or LibreOffice; the page in a browser:")
	for _, path := range last.reports {
		fmt.Fprintln(s.stdout, "  "+filepath.Join(dir, cfg.shown(path)))
	}
	fmt.Fprintf(s.stdout, "Look further:\n")
	for _, what := range []string{"discrepancies list --date " + demoFirst.String(), "runs", "report --settle-date " + demoSecond.String()} {
		fmt.Fprintf(s.stdout, "  umsrecon -c %s %s\n", filepath.Join(dir, "config.yaml"), what)
	}
}
