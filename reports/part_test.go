package reports

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
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
