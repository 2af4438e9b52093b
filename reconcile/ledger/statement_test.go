package ledger

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/encoding/simplifiedchinese"

	"github.com/umsrecon/umsrecon/reconcile"
)

var settles = reconcile.MakeDay(2026, time.November, 20)

// portal is a source in the words of the merchant portal.
func portal(dir string) StatementSource {
	return StatementSource{
		Source: Source{Name: "statement", Dir: dir, Pattern: "{date}.csv", Defaults: Defaults{MID: "898340149000005"}, Columns: map[string]string{
			"reference": "参考号", "mer_order_id": "商户订单号", "type": "交易类型", "amount": "交易金额", "fee": "手续费", "net": "清算金额", "paid_at": "交易时间",
		}},
		Types: map[reconcile.Kind][]string{reconcile.Payment: {"支付", "Sale"}, reconcile.Refund: {"退款"}},
	}
}

const portalHeader = "参考号,商户订单号,交易类型,交易金额,手续费,清算金额,交易时间\n"

// readStatement reads a text as the statement of settles.
func readStatement(t require.TestingT, s StatementSource, text string) (lines []reconcile.StatementLine, bad []reconcile.BadRow, load reconcile.Load, err error) {
	require.NoError(t, os.WriteFile(filepath.Join(s.Dir, settles.String()+".csv"), []byte(text), 0o600))
	st, err := NewStatements(s)
	require.NoError(t, err)
	load, err = st.Read(context.Background(), settles, func(l reconcile.StatementLine) error { lines = append(lines, l); return nil },
		func(r reconcile.BadRow) error { bad = append(bad, r); return nil })
	return lines, bad, load, err
}

func TestStatementRows(t *testing.T) {
	paid := time.Date(2026, 11, 19, 10, 0, 0, 0, reconcile.Beijing)
	want := reconcile.StatementLine{
		MID: "898340149000005", Kind: reconcile.Payment, Reference: "S1", MerOrderID: "M1", Amount: 1908, Fee: reconcile.Some(7), Net: reconcile.Some(1901),
		SettleDay: settles, PaidAt: paid, Source: reconcile.Source{File: "2026-11-20.csv", Line: 2},
	}
	refund := want
	refund.Kind, refund.Fee, refund.Net = reconcile.Refund, reconcile.Some(-7), reconcile.Some(-1901)
	kept := refund
	kept.Fee, kept.Net = reconcile.Some(0), reconcile.Some(-1908)
	bare := want
	bare.Fee, bare.Net, bare.PaidAt, bare.MerOrderID = reconcile.Amount{}, reconcile.Amount{}, time.Time{}, ""
	for name, c := range map[string]struct {
		row  string
		want reconcile.StatementLine
	}{
		"a payment":                     {"S1,M1,支付,19.08,0.07,19.01,2026-11-19 10:00:00", want},
		"another word, and blanks":      {"S1,M1, sale ,19.08,0.070,19.01,2026-11-19 10:00:00", want},
		"a refund written with signs":   {"S1,M1,退款,-19.08,-0.07,-19.01,2026-11-19 10:00:00", refund},
		"a refund written without them": {"S1,M1,退款,19.08,0.07,19.01,2026-11-19 10:00:00", refund},
		"a refund that keeps the fee":   {"S1,M1,退款,-19.08,0.00,-19.08,2026-11-19 10:00:00", kept},
		"nothing that is not required":  {"S1,,支付,19.08,,,", bare},
	} {
		t.Run(name, func(t *testing.T) {
			lines, bad, load, err := readStatement(t, portal(t.TempDir()), portalHeader+c.row+"\n")
			require.NoError(t, err)
			require.Empty(t, bad)
			require.Equal(t, []reconcile.StatementLine{c.want}, lines)
			require.Equal(t, []any{settles, int64(1), int64(0), []string{"898340149000005"}}, []any{load.Day, load.Rows, load.Invalid, load.MIDs})
		})
	}
}

func TestBadStatementRows(t *testing.T) {
	for name, c := range map[string]struct{ row, column, zh, en string }{
		"a word that is not mapped": {"S1,M1,撤销,19.08,0.07,19.01,", "交易类型", `交易类型 "撤销" 没有对应关系（请在配置 statement.types 中添加）`, `type "撤销" is not mapped (try: statement.types in the configuration)`},
		"a total":                   {"合计,,,19.08,0.07,19.01,", "", "本行是合计行（请配置 statement.control.trailer: 合计）", "the row states totals (try: statement.control.trailer: 合计)"},
		"neither number":            {",,支付,19.08,0.07,19.01,", "参考号", "参考号与商户订单号均为空", "neither a reference nor a merchant order number"},
		"no amount":                 {"S1,M1,支付,,0.07,19.01,", "交易金额", "金额为空", "the amount is empty"},
		"a payment with a sign":     {"S1,M1,支付,-19.08,0.07,19.01,", "交易金额", `金额 "-19.08" 带正负号，应写作 12.34（元）`, `amount "-19.08" has a sign; write yuan like 12.34`},
		"a refund in brackets":      {"S1,M1,退款,(19.08),0.07,19.01,", "交易金额", `金额 "(19.08)" 含括号，应写作 12.34（元）`, `amount "(19.08)" is in brackets; write yuan like 12.34`},
		"a fee that is none":        {"S1,M1,支付,19.08,免,19.01,", "手续费", `金额 "免" 不是数字，应写作 12.34（元）`, `amount "免" is not a number; write yuan like 12.34`},
		"a damaged reference":       {"3.19E+17,M1,支付,19.08,0.07,19.01,", "参考号", `"3.19E+17" 被表格软件改成了科学计数法，末尾数字已丢失，请将该列以文本导出`, `"3.19E+17" was turned into scientific notation by a spreadsheet; its digits are lost, export the column as text`},
		"a time that is none":       {"S1,M1,支付,19.08,0.07,19.01,昨天", "交易时间", "", ""},
		"a column too few":          {"S1,M1,支付,19.08,0.07", "", "有 5 列，表头有 7 列：请重新导出，含分隔符的字段须加引号", "has 5 columns, the header has 7: export it again, with quotes around fields that hold the separator"},
	} {
		t.Run(name, func(t *testing.T) {
			lines, bad, load, err := readStatement(t, portal(t.TempDir()), portalHeader+"S0,M0,支付,1.00,0.00,1.00,\n"+c.row+"\nS2,M2,支付,2.00,0.00,2.00,\n")
			require.NoError(t, err)
			require.Len(t, lines, 2, "the rows around it are read")
			require.Len(t, bad, 1)
			require.Equal(t, int64(1), load.Invalid)
			require.Equal(t, c.column, bad[0].Column)
			if c.zh != "" {
				require.Equal(t, reconcile.Words{ZH: c.zh, EN: c.en}, bad[0].Reason)
			}
			require.NotEmpty(t, bad[0].Reason.ZH)
			require.Equal(t, reconcile.Source{File: "2026-11-20.csv", Line: 3}, bad[0].Source)
			require.Equal(t, c.row, bad[0].Raw)
			require.Equal(t, strings.Contains(c.row, "E+"), bad[0].Damaged)
		})
	}
}

func TestStatementHeaders(t *testing.T) {
	for name, c := range map[string]struct {
		text, want string
		change     func(*StatementSource)
	}{
		"a renamed column": {
			text: strings.Replace(portalHeader, "交易金额", "交易全额", 1), want: `2026-11-20.csv:1: no column "交易金额", which the configuration names for amount (did you mean "交易全额"?)`,
		},
		"a column twice": {text: "参考号,参考号,商户订单号,交易类型,交易金额,手续费,清算金额,交易时间\n", want: `2026-11-20.csv:1: heading "参考号" stands twice, in columns 1 and 2`},
		"no number at all": {
			text: "type,amount\n", want: "2026-11-20.csv:1: neither a column reference nor mer_order_id, and the configuration names none for them",
			change: func(s *StatementSource) { s.Columns = nil },
		},
		"no merchant": {
			text: "type,amount,reference\n", want: "2026-11-20.csv:1: no column mid, and no default for it in the configuration",
			change: func(s *StatementSource) { s.Columns, s.Defaults = nil, Defaults{} },
		},
		"no settle date": {
			text: "type,amount,reference\n", want: "2026-11-20.csv:1: no column settle_date, and no {date} in the path that would say it",
			change: func(s *StatementSource) { s.Columns, s.Pattern = nil, "*.csv" },
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := portal(t.TempDir())
			if c.change != nil {
				c.change(&s)
			}
			_, _, _, err := readStatement(t, s, c.text)
			var header *HeaderError
			require.ErrorAs(t, err, &header)
			require.EqualError(t, err, c.want)
			require.ErrorIs(t, err, reconcile.ErrUnreadable)
		})
	}
}

func TestStatementsAsTheyAreExported(t *testing.T) {
	row := "S1\tM1\t支付\t19.08\t0.07\t19.01\t2026-11-19 10:00:00\r\n"
	text := strings.ReplaceAll(strings.TrimSuffix(portalHeader, "\n"), ",", "\t") + "\r\n" + row
	gb, err := simplifiedchinese.GB18030.NewEncoder().String(text)
	require.NoError(t, err)
	lines, bad, _, err := readStatement(t, portal(t.TempDir()), gb)
	require.NoError(t, err)
	require.Empty(t, bad)
	require.Equal(t, reconcile.Fen(1908), lines[0].Amount)

	s := portal(t.TempDir())
	s.Columns = nil
	lines, _, _, err = readStatement(t, s, "MID,Reference,Type,Amount,settle_date,tid\n111,S1,支付,19.08,20261121,\n,S1,支付,19.08,,00000001\n")
	require.NoError(t, err)
	require.Equal(t, []any{"111", settles + 1, "", "898340149000005", settles, "00000001"},
		[]any{lines[0].MID, lines[0].SettleDay, lines[0].TID, lines[1].MID, lines[1].SettleDay, lines[1].TID}, "the row goes before the defaults")

	_, _, _, err = readStatement(t, s, "")
	require.ErrorIs(t, err, reconcile.ErrHeadless)
}

func TestStatementFingerprint(t *testing.T) {
	s := portal(t.TempDir())
	print := func() string {
		st, err := NewStatements(s)
		require.NoError(t, err)
		f, err := st.Fingerprint(t.Context(), settles)
		require.NoError(t, err)
		return f
	}
	st, err := NewStatements(s)
	require.NoError(t, err)
	_, err = st.Fingerprint(t.Context(), settles)
	require.ErrorIs(t, err, reconcile.ErrNoLedger)
	_, _, _, err = readStatement(t, s, portalHeader)
	require.NoError(t, err)
	first := print()
	require.Equal(t, first, print())
	s.Unit = Fen
	other := print()
	require.NotEqual(t, first, other, "it would be understood otherwise")
	_, _, _, err = readStatement(t, s, portalHeader+"\n")
	require.NoError(t, err)
	require.NotEqual(t, other, print())
}

func TestNewStatementsRefuses(t *testing.T) {
	_, err := NewStatements(StatementSource{Source: Source{Pattern: "{day}.csv", Unit: "cent", Control: Control{SumOf: "type"}, Columns: map[string]string{"referenc": "x"}},
		Types: map[reconcile.Kind][]string{reconcile.Payment: {"x"}, reconcile.Refund: {"X "}}})
	for _, want := range []string{`"{day}.csv" may hold {date} and {yyyymmdd}`, `amount unit "cent"`, `sum_of "type" is no column of amounts`, `"referenc" is not a column of a statement (did you mean "reference"?)`, `the word "X " stands for both payment and refund`} {
		require.ErrorContains(t, err, want)
	}
}

// Whatever a file holds, a line that is passed on is one: it has a number, an
// amount that is not negative, a known type and a settle date.
func FuzzStatement(f *testing.F) {
	f.Add(portalHeader + "S1,M1,支付,19.08,0.07,19.01,2026-11-19 10:00:00\n合计,,,19.08,,,\n")
	f.Add(portalHeader + "\"S1\n\",M1,退款,-19.08,-0.07,-19.01,\n")
	f.Fuzz(func(t *testing.T, text string) {
		lines, bad, load, err := readStatement(t, portal(t.TempDir()), text)
		if err != nil {
			return
		}
		require.EqualValues(t, len(lines)+len(bad), load.Rows)
		require.EqualValues(t, len(bad), load.Invalid)
		for _, l := range lines {
			require.NotEmpty(t, l.Reference+l.MerOrderID)
			require.True(t, l.Amount >= 0 && l.Amount <= reconcile.MaxFen)
			require.Contains(t, []reconcile.Kind{reconcile.Payment, reconcile.Refund}, l.Kind)
			require.NotZero(t, l.SettleDay)
			require.Positive(t, l.Source.Line)
		}
	})
}
