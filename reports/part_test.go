package reports

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/umsrecon/umsrecon/reconcile"
)

// A workbook of one merchant says that it is a part, on paper and on the page, in
// both languages; that of all does not.
func TestAPartSaysSo(t *testing.T) {
	for _, lang := range []Language{ZH, EN} {
		for _, part := range []bool{true, false} {
			o := sampleOptions()
			o.Language, o.OneOfSeveral = lang, part
			f, path := written(t, sampleReport(), o)
			text := fmt.Sprint(rows(t, f, f.GetSheetList()[0]))
			require.NoError(t, Page(path, sampleReport().Summary, o))
			page, err := os.ReadFile(filepath.Join(filepath.Dir(path), strings.TrimSuffix(filepath.Base(path), ".xlsx")+".html"))
			require.NoError(t, err)
			for _, shown := range []string{text, string(page)} {
				require.Equal(t, part, strings.Contains(shown, lang.say(partRemark)))
			}
			require.Equal(t, part, strings.Contains(text, lang.say("五、差异单滚动与账龄（本商户待处理、待复核）")))
			require.Equal(t, !part, strings.Contains(text, lang.say("五、差异单滚动与账龄（全库待处理、待复核）")))
			require.Equal(t, part, strings.Contains(string(page), lang.say("差异单滚动（本商户待处理、待复核）")))
			require.Equal(t, !part, strings.Contains(text, strings.SplitN(lang.say("查询：应查 %d 笔，已查 %d 笔，请求 %d 次，沿用中断前应答 %d 笔。"), "%", 2)[0]), "requests are of the run")
		}
	}
}

func TestOpenpyxlReadsThePart(t *testing.T) {
	o := sampleOptions()
	o.OneOfSeveral = true
	_, path := written(t, sampleReport(), o)
	require.Contains(t, fmt.Sprint(openpyxl(t, path, true)["对账汇总"]), partRemark)
}

// On no sheet, table and page of a merchant is a bill of another one named, nor a
// figure of books that several share; in those of all they stand.
func TestAPartNamesNobodyElse(t *testing.T) {
	const foreign = "898340149000006/2026-11-19/FOREIGN"
	reused := sampleLine(50, reconcile.PaymentReferenceReused, 1908, 0)
	reused.Case.Reason = reconcile.Words{ZH: "渠道流水 paySeqId S9 同时出现在另一商户的账单 " + foreign, EN: "payment reference paySeqId S9 also stands on another merchant's bill " + foreign}
	astray := sampleLine(51, reconcile.ResponseKeyMismatch, 1908, 0)
	astray.Case.State, astray.Last = reconcile.StateUnverified, &reconcile.Answer{Outcome: reconcile.WrongKey, Message: "mid is " + foreign}
	astray.Case.Reason = reconcile.Words{ZH: "应答说的是另一张账单：" + foreign, EN: "the answer is about another bill: " + foreign}
	for _, lang := range []Language{ZH, EN} {
		for _, part := range []bool{true, false} {
			o, d := sampleOptions(), sampleReport()
			o.Language, o.OneOfSeveral = lang, part
			d.Covered, d.LedgerProblems, d.Pending = each([]reconcile.Line{reused}), each([]reconcile.Line{reused}), each([]reconcile.Line{astray})
			secret := []string{foreign, d.Summary.Loads[0].SHA256, "314 / 312 / 2", "58,084.00"}
			if part {
				d.Summary = d.Summary.Of(reconcile.Share{MID: "898340149000005"})
			}
			f, path := written(t, d, o)
			require.NoError(t, Page(path, d.Summary, o))
			require.NoError(t, DiscrepanciesCSV(path, d, o))
			var book string
			for _, sheet := range f.GetSheetList() {
				book += fmt.Sprint(rows(t, f, sheet))
			}
			for _, text := range secret {
				require.Equal(t, !part, strings.Contains(book, text), text)
			}
			require.Equal(t, part, strings.Contains(book, lang.say("（多个商户共用）")))
			for _, ending := range DayTwins {
				twin, err := os.ReadFile(beside(path, ending))
				require.NoError(t, err)
				require.Equal(t, !part && ending != ".html" && ending != "-cases.csv", strings.Contains(string(twin), foreign), ending)
			}
		}
	}
}
