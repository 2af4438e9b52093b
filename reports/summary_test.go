package reports

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/umsrecon/umsrecon/reconcile"
)

// firstRow is the first row of a sheet that contains the text, from 0.
func firstRow(all [][]string, text string) int {
	for i, row := range all {
		if strings.Contains(strings.Join(row, "|"), text) {
			return i
		}
	}
	return -1
}

func TestPageOneSaysWhatIsWrongBeforeAnyFigure(t *testing.T) {
	f, _ := written(t, sampleReport(), sampleOptions())
	all := rows(t, f, "对账汇总")
	alarm, classes := firstRow(all, "本次运行有 3 笔订单未核实"), firstRow(all, "一、对账结果")
	require.Positive(t, alarm)
	require.Less(t, alarm, classes)
	require.Positive(t, firstRow(all, "运行状态：未完成：未核实 3 笔"))
	require.Equal(t, []string{"五类合计", "300", "57,204.00", "12", "880.00"}, all[firstRow(all, "五类合计")][:5])
	require.Equal(t, []string{"加载订单", "300", "57,204.00", "12", "880.00"}, all[firstRow(all, "加载订单")][:5])
	require.Equal(t, []string{"支付", "290", "56,000.00", "289", "55,980.91", "-19.09", "渠道少收"}, all[firstRow(all, "290")])
	require.Equal(t, []string{"期末", "10", "1,484.50"}, all[firstRow(all, "期末")])
	require.Positive(t, firstRow(all, "coupon_amount 有 4 笔渠道未返回"))
	require.Positive(t, firstRow(all, "制表："))
	require.Equal(t, -1, firstRow(all, "✗"))
	require.Equal(t, -1, firstRow(all, "长款"))
	require.Equal(t, -1, firstRow(all, "短款"))
}

func TestPageOneSaysWhichFiguresDoNotAddUp(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*reconcile.Summary)
		check  string
	}{
		"classes":      {func(s *reconcile.Summary) { s.Kinds[reconcile.Payment].Loaded.Fen++ }, "五类合计 = 加载订单"},
		"bridge":       {func(s *reconcile.Summary) { s.Kinds[reconcile.Refund].Bridge.OneSided.Fen++ }, "桥接合计 = 渠道 − 台账"},
		"roll-forward": {func(s *reconcile.Summary) { s.Cases.Closing.Count++ }, "= 期末"},
	} {
		t.Run(name, func(t *testing.T) {
			d := sampleReport()
			c.change(&d.Summary)
			f, _ := written(t, d, sampleOptions())
			all := rows(t, f, "对账汇总")
			require.Contains(t, all[firstRow(all, "✗")][0], c.check)
		})
	}
}

func TestTheRunInWords(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*reconcile.Summary)
		want   string
	}{
		{"complete", func(s *reconcile.Summary) { s.Status, s.Kinds = reconcile.RunComplete, nil }, "运行状态：完成"},
		{"empty", func(s *reconcile.Summary) { s.LedgerEmpty, s.Kinds = true, nil }, "运行状态：未完成：台账为空"},
		{"control", func(s *reconcile.Summary) {
			s.Loads = []reconcile.Load{{Controls: []reconcile.Control{{Missed: reconcile.Words{ZH: "少", EN: "less"}}}}}
			s.Kinds = nil
		}, "运行状态：未完成：控制总数不符"},
		{"not asked", func(s *reconcile.Summary) { s.Status, s.Kinds, s.NoQuery = reconcile.RunComplete, nil, true }, "运行状态：完成；依据已有应答判定，本次未向渠道查询"},
	} {
		d := sampleReport()
		c.change(&d.Summary)
		f, _ := written(t, d, sampleOptions())
		all := rows(t, f, "对账汇总")
		require.Equal(t, c.want, all[firstRow(all, "运行状态")][0], c.name)
	}
}
