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
// that it sends changes anything.
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
		})
	}
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
			_, err := p.client(t, change).QueryBill(t.Context(), p.unknown)
			require.ErrorIs(t, err, chinaums.ErrRejected)
		})
	}
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
	conform(t, platform{options: o, unknown: unknown, known: &query})
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
