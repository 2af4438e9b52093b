package reports

import (
	"errors"
	"fmt"
	"iter"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"

	"github.com/umsrecon/umsrecon/reconcile"
)

func settledBook(t *testing.T, r SettlementReport, o Options) *excelize.File {
	t.Helper()
	path := filepath.Join(t.TempDir(), "s.xlsx")
	require.NoError(t, Settlement(path, r, o))
	return opened(t, path)
}

func TestSettlementSheets(t *testing.T) {
	f := settledBook(t, sampleSettlement(), sampleOptions())
	require.Equal(t, []string{"结算汇总", "结算明细"}, f.GetSheetList())
	all := rows(t, f, "结算汇总")
	require.Equal(t, strings.Split("清算日期 商户号 支付渠道 支付笔数 支付总额 联盟优惠 渠道优惠 买家实付 退款笔数 退款金额 净额 手续费（预估） 应结金额 跨日笔数", " "), all[firstRow(all, "支付笔数")])
	head := firstRow(all, "支付笔数")
	require.Equal(t, []string{"2026-11-20", "898340149000005", "ACP", "2", "53.71", "0.16", "2.00", "51.55", "0", "0.00", "53.71", "0.32", "53.39", "0"}, all[head+1])
	require.Equal(t, []string{"2026-11-20", "小计", "", "6", "161.13", "0.48", "6.00", "154.65", "1", "19.08", "142.05", "0.73", "141.32", "0"}, all[head+3])
	require.Equal(t, []string{"未给清算日期", "898340149000005", "WXPay", "1", "9.99", "0.08", "1.00", "8.91", "0", "0.00", "9.99", "0.04", "9.95", "0"}, all[head+7])
	require.Equal(t, []string{"合计", "", "", "13", "444.21", "1.04", "13.00", "430.17", "1", "19.08", "425.13", "2.01", "423.12", "0"}, all[firstRow(all, "合计|")])
	require.Positive(t, firstRow(all, "勾稽：汇总合计 = 明细合计  ✓ 相符"))
	require.Positive(t, firstRow(all, "未核实|支付||1|300.00"))
	require.Positive(t, firstRow(all, "冻结或已撤销|支付||1|500.00"))
	require.Positive(t, firstRow(all, "WXPay||"), "per channel")
	require.Less(t, firstRow(all, "! 未核实 1 笔"), firstRow(all, "支付笔数"), "before any figure")
	require.Positive(t, firstRow(all, "0.38"))
	formula, err := f.GetCellFormula("结算汇总", at(5, firstRow(all, "合计|")+1))
	require.NoError(t, err)
	require.Equal(t, fmt.Sprintf("SUBTOTAL(9,E%d:E%d)", head+2, firstRow(all, "合计|")), formula)
}

func TestSettlementDetailSumsToTheSummary(t *testing.T) {
	f := settledBook(t, sampleSettlement(), sampleOptions())
	summary, detail := rows(t, f, "结算汇总"), rows(t, f, "结算明细")
	total, foot := summary[firstRow(summary, "合计|")], detail[len(detail)-1]
	for _, pair := range [][2]int{{4, 11}, {5, 12}, {6, 13}, {7, 14}, {9, 15}, {10, 16}, {11, 17}, {12, 18}} {
		require.Equal(t, total[pair[0]], foot[pair[1]], detail[headingRow-1][pair[1]])
	}
	require.Equal(t, "未核实", cellAt(t, f, "结算明细", "计入", 14))
	require.Equal(t, "", cellAt(t, f, "结算明细", "净额", 14), "what does not count has no figures")
	require.Equal(t, "300", cellAt(t, f, "结算明细", "未计入金额", 14))
}

func TestSettlementWithoutRatesSaysSo(t *testing.T) {
	r := sampleSettlement()
	r.Terms.Rates = nil
	f := settledBook(t, r, sampleOptions())
	all := rows(t, f, "结算汇总")
	require.Positive(t, firstRow(all, "13 笔支付没有适用的费率"))
	head := firstRow(all, "支付笔数")
	require.Equal(t, "", all[head+1][11], "an unknown fee is not zero")
	require.Equal(t, all[head+1][10], all[head+1][12])
	priced := rows(t, settledBook(t, sampleSettlement(), sampleOptions()), "结算汇总")
	require.Equal(t, -1, firstRow(priced, "没有适用的费率"))
}

// What statements state goes before the estimate, and the totals say how much
// of each they hold.
func TestSettlementWithStatements(t *testing.T) {
	r := sampleSettlement()
	lines := r.Lines()
	stated := func(all bool) *excelize.File {
		r.Lines = func() iter.Seq2[reconcile.SettleLine, error] {
			return func(yield func(reconcile.SettleLine, error) bool) {
				n := 0
				for l := range lines {
					if n++; all || n <= 2 {
						l.Stated = &reconcile.StatementLine{Kind: l.Kind, Amount: l.BillTotal.Fen, Fee: reconcile.Some(3), Net: reconcile.Some(l.BillTotal.Fen - l.Refund.Fen - 3)}
					}
					if !yield(l, nil) {
						return
					}
				}
			}
		}
		return settledBook(t, r, sampleOptions())
	}
	f := stated(false)
	all := rows(t, f, "结算汇总")
	head := firstRow(all, "支付笔数")
	require.Equal(t, "手续费（含预估）", all[head][11])
	require.Equal(t, []string{"合计", "", "", "13", "444.21", "1.04", "13.00", "430.17", "1", "19.08", "425.13", "1.87", "423.26", "0"}, all[firstRow(all, "合计|")])
	require.Positive(t, firstRow(all, "对账单|||2|0.06|41.21"))
	require.Positive(t, firstRow(all, "预估|||12|1.81|382.05"))
	require.Equal(t, -1, firstRow(all, "手续费为按设置费率逐笔预估"))
	require.Equal(t, "对账单", cellAt(t, f, "结算明细", "来源", 0))
	require.Equal(t, "预估", cellAt(t, f, "结算明细", "来源", 3))

	all = rows(t, stated(true), "结算汇总")
	require.Equal(t, "手续费", all[firstRow(all, "支付笔数")][11])
	require.Positive(t, firstRow(all, "预估|||0|0.00|0.00"))
}

func TestAnEmptySettlement(t *testing.T) {
	f := settledBook(t, SettlementReport{Period: "2026-11", Terms: reconcile.DefaultSettleTerms(), Lines: each([]reconcile.SettleLine(nil))}, sampleOptions())
	all := rows(t, f, "结算汇总")
	require.Positive(t, firstRow(all, "本期无结算记录"))
	require.Positive(t, firstRow(all, "全部订单均已计入"))
	require.Equal(t, "本期无结算记录", rows(t, f, "结算明细")[headingRow][0])
}

func TestASettlementThatFailsLeavesNoWorkbook(t *testing.T) {
	broken := errors.New("disk gone")
	huge := sampleSettleLine(1, math.MaxInt64-1_000)
	for name, c := range map[string]struct {
		lines func() iter.Seq2[reconcile.SettleLine, error]
		want  error
	}{
		"the stream": {func() iter.Seq2[reconcile.SettleLine, error] {
			return func(yield func(reconcile.SettleLine, error) bool) { yield(reconcile.SettleLine{}, broken) }
		}, broken},
		"a sum too large": {each([]reconcile.SettleLine{huge, huge}), reconcile.ErrOverflow},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			err := Settlement(filepath.Join(dir, "s.xlsx"), SettlementReport{Period: "2026-11", Lines: c.lines}, sampleOptions())
			require.ErrorIs(t, err, c.want)
			left, err := os.ReadDir(dir)
			require.NoError(t, err)
			require.Empty(t, left)
		})
	}
}

func TestSettlementInEnglish(t *testing.T) {
	o := sampleOptions()
	o.Language, o.Merchant = EN, "Binhai Trading"
	f := settledBook(t, sampleSettlement(), o)
	requireNoHan(t, f)
	require.Equal(t, []string{"Settlement", "Settlement detail"}, f.GetSheetList())
}

func TestSettlementDetailGoesOnInAnotherSheet(t *testing.T) {
	o := sampleOptions()
	o.RowLimit = 12
	f := settledBook(t, sampleSettlement(), o)
	require.Len(t, f.GetSheetList(), 5)
	all := rows(t, f, "结算汇总")
	require.Positive(t, firstRow(all, "汇总合计 = 明细合计  ✓ 相符"), "all sheets of the detail together")
}

func TestPercent(t *testing.T) {
	for ppm, want := range map[int64]string{0: "0.00", 3_800: "0.38", 6_000: "0.60", 1: "0.0001", 12_345: "1.2345", 1_000_000: "100.00", 10: "0.001"} {
		require.Equal(t, want, percent(ppm))
	}
}
