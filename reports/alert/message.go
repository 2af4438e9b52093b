package alert

import (
	"fmt"
	"path/filepath"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/umsrecon/umsrecon/reconcile"
)

// Message is what is sent.
type Message struct {
	Title, Text string   // plain text; Text has lines
	Files       []string // paths to attach where the channel can
}

// Language is that of messages.
type Language string

// The languages.
const (
	ZH Language = "zh"
	EN Language = "en"
)

// writer collects the lines of a message.
type writer struct {
	language Language
	lines    []string
}

func (w *writer) pick(zh, en string) string {
	if w.language == EN {
		return en
	}
	return zh
}

func (w *writer) line(zh, en string, args ...any) {
	w.lines = append(w.lines, fmt.Sprintf(w.pick(zh, en), args...))
}

// Message puts the report into words.
func (r Report) Message(l Language) Message {
	w := &writer{language: l}
	if r.silent() {
		r.silence(w)
	}
	for _, f := range r.Failures {
		w.line("失败：%s", "failed: %s", cut(clean(f), longestReason))
	}
	if n := len(r.NeverRun); n > 0 {
		w.line("%d 天从未对账（%s 至 %s），已超出 schedule.catch_up，请手工补跑", "%d nights from %s to %s were never run and are further back than schedule.catch_up",
			n, r.NeverRun[0], r.NeverRun[n-1])
	}
	for _, n := range r.Runs {
		n.tell(w)
	}
	for _, f := range r.Workbooks {
		if filepath.Ext(f) == ".xlsx" {
			w.line("工作簿：%s", "workbook: %s", filepath.Base(f))
		}
	}
	return Message{Title: r.title(w), Text: strings.Join(w.lines, "\n"), Files: r.Workbooks}
}

// Trial is what `check --send` sends.
func Trial(l Language, now time.Time) Message {
	w := &writer{language: l}
	w.line("这是一条测试消息，%s（北京时间）发出。收到即表示此渠道可用。", "this is a test, sent at %s in Beijing: the channel works.", beijing(now))
	return Message{Title: w.pick("umsrecon 测试消息", "umsrecon: test"), Text: w.lines[0]}
}

func beijing(t time.Time) string { return t.In(reconcile.Beijing).Format(time.DateTime) }

func (r Report) silence(w *writer) {
	if r.LastSuccess.IsZero() {
		w.line("从未有过成功的对账", "no run has ever been complete")
		return
	}
	w.line("已超过 %s 没有成功的对账，上次成功：%s", "no run has been complete for more than %s; the last one was at %s", hours(r.Period), beijing(r.LastSuccess))
}

func hours(d time.Duration) string { return strings.TrimSuffix(d.Round(time.Minute).String(), "0s") }

// title names the worst first.
func (r Report) title(w *writer) string {
	word := w.pick("全部相符", "everything agrees")
	for _, h := range r.Holds() {
		switch h {
		case Discrepancies:
			word = w.pick("有差异", "discrepancies")
		case Grave:
			word = w.pick("有 S1 差异", "S1 discrepancies")
		case Failure:
			word = w.pick("失败或未完成", "failed or incomplete")
		case Silence:
			word = w.pick("长时间没有成功的对账", "no successful run")
		}
	}
	days := ""
	if n := len(r.Runs); n > 0 {
		days = " " + r.Runs[0].Day.String()
		if n > 1 {
			days += w.pick(" 至 ", " to ") + r.Runs[n-1].Day.String()
		}
	}
	return w.pick("银商对账", "umsrecon") + days + w.pick("：", ": ") + word
}

const (
	longestReason = 600 // bytes
	mostAlarms    = 3
	mostCodes     = 5
)

func (n Run) tell(w *writer) {
	status := w.pick("完成", "complete")
	if n.Status == reconcile.RunIncomplete {
		status = w.pick("未完成", "incomplete")
	}
	late := map[reconcile.Lateness]string{
		reconcile.Missed: w.pick("（漏跑，现已补跑）", " (missed, done now)"), reconcile.Unfinished: w.pick("（上次未完成，已再试）", " (tried again)"),
		reconcile.CutOff: w.pick("（上次中断，工作簿现已写出）", " (cut off, workbooks written now)"),
	}[n.Late]
	w.lines = append(w.lines, fmt.Sprintf("%s %s%s", n.Day, status, late))
	for i, alarm := range n.Alarms {
		if i == mostAlarms {
			w.line("注意：另有 %d 条，见工作簿", "ATTENTION: %d more, see the workbook", len(n.Alarms)-i)
			break
		}
		w.line("注意：%s", "ATTENTION: %s", cut(clean(w.pick(alarm.ZH, alarm.EN)), longestReason))
	}
	c := n.ClassCounts()
	w.line("已平 %d，容差内 %d，等待 %d，未核实 %d，差异 %d，无效行 %d", "matched %d, tolerance %d, waiting %d, unverified %d, discrepant %d, invalid rows %d",
		c[reconcile.Matched], c[reconcile.Tolerance], c[reconcile.Waiting], c[reconcile.Unverified], c[reconcile.Discrepant], n.InvalidRows())
	if lines := n.InvalidLines(); lines > 0 {
		w.line("对账单无效行 %d", "invalid lines of statements %d", lines)
	}
	f := n.Cases
	w.line("差异单：新增 %d，重开 %d，消除 %d，处理 %d，未结 %d 笔 %s 元", "cases: %d new, %d reopened, %d cleared, %d resolved, %d open, %s yuan",
		f.New.Count, f.Reopened.Count, f.Cleared.Count, f.Resolved.Count, f.Closing.Count, f.Closing.Fen.Yuan())
	for _, s := range []reconcile.Severity{reconcile.S1, reconcile.S2, reconcile.S3} {
		if sum := n.Pending[s]; sum.Count > 0 {
			w.line("%s：%d 笔，%s 元", "%s: %d, %s yuan", s, sum.Count, sum.Fen.Yuan())
		}
	}
	n.codes(w)
}

// codes lists the gravest findings of the run.
func (n Run) codes(w *writer) {
	shown := 0
	for _, s := range []reconcile.Severity{reconcile.S1, reconcile.S2, reconcile.S3} {
		for _, rule := range reconcile.Rules {
			sum, found := n.Codes[rule.Code]
			if !found || rule.Severity != s || shown == mostCodes {
				continue
			}
			shown++
			w.line("· %s %s %d 笔 %s 元", "· %s %s: %d, %s yuan", rule.Code, w.pick(rule.ZH, rule.EN), sum.Count, sum.Fen.Yuan())
		}
	}
}

// clean makes one line of a text that came from elsewhere; no channel may read
// an instruction of its own in it, such as <at user_id="all">.
func clean(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		switch {
		case r == '<':
			return '＜'
		case r == utf8.RuneError || unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r):
			return ' '
		}
		return r
	}, s))
}

// cut shortens a text to at most n bytes, at the border of a character.
func cut(s string, n int) string {
	const more = "…"
	if len(s) <= n {
		return s
	}
	for n -= len(more); n > 0 && !utf8.RuneStart(s[n]); n-- {
	}
	return s[:max(n, 0)] + more
}
