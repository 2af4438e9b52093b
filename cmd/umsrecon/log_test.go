package main

import (
	"errors"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestMask: what is secret is in no line, under whatever name, in whatever kind
// of value; everything else stays.
func TestMask(t *testing.T) {
	path := writeConfig(t, `
gateway: {app_id: public-id, app_key: marked-app-key}
notices: {key: abc}
alerts: {recipients: [{channel: wecom, url: "https://x/marked-url", when: [always]}, {channel: mail, host: h, from: a@b.cn, addresses: [a@b.cn], password: marked-password, when: [S1]}]}
monitor: {ping: "https://x/marked-ping"}
merchants: [{mid: "1", app_key: marked-own-key, ledger: {path: x}}]
`)
	for _, format := range []string{"text", "json"} {
		a, _, stderr := newApp(wallClock{})
		a.configFlag, a.logFormat = path, format
		cfg, err := a.load(EverySection...)
		require.NoError(t, err)
		log := a.logger(slog.LevelInfo)
		log.Info("said marked-app-key", "text", "x marked-own-key y", "error", errors.New("Get https://x/marked-url: no"), "config", cfg.Gateway,
			"group", slog.GroupValue(slog.String("inner", "marked-password")), "list", []string{"https://x/marked-ping"},
			"buyer_id", "marked-buyer", "Signature", "marked-signature", "number", 7, "plain", "public-id", "short", "abcd")
		log.With("url", "marked-x").Warn("x")
		out := stderr.String()
		require.NotContains(t, out, "marked")
		for _, kept := range []string{"public-id", "abcd", "said ***", "x *** y", "Get ***: no", "number"} {
			require.Contains(t, out, kept)
		}
	}
	a, _, stderr := newApp(wallClock{})
	a.logger(slog.LevelInfo).Info("before a configuration is read", "app_key", "marked")
	require.NotContains(t, stderr.String(), "marked")
}
