package chinaums

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestTokenLife(t *testing.T) {
	for text, want := range map[string]time.Duration{
		`3600`: time.Hour, `"3600"`: time.Hour, `1`: time.Second, `86400`: 24 * time.Hour,
		``: shortLife, `null`: shortLife, `""`: shortLife, `0`: shortLife, `-1`: shortLife, `3600.5`: shortLife, `1e3`: shortLife,
		`"an hour"`: shortLife, `true`: shortLife, `{}`: shortLife, `86401`: shortLife, `3600000`: shortLife, `99999999999999999999`: shortLife,
	} {
		field := ""
		if text != "" {
			field = `,"expiresIn":` + text
		}
		fields, err := parseObject([]byte(`{"errCode":"0000","accessToken":"t"` + field + `}`))
		require.NoError(t, err)
		require.Equal(t, want, fields.tokenLife(), text)

		asked := time.Unix(1_000_000, 0)
		got := attempt{status: 200, code: "0000", fields: fields}.issued(asked)
		require.Equal(t, asked.Add(want), got.ends)
		require.True(t, got.refresh.Before(got.ends) && got.refresh.After(asked))
		require.LessOrEqual(t, got.ends.Sub(got.refresh), 5*time.Minute)
	}
}

func TestTokenIsNotPrinted(t *testing.T) {
	s := &tokenSlot{current: &token{text: NewSecret("marked-token")}}
	tokens := &Tokens{slots: map[tokenOwner]*tokenSlot{{"b", "a"}: s}}
	c := &Client{slot: s, options: Options{Tokens: tokens}}
	require.NotContains(t, fmt.Sprintf("%v %+v %#v %v %+v %#v", s, s, *s.current, tokens, c, c), "marked-token")
}

func TestDroppedTokens(t *testing.T) {
	start := time.Unix(1_000_000, 0)
	tests := []struct {
		name  string
		token token
		after time.Duration
		drops bool
	}{
		{"the first one", token{}, 0, true},
		{"a successor, young and never accepted", token{replaced: true}, 59 * time.Second, false},
		{"a successor of a minute", token{replaced: true}, time.Minute, true},
		{"a successor that was accepted", token{replaced: true, accepted: true}, 0, true},
		{"a clock that went back", token{replaced: true}, -time.Hour, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			current := test.token
			current.asked, current.ends, current.refresh = start, start.Add(time.Hour), start.Add(time.Hour)
			s := &tokenSlot{current: &current}
			require.True(t, s.drop(&token{}, start.Add(test.after)), "one that is not current is old, and there is a better one")
			require.Equal(t, &current, s.current)
			require.Equal(t, test.drops, s.drop(&current, start.Add(test.after)))
			require.Equal(t, test.drops, s.current == nil)

			_, fetch, mine := s.take(start)
			require.Equal(t, test.drops, mine)
			if mine {
				fetch.token = &token{}
				s.settle(fetch, start)
				require.True(t, s.current.replaced)
			}
		})
	}
}
