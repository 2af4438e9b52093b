package ledger_test

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestIdentifiers(t *testing.T) {
	const damaged, invalid, good = "damaged", "invalid", ""
	for name, c := range map[string]struct{ column, cell, want string }{
		"letters behind the source number":     {"bill_no", "12E42023071912562344830889", good},
		"digits":                               {"bill_no", "31942023071912562344830889", good},
		"ends in zeros, short":                 {"bill_no", "3194202307190000000", good},
		"ends in zeros, its digits there":      {"bill_no", "31942023071912560000000000", good},
		"dashes and points":                    {"refund_order_id", "R-1.5_x", good},
		"tid with letters":                     {"tid", "T1", good},
		"tid in full":                          {"tid", "00000001", good},
		"empty tid takes the default":          {"tid", " ", good},
		"scientific":                           {"bill_no", "3.19E+17", damaged},
		"scientific without a sign":            {"bill_no", "3.19E17", damaged},
		"scientific without a point":           {"bill_no", "3E+17", damaged},
		"scientific in small letters":          {"refund_order_id", "3.19e+17", damaged},
		"digits lost":                          {"bill_no", "31942023071912500000000000", damaged},
		"twenty digits lost":                   {"bill_no", "31942023071912500000", damaged},
		"decimal":                              {"bill_no", "31942023.0", damaged},
		"full width":                           {"bill_no", "３194A", damaged},
		"blank before":                         {"bill_no", " 3194A", damaged},
		"blank behind":                         {"mid", "898340149000005 ", damaged},
		"blank inside":                         {"bill_no", "3194 2023", damaged},
		"tab":                                  {"bill_no", "3194A\t", damaged},
		"no-break space":                       {"bill_no", "3194A\u00a0", damaged},
		"ideographic space":                    {"bill_no", "3194A\u3000", damaged},
		"zero width":                           {"bill_no", "\u200b3194A", damaged},
		"backtick":                             {"bill_no", "`3194A", damaged},
		"apostrophe":                           {"bill_no", "'3194A", damaged},
		"formula":                              {"tid", `="00000001"`, damaged},
		"formula, quoted":                      {"tid", `"=""00000001"""`, damaged},
		"tid without its zeros":                {"tid", "1", damaged},
		"tid without one of its zeros":         {"tid", "1234567", damaged},
		"control character":                    {"bill_no", "3194\x01A", invalid},
		"quote":                                {"bill_no", `"3194""A"`, invalid},
		"Chinese":                              {"bill_no", "合计", invalid},
		"a letter that only looks like an A":   {"bill_no", "3194А", invalid},
		"longer than any number":               {"bill_no", longText(129), invalid},
		"as long as can be":                    {"bill_no", longText(128), good},
		"completion, damaged":                  {"authed_order_id", "1E+9", damaged},
		"inst_mid, damaged":                    {"inst_mid", "QRPAY DEFAULT", damaged},
		"mid as a number, not known too short": {"mid", "89834014900000", good},
	} {
		t.Run(name, func(t *testing.T) {
			cells := map[string]string{"bill_no": "3194A", "bill_date": "2026-11-19", "total_amount": "1", "status": "paid"}
			switch c.column {
			case "refund_order_id":
				cells["status"], cells["refund_amount"] = "success", "1"
			case "authed_order_id":
				cells["status"], cells["authed_amount"] = "success", "1"
			}
			cells[c.column] = c.cell
			r := readText(t, table(cells))
			if c.want == good {
				require.Empty(t, r.bad)
				return
			}
			require.Empty(t, r.orders)
			require.Equal(t, c.column, r.bad[0].Column)
			require.Equal(t, c.want == damaged, r.bad[0].Damaged, r.bad[0].Reason.EN)
		})
	}
}

// A damaged id goes first: the row cannot be told from others without it.
func TestDamageIsThePrimaryProblem(t *testing.T) {
	r := readText(t, lines("total_amount,bill_date,status,bill_no", "x,2026-11-19,paid,3.19E+17"))
	require.True(t, r.bad[0].Damaged)
	require.Equal(t, "bill_no", r.bad[0].Column)
	require.Equal(t, `"3.19E+17" was turned into scientific notation by a spreadsheet; its digits are lost, export the column as text; column "total_amount": amount "x" is not a number; write fen like 1234`, r.bad[0].Reason.EN)
	require.Equal(t, `"3.19E+17" 被表格软件改成了科学计数法，末尾数字已丢失，请将该列以文本导出；列 "total_amount"：金额 "x" 不是数字，应写作 1234（分）`, r.bad[0].Reason.ZH)
}
