package chinaums

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
)

// An object is split as encoding/json splits it; only a name that stands twice
// is a fault here.
func FuzzObject(f *testing.F) {
	f.Add([]byte(sampleAnswer))
	f.Add([]byte(` { "a" : [1, {"b":"]}"}] , "c\u0041\"":"\\" ,"d":-1.5e3,"e":null,"":{}}` + "\n"))
	f.Add([]byte(`{"a":1,"\u0061":2}`))
	f.Add([]byte(`["a"]`))
	f.Fuzz(func(t *testing.T, body []byte) {
		var want map[string]json.RawMessage
		err := json.Unmarshal(body, &want)
		got, ours := parseObject(body)
		if err != nil || want == nil {
			require.Error(t, ours)
			return
		}
		if ours != nil {
			require.ErrorContains(t, ours, "twice")
			return
		}
		require.Equal(t, object(want), got)
		for name, raw := range got {
			var text string
			if s, ok := got.text(name); ok && json.Unmarshal(raw, &text) == nil {
				require.Equal(t, text, s)
			} else if string(raw) != "null" {
				require.False(t, ok)
			}
		}
	})
}

// BenchmarkAnswer is what is done with the body of one answer.
func BenchmarkAnswer(b *testing.B) {
	body := []byte(sampleAnswer)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		fields, err := parseObject(body)
		require.NoError(b, err)
		_, err = decodeBill(fields)
		require.NoError(b, err)
		Mask(body)
	}
}
