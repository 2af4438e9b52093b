package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/umsrecon/umsrecon/reconcile"
)

func TestRunDays(t *testing.T) {
	a, _, _ := newApp(&demoClock{now: time.Date(2026, time.November, 19, 18, 30, 0, 0, time.UTC)}) // 02:30 of the 20th in Beijing
	for _, c := range []struct {
		name, date, from, to string
		want                 []string
	}{
		{name: "yesterday in Beijing", want: []string{"2026-11-19"}},
		{name: "one day", date: "2026-01-05", want: []string{"2026-01-05"}},
		{name: "from and to", from: "2026-02-27", to: "2026-03-01", want: []string{"2026-02-27", "2026-02-28", "2026-03-01"}},
		{name: "from and to the same day", from: "2026-01-05", to: "2026-01-05", want: []string{"2026-01-05"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			days, err := a.runDays(c.date, c.from, c.to)
			require.NoError(t, err)
			var got []string
			for _, d := range days {
				got = append(got, d.String())
			}
			require.Equal(t, c.want, got)
		})
	}
	for _, c := range []struct{ name, date, from, to, says string }{
		{name: "no day", date: "x", says: "--date"},
		{name: "from alone", from: "2026-01-05", says: "together"},
		{name: "to alone", to: "2026-01-05", says: "together"},
		{name: "all three", date: "2026-01-05", from: "2026-01-05", to: "2026-01-05", says: "together"},
		{name: "no from", from: "x", to: "2026-01-05", says: "--from"},
		{name: "no to", from: "2026-01-05", to: "x", says: "--to"},
		{name: "the wrong way round", from: "2026-01-06", to: "2026-01-05", says: "older day first"},
		{name: "more than a year", from: "2025-01-01", to: "2026-01-03", says: "at most a year"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := a.runDays(c.date, c.from, c.to)
			require.ErrorContains(t, err, c.says)
			require.Equal(t, exitUsage, exitCode(err))
		})
	}
	year, err := a.runDays("", "2025-01-01", "2026-01-02")
	require.NoError(t, err)
	require.Len(t, year, 367)
}

func TestMonth(t *testing.T) {
	for _, c := range []struct{ day, from, to string }{
		{"2026-01-31", "2026-01-01", "2026-01-31"},
		{"2026-02-01", "2026-02-01", "2026-02-28"},
		{"2028-02-15", "2028-02-01", "2028-02-29"},
		{"2026-12-05", "2026-12-01", "2026-12-31"},
	} {
		day, err := reconcile.ParseDay(c.day)
		require.NoError(t, err)
		from, to := month(day)
		require.Equal(t, c.from, from.String())
		require.Equal(t, c.to, to.String())
	}
}

func TestPlain(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"words", "账单 A1, ¥19.08", "账单 A1, ¥19.08"},
		{"colours and a bell", "\x1b[31mred\a", "�[31mred�"},
		{"lines", "a\nb\r\tc", "a�b��c"},
		{"C1 controls", "a\u009bb\x7f", "a�b�"},
		{"turned direction", "a\u202eb\u2066c\u2069", "a�b�c�"},
		{"bytes that are no text", "a\xffb", "a�b"},
	} {
		t.Run(c.name, func(t *testing.T) { require.Equal(t, c.want, plain(c.text)) })
	}
}
