package main

import (
	"encoding/base64"
	"encoding/pem"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/umsrecon/umsrecon/chinaums"
	"github.com/umsrecon/umsrecon/chinaums/chinaumstest"
)

// proxy lets whoever shows its password through to one address, and writes down
// what it is asked for and all that goes through it.
type proxy struct {
	to string

	mu      sync.Mutex
	asked   []string
	through strings.Builder
}

const proxyPassword = "marked-proxy-password"

func (p *proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	p.asked = append(p.asked, r.Method+" "+r.RequestURI)
	p.mu.Unlock()
	if r.Header.Get("Proxy-Authorization") != "Basic "+base64.StdEncoding.EncodeToString([]byte("shop:"+proxyPassword)) {
		w.WriteHeader(http.StatusProxyAuthRequired)
		return
	}
	behind, err := net.Dial("tcp", p.to)
	if err != nil {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	defer behind.Close()
	before, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer before.Close()
	_, _ = io.WriteString(before, "HTTP/1.1 200 OK\r\n\r\n")
	go func() { _, _ = io.Copy(before, io.TeeReader(behind, p)) }()
	_, _ = io.Copy(behind, io.TeeReader(before, p))
}

func (p *proxy) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.through.Write(b)
}

func (p *proxy) take() (asked []string, through string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	asked, through = p.asked, p.through.String()
	p.asked = nil
	p.through.Reset()
	return asked, through
}

// TestProxy: the gateway is reached through the proxy that the environment
// names. The proxy reads nothing, the gateway does not see the proxy's password,
// and nobody else sees it either. A gateway of this machine is not asked for
// through it.
func TestProxy(t *testing.T) {
	gateway := chinaumstest.New(chinaumstest.Config{Keys: map[string]chinaums.Secret{playAppID: chinaums.NewSecret(playAppKey)}, Now: time.Now})
	gateway.Put(paidBill("A1", "2026-01-05"))
	headers := make(chan http.Header, 10)
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		headers <- r.Header.Clone()
		gateway.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	near := httptest.NewServer(gateway)
	t.Cleanup(near.Close)
	p := &proxy{to: server.Listener.Addr().String()}
	between := httptest.NewServer(p)
	t.Cleanup(between.Close)
	roots := filepath.Join(t.TempDir(), "roots.pem")
	require.NoError(t, os.WriteFile(roots, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600))

	ask := func(url, password string) (code int, said string) {
		config := smallShop(t, url)
		text, err := os.ReadFile(config)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(config, []byte(strings.Replace(string(text), "app_id:", "max_attempts: 1, app_id:", 1)), 0o600))
		c := exec.CommandContext(t.Context(), "umsrecon", "-v", "-c", config, "bill", "query", "--bill-no", "A1", "--bill-date", "2026-01-05")
		named := "http://shop:" + password + "@" + between.Listener.Addr().String()
		c.Env = append(os.Environ(), "HTTPS_PROXY="+named, "HTTP_PROXY="+named, "NO_PROXY=", "no_proxy=", "SSL_CERT_FILE="+roots, "GORACE=atexit_sleep_ms=0")
		out, _ := c.CombinedOutput()
		require.NotContains(t, string(out), password)
		return c.ProcessState.ExitCode(), string(out)
	}
	code, said := ask("https://example.com", proxyPassword)
	require.Equal(t, exitDone, code, said)
	require.Contains(t, said, "PAID")
	asked, through := p.take()
	require.Equal(t, []string{"CONNECT example.com:443"}, asked)
	require.Greater(t, len(through), 1000)
	for _, readable := range []string{"billNo", "Authorization", playAppID, playAppKey} {
		require.NotContains(t, through, readable)
	}
	require.Len(t, headers, 1)
	require.Empty(t, (<-headers).Values("Proxy-Authorization"))

	code, said = ask("https://example.com", "marked-wrong-password")
	require.Equal(t, exitIncomplete, code, said)
	require.Empty(t, headers, "the proxy let it through")
	asked, _ = p.take()
	require.NotEmpty(t, asked)

	code, said = ask(near.URL, proxyPassword)
	require.Equal(t, exitDone, code, said)
	asked, _ = p.take()
	require.Empty(t, asked, "plain HTTP goes to this machine directly")
}
