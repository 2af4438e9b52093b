package reports

import (
	_ "embed"
	"fmt"
	"html/template"
	"os"
	"sort"
	"strings"

	"github.com/umsrecon/umsrecon/reconcile"
)

//go:embed page.html
var pageText string

// Page writes the summary of a run as one HTML page beside its workbook, for a
// mail or a phone: no script, nothing from outside, and it prints on one sheet.
func Page(workbook string, s reconcile.Summary, o Options) error {
	path := beside(workbook, ".html")
	b := &book{Options: o}
	t, err := template.New("page").Funcs(template.FuncMap{
		"say": b.say, "partRemark": func() string { return partRemark }, "instant": instant, "words": b.pickWords, "class": b.class, "kind": func(k reconcile.Kind) string { return b.say(kindWord(k)) },
		"code": b.code, "severity": b.severity, "yuan": grouped, "direction": func(k reconcile.Kind, f reconcile.Fen) string { return b.say(direction(k, reconcile.Some(f))) },
		"rule": reconcile.RuleOf, "state": b.runState, "band": func(a reconcile.AgeBand) string { return (&sheet{book: b}).band(a) },
		"minus": func(a, b reconcile.Fen) reconcile.Fen { return a - b }, "negative": func(f reconcile.Fen) bool { return f < 0 }, "broken": broken,
	}).Parse(pageText)
	if err == nil {
		err = o.put(path, func(f *os.File) error { return t.Execute(f, pageOf(s, b)) })
	}
	if err != nil {
		return fmt.Errorf("page %q: %w", path, err)
	}
	return nil
}

// page is what the template shows beside the summary.
type page struct {
	reconcile.Summary
	Options Options
	Lang    string
	Kinds   []pageKind
	Found   []reconcile.Code // codes of cases, gravest first, then most frequent
	Books   []reconcile.Class
}

// Good says whether nothing is missing from the figures.
func (p page) Good() bool {
	return p.Status == reconcile.RunComplete && p.ClassCounts()[reconcile.Unverified] == 0
}

// broken lets a code be broken behind its underscores, for a phone.
func broken(c reconcile.Code) template.HTML {
	return template.HTML(strings.ReplaceAll(template.HTMLEscapeString(string(c)), "_", "_<wbr>"))
}

type pageKind struct {
	Kind reconcile.Kind
	*reconcile.KindTotals
}

func pageOf(s reconcile.Summary, b *book) page {
	p := page{Summary: s, Options: b.Options, Lang: "zh-CN", Books: reconcile.Classes}
	if b.Language == EN {
		p.Lang = "en"
	}
	for _, k := range reconcile.Kinds {
		if t := s.Kinds[k]; t != nil {
			p.Kinds = append(p.Kinds, pageKind{k, t})
		}
	}
	for _, c := range byCount(s.Codes) {
		if reconcile.RuleOf(c).Severity.Discrepant() {
			p.Found = append(p.Found, c)
		}
	}
	sort.SliceStable(p.Found, func(i, j int) bool {
		return reconcile.RuleOf(p.Found[i]).Severity < reconcile.RuleOf(p.Found[j]).Severity
	})
	return p
}

// grouped is an amount in yuan with its thousands apart.
func grouped(f reconcile.Fen) string {
	text, sign := f.Yuan(), ""
	if text[0] == '-' {
		text, sign = text[1:], "−"
	}
	for i := len(text) - 6; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return sign + text
}
