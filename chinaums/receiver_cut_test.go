package chinaums_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/umsrecon/umsrecon/chinaums"
)

// dial opens a connection that no test waits for longer than ten seconds.
func dial(t *testing.T, server *httptest.Server) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	require.NoError(t, conn.SetDeadline(time.Now().Add(10*time.Second)))
	return conn
}

func postHead(path string, length int) string {
	return fmt.Sprintf("POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n", path, asForm, length)
}

// A sender that hangs up when it has sent the whole notice loses the answer,
// not the notice.
func TestReceiverKeepsWhatCameWhole(t *testing.T) {
	gone := make(chan (<-chan struct{}), 1)
	kept := make(chan error, 1)
	_, inner := receive(t, func(o *chinaums.ReceiverOptions) {
		o.Sink = func(ctx context.Context, r chinaums.Received) error {
			<-<-gone
			kept <- errors.Join(ctx.Err(), map[bool]error{false: errors.New("not verified")}[r.Verified])
			return nil
		}
	})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		gone <- r.Context().Done()
		inner.Config.Handler.ServeHTTP(w, r)
	}))
	defer server.Close()
	conn := dial(t, server)
	body := signed(noticeOf("N"), noticeKey, "")
	_, err := io.WriteString(conn, postHead("/ums/notice", len(body))+body)
	require.NoError(t, err)
	require.NoError(t, conn.Close())
	require.NoError(t, <-kept)
}

// Only who is believed keeps a connection. A sender that says too much, or says it
// in the wrong place, is not waited for, however slowly it goes on.
func TestReceiverClosesTheConnection(t *testing.T) {
	for name, c := range map[string]struct {
		path                 string
		length, sent, status int
		kept                 int
	}{
		"too much, and more to come": {"/ums/notice", 1 << 20, 200, http.StatusRequestEntityTooLarge, 0},
		"one byte too much":          {"/ums/notice", 101, 101, http.StatusRequestEntityTooLarge, 0},
		"too slow":                   {"/ums/notice", 90, 10, http.StatusRequestTimeout, 0},
		"another path, and slow":     {"/elsewhere", 90, 10, http.StatusNotFound, 0},
		"whole, not believed":        {"/ums/notice", 90, 90, http.StatusOK, 1},
	} {
		t.Run(name, func(t *testing.T) {
			b, server := receive(t, func(o *chinaums.ReceiverOptions) { o.MaxBody, o.ReadTimeout = 100, 50*time.Millisecond })
			conn := dial(t, server)
			_, err := io.WriteString(conn, postHead(c.path, c.length)+strings.Repeat("x", c.sent))
			require.NoError(t, err)
			in := bufio.NewReader(conn)
			resp, err := http.ReadResponse(in, nil)
			require.NoError(t, err)
			require.Equal(t, c.status, resp.StatusCode)
			require.True(t, resp.Close)
			answer, err := io.ReadAll(resp.Body)
			require.NoError(t, err)
			require.Equal(t, "FAILED", string(answer))
			_, err = in.ReadByte()
			require.Error(t, err)
			var late net.Error
			require.False(t, errors.As(err, &late) && late.Timeout(), "it is closed")
			require.Len(t, b.got, c.kept)
			require.Len(t, b.told, 1)
		})
	}
}

// A body of the largest size is taken, and its connection goes on.
func TestReceiverTakesTheLargestBody(t *testing.T) {
	body := signed(noticeOf("N"), noticeKey, "")
	b, server := receive(t, func(o *chinaums.ReceiverOptions) { o.MaxBody = int64(len(body)) })
	conn := dial(t, server)
	in := bufio.NewReader(conn)
	for range 2 {
		_, err := io.WriteString(conn, postHead("/ums/notice", len(body))+body)
		require.NoError(t, err)
		resp, err := http.ReadResponse(in, nil)
		require.NoError(t, err)
		answer, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		require.Equal(t, "SUCCESS", string(answer))
		require.False(t, resp.Close)
	}
	require.Len(t, b.got, 2)
}

// Refused is told why, and of nothing personal.
func TestReceiverTellsOfRefusals(t *testing.T) {
	for name, c := range map[string]struct{ body, told string }{
		"verified":                {signed(noticeOf("N"), noticeKey, ""), ""},
		"not verified":            {signed(noticeOf("N"), "another", ""), "^unverified, notice: the signature does not hold"},
		"another's notice":        {signed(with("mid", "marked1"), noticeKey, ""), "^unverified, notice: its merchant is not one of ours"},
		"a mid that is not plain": {signed(with("mid", "marked 1"), noticeKey, ""), "^unverified, notice: its mid is not of letters"},
		"a field in a value":      {signed(with("memo", "marked&mid=marked"), noticeKey, ""), "^unverified, notice: .*\"memo\" could also be read"},
		"cannot be read":          {"mid=1&mid=2", `^unreadable, notice: .*"mid" stands in it twice`},
		"JSON as a form, twice":   {`{"buyerId":"marked"}&{"buyerId":"marked"}`, `^unreadable, notice: .*"\*\*\*" stands in it twice`},
		"a broken escape":         {"buyerId=marked%zz", "^unreadable, notice: .*form-encoded"},
		"a name that is the body": {`{"buyerId":"marked"}=%ff`, `^unreadable, notice: .*"\*\*\*" is not text`},
	} {
		t.Run(name, func(t *testing.T) {
			b, server := receive(t, nil)
			_, _ = send(t, server.URL+"/ums/notice", asForm, c.body)
			require.Len(t, b.got, 1)
			require.NotContains(t, b.got[0].Why, "marked")
			if c.told == "" {
				require.Empty(t, b.told)
				return
			}
			require.Len(t, b.told, 1)
			require.Regexp(t, c.told, b.told[0])
			require.NotContains(t, b.told[0], "marked")
		})
	}
}

// A sink that panics is not silenced: the server sees it, and the request has
// no answer.
func TestReceiverSinkThatPanics(t *testing.T) {
	calls := 0
	_, server := receive(t, func(o *chinaums.ReceiverOptions) {
		o.MaxInFlight = 1
		o.Sink = func(context.Context, chinaums.Received) error {
			if calls++; calls == 1 {
				panic(http.ErrAbortHandler)
			}
			return nil
		}
	})
	body := signed(noticeOf("N"), noticeKey, "")
	resp, err := http.Post(server.URL+"/ums/notice", asForm, strings.NewReader(body))
	if err == nil {
		_ = resp.Body.Close()
	}
	require.Error(t, err)
	_, word := send(t, server.URL+"/ums/notice", asForm, body)
	require.Equal(t, "SUCCESS", word, "its place is free again")
}
