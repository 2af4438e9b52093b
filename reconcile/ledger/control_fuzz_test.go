package ledger

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/umsrecon/umsrecon/reconcile"
)

// waysToState are the ways in which a control file says a count and a sum.
var waysToState = []string{
	"count=%s\nsum=%s\n", "\ufeffCOUNT = %s\r\nSUM = %s\r\n", `{"count": "%s", "sum": "%s"}`, "总笔数：%s\n总金额：%s\n", "共 %s 笔，金额：¥%s 元。手续费：1.00元", "笔数(笔)\t%s\t金额（元）\t%s", "rows: %s, amount: %s", "合计 %s笔 %s元",
}

// FuzzFigures: a count and a sum are read back in whichever way they are
// stated, with and without thousands separators; of any other text a figure is
// taken or it is not, and never panicked about.
func FuzzFigures(f *testing.F) {
	f.Add(uint32(300), uint64(572400), "2026年11月19日共2笔")
	f.Add(uint32(1), uint64(0), `{"count": {"a": 1}, "sum": 1e3}`)
	f.Add(uint32(1_000_000), uint64(123456789), "sum=ten\ncount=2x\n金额=-1,002.5 元")
	f.Fuzz(func(t *testing.T, count uint32, fen uint64, other string) {
		sum := reconcile.Fen(fen % 1e15)
		rows, yuan := strconv.Itoa(int(count)), sum.Yuan()
		for _, way := range waysToState {
			for _, text := range []string{fmt.Sprintf(way, rows, yuan), fmt.Sprintf(way, thousands(rows), thousands(yuan))} {
				var s stated
				s.readSidecar(text, Yuan)
				if s.wrong.EN != "" || s.count == nil || *s.count != int64(count) || s.sum == nil || *s.sum != sum {
					t.Fatalf("%q was read as %v %v %q", text, s.count, s.sum, s.wrong.EN)
				}
			}
		}
		var s stated
		s.readSidecar(other, Fen)
		if s.count != nil && *s.count < 0 || (s.wrong.EN == "") != (s.wrong.ZH == "") {
			t.Fatalf("%q was read as %v %v %q", other, s.count, s.sum, s.wrong.EN)
		}
	})
}

// thousands is a number with separators: 5,724.00.
func thousands(number string) string {
	whole, rest, _ := strings.Cut(number, ".")
	for at := len(whole) - 3; at > 0; at -= 3 {
		whole = whole[:at] + "," + whole[at:]
	}
	if rest == "" {
		return whole
	}
	return whole + "." + rest
}
