package chinaums_test

import (
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/umsrecon/umsrecon/chinaums"
)

// vendorTest is the vendor's test environment.
const vendorTest = "https://test-api-open.chinaums.com"

// platform is one to be tried, the simulator or the vendor's own.
type platform struct {
	options chinaums.Options    // of a client that it accepts
	unknown chinaums.BillQuery  // about a bill that it does not have
	known   *chinaums.BillQuery // about one that it has; nil: none is known
	// completes is a completion that it makes, pays a sync that it takes in; nil:
	// nothing may be changed there.
	completes *chinaums.Completion
	pays      *chinaums.PaidSync
}

func (p platform) client(t *testing.T, change func(*chinaums.Options)) *chinaums.Client {
	t.Helper()
	o := p.options
	if change != nil {
		change(&o)
	}
	return newClient(t, o)
}

// conform is what the simulator and the platform must have in common. Nothing
// that it sends changes anything, but for the completion and the sync that the
// platform names.
func conform(t *testing.T, p platform) {
	for _, auth := range []chinaums.Auth{chinaums.AuthBodySig, chinaums.AuthAccessToken} {
		t.Run(string(auth), func(t *testing.T) {
			p.options.Auth = auth
			t.Run("unknown bill", func(t *testing.T) {
				_, err := p.client(t, nil).QueryBill(t.Context(), p.unknown)
				require.ErrorIs(t, err, chinaums.ErrNoOrder)
			})
			t.Run("known bill", func(t *testing.T) { conformKnown(t, p.client(t, nil), p.known) })
			conformRejections(t, p)
			t.Run("completion of an unknown bill", func(t *testing.T) {
				_, err := p.client(t, nil).CompletePreauth(t.Context(), p.unknownCompletion())
				require.ErrorIs(t, err, chinaums.ErrNoOrder)
			})
		})
	}
	t.Run("completion", func(t *testing.T) { conformCompletion(t, p) })
	t.Run("sync", func(t *testing.T) { conformSync(t, p) })
	t.Run("quoted token", func(t *testing.T) {
		c := p.client(t, func(o *chinaums.Options) { o.Auth, o.TokenHeader = chinaums.AuthAccessToken, chinaums.TokenQuoted })
		_, err := c.QueryBill(t.Context(), p.unknown)
		require.ErrorIs(t, err, chinaums.ErrNoOrder)
	})
	t.Run("a fresh signature each time", func(t *testing.T) { conformSignatures(t, p) })
}

func conformRejections(t *testing.T, p platform) {
	off := func(d time.Duration) func(*chinaums.Options) {
		return func(o *chinaums.Options) {
			now := o.Now
			o.Now = func() time.Time { return now().Add(d) }
		}
	}
	for name, change := range map[string]func(*chinaums.Options){
		"wrong key":    func(o *chinaums.Options) { o.AppKey = chinaums.NewSecret("not the key of this app") },
		"clock behind": off(-24 * time.Hour),
		"clock ahead":  off(24 * time.Hour),
	} {
		t.Run(name, func(t *testing.T) {
			c := p.client(t, change)
			_, err := c.QueryBill(t.Context(), p.unknown)
			require.ErrorIs(t, err, chinaums.ErrRejected)
			_, err = c.CompletePreauth(t.Context(), p.unknownCompletion())
			require.ErrorIs(t, err, chinaums.ErrRejected)
			_, err = c.SyncPayScore(t.Context(), p.unknownSync())
			require.ErrorIs(t, err, chinaums.ErrRejected)
		})
	}
}

func (p platform) unknownCompletion() chinaums.Completion {
	q := p.unknown
	return chinaums.Completion{
		MID: q.MID, TID: q.TID, InstMID: q.InstMID, BillNo: q.BillNo, BillDate: q.BillDate,
		AuthedOrderID: "3194" + strings.Repeat("0", 22), AuthIDRespCd: "000000", TotalAmount: 1,
	}
}

// unknownSync is sent only where it is rejected before it is read.
func (p platform) unknownSync() chinaums.PaidSync {
	return chinaums.PaidSync{
		FenOrderID: strings.Repeat("0", 28), MID: p.unknown.MID, ServiceID: "500001", PaidTime: p.options.Now().Add(-48 * time.Hour), Accepted: []string{"SUCCESS"},
	}
}

// conformCompletion completes, finds the completion by a query, and is not
// obeyed a second time.
func conformCompletion(t *testing.T, p platform) {
	if p.completes == nil {
		t.Skip("nothing may be changed there: no completion is sent")
	}
	c, done := p.client(t, nil), *p.completes
	got, err := c.CompletePreauth(t.Context(), done)
	require.NoError(t, err)
	require.Equal(t, "TRADE_SUCCESS", got.AuthedBillPayment.Status)
	require.Equal(t, done.TotalAmount, got.AuthedBillPayment.TotalAmount.Fen)

	ask := *p.known
	ask.AuthedOrderID = done.AuthedOrderID
	bill, err := c.QueryBill(t.Context(), ask)
	require.NoError(t, err)
	require.Equal(t, got.AuthedBillPayment.TotalAmount, bill.AuthedBillPayment.TotalAmount)
	require.Equal(t, got.AuthedBillPayment.Status, bill.AuthedBillPayment.Status)

	_, err = c.CompletePreauth(t.Context(), done)
	require.ErrorIs(t, err, chinaums.ErrUnsure)
	require.ErrorContains(t, err, "DUP_ORDER")
	more := done
	more.AuthedOrderID, more.TotalAmount = done.AuthedOrderID+"1", bill.TotalAmount.Fen
	_, err = c.CompletePreauth(t.Context(), more)
	require.ErrorIs(t, err, chinaums.ErrRefused, "more than is left of the bill")
}

func conformSync(t *testing.T, p platform) {
	if p.pays == nil {
		t.Skip("nothing may be changed there: no pay-score order is told")
	}
	got, err := p.client(t, nil).SyncPayScore(t.Context(), *p.pays)
	require.NoError(t, err)
	require.Contains(t, p.pays.Accepted, got.RespCode)
	closed := *p.pays
	closed.Accepted = nil
	_, err = p.client(t, nil).SyncPayScore(t.Context(), closed)
	require.ErrorIs(t, err, chinaums.ErrUnsure, "which respCode means success is a setting")
}

func conformKnown(t *testing.T, c *chinaums.Client, known *chinaums.BillQuery) {
	if known == nil {
		t.Skip("no known bill was named")
	}
	got, err := c.QueryBill(t.Context(), *known)
	require.NoError(t, err)
	require.Equal(t, known.BillNo, got.BillNo)
	require.Equal(t, known.MID, got.MID)
	require.Equal(t, known.TID, got.TID)
	require.Equal(t, known.InstMID, got.InstMID)
	require.True(t, known.BillDate.Equal(got.BillDate))
	require.NotEmpty(t, got.BillStatus)
}

// conformSignatures asks the same thing three times: no two requests are
// signed alike, and each is accepted.
func conformSignatures(t *testing.T, p platform) {
	var mu sync.Mutex
	seen := map[string]bool{}
	c := p.client(t, func(o *chinaums.Options) {
		o.Auth = chinaums.AuthBodySig
		o.Transport = roundTripper(func(r *http.Request) (*http.Response, error) {
			mu.Lock()
			defer mu.Unlock()
			seen[r.Header.Get("Authorization")] = true
			return http.DefaultTransport.RoundTrip(r)
		})
	})
	for range 3 {
		_, err := c.QueryBill(t.Context(), p.unknown)
		require.ErrorIs(t, err, chinaums.ErrNoOrder)
	}
	require.GreaterOrEqual(t, len(seen), 3)
}

func TestConformanceOfTheSimulator(t *testing.T) {
	s := simulate(t, nil)
	o := testOptions(s.url)
	o.Now = s.now
	unknown := query
	unknown.BillNo = "3194nobody"
	done, paid := completion, paidSync
	done.TotalAmount = 1000
	conform(t, platform{options: o, unknown: unknown, known: &query, completes: &done, pays: &paid})
	require.Equal(t, 1, s.Completed(done.AuthedOrderID))
	require.Equal(t, 2, s.Synced(paid.FenOrderID))
}

// The vendor's test environment is asked only by who has credentials of it.
func TestConformanceOfTheVendor(t *testing.T) {
	given := map[string]string{}
	for _, name := range []string{"UMSRECON_TEST_APP_ID", "UMSRECON_TEST_APP_KEY", "UMSRECON_TEST_MID", "UMSRECON_TEST_TID"} {
		if given[name] = os.Getenv(name); given[name] == "" {
			t.Skip("set UMSRECON_TEST_APP_ID, UMSRECON_TEST_APP_KEY, UMSRECON_TEST_MID and UMSRECON_TEST_TID to ask the vendor's test environment")
		}
	}
	now := time.Now().In(beijing)
	p := platform{
		options: chinaums.Options{
			BaseURL: vendorTest, AppID: given["UMSRECON_TEST_APP_ID"], AppKey: chinaums.NewSecret(given["UMSRECON_TEST_APP_KEY"]), Now: time.Now,
		},
		unknown: chinaums.BillQuery{
			MID: given["UMSRECON_TEST_MID"], TID: given["UMSRECON_TEST_TID"], InstMID: "QRPAYDEFAULT",
			BillNo: "3194" + strings.Repeat("0", 22), BillDate: now,
		},
	}
	if base := os.Getenv("UMSRECON_TEST_BASE_URL"); base != "" {
		p.options.BaseURL = base
	}
	p.known = vendorBill(t, p.unknown)
	conform(t, p)
}

// vendorBill is the bill that the environment names; nil: none.
func vendorBill(t *testing.T, q chinaums.BillQuery) *chinaums.BillQuery {
	no, date := os.Getenv("UMSRECON_TEST_BILL_NO"), os.Getenv("UMSRECON_TEST_BILL_DATE")
	if no == "" {
		return nil
	}
	day, err := time.ParseInLocation("2006-01-02", date, beijing)
	require.NoError(t, err, "UMSRECON_TEST_BILL_DATE has to be a date such as 2026-11-19")
	q.BillNo, q.BillDate = no, day
	return &q
}
