package chinaums

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/time/rate"
)

func goodOptions() Options {
	return Options{BaseURL: "https://api-mop.chinaums.com", AppID: "10037e6f6823b20801682b6a5e5a0006", AppKey: NewSecret("marked-key"), Now: time.Now}
}

func TestBaseURL(t *testing.T) {
	tests := []struct {
		url  string
		want string // empty: refused
	}{
		{"https://api-mop.chinaums.com", "https://api-mop.chinaums.com"},
		{"https://api-mop.chinaums.com/", "https://api-mop.chinaums.com"},
		{"HTTPS://api-mop.chinaums.com:8443/x/", "https://api-mop.chinaums.com:8443/x"},
		{"http://127.0.0.1:8080", "http://127.0.0.1:8080"},
		{"http://127.9.8.7", "http://127.9.8.7"},
		{"http://localhost:1", "http://localhost:1"},
		{"http://LOCALHOST", "http://LOCALHOST"},
		{"http://[::1]:80", "http://[::1]:80"},
		{"http://api-mop.chinaums.com", ""},
		{"http://127.0.0.1.example.com", ""},
		{"http://localhost.example.com", ""},
		{"http://0.0.0.0", ""},
		{"http://10.0.0.1", ""},
		{"http://[::]", ""},
		{"http://2130706433", ""},
		{"https://user:marked-password@api-mop.chinaums.com", ""},
		{"http://localhost@evil.example.com", ""},
		{"https://user:marked-password@api mop", ""},
		{"https://api-mop.chinaums.com?x=1", ""},
		{"https://api-mop.chinaums.com/?", ""},
		{"https://api-mop.chinaums.com/#x", ""},
		{"ftp://api-mop.chinaums.com", ""},
		{"api-mop.chinaums.com", ""},
		{"//api-mop.chinaums.com", ""},
		{"https://", ""},
		{"https://:443", ""},
		{"", ""},
		{"\x00", ""},
	}
	for _, test := range tests {
		t.Run(test.url, func(t *testing.T) {
			o := goodOptions()
			o.BaseURL = test.url
			c, err := New(o)
			if test.want != "" {
				require.NoError(t, err)
				require.Equal(t, test.want, c.base)
				return
			}
			require.ErrorIs(t, err, ErrOptions)
			require.NotContains(t, err.Error(), "marked-password")
		})
	}
}

func TestOptions(t *testing.T) {
	_, err := New(goodOptions())
	require.NoError(t, err)
	tests := map[string]func(*Options){
		"no app id":          func(o *Options) { o.AppID = "" },
		"quote in app id":    func(o *Options) { o.AppID = `a"b` },
		"newline in app id":  func(o *Options) { o.AppID = "ab\n" },
		"no key":             func(o *Options) { o.AppKey = Secret{} },
		"empty key":          func(o *Options) { o.AppKey = NewSecret("") },
		"no clock":           func(o *Options) { o.Now = nil },
		"negative timeout":   func(o *Options) { o.Timeout = -1 },
		"negative attempts":  func(o *Options) { o.MaxAttempts = -1 },
		"negative body":      func(o *Options) { o.MaxBody = -1 },
		"negative pause":     func(o *Options) { o.Backoff.First = -1 },
		"limiter lets none":  func(o *Options) { o.Limiter = rate.NewLimiter(1, 0) },
		"negative elapsed":   func(o *Options) { o.Backoff.Elapsed = -1 },
		"negative idle conn": func(o *Options) { o.Concurrency = -1 },
	}
	for name, change := range tests {
		t.Run(name, func(t *testing.T) {
			o := goodOptions()
			change(&o)
			_, err := New(o)
			require.ErrorIs(t, err, ErrOptions)
			require.NotContains(t, err.Error(), "marked-key")
		})
	}
}

func TestBudget(t *testing.T) {
	take := func(b *Budget) bool {
		left, err := b.Take(t.Context())
		require.NoError(t, err)
		return left
	}
	var none *Budget
	require.True(t, take(none))
	require.Zero(t, none.Taken())
	require.False(t, take(NewBudget(0)))
	b := NewBudget(2)
	require.True(t, take(b))
	require.True(t, take(b))
	require.False(t, take(b))
	require.EqualValues(t, 2, b.Taken())
	b.GiveBack()
	require.True(t, take(b))
}
