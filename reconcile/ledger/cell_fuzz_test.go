package ledger

import (
	"strings"
	"testing"
	"time"

	"github.com/umsrecon/umsrecon/reconcile"
)

// FuzzAmount: what is taken for an amount comes back the same when written
// out, and holds nothing but digits and one point; all else has a reason.
func FuzzAmount(f *testing.F) {
	for _, s := range []string{"19.08", "12.300", "0", "1,908.00", "(1)", "¥1", "１", "1e3", "-1", "", "99999999999999999999", "0x1p3", "1_0", "٣"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, u := range []Unit{Fen, Yuan} {
			a, why := u.amount(s)
			if (why.EN == "") != (why.ZH == "") {
				t.Fatalf("%q: said in one language", s)
			}
			if why.EN != "" {
				continue
			}
			if a < 0 || strings.Trim(s, "0123456789.") != "" || strings.Count(s, ".") > 1 {
				t.Fatalf("%q was taken for %d fen", s, a)
			}
			if again, why := Yuan.amount(a.Yuan()); again != a || why.EN != "" {
				t.Fatalf("%q is %d, written out %s, read again %d", s, a, a.Yuan(), again)
			}
		}
	})
}

// FuzzDates: what is taken for a date or time begins with its year, month and
// day; all else has a reason.
func FuzzDates(f *testing.F) {
	for _, s := range []string{"2026-11-19", "20261119", "2026/11/19", "46345", "46345.5", "2026-11-19 10:00", "2026-11-19 10:00:00", "2026-11-19T10:00:00+08:00", "0000-00-00", "99999.9999999999999", "25568.9999999"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, why := date(s)
		if (d == 0) == (why.EN == "") || (why.EN == "") != (why.ZH == "") {
			t.Fatalf("%q: day %s, reason %q", s, d, why.EN)
		}
		if d != 0 && s != d.String() && s != d.Compact() {
			t.Fatalf("%q was taken for %s", s, d)
		}
		at, why := instant(s, reconcile.Beijing)
		if at.IsZero() == (why.EN == "") {
			t.Fatalf("%q: time %s, reason %q", s, at, why.EN)
		}
		if why.EN == "" && !strings.HasPrefix(s, "20") && !strings.HasPrefix(s, "19") && at.Year() < 2100 && at.Year() > 1970 {
			t.Fatalf("%q was taken for %s", s, at)
		}
		for _, old := range []bool{false, true} {
			if at, ok := serialTime(s, old); ok && (at.Year() < 1970 || at.Year() > 2104 || at.Nanosecond() != 0) {
				t.Fatalf("%q was taken for %s", s, at.Format(time.DateTime))
			}
		}
	})
}

// FuzzStatus: a word is a status when it is one of the words that are mapped,
// but for blanks around it and the case of its letters; nothing is guessed.
func FuzzStatus(f *testing.F) {
	for _, s := range []string{"PAID", " paid", "已支付", "REFUND", "refunded ", "", "paid\x00", "PAİD", "ＰＡＩＤ"} {
		f.Add(s)
	}
	b, err := New(Source{Pattern: "x.csv"})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, cell string) {
		got, why := b.status(cell)
		if (got == "") == (why.EN == "") || (why.EN == "") != (why.ZH == "") {
			t.Fatalf("%q: status %q, reason %q", cell, got, why.EN)
		}
		if got == "" {
			return
		}
		if b.statuses[strings.TrimSpace(cell)] != got && !strings.EqualFold(strings.TrimSpace(cell), string(got)) && b.statuses[Fold(strings.TrimSpace(cell))] != got {
			t.Fatalf("%q was taken for %q", cell, got)
		}
		if again, _ := b.status(string(got)); again != got {
			t.Fatalf("%q is %q, which is %q", cell, got, again)
		}
	})
}
