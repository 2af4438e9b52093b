package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"
	yaml "go.yaml.in/yaml/v4"
)

func TestSecretNeverShows(t *testing.T) {
	const key = "s3cr3t-of-the-merchant"
	c, err := Load(writeConfig(t, `
gateway: {app_key: `+key+`}
notices: {key: `+key+`}
merchants: [{mid: a, app_key: `+key+`, notice_key: `+key+`}]`), noEnvironment)
	require.NoError(t, err)
	require.Equal(t, key, c.Gateway.AppKey.Reveal())
	hidden := struct{ c Config }{*c}
	var log bytes.Buffer
	logger := slog.New(slog.NewJSONHandler(&log, nil))
	logger.Info("x", "config", c, "key", c.Gateway.AppKey, "merchants", c.Merchants())
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "config", c, "key", c.Gateway.AppKey, "hidden", hidden)
	asJSON, err := json.Marshal([]any{c, c.Merchants(), map[string]Secret{"k": c.Notices.Key}})
	require.NoError(t, err)
	asYAML, err := yaml.Dump(map[string]any{"k": c.Notices.Key, "m": c.Listed})
	require.NoError(t, err)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%T"} {
		for _, v := range []any{c, *c, c.Merchants(), c.Gateway.AppKey, &c.Gateway.AppKey, hidden, &hidden} {
			fmt.Fprintf(&log, verb+"\n", v)
		}
	}
	all := log.String() + string(asJSON) + string(asYAML)
	require.NotContains(t, all, key)
	require.NotContains(t, all, fmt.Sprintf("%x", key))
	require.Contains(t, string(asJSON), `"AppKey":"***"`)
	require.Contains(t, string(asYAML), `***`)
}
