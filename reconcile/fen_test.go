package reconcile

import (
	"math/big"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestFenTexts(t *testing.T) {
	for text, want := range map[string]Fen{"0": 0, "1": 1, "1908": 1908, "10000000000000": MaxFen} {
		got, err := ParseFen(text)
		require.NoError(t, err, text)
		require.Equal(t, want, got)
	}
	for _, text := range []string{"", "-1", "+1", "1.0", "1e3", " 1", "01", "１", "10000000000001", "9223372036854775808"} {
		_, err := ParseFen(text)
		require.Error(t, err, "%q", text)
	}
	for text, want := range map[string]Fen{"0": 0, "12.30": 1230, "12.3": 1230, "12.300": 1230, "0.01": 1, "100000000000": MaxFen} {
		got, err := ParseYuan(text)
		require.NoError(t, err, text)
		require.Equal(t, want, got)
	}
	for _, text := range []string{"", ".", "1.", ".5", "-1", "(1)", "1,000", "12.301", "￥1", "100000000000.01"} {
		_, err := ParseYuan(text)
		require.Error(t, err, "%q", text)
	}
	require.Equal(t, "-0.01", Fen(-1).Yuan())
	_, err := Fen(1 << 62).Add(1 << 62)
	require.ErrorIs(t, err, ErrOverflow)
}

func FuzzYuanRoundTrip(f *testing.F) {
	for _, seed := range []int64{0, 1, 99, 100, 1908, int64(MaxFen)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, n int64) {
		if n < 0 || n > int64(MaxFen) {
			t.Skip("no amount")
		}
		back, err := ParseYuan(Fen(n).Yuan())
		require.NoError(t, err)
		require.Equal(t, Fen(n), back)
	})
}

// FuzzYuan: a text that is taken for an amount is one, to the fen.
func FuzzYuan(f *testing.F) {
	for _, seed := range []string{"0", "19.08", "12.3", "12.300", "-1", "1e3", "９", "99999999999999999999", ".5", "5."} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		v, err := ParseYuan(text)
		if err != nil {
			return
		}
		again, err := ParseYuan(v.Yuan())
		require.NoError(t, err)
		require.Equal(t, v, again)
		exact, ok := new(big.Rat).SetString(text)
		require.True(t, ok, "%q was taken for %s", text, v.Yuan())
		require.Zero(t, exact.Cmp(big.NewRat(int64(v), 100)), "%q was taken for %s", text, v.Yuan())
	})
}

// FuzzDay: a text that is taken for a day is how the day is written.
func FuzzDay(f *testing.F) {
	for _, seed := range []string{"2026-11-19", "20261119", "2026-02-29", "0000-01-01", "2026-1-1", "-2026-01-01"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d, err := ParseDay(text)
		if err == nil {
			require.Contains(t, []string{d.String(), d.Compact()}, text)
		}
	})
}

func TestDays(t *testing.T) {
	d, err := ParseDay("2026-11-19")
	require.NoError(t, err)
	require.Equal(t, thursday, d)
	compact, err := ParseDay("20261119")
	require.NoError(t, err)
	require.Equal(t, d, compact)
	require.Equal(t, "2026-11-19", d.String())
	require.Equal(t, "2026-12-01", (d + 12).String())
	for _, text := range []string{"", "2026-02-30", "2026-1-1", "2026/11/19", "0000-01-01", "20261301", "19.11.2026"} {
		_, err := ParseDay(text)
		require.Error(t, err, "%q", text)
	}
	require.Empty(t, Day(0).String())
	require.Equal(t, thursday, DayOf(at("23:59:59").UTC()), "a Beijing date, whatever the zone of the instant")
	require.Equal(t, thursday+1, DayOf(at("23:59:59").Add(1e9).UTC()))
}

func TestCalendar(t *testing.T) {
	late := Calendar{Cutoff: 22*60*60e9 + 58*60e9}
	require.Equal(t, thursday, late.BusinessDay(at("22:57:59")))
	require.Equal(t, thursday+1, late.BusinessDay(at("22:58:00")))
	early := Calendar{Cutoff: 4 * 60 * 60e9}
	require.Equal(t, thursday-1, early.BusinessDay(at("03:59:59")))
	require.Equal(t, thursday, early.BusinessDay(at("04:00:00")))
	require.Equal(t, thursday, Calendar{}.BusinessDay(at("00:00:00")))

	require.Equal(t, thursday+4, Calendar{}.WorkingDaysAfter(thursday, 2), "Friday, Monday")
	holiday := Calendar{Holidays: map[Day]bool{thursday + 1: true}, ExtraWorkdays: map[Day]bool{thursday + 2: true}}
	require.Equal(t, thursday+4, holiday.WorkingDaysAfter(thursday, 2), "a worked Saturday, Monday")
}
