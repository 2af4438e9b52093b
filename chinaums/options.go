package chinaums

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"golang.org/x/time/rate"
)

// Options make a Client. BaseURL, AppID, AppKey and Now are required; what
// is left zero has the default its comment names.
type Options struct {
	BaseURL string // https, or plain http to a loopback host; no user info
	AppID   string
	AppKey  Secret
	Now     func() time.Time

	Auth        Auth        // AuthBodySig
	TokenHeader TokenHeader // TokenPlain
	// Tokens keeps the tokens of AuthAccessToken; it may be shared between
	// clients. Nil: one of the client's own.
	Tokens *Tokens

	Timeout     time.Duration // of one attempt, its body included; 15 s
	Grace       time.Duration // that an attempt under way has when its context ends; 5 s
	MaxAttempts int           // requests per call; 4. A refused token adds one
	MaxBody     int64         // bytes of an answer; 1 MiB
	Concurrency int           // calls in flight, for which connections are kept; 8
	Backoff     Backoff

	// Limiter is waited for before each request, retries too: a Pace, or a
	// rate.Limiter; it may be shared between clients. Nil: no limit.
	Limiter interface{ Wait(context.Context) error }
	// Budget is asked before each request: a Budget, or another that may wait; it
	// may be shared. Nil: no limit.
	Budget interface {
		Take(context.Context) (bool, error) // false: there is nothing left; the error says why it is not known
		GiveBack()                          // what was taken and not sent
	}
	// Transport is what requests travel by: one of NewTransport, shared by clients
	// so that their connections are, or another for tests. Nil: one of the
	// client's own.
	Transport http.RoundTripper
}

// Backoff bounds the pauses between the attempts of one call. They grow
// twofold, with jitter; a Retry-After of the platform makes them longer, never
// beyond Max.
type Backoff struct {
	First   time.Duration // 500 ms
	Max     time.Duration // of one pause; 30 s
	Elapsed time.Duration // of all requests and pauses together; the wait for limiter, budget and token takes no attempt away; 5 min
}

func (o Options) withDefaults() Options {
	if o.Auth == "" {
		o.Auth = AuthBodySig
	}
	if o.TokenHeader == "" {
		o.TokenHeader = TokenPlain
	}
	if o.Tokens == nil {
		o.Tokens = NewTokens()
	}
	if o.Budget == nil {
		o.Budget = (*Budget)(nil)
	}
	if o.Timeout == 0 {
		o.Timeout = 15 * time.Second
	}
	if o.Grace == 0 {
		o.Grace = 5 * time.Second
	}
	if o.MaxAttempts == 0 {
		o.MaxAttempts = 4
	}
	if o.MaxBody == 0 {
		o.MaxBody = 1 << 20
	}
	if o.Concurrency == 0 {
		o.Concurrency = 8
	}
	if o.Transport == nil {
		o.Transport = NewTransport(o.Concurrency)
	}
	if o.Backoff.First == 0 {
		o.Backoff.First = 500 * time.Millisecond
	}
	if o.Backoff.Max == 0 {
		o.Backoff.Max = 30 * time.Second
	}
	if o.Backoff.Elapsed == 0 {
		o.Backoff.Elapsed = 5 * time.Minute
	}
	return o
}

func (o Options) check() error {
	switch {
	case o.AppID == "" || strings.ContainsFunc(o.AppID, notHeaderText):
		return fmt.Errorf("%w: app id is empty, or has blanks, quotes or characters beyond ASCII", ErrOptions)
	case o.AppKey.Empty():
		return fmt.Errorf("%w: app key is empty", ErrOptions)
	case o.Now == nil:
		return fmt.Errorf("%w: there is no clock", ErrOptions)
	case o.Auth != "" && o.Auth != AuthBodySig && o.Auth != AuthAccessToken:
		return fmt.Errorf("%w: auth must be %s or %s, not %.40q", ErrOptions, AuthBodySig, AuthAccessToken, o.Auth)
	case o.TokenHeader != "" && o.TokenHeader != TokenPlain && o.TokenHeader != TokenQuoted:
		return fmt.Errorf("%w: token header must be %s or %s, not %.40q", ErrOptions, TokenPlain, TokenQuoted, o.TokenHeader)
	case o.Timeout < 0 || o.Grace < 0 || o.MaxAttempts < 0 || o.MaxBody < 0 || o.Concurrency < 0:
		return fmt.Errorf("%w: timeout, grace, attempts, body and concurrency cannot be negative", ErrOptions)
	case o.Backoff.First < 0 || o.Backoff.Max < 0 || o.Backoff.Elapsed < 0:
		return fmt.Errorf("%w: pauses cannot be negative", ErrOptions)
	}
	if l, ok := o.Limiter.(*rate.Limiter); ok && l.Limit() != rate.Inf && l.Burst() < 1 {
		return fmt.Errorf("%w: the rate limit lets no request through", ErrOptions)
	}
	return nil
}

func notHeaderText(r rune) bool { return r <= ' ' || r >= 0x7f || r == '"' || r == '\\' }

// baseURL checks the address and gives it without a trailing slash. The
// errors do not show it: it might hold a password.
func baseURL(s string) (base string, err error) {
	u, err := url.Parse(s)
	if err != nil || u.Hostname() == "" {
		return "", fmt.Errorf("%w: base url is not an address such as https://api-mop.chinaums.com", ErrOptions)
	}
	switch {
	case u.User != nil:
		return "", fmt.Errorf("%w: base url must not carry a user or password", ErrOptions)
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return "", fmt.Errorf("%w: base url must not carry a query or fragment", ErrOptions)
	case u.Scheme == "http" && !loopback(u.Hostname()):
		return "", fmt.Errorf("%w: base url must be https; plain http goes to this machine only, not to %q", ErrOptions, u.Hostname())
	case u.Scheme != "http" && u.Scheme != "https":
		return "", fmt.Errorf("%w: base url must begin with https://, not %q", ErrOptions, u.Scheme)
	}
	return strings.TrimRight(u.String(), "/"), nil
}

// loopback says whether host is localhost or an address of 127.0.0.0/8 or ::1.
func loopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Unmap().IsLoopback()
}

// NewTransport is HTTP/1.1 over verified TLS 1.2 or later, through the proxy
// that the environment names (HTTPS_PROXY, NO_PROXY), which sees the name of the
// host and no more. It keeps connections for so many calls in flight, until
// CloseIdleConnections or 90 s later.
func NewTransport(concurrency int) *http.Transport {
	return &http.Transport{
		Proxy:                  proxy,
		DialContext:            (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:    10 * time.Second,
		MaxIdleConns:           concurrency,
		MaxIdleConnsPerHost:    concurrency,
		IdleConnTimeout:        90 * time.Second,
		MaxResponseHeaderBytes: 64 << 10,
	}
}

// proxy is that of the environment, but a proxy would read what goes in plain
// HTTP: that goes to this machine only, and to it directly.
func proxy(r *http.Request) (*url.URL, error) {
	if r.URL.Scheme == "http" {
		return nil, nil
	}
	return http.ProxyFromEnvironment(r)
}
