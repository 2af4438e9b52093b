package chinaums

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v4"
)

func TestSecretNeverPrints(t *testing.T) {
	const text = "marked-secret"
	type inside struct {
		Key    Secret
		hidden Secret
	}
	s := NewSecret(text)
	for _, v := range []any{s, &s, []Secret{s}, map[string]Secret{"k": s}, inside{s, s}, &inside{s, s}, Options{AppKey: s}, &Client{options: Options{AppKey: s}}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%T", "%p", "%e", "%U"} {
			printed := fmt.Sprintf(verb, v)
			require.NotContains(t, printed, text, verb)
			require.NotContains(t, printed, fmt.Sprintf("%x", text), verb)
			require.NotContains(t, printed, fmt.Sprintf("%X", text), verb)
		}
		var log bytes.Buffer
		slog.New(slog.NewTextHandler(&log, nil)).Info("x", "v", v)
		slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "v", v)
		require.NotContains(t, log.String(), text)
	}
	asJSON, err := json.Marshal(map[string]any{"a": s, "b": inside{s, s}})
	require.NoError(t, err)
	require.JSONEq(t, `{"a":"***","b":{"Key":"***"}}`, string(asJSON))
	asXML, err := xml.Marshal(inside{s, s})
	require.NoError(t, err)
	require.NotContains(t, string(asXML), text)
	asYAML, err := yaml.Marshal(struct{ Key Secret }{s})
	require.NoError(t, err)
	require.NotContains(t, string(asYAML), text)
}

func TestSecretEmpty(t *testing.T) {
	require.True(t, Secret{}.Empty())
	require.True(t, NewSecret("").Empty())
	require.False(t, NewSecret(" ").Empty())
}
