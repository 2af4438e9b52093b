package ledger_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/encoding/simplifiedchinese"

	"github.com/umsrecon/umsrecon/reconcile"
)

const remarked = plainHeader + ",remark"

func row(no int, remark string) string {
	return fmt.Sprintf("3194%04d,2026-11-19,1,paid,%s", no, remark)
}

// billNos are the numbers of the good rows, in the form that row makes.
func billNos(r result) (nos []int) {
	for _, o := range r.orders {
		no := 0
		fmt.Sscanf(o.BillNo, "3194%04d", &no)
		nos = append(nos, no)
	}
	return nos
}

// A damaged quote costs its own line, wherever in the line it is.
func TestDamagedQuotes(t *testing.T) {
	for name, c := range map[string]struct{ remark, reason string }{
		"never closed":              {`"a`, "a quote is not closed (a quote inside a field is doubled)"},
		"never closed, then commas": {`"a,b,c`, "a quote is not closed (a quote inside a field is doubled)"},
		"text behind":               {`"a"b`, "there is text behind a closing quote (quote the whole field and double the quotes inside)"},
		"blank behind":              {`"a" `, "there is text behind a closing quote (quote the whole field and double the quotes inside)"},
		"inside":                    {`a"b`, "a quote stands inside a field that does not begin with one (quote the field and double the quote)"},
		"opening one lost":          {`a"`, "a quote stands inside a field that does not begin with one (quote the field and double the quote)"},
		"blank before":              {` "a"`, "a quote stands inside a field that does not begin with one (quote the field and double the quote)"},
	} {
		for behind, next := range map[string]string{"plain rows": "", "quoted rows": `"x"`, "rows over lines": "\"x\ny\""} {
			t.Run(name+" before "+behind, func(t *testing.T) {
				r := readText(t, lines(remarked, row(1, next), row(2, c.remark), row(3, next), row(4, next), row(5, next)))
				require.Equal(t, []int{1, 3, 4, 5}, billNos(r))
				require.Len(t, r.bad, 1)
				require.Equal(t, c.reason, r.bad[0].Reason.EN)
				require.Equal(t, row(2, c.remark), r.bad[0].Raw)
				require.Equal(t, "remark", r.bad[0].Column)
			})
		}
	}
}

func TestDamagedQuoteInAFullyQuotedLedger(t *testing.T) {
	quoted := func(no int) string { return `"` + strings.ReplaceAll(row(no, "x"), ",", `","`) + `"` }
	for i := range strings.Count(quoted(2), `"`) {
		t.Run(fmt.Sprintf("without quote %d", i+1), func(t *testing.T) {
			pieces := strings.Split(quoted(2), `"`)
			damaged := strings.Join(pieces[:i+1], `"`) + strings.Join(pieces[i+1:], `"`)
			r := readText(t, lines(remarked, quoted(1), damaged, quoted(3), quoted(4)))
			require.Equal(t, []int{1, 3, 4}, billNos(r))
			require.Len(t, r.bad, 1)
			require.Equal(t, 3, r.bad[0].Line)
		})
	}
}

func TestQuotedFieldsOverLines(t *testing.T) {
	long := func(n int) string { return `"` + strings.Repeat("x\r\n", n-1) + `"` }
	r := readText(t, lines(remarked, row(1, `"a ""b"", c`+"\n\n"+`d"`), row(2, long(50)), row(3, "")))
	require.Empty(t, r.bad)
	require.Equal(t, []int{1, 2, 3}, billNos(r))
	require.Equal(t, []int{2, 5, 55}, []int{r.orders[0].Source.Line, r.orders[1].Source.Line, r.orders[2].Source.Line})

	r = readText(t, lines(remarked, row(1, long(51)), row(2, "")))
	require.Equal(t, []int{2}, billNos(r))
	require.Equal(t, "a quote is not closed (a quote inside a field is doubled)", r.bad[0].Reason.EN)
}

func TestColumnCount(t *testing.T) {
	r := readText(t, lines(remarked, "3194,2026-11-19", row(1, "x,y"), row(2, ""))+"31940003,2026-11")
	require.Equal(t, []int{2}, billNos(r))
	require.Equal(t, "has 2 columns, the header has 5: export it again, with quotes around fields that hold the separator", r.bad[0].Reason.EN)
	require.Equal(t, "has 6 columns, the header has 5: export it again, with quotes around fields that hold the separator", r.bad[1].Reason.EN)
	require.Equal(t, "has 2 columns, the header has 5; it is the last line, the file is probably cut off: export it again", r.bad[2].Reason.EN)
}

func TestNULCostsItsRow(t *testing.T) {
	r := readText(t, lines(remarked, row(1, ""), row(2, "a\x00b"), row(3, "\"a"), row(4, "\x00"), row(5, "")))
	require.Equal(t, []int{1, 5}, billNos(r))
	require.Equal(t, "holds NUL bytes, the file is damaged: export it again", r.bad[0].Reason.EN)
	require.Equal(t, row(2, "a\ufffdb"), r.bad[0].Raw)
}

func TestLongRows(t *testing.T) {
	const mib = 1 << 20
	fits := mib - len(row(1, ""))
	r := readText(t, lines(remarked, row(1, strings.Repeat("x", fits)), row(2, strings.Repeat("x", fits+2)),
		row(3, strings.Repeat("y", 3*mib)), row(3, strings.Repeat("y", 3*mib-1)+"z"), row(4, ""))+row(5, strings.Repeat("x", 2*mib)))
	require.Equal(t, []int{1, 4}, billNos(r))
	require.Len(t, r.bad, 4)
	for _, b := range r.bad {
		require.Equal(t, "is longer than 1 MiB, a line end or a quote is probably missing: export it again", b.Reason.EN)
		require.Less(t, len(b.Raw), 5000)
	}
	require.Contains(t, r.bad[1].Raw, fmt.Sprintf("… [%d bytes, sha256 ", len(row(3, ""))+3*mib))
	require.NotEqual(t, r.bad[1].Raw, r.bad[2].Raw, "rows that differ behind the cut are different cases")
	require.Equal(t, 7, r.bad[3].Line)
}

// A GB18030 row may be short in bytes and long as text.
func TestLongRowInGB18030(t *testing.T) {
	gb, err := simplifiedchinese.GB18030.NewEncoder().String(lines(remarked, row(1, strings.Repeat("备", 400_000)), row(2, "备")))
	require.NoError(t, err)
	r := readText(t, gb)
	require.Equal(t, []int{2}, billNos(r))
	require.Equal(t, "is longer than 1 MiB, a line end or a quote is probably missing: export it again", r.bad[0].Reason.EN)
}

func TestRawIsBoundedAndClean(t *testing.T) {
	r := readText(t, lines(remarked, row(1, "\x1b[31m\u202e备"+strings.Repeat("备", 3000))+",", row(1, "\ta")+","))
	require.True(t, strings.HasPrefix(r.bad[0].Raw, row(1, "\ufffd[31m\ufffd备")))
	require.True(t, utf8.ValidString(r.bad[0].Raw))
	require.Less(t, len(r.bad[0].Raw), 4200)
	require.Contains(t, r.bad[0].Raw, "备… [")
	require.Equal(t, row(1, "\ta")+",", r.bad[1].Raw)
}

func TestJoinedFiles(t *testing.T) {
	first := lines(plainHeader, "31940001,2026-11-19,1,paid")
	for name, c := range map[string]struct {
		second  string
		reasons []string
		nos     []int
	}{
		"same header":         {lines(plainHeader, "31940002,2026-11-19,2,paid"), []string{"the header stands here again: files were joined; the rows behind it are read, leave this line out"}, []int{1, 2}},
		"same, with mark":     {"\ufeff" + lines(plainHeader, "31940002,2026-11-19,2,paid"), []string{"the header stands here again: files were joined; the rows behind it are read, leave this line out"}, []int{1, 2}},
		"quoted, with mark":   {"\ufeff\"bill_no\"" + lines(strings.TrimPrefix(plainHeader, "bill_no"), "31940002,2026-11-19,2,paid"), []string{"the header stands here again: files were joined; the rows behind it are read, leave this line out"}, []int{1, 2}},
		"columns in disorder": {lines("x,status,bill_date,total_amount,bill_no", ",paid,2026-11-19,2,31940002"), []string{"the header stands here again: files were joined; the rows behind it are read, leave this line out"}, []int{1, 2}},
		"mark before a row":   {"\ufeff31940002,2026-11-19,2,paid\n31940003,2026-11-19,2,paid\n", []string{"the row begins with a byte order mark: files were joined; leave the mark out"}, []int{1, 3}},
	} {
		t.Run(name, func(t *testing.T) {
			r := readText(t, "\ufeff"+first+c.second)
			require.Equal(t, c.nos, billNos(r))
			require.Equal(t, reconcile.Fen(2), r.orders[1].Amount)
			require.Len(t, r.bad, len(c.reasons))
			require.Equal(t, c.reasons[0], r.bad[0].Reason.EN)
			require.Equal(t, 3, r.bad[0].Line)
		})
	}
}

// Memory does not grow with the file, nor with its longest line.
func TestMemoryIsFlat(t *testing.T) {
	var text strings.Builder
	text.WriteString(remarked + "\n")
	for i := range 60_000 {
		text.WriteString(row(i, "remark") + "\n")
	}
	text.WriteString(row(1, strings.Repeat("x", 32<<20)))
	b := newBooks(t, source(t, text.String()))
	var before, peak runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	n := 0
	_, err := b.Read(t.Context(), day, func(reconcile.Order, string) error {
		if n++; n%20_000 == 0 {
			runtime.GC()
			runtime.ReadMemStats(&peak)
			require.Less(t, peak.HeapAlloc, before.HeapAlloc+8<<20)
		}
		return nil
	}, func(reconcile.BadRow) error { return nil })
	require.NoError(t, err)
	runtime.ReadMemStats(&peak)
	require.Less(t, peak.TotalAlloc-before.TotalAlloc, uint64(200<<20))
	require.Equal(t, 60_000, n)
}

// Characters that lie across the borders of the reader's buffer are whole.
func TestEncodingAcrossBuffers(t *testing.T) {
	for shift := range 4 {
		text := lines(remarked, row(1, strings.Repeat("x", shift)+strings.Repeat("备𠮷", 60_000)), row(2, "备"))
		gb, err := simplifiedchinese.GB18030.NewEncoder().String(text)
		require.NoError(t, err)
		require.Equal(t, []int{1, 2}, billNos(readText(t, text)))
		require.Equal(t, []int{1, 2}, billNos(readText(t, gb)))

		broken := strings.Replace(text, "备𠮷\n", "备\xf0\xa0\n", 1)
		r := readText(t, strings.Replace(broken, row(2, "备"), row(2, "备")+"\n"+row(3, "备备"), 1))
		require.Equal(t, []int{2, 3}, billNos(r))
		require.Equal(t, "holds bytes that utf-8 does not define: export it again, or look at encoding", r.bad[0].Reason.EN)
	}
}
