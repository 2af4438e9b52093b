package main

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"strconv"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/umsrecon/umsrecon/reconcile"
)

// ago NAME DAYS: $NAME is the Beijing date so many days ago: a daemon does no
// nights of long past.
func ago(ts *testscript.TestScript, _ bool, args []string) {
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	ts.Setenv(args[0], (reconcile.DayOf(time.Now()) - reconcile.Day(n)).String())
}

// storm SEED N SENDERS DAY: while serve asks about the orders of a night, N
// notices about its bills, a third of them repeats, each until it is answered
// SUCCESS; three times, when the asking has gone on and somewhere among the
// notices, serve is killed and started again. The seed says where.
func stormOf(ts *testscript.TestScript, _ bool, args []string) {
	var seed uint64
	var n, senders int
	_, err := fmt.Sscan(args[0]+" "+args[1]+" "+args[2], &seed, &n, &senders)
	ts.Check(err)
	p, chance := playOf(ts), rand.New(rand.NewPCG(seed, 7))
	work, done := make(chan int), make(chan struct{}, n)
	var all sync.WaitGroup
	for range senders {
		all.Go(func() {
			for i := range work {
				id := fmt.Sprintf("N%05d", i*2/3) // every third one is told twice
				insist("http://"+p.receiver+"/ums/notice", signedNotice("bill", id, fmt.Sprintf("B%04d", i*2/3), args[3], playNoticeKey))
				done <- struct{}{}
			}
		})
	}
	const kills = 3
	portion := n / (kills + 1)
	told := 0
	for kill := range kills {
		p.until(ts, p.gateway.Total()+10+chance.IntN(30))
		go func() {
			for i := range portion {
				work <- kill*portion + i
			}
		}()
		for at := kill*portion + chance.IntN(portion); told < at; told++ {
			<-done
		}
		p.serve.end(ts, "KILL")
		p.serve = serveAt(ts, p.receiver)
	}
	for i := kills * portion; i < n; i++ {
		work <- i
	}
	close(work)
	all.Wait()
}

// until waits for the gateway to have seen so many requests. On a slow machine
// the asking may be over before: then none comes for a while.
func (p *play) until(ts *testscript.TestScript, requests int) {
	seen, quiet := p.gateway.Total(), 0
	for seen < requests && quiet < 3000 {
		time.Sleep(time.Millisecond)
		quiet++
		if now := p.gateway.Total(); now > seen {
			seen, quiet = now, 0
		}
	}
	if quiet > 0 && seen < requests {
		ts.Logf("the night was over before the next kill")
	}
}

// at-last PATTERN COMMAND…: the command is run again until it prints a line
// that matches.
func atLast(ts *testscript.TestScript, _ bool, args []string) {
	want := regexp.MustCompile("(?m)" + args[0])
	for deadline := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		ts.Check(ts.Exec(args[1], args[2:]...))
		if out := ts.ReadFile("stdout"); want.MatchString(out) {
			return
		} else if time.Now().After(deadline) {
			ts.Fatalf("it did not print %q: %s", args[0], out)
		}
	}
}
