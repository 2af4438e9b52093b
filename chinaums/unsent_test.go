package chinaums_test

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/umsrecon/umsrecon/chinaums"
)

// listen takes connections and does with each what take says; the address is
// host and port.
func listen(t *testing.T, take func(net.Conn)) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go take(conn)
		}
	}()
	return l.Addr().String()
}

// nobody is an address at which nobody listens.
func nobody(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, l.Close())
	return l.Addr().String()
}

// Where no connection came about nothing can have arrived; once there is one,
// everything can.
func TestWithoutAConnectionNothingIsSent(t *testing.T) {
	untrusted := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(untrusted.Close)
	hold := func(c net.Conn) { _, _ = io.Copy(io.Discard, c) }
	for name, test := range map[string]struct {
		url  string
		want error
	}{
		"nobody listens":            {"http://" + nobody(t), chinaums.ErrNotSent},
		"no such name":              {"https://gateway.invalid", chinaums.ErrNotSent},
		"untrusted certificate":     {untrusted.URL, chinaums.ErrNotSent},
		"not TLS":                   {"https://" + listen(t, func(c net.Conn) { _ = c.Close() }), chinaums.ErrNotSent},
		"handshake without end":     {"https://" + listen(t, hold), chinaums.ErrNotSent},
		"connected and closed":      {"http://" + listen(t, func(c net.Conn) { _ = c.Close() }), chinaums.ErrUnsure},
		"connected and never heard": {"http://" + listen(t, hold), chinaums.ErrUnsure},
	} {
		t.Run(name, func(t *testing.T) {
			o := testOptions(test.url)
			o.Timeout = 300 * time.Millisecond
			c := newClient(t, o)
			_, err := c.CompletePreauth(t.Context(), completion)
			require.ErrorIs(t, err, test.want)
			_, err = c.SyncPayScore(t.Context(), paidSync)
			require.ErrorIs(t, err, test.want)
		})
	}
}

// A transport that does not tell what it did may have sent everything.
func TestATransportThatTellsNothing(t *testing.T) {
	o := testOptions("http://127.0.0.1:1")
	o.Transport = roundTripper(func(*http.Request) (*http.Response, error) { return nil, errors.New("gone") })
	_, err := newClient(t, o).CompletePreauth(t.Context(), completion)
	require.ErrorIs(t, err, chinaums.ErrUnsure)
}
