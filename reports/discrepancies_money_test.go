package reports

import (
	"math"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"

	"github.com/umsrecon/umsrecon/reconcile"
)

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
