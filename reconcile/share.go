package reconcile

import (
	"cmp"
	"fmt"
	"maps"
	"reflect"
	"slices"
)

// Share is the part of a run's figures that belongs to one merchant; it is kept
// with the run word for word. What belongs to no merchant (a bad row of books
// that several share, notices whose signature did not hold, the case of a source)
// has a share, too, under an empty MID: all shares together are the figures of
// the run.
type Share struct {
	MID         string               `json:"-"`
	Status      RunStatus            `json:"status"`
	Kinds       map[Kind]*KindTotals `json:"kinds,omitempty"`
	Codes       map[Code]Sum         `json:"codes,omitempty"`
	OwnCodes    map[Code]Sum         `json:"own_codes,omitempty"`
	NotCompared map[string]int64     `json:"not_compared,omitempty"`
	Cases       RollForward          `json:"cases"`
	Ageing      []AgeBand            `json:"ageing"`
	Alarms      []Words              `json:"alarms,omitempty"`
	LedgerEmpty bool                 `json:"ledger_empty,omitempty"`
	// Sharing: an order of the merchant stands in books that several share.
	Sharing bool `json:"sharing,omitempty"`
}

// ShareCases is how the cases of a merchant stand, and what became of them since
// the previous run.
type ShareCases struct {
	Opening            Sum // how they stood then
	Resolved, Reopened Sum // by people
	Pending            map[Day]Sum
}

// Of is the summary of a merchant's part: of the run itself it has what
// concerns everybody, and the sources that hold the merchant's books.
func (s Summary) Of(m Share) Summary {
	own := s
	own.Status, own.Alarms = cmp.Or(m.Status, s.Status), m.Alarms
	own.Kinds, own.Codes, own.OwnCodes, own.NotCompared = m.Kinds, m.Codes, m.OwnCodes, m.NotCompared
	own.Cases, own.Ageing = m.Cases, m.Ageing
	if own.Ageing == nil {
		own.Ageing = AgeBands()
	}
	own.LedgerEmpty = m.LedgerEmpty
	own.Queries, own.Judged, own.Discrepant, own.Pending = Queries{}, 0, 0, 0
	own.Loads, own.Statements, own.Invalid = s.loadsOf(m), nil, 0
	for _, l := range own.Loads {
		own.Invalid += l.Invalid
	}
	return own
}

// counted lets count add to the figures of the run, and to those of the merchant
// that it is about.
func (n *night) counted(mid string, count func(*Summary) error) error {
	err := count(&n.sum)
	if n.parts == nil || err != nil {
		return err
	}
	return count(n.part(mid))
}

func (n *night) part(mid string) *Summary {
	if n.parts[mid] == nil {
		n.parts[mid] = &Summary{}
	}
	return n.parts[mid]
}

// alarmOf is an alarm that concerns one merchant.
func (n *night) alarmOf(mid string, w Words) {
	n.alarm(w)
	n.told(mid, w)
}

// told says it on the merchant's first page alone.
func (n *night) told(mid string, w Words) {
	if n.parts != nil && mid != "" {
		n.part(mid).Alarms = append(n.part(mid).Alarms, w)
	}
}

// merchant is whose a case is. It does not change: what the database has of a
// case that no order carries goes before what is seen now.
func (s Sighting) merchant(before *Case) string {
	switch {
	case s.Order.MID != "":
		return s.Order.MID
	case s.Notified != "":
		return s.Notified
	case before != nil:
		return before.Key.MID
	}
	return s.Verdict.Key.MID
}

// shares balances the books of every merchant, proves that together they are
// those of the run, and keeps them.
func (b *book) shares() error {
	if b.parts == nil {
		return nil
	}
	stand, kept, err := b.out.Merchants()
	if err != nil {
		return err
	}
	for mid := range stand {
		b.part(mid)
	}
	b.part("")
	var all []Share
	for _, mid := range slices.Sorted(maps.Keys(b.parts)) {
		m, err := b.share(mid, stand[mid], kept)
		if err != nil {
			return fmt.Errorf("merchant %q: %w", mid, err)
		}
		if err := b.out.Share(m); err != nil {
			return err
		}
		all = append(all, m)
	}
	return b.sum.isOf(all)
}

// share closes the books of one merchant. Where the previous run kept none, the
// opening balance is what the others leave.
func (b *book) share(mid string, stand ShareCases, kept bool) (Share, error) {
	p := b.parts[mid]
	m := Share{MID: mid, Kinds: p.Kinds, Codes: p.Codes, OwnCodes: p.OwnCodes, NotCompared: p.NotCompared, Cases: p.Cases, Alarms: p.Alarms, LedgerEmpty: b.emptied[mid] || b.emptied[""], Sharing: b.sharing[mid]}
	var t tally
	t.merge(&m.Cases.Resolved, stand.Resolved)
	t.merge(&m.Cases.Reopened, stand.Reopened)
	var err error
	if m.Cases.Closing, m.Ageing, err = age(stand.Pending, b.today); err != nil || t.err != nil {
		return m, cmp.Or(err, t.err)
	}
	if m.Cases.Opening = stand.Opening; !kept {
		m.Cases.Opening = m.Cases.before()
	}
	if m.Cases.Closing.Count == 0 {
		m.Ageing = nil
	}
	b.state(&m, p.ClassCounts()[Unverified])
	return m, b.sum.Of(m).Check()
}

// state says whether a merchant's figures are complete: by its own orders, and
// by the sources that can hold its books.
func (b *book) state(m *Share, unverified int64) {
	of := b.sum.Of(*m)
	m.Status = RunComplete
	if unverified > 0 {
		m.Alarms = append(m.Alarms, words("本次对账不完整：%d 笔未核实", "the run is incomplete: %d orders are unverified", unverified))
	}
	if b.unread {
		m.Alarms = append(m.Alarms, words("有对账单未能读取，见全部商户的工作簿", "a statement could not be read, see the workbook of all merchants"))
	}
	if unverified > 0 || b.unread || of.LedgerEmpty || of.ControlMissed() || of.Suspected() {
		m.Status = RunIncomplete
	}
}

// before is the opening balance that closing and movements leave.
func (r RollForward) before() Sum {
	return Sum{
		Count: r.Closing.Count - r.New.Count - r.Reopened.Count + r.Cleared.Count + r.Resolved.Count,
		Fen:   r.Closing.Fen - r.New.Fen - r.Reopened.Fen - r.Revalued.Fen + r.Cleared.Fen + r.Resolved.Fen,
	}
}

// isOf proves that the shares are the figures of the run, to the order and to
// the fen; ErrBooksOpen says that they are not.
func (s Summary) isOf(all []Share) error {
	whole := Share{Kinds: map[Kind]*KindTotals{}, Codes: map[Code]Sum{}, OwnCodes: map[Code]Sum{}, NotCompared: map[string]int64{}, Ageing: AgeBands()}
	var t tally
	for _, m := range all {
		whole.merge(&t, m)
	}
	if t.err != nil {
		return t.err
	}
	for _, pair := range []struct {
		what       string
		whole, sum any
	}{
		{"codes", whole.Codes, s.Codes}, {"codes of the day", whole.OwnCodes, s.OwnCodes}, {"fields that were not compared", whole.NotCompared, s.NotCompared},
		{"orders", whole.Kinds, s.Kinds}, {"cases", whole.Cases, s.Cases}, {"ages", whole.Ageing, s.Ageing},
	} {
		if reflect.ValueOf(pair.sum).Kind() == reflect.Map && reflect.ValueOf(pair.sum).Len()+reflect.ValueOf(pair.whole).Len() == 0 {
			continue // one is nil, the other empty
		}
		if !reflect.DeepEqual(pair.whole, pair.sum) {
			return fmt.Errorf("%w: %s of the merchants do not add up to those of the run", ErrBooksOpen, pair.what)
		}
	}
	return nil
}

func (m *Share) merge(t *tally, o Share) {
	for kind, k := range o.Kinds {
		if m.Kinds[kind] == nil {
			m.Kinds[kind] = newKindTotals()
		}
		m.Kinds[kind].merge(t, k)
	}
	mergeAll(t, m.Codes, o.Codes)
	mergeAll(t, m.OwnCodes, o.OwnCodes)
	for field, n := range o.NotCompared {
		m.NotCompared[field] += n
	}
	r, q := &m.Cases, o.Cases
	for _, p := range []struct {
		into *Sum
		from Sum
	}{
		{&r.Opening, q.Opening}, {&r.New, q.New}, {&r.Reopened, q.Reopened}, {&r.Revalued, q.Revalued},
		{&r.Cleared, q.Cleared}, {&r.Resolved, q.Resolved}, {&r.Closing, q.Closing},
	} {
		t.merge(p.into, p.from)
	}
	for i, band := range o.Ageing {
		t.merge(&m.Ageing[i].Sum, band.Sum)
	}
}

func (k *KindTotals) merge(t *tally, o *KindTotals) {
	mergeAll(t, k.Classes, o.Classes)
	mergeAll(t, k.Carried, o.Carried)
	mergeAll(t, k.Bridge.ByCode, o.Bridge.ByCode)
	into := []*Sum{&k.Loaded, &k.Ledger, &k.UMS, &k.OwnLedger, &k.OwnUMS, &k.BuyerPay, &k.Coupon, &k.LedgerBuyerPay, &k.LedgerCoupon, &k.BuyerPayBeside, &k.CouponBeside,
		&k.Bridge.OneSided, &k.Bridge.Unverified, &k.Bridge.Waiting}
	from := []Sum{o.Loaded, o.Ledger, o.UMS, o.OwnLedger, o.OwnUMS, o.BuyerPay, o.Coupon, o.LedgerBuyerPay, o.LedgerCoupon, o.BuyerPayBeside, o.CouponBeside,
		o.Bridge.OneSided, o.Bridge.Unverified, o.Bridge.Waiting}
	for i := range into {
		t.merge(into[i], from[i])
	}
}

func mergeAll[K comparable](t *tally, into, from map[K]Sum) {
	for key, sum := range from {
		s := into[key]
		t.merge(&s, sum)
		into[key] = s
	}
}
