package reports

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/umsrecon/umsrecon/reconcile"
)

func TestOrdersThatACaseStandsForHaveASheet(t *testing.T) {
	var covered []reconcile.Line
	for i := range 3 {
		l := sampleLine(40+i, reconcile.BillNotFound, 1908, 0)
		l.Answer = &reconcile.Answer{Outcome: reconcile.NoOrder, Code: "NO_ORDER"}
		l.Case.State, l.Case.UMS, l.Case.Gap = reconcile.StateNote, reconcile.Amount{}, reconcile.Some(-1908)
		covered = append(covered, l)
	}
	d := sampleReport()
	d.Covered = each(covered)
	f, path := written(t, d, sampleOptions())
	require.Equal(t, []string{"对账汇总", "对账差异表", "等待与未核实", "台账问题", "同因明细", "说明"}, f.GetSheetList())
	cause := reconcile.Cause{Group: reconcile.Group{MID: covered[0].Order.MID, Day: sampleDay}, Code: reconcile.BillNotFound}
	for head, want := range map[string]string{
		"所属差异": cause.CaseID(), "代码": "BILL_NOT_FOUND", "账单号": covered[0].Case.Key.BillNo, "台账金额": "19.08", "账单总额": "", "差额（渠道−台账）": "-19.08", "资金方向": "渠道少收",
	} {
		require.Equal(t, want, cellAt(t, f, "同因明细", head, 0), head)
	}
	all := rows(t, f, "同因明细")
	require.Equal(t, "-57.24", all[len(all)-1][15])
	require.NoError(t, DiscrepanciesCSV(path, d, sampleOptions()))
	require.Len(t, csvRows(t, beside(path, "-covered.csv")), 4)

	o := sampleOptions()
	o.Language, o.Merchant = EN, "Binhai Trading"
	d.Discrepancies, d.LedgerProblems = d.Covered, d.Covered // the samples' own words are Chinese
	f, _ = written(t, d, o)
	requireNoHan(t, f)

	d.Covered = each([]reconcile.Line(nil))
	f, _ = written(t, d, sampleOptions())
	require.NotContains(t, f.GetSheetList(), "同因明细", "no sheet of nothing")
}
