package reports

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"

	"github.com/umsrecon/umsrecon/reconcile"
)

func TestSheetsAndHeadings(t *testing.T) {
	f, _ := written(t, sampleReport(), sampleOptions())
	require.Equal(t, []string{"对账汇总", "对账差异表", "等待与未核实", "台账问题", "说明"}, f.GetSheetList())
	require.Equal(t, strings.Split("序号, 差异编号, 对账日, 账单日期, 商户号, 终端号, 业务单号, 账单号, 商户订单号, 渠道流水, 支付渠道, 类型, 台账金额, 账单总额, 流水金额, 实付金额, 优惠金额, 差额（渠道−台账）, 资金方向, 台账状态, 渠道状态, 通知状态, 支付时间, 清算日期, 差异类型, 代码, 其他差异, 严重程度, 首次发现日, 账龄, 处理状态, 处理方式, 处理说明, 处理人, 处理日期, 复核人, 复核结果, 核对码", ", "),
		rows(t, f, "对账差异表")[headingRow-1])
}

func TestACaseIsTold(t *testing.T) {
	f, _ := written(t, sampleReport(), sampleOptions())
	line := sampleDiscrepancies()[0]
	for head, want := range map[string]string{
		"序号": "1", "差异编号": line.Case.ID, "对账日": "46345", "账单日期": "46345", "商户号": "898340149000005", "终端号": "00000001",
		"业务单号": "SO-20261119-000001", "账单号": line.Case.Key.BillNo, "商户订单号": line.Case.Key.BillNo + "0", "渠道流水": "2748195400001N", "支付渠道": "WXPay", "类型": "支付",
		"台账金额": "19.08", "账单总额": "19.07", "流水金额": "19.07", "实付金额": "19.07", "优惠金额": "0", "差额（渠道−台账）": "-0.01", "资金方向": "渠道少收",
		"台账状态": "已付", "渠道状态": "已支付 PAID / TRADE_SUCCESS", "通知状态": "", "清算日期": "46346", "差异类型": "渠道金额少", "代码": "AMOUNT_BILL_LESS", "其他差异": "",
		"严重程度": "S1 严重", "首次发现日": "46346", "账龄": "0", "处理状态": "待处理", "处理方式": "", "复核结果": "",
	} {
		require.Equal(t, want, cellAt(t, f, "对账差异表", head, 0), head)
	}
	require.Equal(t, "渠道多收", cellAt(t, f, "对账差异表", "资金方向", 1))
	require.Equal(t, "清算日不符、优惠不符", cellAt(t, f, "对账差异表", "其他差异", 1))
	require.Equal(t, "待处理（已超回溯期，不再查询）", cellAt(t, f, "对账差异表", "处理状态", 1))
	require.Equal(t, "无此单 NO_ORDER", cellAt(t, f, "对账差异表", "渠道状态", 2))
	require.Equal(t, "", cellAt(t, f, "对账差异表", "账单总额", 2), "absent is not zero")
	require.Equal(t, "渠道少退", cellAt(t, f, "对账差异表", "资金方向", 3))
	require.Equal(t, "RF20261119000004", cellAt(t, f, "对账差异表", "商户订单号", 3))
	require.Equal(t, "跨日说明", cellAt(t, f, "对账差异表", "处理方式", 4))
	require.Equal(t, "王会计", cellAt(t, f, "对账差异表", "处理人", 4))
	require.Equal(t, "", cellAt(t, f, "对账差异表", "差额（渠道−台账）", 4))
	require.Equal(t, "", cellAt(t, f, "对账差异表", "资金方向", 4))
}

func TestPendingAndProblemsAreTold(t *testing.T) {
	f, _ := written(t, sampleReport(), sampleOptions())
	for head, want := range map[string]string{"处理状态": "未核实", "代码": "QUERY_FAILED", "原因": "4 次请求均未取得应答", "请求次数": "4", "最近错误": "TIMEOUT gateway answered HTTP 504 four times", "台账金额": "300"} {
		require.Equal(t, want, cellAt(t, f, "等待与未核实", head, 1), head)
	}
	require.Equal(t, "", cellAt(t, f, "等待与未核实", "最近错误", 0), "a good answer is no error")
	for head, want := range map[string]string{"文件": "orders-2026-11-19.csv", "行号": "17", "列名": "订单金额", "原因": "金额“-19.08”带负号", "原文": "3194202611191234,-19.08,已支付,2026-11-19 10:00:00", "代码": "LEDGER_ROW_INVALID", "台账金额": ""} {
		require.Equal(t, want, cellAt(t, f, "台账问题", head, 0), head)
	}
	require.Equal(t, "32", cellAt(t, f, "台账问题", "行号", 1))
	require.Equal(t, "第 31 行与第 32 行账单号相同、金额不同", cellAt(t, f, "台账问题", "原因", 1))
}

func TestALongRawTextSaysSo(t *testing.T) {
	d := sampleReport()
	lines := sampleProblems()[:1]
	lines[0].Row.Raw = strings.Repeat("甲", rawLimit+1)
	d.LedgerProblems = each(lines)
	f, _ := written(t, d, sampleOptions())
	require.Equal(t, strings.Repeat("甲", rawLimit)+"……（共 501 字，全文见原文件）", cellAt(t, f, "台账问题", "原文", 0))
}

func TestHostileTextStaysText(t *testing.T) {
	hostile := []string{"=1+1", `=HYPERLINK("http://x","y")`, "+1", "-1", "@SUM(A1)", "\t=1", "3.19E+17", "0001", "_x0041_", "<b>&amp;\"'", "\x00\x1b[31m", "a\xff"}
	var lines []reconcile.Line
	for i, s := range hostile {
		l := sampleLine(i, reconcile.AmountBillMore, 1, 2)
		l.Order.OrderNo = s
		lines = append(lines, l)
	}
	d, o := sampleReport(), sampleOptions()
	d.Discrepancies = each(lines)
	o.Merchant, o.Settings = "=1+1 &P", []Setting{{"=2+2", "@x"}}
	f, _ := written(t, d, o)
	for i, s := range hostile {
		cell := at(7, headingRow+1+i)
		require.Equal(t, clean(s), cellAt(t, f, "对账差异表", "业务单号", i))
		formula, err := f.GetCellFormula("对账差异表", cell)
		require.NoError(t, err)
		require.Empty(t, formula)
		kind, err := f.GetCellType("对账差异表", cell)
		require.NoError(t, err)
		require.Contains(t, []excelize.CellType{excelize.CellTypeInlineString, excelize.CellTypeSharedString}, kind, s)
	}
}

func TestAnEmptyDaySaysSo(t *testing.T) {
	none := each([]reconcile.Line(nil))
	d := DayReport{Summary: reconcile.Summary{Day: sampleDay, Status: reconcile.RunComplete, Ageing: reconcile.AgeBands()}, Discrepancies: none, Pending: none, LedgerProblems: none}
	f, _ := written(t, d, sampleOptions())
	require.Equal(t, "本次对账无差异", rows(t, f, "对账差异表")[headingRow][0])
	require.Equal(t, "本次对账无等待与未核实", rows(t, f, "等待与未核实")[headingRow][0])
	require.Equal(t, "台账无问题", rows(t, f, "台账问题")[headingRow][0])
	require.Len(t, rows(t, f, "对账差异表"), headingRow+1, "no totals of nothing")
	require.Equal(t, 29, requireFormulasAgree(t, f), "the balance of the cases, and zeros of the lists")
}

func TestASheetThatIsFullGoesOnInAnother(t *testing.T) {
	o := sampleOptions()
	o.RowLimit = 20
	const n = 40
	var lines []reconcile.Line
	for i := range n {
		lines = append(lines, sampleLine(i, reconcile.AmountBillMore, 100, reconcile.Fen(200+i)))
	}
	d := sampleReport()
	d.Discrepancies = each(lines)
	f, _ := written(t, d, o)
	require.Equal(t, []string{"对账汇总", "对账差异表", "对账差异表 2", "对账差异表 3", "对账差异表 4", "等待与未核实", "台账问题", "说明"}, f.GetSheetList())
	seen := map[string]bool{}
	for _, sheet := range []string{"对账差异表", "对账差异表 2", "对账差异表 3", "对账差异表 4"} {
		all := rows(t, f, sheet)
		require.LessOrEqual(t, len(all), o.RowLimit)
		require.Equal(t, "差异编号", all[headingRow-1][1])
		for _, row := range all[headingRow : len(all)-1] {
			seen[row[1]] = true
			require.Equal(t, fmt.Sprint(len(seen)), row[0], "numbered through")
		}
	}
	require.Len(t, seen, n)
	requireFormulasAgree(t, f)
}

func TestDropDownsFiltersAndPrinting(t *testing.T) {
	f, _ := written(t, sampleReport(), sampleOptions())
	lists, err := f.GetDataValidations("对账差异表")
	require.NoError(t, err)
	require.Len(t, lists, 2)
	require.Equal(t, `"补单,退款,调账,以渠道为准,以台账为准,渠道更正,跨日说明,核销,豁免,其他"`, lists[0].Formula1)
	require.Equal(t, "AF4:AF8", lists[0].Sqref)
	require.Equal(t, `"同意,驳回"`, lists[1].Formula1)
	require.Equal(t, "AK4:AK8", lists[1].Sqref)

	names := map[string]string{}
	for _, n := range f.GetDefinedName() {
		names[n.Scope+" "+n.Name] = n.RefersTo
	}
	require.Equal(t, "'对账差异表'!$3:$3", names["对账差异表 _xlnm.Print_Titles"])
	require.Equal(t, "'对账差异表'!$A$3:$AL$8", names["对账差异表 _xlnm._FilterDatabase"])
	for _, sheet := range f.GetSheetList() {
		page, err := f.GetPageLayout(sheet)
		require.NoError(t, err)
		require.Equal(t, []any{9, "landscape", 1, 0}, []any{*page.Size, *page.Orientation, *page.FitToWidth, *page.FitToHeight}, sheet)
		foot, err := f.GetHeaderFooter(sheet)
		require.NoError(t, err)
		require.Contains(t, foot.OddFooter, "第 &P 页 / 共 &N 页", sheet)
	}
	panes, err := f.GetPanes("对账差异表")
	require.NoError(t, err)
	require.True(t, panes.Freeze)
	require.Equal(t, headingRow, panes.YSplit)
}

func TestLegendHasEveryCodeSettingAndSource(t *testing.T) {
	f, _ := written(t, sampleReport(), sampleOptions())
	all := rows(t, f, "说明")
	for _, r := range reconcile.Rules {
		require.Positive(t, firstRow(all, string(r.Code)), r.Code)
	}
	require.Positive(t, firstRow(all, "rules.amount_basis|bill_total"))
	require.Positive(t, firstRow(all, "ledger/orders-2026-11-19.csv|9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"))
}

func hasHan(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return unicode.Is(unicode.Han, r) })
}

func TestInEnglishNoChineseIsLeft(t *testing.T) {
	o := sampleOptions()
	o.Language, o.Merchant = EN, "Binhai Trading"
	d := sampleReport()
	lines := sampleDiscrepancies()
	lines[4].Case.Note, lines[4].Case.By = "booked next day", "Wang"
	d.Discrepancies = each(lines)
	problems := sampleProblems()
	problems[0].Row.Column, problems[0].Row.Raw = "amount", "x"
	d.LedgerProblems = each(problems)
	f, _ := written(t, d, o)
	requireNoHan(t, f)
	require.Equal(t, []string{"Summary", "Discrepancies", "Waiting and unverified", "Ledger problems", "Notes"}, f.GetSheetList())
	require.Equal(t, "cross-day", cellAt(t, f, "Discrepancies", "Outcome", 4))
	require.Equal(t, 56, requireFormulasAgree(t, f))
}

func requireNoHan(t *testing.T, f *excelize.File) {
	t.Helper()
	for _, sheet := range f.GetSheetList() {
		for _, row := range rows(t, f, sheet) {
			for _, cell := range row {
				require.False(t, hasHan(cell), "%s: %q", sheet, cell)
			}
		}
		lists, err := f.GetDataValidations(sheet)
		require.NoError(t, err)
		for _, l := range lists {
			require.False(t, hasHan(l.Formula1), l.Formula1)
		}
	}
}

func TestEverySentenceHasItsEnglish(t *testing.T) {
	var all []string
	for _, words := range [][]string{outcomes, reviews, readingNotes, settleNotes, settleHeads, {"手续费（预估）", "手续费（含预估）"}} {
		all = append(all, words...)
	}
	for _, s := range reconcile.States {
		all = append(all, s.ZH())
	}
	for _, c := range reconcile.Classes {
		all = append(all, c.ZH())
	}
	for _, k := range reconcile.Kinds {
		all = append(all, kindWord(k), direction(k, reconcile.Some(1)), direction(k, reconcile.Some(-1)))
	}
	for _, said := range regexp.MustCompile(`say "([^"]+)"`).FindAllStringSubmatch(pageText, -1) {
		all = append(all, said[1])
	}
	for _, zh := range all {
		require.Contains(t, english, zh)
	}
	for zh, en := range english {
		require.False(t, hasHan(en), en)
		require.Equal(t, strings.Count(zh, "%"), strings.Count(en, "%"), zh)
	}
}
