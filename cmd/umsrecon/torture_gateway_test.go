package main

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/umsrecon/umsrecon/chinaums"
	"github.com/umsrecon/umsrecon/chinaums/chinaumstest"
)

const (
	tortureDay      = "2026-01-05"
	tortureAttempts = 4
)

// TestGatewayTorture holds the verdicts of whole nights against what went over
// the wire, whatever the gateway did: no order is matched without an answer
// that proves it, none that was answered is called unverified, none is lost,
// and no question is asked more often than it may be. When the gateway is itself
// again, so are the verdicts.
func TestGatewayTorture(t *testing.T) {
	full, seed := tortured(t)
	draw := rand.New(rand.NewPCG(seed, 0))
	many, some := longOr(full, 10_000, 120), longOr(full, 2_500, 120) // orders
	scenarios := []scenario{
		{"each alone on bills of its own", "", many, eachOnItsOwn(many, full)},
		{"limit and budget", fmt.Sprintf(", requests_per_second: %d, max_requests_per_run: %d", many/3, many*6/5), many, mixture(draw, patient(full), full)},
	}
	for _, name := range longOr(full, faultNames(true), nil) {
		scenarios = append(scenarios, scenario{name, "", 500, []chinaumstest.Fault{{Name: name, Probability: longOr(name == "slow", 0.02, 0.5)}}})
	}
	for n := range longOr(full, 8, 1) {
		scenarios = append(scenarios, scenario{fmt.Sprintf("mixture %d", n), []string{", auth: access-token", ""}[n%2], some, mixture(draw, faultNames(full), full)})
	}
	truths, orders, requests := map[int]map[string]string{}, 0, 0
	for _, s := range scenarios {
		t.Run(s.name, func(t *testing.T) {
			if truths[s.orders] == nil {
				calm := newStorm(t, s.orders, "")
				calm.night(t)
				truths[s.orders] = calm.classes(t)
				require.Equal(t, s.orders/10*6, count(truths[s.orders], "matched"), "of an undisturbed night")
			}
			w := newStorm(t, s.orders, s.gateway)
			if len(s.faults) <= 12 { // those on bills of their own are many
				t.Logf("%+v", s.faults)
			}
			for _, f := range s.faults {
				require.NoError(t, w.gateway.Misbehave(f))
			}
			w.night(t)
			w.judge(t)
			w.limits(t)
			stormy := w.classes(t)
			t.Logf("%s: %d requests for %d questions, at most %d in a second; matched %d, discrepant %d, unverified %d",
				s.name, w.firstNight, s.orders, w.tap.mostInASecond(), count(stormy, "matched"), count(stormy, "discrepant"), count(stormy, "unverified"))
			orders, requests = orders+s.orders, requests+w.firstNight
			if len(s.faults) == 1 || !full && w.config.Gateway.MaxRequestsPerRun > 0 {
				return // the next night is the same after any of them, and takes its time
			}
			w.gateway.Behave()
			w.night(t, "--requery") // a bill that was called unpaid may have become final
			require.Equal(t, truths[s.orders], w.classes(t), "when the gateway is itself again")
		})
	}
	t.Logf("%d nights of %d orders and %d requests", len(scenarios), orders, requests)
}

// scenario is a way in which the gateway goes wrong, and what the section
// gateway of the configuration says about it.
type scenario struct {
	name, gateway string
	orders        int
	faults        []chinaumstest.Fault
}

// faultNames are all misbehaviours; those that make the program wait for a
// minute or for a time-out only in the full version.
func faultNames(full bool) (names []string) {
	for _, m := range chinaumstest.Misbehaviours() {
		if full || m.Name != "slow" && m.Name != "order-processing" {
			names = append(names, m.Name)
		}
	}
	return names
}

// stoppers end the asking when three come in a row: each has a night of its own
// in the full version, and all are in mixtures.
const stoppers = " redirect http-403 clock-skew token-refused bad-request abnormal-time bad-sign denied-ip no-merchant inactive-merchant "

// patient are the misbehaviours that do not end the asking.
func patient(full bool) []string {
	return slices.DeleteFunc(faultNames(full), func(name string) bool { return strings.Contains(stoppers, " "+name+" ") })
}

// eachOnItsOwn lets each misbehaviour that does not refuse strike a few bills
// always, and nothing else strike them.
func eachOnItsOwn(orders int, full bool) (faults []chinaumstest.Fault) {
	names, every := patient(full), longOr(full, 20, 5)
	for i := 0; i < orders; i += every {
		faults = append(faults, chinaumstest.Fault{Name: names[i/every%len(names)], BillNo: stormBill(i)})
	}
	return faults
}

// mixture is a handful of misbehaviours, each of a probability of its own.
func mixture(draw *rand.Rand, names []string, full bool) (faults []chinaumstest.Fault) {
	for range 3 + draw.IntN(8) {
		name := names[draw.IntN(len(names))]
		f := chinaumstest.Fault{Name: name, Probability: longOr(name == "slow" || name == "order-processing", 0.01, 0.02+0.3*draw.Float64())}
		if draw.IntN(4) > 0 {
			f.Op = chinaumstest.OpQuery // without a token there is little to see
		}
		faults = append(faults, f)
	}
	return faults
}

// storm is a merchant's day and a gateway that is listened to.
type storm struct {
	dir        string
	gateway    *chinaumstest.Gateway
	tap        *tap
	orders     int
	config     *Config
	firstNight int // requests
	summary    struct {
		Orders  struct{ Loaded, Invalid, Matched, Tolerance, Waiting, Unverified, Discrepant int }
		Queries struct{ Sent, Attempts int }
	}
}

func stormBill(i int) string { return fmt.Sprintf("S%05d", i) }

// newStorm sells orders: of ten, six agree; the others are off by a fen, not
// there, not paid for, and paid for unknown to the ledger.
func newStorm(t testing.TB, orders int, gateway string) *storm {
	w := &storm{dir: t.TempDir(), orders: orders}
	w.gateway = chinaumstest.New(chinaumstest.Config{Keys: map[string]chinaums.Secret{playAppID: chinaums.NewSecret(playAppKey)}, Now: time.Now})
	w.tap = newTap(w.gateway)
	server := httptest.NewServer(w.tap)
	t.Cleanup(server.Close)
	var ledger strings.Builder
	ledger.WriteString("bill_no,bill_date,total_amount,status,paid_at\n")
	for i := range orders {
		ledger.WriteString(w.sell(i) + "\n")
	}
	if !strings.Contains(gateway, "requests_per_second") {
		gateway += ", requests_per_second: 4000"
	}
	config := fmt.Sprintf("merchant: {mid: \"898340149000005\", tid: \"00000001\"}\ngateway: {base_url: %q, concurrency: 256, timeout: 10s, max_attempts: %d%s}\n",
		server.URL, tortureAttempts, gateway)
	require.NoError(t, os.Mkdir(filepath.Join(w.dir, "ledger"), 0o750))
	require.NoError(t, os.WriteFile(filepath.Join(w.dir, "ledger/orders-"+tortureDay+".csv"), []byte(ledger.String()), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(w.dir, "config.yaml"), []byte(config), 0o600))
	var err error
	w.config, err = Load(filepath.Join(w.dir, "config.yaml"), os.LookupEnv)
	require.NoError(t, err)
	return w
}

// sell puts a bill into the gateway and gives the ledger's row.
func (w *storm) sell(i int) (row string) {
	b, paid := paidBill(stormBill(i), tortureDay), "PAID,"+tortureDay+" 10:00:00"
	switch i % 10 {
	case 6:
		b.TotalAmount, b.BillPayment.TotalAmount = "1907", "1907"
	case 7:
		return fmt.Sprintf("%s,%s,1908,%s", b.BillNo, tortureDay, paid)
	case 8:
		b.BillStatus, b.BillPayment = "UNPAID", nil
	case 9:
		paid = "UNPAID,"
	}
	w.gateway.Put(b)
	return fmt.Sprintf("%s,%s,1908,%s", b.BillNo, tortureDay, paid)
}

// night runs the program on the day.
func (w *storm) night(t *testing.T, flags ...string) {
	cmd := exec.Command("umsrecon", append([]string{"run", "--date", tortureDay, "--format", "json"}, flags...)...)
	cmd.Dir, cmd.Env = w.dir, append(os.Environ(), "UMS_APP_ID="+playAppID, "UMS_APP_KEY="+playAppKey)
	var complained strings.Builder
	cmd.Stderr = &complained
	before := len(w.tap.requests())
	out, err := cmd.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		require.Contains(t, []int{exitDiscrepant, exitIncomplete}, exit.ExitCode(), complained.String())
	} else {
		require.NoError(t, err)
	}
	require.NoError(t, json.Unmarshal(out, &w.summary))
	if w.firstNight == 0 {
		w.firstNight = len(w.tap.requests()) - before
	}
}

// classes are the verdicts by bill.
func (w *storm) classes(t *testing.T) map[string]string {
	return w.byBill(t, "SELECT bill_no, coalesce(class, '') FROM orders")
}

// unheard are the bills whose last answer did not come in time: it was sent,
// and the program had hung up.
func (w *storm) unheard(t *testing.T) map[string]string {
	return w.byBill(t, "SELECT bill_no, message FROM orders JOIN answers ON answers.answer_id = last_answer_id WHERE outcome = 'failed' AND message LIKE '%in time%'")
}

func (w *storm) byBill(t *testing.T, query string) map[string]string {
	db, err := sql.Open("sqlite", "file:"+filepath.Join(w.dir, "umsrecon.db")+"?mode=ro")
	require.NoError(t, err)
	defer db.Close()
	rows, err := db.Query(query)
	require.NoError(t, err)
	defer rows.Close()
	said := map[string]string{}
	for rows.Next() {
		var no, what string
		require.NoError(t, rows.Scan(&no, &what))
		said[no] = what
	}
	require.NoError(t, rows.Err())
	return said
}

func count(classes map[string]string, class string) (n int) {
	for c := range maps.Values(classes) {
		if c == class {
			n++
		}
	}
	return n
}

// judge holds the verdicts against the record.
func (w *storm) judge(t *testing.T) {
	classes, unheard := w.classes(t), w.unheard(t)
	require.Len(t, classes, w.orders, "orders were lost")
	o := w.summary.Orders
	require.Equal(t, w.orders, o.Loaded)
	require.Equal(t, w.orders, o.Matched+o.Tolerance+o.Waiting+o.Unverified+o.Discrepant)
	require.Equal(t, o.Matched, count(classes, "matched"))
	require.Equal(t, o.Unverified, count(classes, "unverified"))
	for i := range w.orders {
		no := stormBill(i)
		q := question{billNo: no, billDate: tortureDay}
		heard, class := w.tap.last(q), classes[no]
		require.Equal(t, !heard.trusted || unheard[no] != "", class == "unverified", "%s is %q; it was told %+v", no, class, w.tap.told(q))
		if class == "matched" {
			require.True(t, heard.paid && heard.total == "1908" || i%10 == 9 && !heard.paid, "%s is matched; it was told %+v", no, w.tap.told(q))
		}
		w.attempts(t, q)
	}
}

// attempts of one call end with max_attempts; a bill that is being processed is
// asked about once more.
func (w *storm) attempts(t *testing.T, q question) {
	most := tortureAttempts
	if slices.ContainsFunc(w.tap.told(q), func(a wireAnswer) bool { return a.processing }) {
		most *= 2
	}
	require.LessOrEqual(t, w.tap.askedAbout(q), most+1, "%s; a refused token adds one", q.billNo)
}

// limits holds the requests of the first night against the rate and the budget
// that are configured.
func (w *storm) limits(t *testing.T) {
	if most := w.config.Gateway.MaxRequestsPerRun; most > 0 {
		require.LessOrEqual(t, len(w.tap.requests()), most)
	}
	times := w.tap.requests()
	first, last := times[0], times[len(times)-1]
	atLeast := float64(len(times)-2)/w.config.Gateway.RequestsPerSecond - 0.01
	require.GreaterOrEqual(t, last.Sub(first).Seconds(), 0.99*atLeast, "%d requests", len(times))
}
