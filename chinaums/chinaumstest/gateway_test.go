package chinaumstest_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/umsrecon/umsrecon/chinaums/chinaumstest"
)

// ask sends a good request with a nonce of its own.
func ask(g *chinaumstest.Gateway, n int, change func(map[string]any)) map[string]any {
	r := good()
	r.nonce = fmt.Sprintf("nonce-%d", n)
	if change != nil {
		change(r.fields)
	}
	_, fields := r.send(g)
	return fields
}

func TestAnswer(t *testing.T) {
	g := newGateway()
	plain := ask(g, 1, nil)
	require.Equal(t, "1908", plain["totalAmount"], "amounts are strings")
	payment := plain["billPayment"].(map[string]any)
	require.Equal(t, "1900", payment["totalAmount"])
	require.NotContains(t, payment, "couponAmount", "what is absent is left out")
	require.NotContains(t, plain, "refundBillPayment")
	require.NotContains(t, plain, "refunds")
	require.NotContains(t, plain, "completions")

	refund := ask(g, 2, func(f map[string]any) { f["refundOrderId"] = "R1" })
	require.Equal(t, "8", refund["refundBillPayment"].(map[string]any)["totalAmount"])
	unknown := ask(g, 3, func(f map[string]any) { f["refundOrderId"] = "R2" })
	require.Equal(t, "SUCCESS", unknown["errCode"])
	require.NotContains(t, unknown, "refundBillPayment")

	g.Delete(key)
	gone := ask(g, 4, nil)
	require.Equal(t, "NO_ORDER", gone["errCode"])
	for name, value := range map[string]string{"mid": key.MID, "tid": key.TID, "instMid": key.InstMID, "billNo": key.BillNo, "billDate": key.BillDate} {
		require.Equal(t, value, gone[name])
	}
	g.Put(chinaumstest.Bill{Key: key, BillStatus: "CLOSED"})
	require.Equal(t, "CLOSED", ask(g, 5, nil)["billStatus"])
	other := ask(g, 6, func(f map[string]any) { f["billDate"] = "2026-11-18" })
	require.Equal(t, "NO_ORDER", other["errCode"], "the date belongs to the key")
}

func TestMisbehavioursAreDescribed(t *testing.T) {
	seen := map[string]bool{}
	for _, m := range chinaumstest.Misbehaviours() {
		require.Regexp(t, regexp.MustCompile(`^[a-z0-9-]+$`), m.Name)
		require.Regexp(t, regexp.MustCompile(`^[A-Z].*\.$`), m.Sentence)
		require.False(t, seen[m.Name], m.Name)
		seen[m.Name] = true
	}
	for _, name := range strings.Fields(`wrong-echo cut-body garbled-body html-body huge-body gateway-9200 http-500 http-503 http-429
		reset slow clock-skew order-processing net-error timeout-code internal-error no-merchant bad-sign inactive-merchant unknown-code
		numbers nonsense-amount fraction-amount missing-status missing-payment regress errmsg-on-success stamp-spelling trailing-blank redirect lost-request token-refused`) {
		require.True(t, seen[name], name)
	}
}

func TestFaultsOfFields(t *testing.T) {
	tests := map[string]func(t *testing.T, f map[string]any){
		"wrong-echo": func(t *testing.T, f map[string]any) { require.NotEqual(t, key.BillNo, f["billNo"]) },
		"numbers":    func(t *testing.T, f map[string]any) { require.EqualValues(t, 1908, f["totalAmount"]) },
		"regress":    func(t *testing.T, f map[string]any) { require.Equal(t, "UNPAID", f["billStatus"]) },
		"stamp-spelling": func(t *testing.T, f map[string]any) {
			require.NotContains(t, f, "responseTimeStamp")
			require.Contains(t, f, "responseTimestamp")
		},
		"trailing-blank": func(t *testing.T, f map[string]any) {
			require.Equal(t, "TRADE_SUCCESS ", f["billPayment"].(map[string]any)["status"])
		},
		"errmsg-on-success": func(t *testing.T, f map[string]any) { require.NotEmpty(t, f["errMsg"]) },
		"net-error": func(t *testing.T, f map[string]any) {
			require.Equal(t, "NET_ERROR", f["errCode"])
			require.Equal(t, key.BillNo, f["billNo"])
			require.NotContains(t, f, "totalAmount")
		},
	}
	for name, check := range tests {
		t.Run(name, func(t *testing.T) {
			g := newGateway()
			honest := ask(g, 1, nil)
			require.NoError(t, g.Misbehave(chinaumstest.Fault{Name: name}))
			bent := ask(g, 2, nil)
			check(t, bent)
			require.NotEqual(t, honest, bent)
			require.Equal(t, []string{name}, g.Requests()[1].Misbehaviours)
			g.Behave()
			require.Equal(t, honest, ask(g, 3, nil), "the bill itself is not touched")
		})
	}
}

func TestFaultConditions(t *testing.T) {
	require.Error(t, newGateway().Misbehave(chinaumstest.Fault{Name: "no-such"}))
	require.Error(t, newGateway().Misbehave(chinaumstest.Fault{Name: "regress", First: -1}))
	require.Error(t, newGateway().Misbehave(chinaumstest.Fault{Name: "regress", Probability: 1.1}))
	require.Error(t, newGateway().Misbehave(chinaumstest.Fault{Name: "regress", Probability: -0.1}))

	t.Run("first requests of each question", func(t *testing.T) {
		g := newGateway()
		require.NoError(t, g.Misbehave(chinaumstest.Fault{Name: "net-error", First: 2}))
		refund := func(f map[string]any) { f["refundOrderId"] = "R1" }
		for n, want := range []string{"NET_ERROR", "NET_ERROR", "SUCCESS", "SUCCESS"} {
			require.Equal(t, want, ask(g, n, nil)["errCode"])
			require.Equal(t, want, ask(g, 10+n, refund)["errCode"])
		}
	})
	t.Run("one bill", func(t *testing.T) {
		g := newGateway()
		require.NoError(t, g.Misbehave(chinaumstest.Fault{Name: "net-error", BillNo: "another"}))
		require.Equal(t, "SUCCESS", ask(g, 1, nil)["errCode"])
		require.Equal(t, "NET_ERROR", ask(g, 2, func(f map[string]any) { f["billNo"] = "another" })["errCode"])
	})
	t.Run("probability by the seed", func(t *testing.T) {
		struck := func(seed uint64) string {
			g := chinaumstest.New(chinaumstest.Config{Keys: keys(), Now: func() time.Time { return night }, Seed: seed})
			if err := g.Misbehave(chinaumstest.Fault{Name: "net-error", Probability: 0.25}); err != nil {
				return err.Error()
			}
			var b strings.Builder
			for n := range 1000 {
				code := ask(g, n, func(f map[string]any) { f["billNo"] = fmt.Sprint(n % 100) })["errCode"]
				b.WriteString(code.(string)[:3])
			}
			return b.String()
		}
		one := struck(1)
		require.Equal(t, one, struck(1))
		require.NotEqual(t, one, struck(2))
		share := strings.Count(one, "NET")
		require.Greater(t, share, 190)
		require.Less(t, share, 310)
	})
}

func TestReadBills(t *testing.T) {
	text, err := json.Marshal([]chinaumstest.Bill{paidBill()})
	require.NoError(t, err)
	bills, err := chinaumstest.ReadBills(strings.NewReader(string(text)))
	require.NoError(t, err)
	require.Equal(t, []chinaumstest.Bill{paidBill()}, bills)

	bills, err = chinaumstest.ReadBills(strings.NewReader(`[{"mid":"1","tid":"2","instMid":"3","billNo":"4","billDate":"2026-11-19","totalAmount":1908}]`))
	require.NoError(t, err)
	require.Equal(t, chinaumstest.Fen(1908), bills[0].TotalAmount)
	for _, bad := range []string{``, `{}`, `[{"mid":"1"}]`, `[{"amount":1}]`, `[]x`, `[] []`, `[{"totalAmount":true}]`} {
		_, err := chinaumstest.ReadBills(strings.NewReader(bad))
		require.Error(t, err, bad)
	}
}

func TestListen(t *testing.T) {
	for _, addr := range []string{"0.0.0.0:0", ":0", "192.0.2.1:0", "nonsense"} {
		_, err := newGateway().Listen(addr)
		require.Error(t, err, addr)
	}
	for _, addr := range []string{"127.0.0.1:0", "localhost:0"} {
		s, err := newGateway().Listen(addr)
		require.NoError(t, err)
		require.Regexp(t, `^http://(127\.0\.0\.1|\[::1\]):\d+$`, s.URL)
		require.NoError(t, s.Close())
	}
}

func TestConcurrentUse(t *testing.T) {
	g := newGateway()
	require.NoError(t, g.Misbehave(chinaumstest.Fault{Name: "regress", Probability: 0.5}))
	var wg sync.WaitGroup
	for n := range 8 {
		wg.Go(func() {
			for i := range 20 {
				ask(g, n*100+i, nil)
				g.Put(paidBill())
				g.Total()
				g.Requests()
			}
		})
	}
	wg.Wait()
	require.Equal(t, 160, g.Count(chinaumstest.Question{Key: key}))
}
