package reports

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"

	"github.com/umsrecon/umsrecon/reconcile"
)

// pageWritten is the page of a summary.
func pageWritten(t *testing.T, s reconcile.Summary, o Options) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "d.xlsx")
	require.NoError(t, Page(path, s, o))
	data, err := os.ReadFile(beside(path, ".html"))
	require.NoError(t, err)
	return string(data)
}

func TestPageSaysWhatTheSummarySays(t *testing.T) {
	text := pageWritten(t, sampleSummary(), sampleOptions())
	for _, want := range []string{
		"2026-11-19", "3 笔订单未核实", `class="state not">运行状态：未完成：未核实 3 笔`, `class="state not">未结差异单：10 笔，1,484.50 元`,
		`<td>差异</td><td><span class="count">7 笔</span>1,204.00</td><td><span class="count">2 笔</span>80.00</td>`,
		`<td>加载订单</td><td><span class="count">300 笔</span>57,204.00</td>`,
		`<td>台账</td><td><span class="count">290 笔</span>56,000.00</td>`, `<td>渠道</td><td><span class="count">289 笔</span>55,980.91</td>`,
		`<td class="less"><span class="count">渠道少收</span>−19.09</td>`, "<td>期末</td><td>10</td><td>1,484.50</td>", "<td>0–1 天</td><td>7</td><td>1,000.00</td>",
		"S1 严重", "AMOUNT_<wbr>BILL_<wbr>LESS",
	} {
		require.Contains(t, text, want)
	}
	require.NotContains(t, text, "SETTLE_", "what waits is no finding")
}

// Lines of statements are counted apart from the ledger's rows.
func TestPageCountsWhatCannotBeRead(t *testing.T) {
	const rows, lines = "另有无效台账行 2 行", "另有无效对账单行 1 行"
	s := sampleSummary()
	text := pageWritten(t, s, sampleOptions())
	require.Contains(t, text, rows)
	require.Contains(t, text, lines)
	s.Invalid, s.Statements = 2, nil
	text = pageWritten(t, s, sampleOptions())
	require.Contains(t, text, rows)
	require.NotContains(t, text, "无效对账单行")
	s.Invalid, s.Loads, s.Statements = 1, nil, sampleSummary().Statements
	text = pageWritten(t, s, sampleOptions())
	require.NotContains(t, text, "无效台账行")
	require.Contains(t, text, lines)
}

func TestPageNeedsNothingFromOutside(t *testing.T) {
	s, o := sampleSummary(), sampleOptions()
	o.Merchant = `<script>alert(1)</script><img src="http://example.com/x.png">`
	s.Alarms = []reconcile.Words{{ZH: `<b onclick="x">`, EN: "x"}}
	text := pageWritten(t, s, o)
	require.NotRegexp(t, regexp.MustCompile(`(?i)<(script|img|link|iframe|object|form)\b|<[a-z][^>]*\s(src|href|on\w+)=|url\(|@import`), text)
	require.Contains(t, text, "&lt;script&gt;")
}

func TestPageInEnglish(t *testing.T) {
	o := sampleOptions()
	o.Language, o.Merchant = EN, "Binhai Trading"
	text := pageWritten(t, sampleSummary(), o)
	require.Contains(t, text, `<html lang="en">`)
	for _, r := range text {
		require.False(t, unicode.Is(unicode.Han, r), string(r))
	}
}

func TestPageOfAQuietDay(t *testing.T) {
	text := pageWritten(t, reconcile.Summary{Day: sampleDay, Status: reconcile.RunComplete}, sampleOptions())
	require.Contains(t, text, `class="state">运行状态：完成`)
	require.Contains(t, text, "本次对账无差异")
}

func TestGrouped(t *testing.T) {
	for fen, want := range map[reconcile.Fen]string{0: "0.00", -1: "−0.01", 99_999: "999.99", 100_000: "1,000.00", -123_456_789: "−1,234,567.89"} {
		require.Equal(t, want, grouped(fen))
	}
}
