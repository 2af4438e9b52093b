package alert

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/umsrecon/umsrecon/reconcile"
)

var (
	day = reconcile.MakeDay(2026, time.November, 19)
	now = time.Date(2026, time.November, 20, 2, 40, 0, 0, reconcile.Beijing)
)

func TestHolds(t *testing.T) {
	run := func(change func(*Run)) []Run {
		n := Run{Summary: reconcile.Summary{Day: day, Status: reconcile.RunComplete}, Pending: map[reconcile.Severity]reconcile.Sum{}}
		change(&n)
		return []Run{{Summary: reconcile.Summary{Day: day - 1, Status: reconcile.RunComplete}}, n}
	}
	for _, c := range []struct {
		name   string
		report Report
		want   []When
	}{
		{"everything agrees", Report{Runs: run(func(*Run) {})}, []When{Always}},
		{"a case", Report{Runs: run(func(n *Run) { n.Summary.Pending = 1 })}, []When{Always, Discrepancies}},
		{"an invalid row", Report{Runs: run(func(n *Run) { n.Invalid = 1 })}, []When{Always, Discrepancies}},
		{"a case of S2", Report{Runs: run(func(n *Run) { n.Pending[reconcile.S2] = reconcile.Sum{Count: 1} })}, []When{Always}},
		{"a case of S1", Report{Runs: run(func(n *Run) { n.Pending[reconcile.S1] = reconcile.Sum{Count: 1} })}, []When{Always, Grave}},
		{"incomplete", Report{Runs: run(func(n *Run) { n.Status = reconcile.RunIncomplete })}, []When{Always, Failure}},
		{"failed", Report{Failures: []string{"no ledger"}}, []When{Always, Failure}},
		{"never run", Report{NeverRun: []reconcile.Day{day}}, []When{Always, Failure}},
		{"within the period", Report{Now: now, LastSuccess: now.Add(-26 * time.Hour), Period: 26 * time.Hour}, []When{Always}},
		{"beyond it", Report{Now: now, LastSuccess: now.Add(-26*time.Hour - 1), Period: 26 * time.Hour}, []When{Always, Silence}},
		{"never a success", Report{Now: now, Period: 26 * time.Hour}, []When{Always, Silence}},
		{"silence is not watched", Report{Now: now}, []When{Always}},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.Equal(t, c.want, c.report.Holds())
			for _, w := range Whens {
				require.Equal(t, contains(c.want, w), c.report.Concerns([]When{w}), w)
			}
		})
	}
	require.False(t, Report{}.Concerns(nil))
}

func contains(all []When, w When) bool {
	for _, x := range all {
		if x == w {
			return true
		}
	}
	return false
}

func TestMessageOfAReport(t *testing.T) {
	r := Report{
		Runs: []Run{{
			Summary: reconcile.Summary{
				Day: day, Status: reconcile.RunIncomplete, Pending: 2, Invalid: 1,
				Alarms: []reconcile.Words{{ZH: "一", EN: "one"}, {ZH: "二", EN: "two"}, {ZH: "三", EN: "three"}, {ZH: "四", EN: "four"}},
				Kinds: map[reconcile.Kind]*reconcile.KindTotals{reconcile.Payment: {Classes: map[reconcile.Class]reconcile.Sum{
					reconcile.Matched: {Count: 214}, reconcile.Discrepant: {Count: 2}, reconcile.Unverified: {Count: 3},
				}}},
				Codes: map[reconcile.Code]reconcile.Sum{
					reconcile.AmountBillMore: {Count: 1, Fen: 100}, reconcile.BillNotFound: {Count: 1, Fen: 8462}, reconcile.NotSubmitted: {Count: 9},
				},
				Cases: reconcile.RollForward{New: reconcile.Sum{Count: 2}, Closing: reconcile.Sum{Count: 51, Fen: 3906856}},
			},
			Late:    reconcile.Missed,
			Pending: map[reconcile.Severity]reconcile.Sum{reconcile.S1: {Count: 1, Fen: 8462}, reconcile.S2: {Count: 1, Fen: 100}},
		}},
		Failures: []string{"2026-11-18: the ledger is not there\nat all"}, Workbooks: []string{"/x/discrepancies-2026-11-19.xlsx"},
		Now: now, LastSuccess: now.Add(-48 * time.Hour), Period: 26 * time.Hour,
	}
	m := r.Message(ZH)
	require.Equal(t, "银商对账 2026-11-19：长时间没有成功的对账", m.Title)
	require.Equal(t, `已超过 26h0m 没有成功的对账，上次成功：2026-11-18 02:40:00
失败：2026-11-18: the ledger is not there at all
2026-11-19 未完成（漏跑，现已补跑）
注意：一
注意：二
注意：三
注意：另有 1 条，见工作簿
已平 214，容差内 0，等待 0，未核实 3，差异 2，无效行 1
差异单：新增 2，重开 0，消除 0，处理 0，未结 51 笔 39068.56 元
S1：1 笔，84.62 元
S2：1 笔，1.00 元
· BILL_NOT_FOUND 渠道无此单 1 笔 84.62 元
· AMOUNT_BILL_MORE 渠道金额多 1 笔 1.00 元
工作簿：discrepancies-2026-11-19.xlsx`, m.Text)
	require.Equal(t, r.Workbooks, m.Files)

	m = r.Message(EN)
	require.Equal(t, "umsrecon 2026-11-19: no successful run", m.Title)
	require.NotRegexp(t, `\p{Han}`, m.Text)

	m = Report{Runs: []Run{{Summary: reconcile.Summary{Day: day - 1, Status: reconcile.RunComplete}}, {Summary: reconcile.Summary{Day: day, Status: reconcile.RunComplete}}}}.Message(ZH)
	require.Equal(t, "银商对账 2026-11-18 至 2026-11-19：全部相符", m.Title)
	require.Contains(t, Trial(ZH, now).Text, "2026-11-20 02:40:00")
}

// What cannot be read in statements is told apart from the ledger's rows.
func TestMessageCountsWhatCannotBeRead(t *testing.T) {
	of := func(statements ...reconcile.Load) string {
		invalid := int64(1)
		for _, l := range statements {
			invalid += l.Invalid
		}
		return Report{Runs: []Run{{Summary: reconcile.Summary{Day: day, Status: reconcile.RunComplete, Invalid: invalid, Statements: statements}}}}.Message(ZH).Text
	}
	both := of(reconcile.Load{Invalid: 2}, reconcile.Load{Missing: true})
	require.Contains(t, both, "无效行 1\n对账单无效行 2\n")
	alone := of()
	require.Contains(t, alone, "无效行 1\n")
	require.NotContains(t, alone, "对账单")
}
