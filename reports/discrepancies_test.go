package reports

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
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

// fenOf reads a yuan cell as whole fen, refusing what is not.
func fenOf(t *testing.T, cell string) reconcile.Fen {
	t.Helper()
	v, err := strconv.ParseFloat(cell, 64)
	require.NoError(t, err)
	fen := math.Round(v * 100)
	require.Equal(t, fen/100, v, "%s is not whole fen", cell)
	return reconcile.Fen(fen)
}

var exactAmounts = []reconcile.Fen{1, -1, 10, 99, 100, 1907, 1908, 1990, -1990, 57_901, 100_000_001, 9_999_999_999_999, -9_999_999_999_999, reconcile.MaxFen}

func TestAmountsAgreeToTheFen(t *testing.T) {
	var lines []reconcile.Line
	for i, fen := range exactAmounts {
		l := sampleLine(i, reconcile.AmountBillMore, 0, 0)
		l.Case.Gap = reconcile.Some(fen)
		lines = append(lines, l)
	}
	d := sampleReport()
	d.Discrepancies = each(lines)
	f, _ := written(t, d, sampleOptions())
	for i, fen := range exactAmounts {
		require.Equal(t, fen, fenOf(t, cellAt(t, f, "对账差异表", "差额（渠道−台账）", i)))
	}
	require.Equal(t, "19.90", rows(t, f, "对账差异表")[headingRow+7][17])
	require.Equal(t, "99,999,999,999.99", rows(t, f, "对账差异表")[headingRow+11][17])
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

// Every formula of the workbook computes to the value stored beside it.
func requireFormulasAgree(t *testing.T, f *excelize.File) (count int) {
	t.Helper()
	for _, sheet := range f.GetSheetList() {
		for r, row := range rows(t, f, sheet) {
			for c := range row {
				cell := at(c+1, r+1)
				formula, err := f.GetCellFormula(sheet, cell)
				require.NoError(t, err)
				if formula == "" {
					continue
				}
				count++
				stored, err := f.GetCellValue(sheet, cell, excelize.Options{RawCellValue: true})
				require.NoError(t, err)
				computed, err := f.CalcCellValue(sheet, cell, excelize.Options{RawCellValue: true})
				require.NoError(t, err, formula)
				a, err := strconv.ParseFloat(stored, 64)
				require.NoError(t, err, "%s %s has no stored value", sheet, cell)
				b, err := strconv.ParseFloat(computed, 64)
				require.NoError(t, err)
				require.InDelta(t, a, b, 0.001, "%s %s =%s", sheet, cell, formula)
			}
		}
	}
	return count
}

func TestTotalsAreFormulasWithTheirValues(t *testing.T) {
	f, _ := written(t, sampleReport(), sampleOptions())
	require.Equal(t, 56, requireFormulasAgree(t, f), "16 of the run and 31 of the lists on page one; below the tables three lines of two, one of two, and one count")
	foot := headingRow + len(sampleDiscrepancies())
	all := rows(t, f, "对账差异表")
	require.Equal(t, []string{"4", "合计：支付", "-276.93"}, []string{all[foot][0], all[foot][1], all[foot][17]})
	require.Equal(t, []string{"1", "合计：退款", "-80.00"}, []string{all[foot+1][0], all[foot+1][1], all[foot+1][17]})
	require.Equal(t, []string{"5", "合计（筛选后；请先按类型筛选）", "-356.93"}, []string{all[foot+2][0], all[foot+2][1], all[foot+2][17]})
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

func TestLegendHasEveryCodeSettingAndSource(t *testing.T) {
	f, _ := written(t, sampleReport(), sampleOptions())
	all := rows(t, f, "说明")
	for _, r := range reconcile.Rules {
		require.Positive(t, firstRow(all, string(r.Code)), r.Code)
	}
	require.Positive(t, firstRow(all, "rules.amount_basis|bill_total"))
	require.Positive(t, firstRow(all, "ledger/orders-2026-11-19.csv|9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"))
}

func TestDirection(t *testing.T) {
	for _, k := range reconcile.Kinds {
		require.NotEqual(t, direction(k, reconcile.Some(1)), direction(k, reconcile.Some(-1)))
		require.Contains(t, direction(k, reconcile.Some(1)), "渠道多")
		require.Contains(t, direction(k, reconcile.Some(-1)), "渠道少")
		require.Empty(t, direction(k, reconcile.Some(0)))
		require.Empty(t, direction(k, reconcile.Amount{}))
	}
}

func TestDifference(t *testing.T) {
	sides := reconcile.Case{Ledger: reconcile.Some(100), UMS: reconcile.Some(90)}
	carries, amount, attribute, half := sides, sides, sides, sides
	carries.Gap, carries.Code = reconcile.Some(-7), reconcile.SettleOverdue
	amount.Code, attribute.Code, half.Code = reconcile.AmountBillLess, reconcile.BuyerPayMismatch, reconcile.AmountBillLess
	half.UMS = reconcile.Amount{}
	require.Equal(t, reconcile.Some(-7), difference(reconcile.Line{Case: carries}))
	require.Equal(t, reconcile.Some(-10), difference(reconcile.Line{Case: amount}))
	require.Equal(t, reconcile.Amount{}, difference(reconcile.Line{Case: attribute}), "what the buyer paid is not the order's money")
	require.Equal(t, reconcile.Amount{}, difference(reconcile.Line{Case: half}))
}

// A row shows the amounts of one moment, now: what is over makes no difference
// any more, and the totals count what stands.
func TestACaseThatIsOverHasNoDifferenceAnyMore(t *testing.T) {
	stands := sampleLine(1, reconcile.AmountBillLess, 1908, 1907)
	cleared, gone := sampleLine(2, reconcile.AmountBillLess, 2000, 1990), sampleLine(3, reconcile.AmountBillMore, 3000, 3300)
	cleared.Case.State, cleared.Order.Amount = reconcile.StateCleared, 1990 // the ledger was corrected
	gone.Case.State, gone.Case.Gone, gone.Order.Amount = reconcile.StateResolved, true, 3300
	unasked := sampleLine(4, reconcile.AmountBillLess, 5000, 4000)
	unasked.Order.Amount = 4500 // in a night without an answer
	d := sampleReport()
	d.Discrepancies = each([]reconcile.Line{stands, cleared, gone, unasked})
	f, path := written(t, d, sampleOptions())
	for i, want := range [][]string{
		{"19.08", "19.07", "-0.01", "渠道少收", "待处理"},
		{"19.9", "19.9", "", "", "已消除（原差额 -0.10，渠道少收）"},
		{"33", "33", "", "", "已处理（情形已消失，待人工确认）（原差额 3.00，渠道多收）"},
		{"50", "40", "-10", "渠道少收", "待处理"},
	} {
		for j, head := range []string{"台账金额", "账单总额", "差额（渠道−台账）", "资金方向", "处理状态"} {
			require.Equal(t, want[j], cellAt(t, f, caseSheet, head, i), "%s of row %d", head, i)
		}
	}
	requireFormulasAgree(t, f)
	foot := rows(t, f, caseSheet)[headingRow+4]
	require.Equal(t, []string{"4", "合计（筛选后）", "-10.01"}, []string{foot[0], foot[1], foot[17]})
	listed := rows(t, f, "对账汇总")
	require.Equal(t, []string{"对账差异表", "支付", "4", "-10.01"}, listed[firstRow(listed, "对账差异表|支付")][:4])

	// What was written while the cases stood is still known when it is read back.
	filled, err := ReadFilled(filledRows(t, f, path, 4))
	require.NoError(t, err)
	require.Len(t, filled, 4)
	for i, l := range []reconcile.Line{stands, cleared, gone, unasked} {
		require.NoError(t, filled[i].Unchanged(l))
		before := l
		before.Case.State, before.Case.Gone = reconcile.StateOpen, false
		written := Filled{keys: map[string]string{}}
		for _, c := range keyColumns(&book{}) {
			written.keys[c.head] = plainValue(c.value(before, 0))
		}
		require.NoError(t, written.Unchanged(l))
		written.keys["台账金额"] = "0.01"
		require.ErrorIs(t, written.Unchanged(l), ErrKeyEdited)
	}
}

// filledRows saves the workbook with a note in its first n rows.
func filledRows(t *testing.T, f *excelize.File, path string, n int) string {
	column := slices.Index(rows(t, f, caseSheet)[headingRow-1], headNote) + 1
	for i := range n {
		require.NoError(t, f.SetCellValue(caseSheet, at(column, headingRow+1+i), "已核对"))
	}
	require.NoError(t, f.SaveAs(path))
	return path
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
