package reconcile

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Remedy is what a person decided about a case (处理方式).
type Remedy struct {
	ZH, EN string
	// Two marks what needs a second person whatever the severity.
	Two bool
}

// Remedies are all that a person can decide.
var Remedies = []Remedy{
	{ZH: "补单", EN: "book"}, {ZH: "退款", EN: "refund"}, {ZH: "调账", EN: "adjust"},
	{ZH: "以渠道为准", EN: "trust-ums"}, {ZH: "以台账为准", EN: "trust-ledger"}, {ZH: "渠道更正", EN: "ums-corrects"},
	{ZH: "跨日说明", EN: "cross-day"}, {ZH: "核销", EN: "write-off", Two: true}, {ZH: "豁免", EN: "waive", Two: true}, {ZH: "其他", EN: "other"},
}

// ParseRemedy reads a remedy in either language.
func ParseRemedy(s string) (Remedy, bool) {
	i := slices.IndexFunc(Remedies, func(o Remedy) bool { return s == o.ZH || strings.EqualFold(s, o.EN) })
	if i < 0 {
		return Remedy{}, false
	}
	return Remedies[i], true
}

// Decision is what a person says about a case.
type Decision struct {
	Remedy Remedy // of a resolution
	Note   string
	By     string // who; names are compared without regard to spelling, see samePerson
	User   string // of the system; kept beside
	At     time.Time
	On     Day // it was done, where that was said; kept with the event
	// Reviewed: somebody else approves or rejects it, whatever the case.
	Reviewed bool
}

// Errors of decisions. The first three are about the case, the others about
// what was said.
var (
	ErrNotOpen     = errors.New("the case is not open")
	ErrNotProposed = errors.New("the case is not proposed")
	ErrSamePerson  = errors.New("it takes another person")
	ErrNobody      = errors.New("it must be said who decides")
	ErrNoNote      = errors.New("a note must say why")
)

// Resolve records a person's outcome. A grave case, a write-off and a waiver
// are only proposed: somebody else approves them. The tool never edits the
// ledger, and the resolution holds while the facts stay as they are.
func Resolve(c Case, d Decision) (Case, Event, error) {
	switch {
	case c.State != StateOpen:
		return c, Event{}, fmt.Errorf("%w: it is %s", ErrNotOpen, c.State)
	case d.person() == "":
		return c, Event{}, ErrNobody
	case strings.TrimSpace(d.Note) == "":
		return c, Event{}, ErrNoNote
	}
	was := c.State
	c.Outcome, c.Note, c.By, c.Reviewer = d.Remedy.ZH, strings.TrimSpace(d.Note), d.person(), ""
	c.State = StateResolved
	kind := EventResolved
	if c.Severity == S1 || d.Remedy.Two || d.Reviewed {
		c.State, kind = StateProposed, EventProposed
	}
	return c, d.event(c, was, kind, d.says()), nil
}

// says is a resolution in a sentence.
func (d Decision) says() Words {
	note := strings.TrimSpace(d.Note)
	w := Words{ZH: d.Remedy.ZH + "：" + note, EN: d.Remedy.EN + ": " + note}
	if d.On != 0 {
		w.ZH, w.EN = w.ZH+"（处理日期 "+d.On.String()+"）", w.EN+" (done on "+d.On.String()+")"
	}
	return w
}

// Approve makes a proposed resolution hold. The reviewer is not the proposer.
func Approve(c Case, d Decision) (Case, Event, error) {
	if err := d.reviews(c); err != nil {
		return c, Event{}, err
	}
	c.State, c.Reviewer = StateResolved, d.person()
	return c, d.event(c, StateProposed, EventResolved, Words{ZH: "复核同意：" + d.Note, EN: "approved: " + d.Note}), nil
}

// Reject opens a proposed case again. The reviewer is not the proposer.
func Reject(c Case, d Decision) (Case, Event, error) {
	if err := d.reviews(c); err != nil {
		return c, Event{}, err
	}
	c.State, c.Outcome, c.Note, c.By, c.Reviewer = StateOpen, "", "", "", ""
	return c, d.event(c, StateProposed, EventRejected, Words{ZH: "复核驳回：" + d.Note, EN: "rejected: " + d.Note}), nil
}

func (d Decision) reviews(c Case) error {
	switch {
	case c.State != StateProposed:
		return fmt.Errorf("%w: it is %s", ErrNotProposed, c.State)
	case d.person() == "":
		return ErrNobody
	case samePerson(d.By, c.By):
		return fmt.Errorf("%w: %s has proposed it", ErrSamePerson, c.By)
	}
	return nil
}

// person is the name as it is kept; empty where nothing of it can be seen.
func (d Decision) person() string {
	if bareName(d.By) == "" {
		return ""
	}
	return strings.TrimSpace(d.By)
}

// samePerson compares names without regard to case, blanks, width, or what
// cannot be seen: two pairs of eyes are not one that spells itself differently.
func samePerson(a, b string) bool { return strings.EqualFold(bareName(a), bareName(b)) }

func bareName(name string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) || unicode.IsControl(r) {
			return -1
		}
		return r
	}, norm.NFKC.String(name))
}

func (d Decision) event(c Case, was State, kind EventKind, why Words) Event {
	by := d.person()
	if d.User != "" {
		by += " (" + d.User + ")"
	}
	why = Words{ZH: strings.TrimSuffix(why.ZH, "："), EN: strings.TrimSuffix(why.EN, ": ")}
	return Event{CaseID: c.ID, At: d.At, Kind: kind, State: c.State, Was: was, Stake: c.Stake, By: by, Reason: why, Facts: c.Facts}
}
