package reconcile

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// notice is a bill notice that agrees with the scene.
func (s *scene) notice(mod ...func(*Notice)) {
	s.set.ExpectNotices, s.pay.NoticesFrom = true, at("09:00:00")
	n := Notice{
		Kind: BillNotice, ID: "N1", Digest: "d", Verified: true, Path: NoticePath, ReceivedAt: at("10:00:05"), BillKey: s.pay.Order.BillKey,
		BillStatus: BillPaid, Status: FlowSuccess, Total: Some(1908), PaymentTotal: Some(1908), BuyerPay: Some(1800), Coupon: Some(108),
		PaidAt: at("10:00:00"), SettleDay: thursday + 1,
	}
	for _, m := range mod {
		m(&n)
	}
	s.pay.Notices = append(s.pay.Notices, n)
}

func (s *scene) deduction(mod ...func(*Notice)) {
	s.notice(append([]func(*Notice){func(n *Notice) {
		n.Kind, n.BillKey, n.BillStatus, n.PaymentTotal, n.Coupon = DeductionNotice, BillKey{MID: "m"}, "", Amount{}, Some(7)
		n.ContractID, n.ContractSigned, n.ContractEnds = "C", at("09:00:00"), at("11:00:00")
	}}, mod...)...)
}

func missingNotice(s *scene) {
	s.set.ExpectNotices, s.pay.NoticesFrom = true, at("10:00:00")
	s.now = at("10:00:01").Add(24 * time.Hour)
}

var noticePolarities = map[Code]polarity{
	NoticeMissing: {fires: missingNotice, close: func(s *scene) { missingNotice(s); s.now = at("10:00:00").Add(24 * time.Hour) }},
	NoticeNotApplied: {
		fires: func(s *scene) { s.pay.Order.Status = Unpaid; s.notice() },
		close: func(s *scene) { s.pay.Order.Status = Unpaid; s.notice(); s.pay.SnapshotAt = at("10:00:05") },
	},
	NoticePaidBillUnpaid: {fires: func(s *scene) { s.shows("UNPAID"); s.notice() }, close: func(s *scene) { s.shows("CLOSED"); s.notice() }},
	NoticeBillConflict: {
		fires: func(s *scene) { s.notice(func(n *Notice) { n.Total = Some(1907) }) },
		close: func(s *scene) { s.notice(func(n *Notice) { n.Total = Amount{} }) },
	},
	NoticeMutated: {
		fires: func(s *scene) { s.notice(func(n *Notice) { n.Changes = &Notice{ID: "N1", Total: Some(1)} }) },
		close: func(s *scene) { s.notice(); s.notice() },
	},
	DeductionWithoutContract: {
		fires: func(s *scene) { s.deduction(func(n *Notice) { n.ContractEnds = at("09:59:59") }) },
		close: func(s *scene) { s.deduction(func(n *Notice) { n.ContractEnds = at("10:00:00") }) },
	},
	PayScoreSyncDue: {
		fires: func(s *scene) { s.pay.Order.FenOrderID = "F" },
		close: func(s *scene) { s.pay.Order.FenOrderID = "F"; s.pay.Synced = at("12:00:00") },
	},
}

func init() {
	for code, p := range noticePolarities {
		polarities[code] = p
	}
}

func TestAgreeingNoticesSayNothing(t *testing.T) {
	for name, put := range map[string]func(*scene){
		"bill notice":      func(s *scene) { s.notice() },
		"deduction notice": func(s *scene) { s.deduction() },
		"a deduction's total after the discount": func(s *scene) {
			s.flow().Total = Some(1900)
			s.deduction(func(n *Notice) { n.Total = Some(1900) })
		},
		"both, twice": func(s *scene) { s.notice(); s.deduction(); s.notice() },
		"no source is configured, and everything is wrong": func(s *scene) {
			s.notice(func(n *Notice) {
				n.Total, n.SettleDay, n.Changes, n.ContractEnds = Some(1), thursday, &Notice{}, at("09:00:00")
			})
			s.set.ExpectNotices = false
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := agreed19()
			put(s)
			v := s.judge()[0]
			require.Empty(t, codes(v))
			require.True(t, v.Final)
			require.True(t, v.Facts.Noticed)
			require.Equal(t, s.set.ExpectNotices, v.Facts.NoticesAgree)
		})
	}
}

func TestNoticeRules(t *testing.T) {
	for name, c := range map[string]struct {
		put  func(*scene)
		want []Code
	}{
		"missing, but the merchant never had one": {func(s *scene) { missingNotice(s); s.pay.NoticesFrom = time.Time{} }, nil},
		"missing, but paid before the first one":  {func(s *scene) { missingNotice(s); s.pay.NoticesFrom = at("10:00:01") }, nil},
		"missing of a bill that is not paid":      {func(s *scene) { missingNotice(s); s.shows("CLOSED"); s.pay.Order.Status = Closed }, nil},
		"not applied, imported: paid before the books were taken": {func(s *scene) {
			s.pay.Order.Status, s.pay.SnapshotAt = Unpaid, at("10:00:01")
			s.notice(func(n *Notice) { n.Path, n.ReceivedAt = ImportPath, at("23:00:00") })
		}, []Code{LedgerUnpaidBillPaid, NoticeNotApplied}},
		"not applied to a closed order is another matter": {func(s *scene) { s.pay.Order.Status = Closed; s.notice() }, []Code{LedgerClosedBillPaid}},
		"a notice that is not of a payment": {func(s *scene) {
			s.pay.Order.Status = Unpaid
			s.shows("UNPAID")
			s.notice(func(n *Notice) { n.BillStatus, n.Status, n.PaidAt = BillUnpaid, FlowNew, time.Time{} })
		}, []Code{UnpaidWaiting}},
		"a status that nobody knows is not paid": {func(s *scene) {
			s.shows("UNPAID")
			s.notice(func(n *Notice) { n.Status = "SOMETHING" })
		}, []Code{LedgerPaidBillUnpaid}},
		"paid by a notice, unknown to UMS": {func(s *scene) { s.shows("NO_ORDER"); s.notice() }, []Code{BillNotFound, NoticePaidBillUnpaid}},
		"settle date differs":              {func(s *scene) { s.notice(func(n *Notice) { n.SettleDay = thursday }) }, []Code{NoticeBillConflict}},
		"settle date absent":               {func(s *scene) { s.notice(func(n *Notice) { n.SettleDay = 0 }) }, nil},
		"buyer paid differs":               {func(s *scene) { s.notice(func(n *Notice) { n.BuyerPay = Some(1) }) }, []Code{NoticeBillConflict}},
		"payment total differs":            {func(s *scene) { s.notice(func(n *Notice) { n.PaymentTotal = Some(1) }) }, []Code{NoticeBillConflict}},
		"an earlier notice contradicts":    {func(s *scene) { s.notice(func(n *Notice) { n.Total = Some(1) }); s.notice() }, []Code{NoticeBillConflict}},
		"a deduction's coupon is another quantity": {func(s *scene) {
			s.pay.Order.Coupon = Some(108)
			s.flow().Coupon = Amount{}
			s.deduction()
		}, []Code{FieldNotCompared}},
		"the coupon of a bill notice stands in": {func(s *scene) {
			s.pay.Order.Coupon = Some(107)
			s.flow().Coupon = Amount{}
			s.notice()
		}, []Code{CouponMismatch}},
		"a refund that only a notice shows": {func(s *scene) { s.notice(func(n *Notice) { n.Refund = Some(900) }) }, []Code{RefundNotInLedger}},
		"more was refunded than the ledger has": {func(s *scene) {
			s.shows("REFUND")
			s.refund(Success, "SUCCESS")
			s.notice(func(n *Notice) { n.Refund = Some(901) })
		}, []Code{RefundNotInLedger}},
		"a refund of nothing": {func(s *scene) { s.notice(func(n *Notice) { n.Refund = Some(0) }) }, nil},
		"a refund that the ledger has": {func(s *scene) {
			s.shows("REFUND")
			s.refund(Success, "SUCCESS")
			s.notice(func(n *Notice) { n.Refund = Some(900) })
		}, nil},
		"deducted before the contract was signed": {func(s *scene) { s.deduction(func(n *Notice) { n.ContractSigned = at("10:00:01") }) }, []Code{DeductionWithoutContract}},
		"a contract without dates": {func(s *scene) {
			s.deduction(func(n *Notice) { n.ContractSigned, n.ContractEnds = time.Time{}, time.Time{} })
		}, nil},
		"a closed contract, not matched": {func(s *scene) { s.deduction(func(n *Notice) { n.Contract.ClosedAt = at("09:30:00") }) }, nil},
		"a closed contract, matched": {func(s *scene) {
			s.deduction(func(n *Notice) { n.Contract.ClosedAt = at("09:30:00") })
			s.set.MatchContracts = true
		}, []Code{DeductionWithoutContract}},
		"never signed": {func(s *scene) {
			s.deduction(func(n *Notice) { n.Contract.Since = at("08:00:00") })
			s.set.MatchContracts, s.set.ContractNotices = true, true
		}, []Code{DeductionWithoutContract}},
		"never signed, but before contract notices came": {func(s *scene) {
			s.deduction(func(n *Notice) { n.Contract.Since = at("09:00:00") })
			s.set.MatchContracts, s.set.ContractNotices = true, true
		}, nil},
		"never signed, but no contract notices are configured": {func(s *scene) {
			s.deduction(func(n *Notice) { n.Contract.Since = at("08:00:00") })
			s.set.MatchContracts = true
		}, nil},
		"held out of matching, changed all the same": {func(s *scene) {
			s.pay.Conflicting = true
			s.notice(func(n *Notice) { n.Changes = &Notice{}; n.Total = Some(1) })
		}, []Code{NoticeMutated, LedgerDuplicateKey}},
		"unpaid pay-score order": {func(s *scene) { s.pay.Order.FenOrderID = "F"; s.shows("UNPAID") }, []Code{LedgerPaidBillUnpaid}},
	} {
		t.Run(name, func(t *testing.T) {
			s := agreed19()
			c.put(s)
			require.Equal(t, c.want, codes(s.judge()[0]))
		})
	}
}

func TestNoticesKeepAnOrderOpenUntilOneCame(t *testing.T) {
	s := agreed19()
	missingNotice(s)
	s.now = nightly
	v := s.judge()[0]
	require.Equal(t, Matched, v.Class)
	require.False(t, v.Final, "one may still be missed")
}

// TestNoticeCasesClear has for each code the world in which its case may clear,
// and one in which the condition is gone and it may not.
func TestNoticeCasesClear(t *testing.T) {
	for code, c := range map[Code]struct{ cleared, stays func(*scene) }{
		NoticeMissing:            {func(s *scene) { s.notice() }, func(s *scene) { s.shows("UNPAID") }},
		NoticeNotApplied:         {func(s *scene) { s.notice() }, func(s *scene) { s.notice(); s.pay.Order.Status = Closed }},
		NoticePaidBillUnpaid:     {func(s *scene) { s.notice() }, func(s *scene) { s.notice(); s.shows("CLOSED") }},
		NoticeBillConflict:       {func(s *scene) { s.notice() }, func(s *scene) { s.notice(); s.shows("UNPAID") }},
		DeductionWithoutContract: {func(s *scene) { s.deduction() }, func(s *scene) { s.deduction(); s.set.ExpectNotices = false }},
		NoticeMutated:            {nil, func(*scene) {}},
		PayScoreSyncDue: {
			func(s *scene) { s.pay.Order.FenOrderID, s.pay.Synced = "F", at("12:00:00") },
			func(s *scene) { s.pay.Order.FenOrderID = "" },
		},
	} {
		t.Run(string(code), func(t *testing.T) {
			s := agreed19()
			polarities[code].fires(s)
			v := s.judge()[0]
			f := v.Findings[slices.Index(codes(v), code)]
			before, _, _ := Observe(nil, Sighting{Finding: &f, Verdict: v, Order: s.pay.Order, Today: thursday + 1})
			for state, put := range map[State]func(*scene){StateCleared: c.cleared, StateOpen: c.stays} {
				if put == nil {
					continue
				}
				s := agreed19()
				put(s)
				v := s.judge()[0]
				require.NotContains(t, codes(v), code)
				now, _, _ := Observe(&before, Sighting{Verdict: v, Order: s.pay.Order, Today: thursday + 2})
				require.Equal(t, state, now.State)
			}
		})
	}
}

func TestNoticesThatNoOrderCarries(t *testing.T) {
	bill := func(mod ...func(*NoticeSighting, *Notice)) NoticeSighting {
		s := agreed19()
		s.notice()
		n := NoticeSighting{Payment: "billNo B", Notices: s.pay.Notices, Looked: true}
		for _, m := range mod {
			m(&n, &n.Notices[0])
		}
		return n
	}
	set := DefaultSettings()
	set.ExpectNotices = true
	for name, c := range map[string]struct {
		n    NoticeSighting
		want []Code
	}{
		"the ledger has no such order": {bill(), []Code{LedgerNotFound}},
		"the books do not tell yet":    {bill(func(s *NoticeSighting, _ *Notice) { s.Looked = false }), nil},
		"it belongs to an order":       {bill(func(s *NoticeSighting, n *Notice) { s.Placed = true; n.Changes = &Notice{} }), nil},
		"it is not of a payment":       {bill(func(_ *NoticeSighting, n *Notice) { n.BillStatus = BillUnpaid }), nil},
		"it came again, changed":       {bill(func(_ *NoticeSighting, n *Notice) { n.Changes = &Notice{} }), []Code{LedgerNotFound, NoticeMutated}},
		"it came three times, changed twice": {bill(func(s *NoticeSighting, n *Notice) {
			s.Notices = append(s.Notices, *n, *n)
			s.Notices[1].Changes, s.Notices[2].Changes = &Notice{}, &Notice{}
		}), []Code{LedgerNotFound, NoticeMutated}},
		"its signature does not hold":   {NoticeSighting{Notices: make([]Notice, 1), Unproven: Unproven{Day: thursday, Path: NoticePath, Count: 2}}, []Code{NoticeUnverified}},
		"deducted outside its contract": {bill(func(_ *NoticeSighting, n *Notice) { n.Kind, n.ContractEnds = DeductionNotice, at("09:00:00") }), []Code{LedgerNotFound, DeductionWithoutContract}},
		"deducted, and given back":      {bill(func(_ *NoticeSighting, n *Notice) { n.Kind, n.Status = DeductionNotice, FlowClosed }), []Code{LedgerNotFound}},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.want, codes(Verdict{Findings: JudgeNotices(c.n, set)}))
			for _, f := range JudgeNotices(c.n, set) {
				require.NotContains(t, f.Reason.ZH+f.Reason.EN, "%!")
			}
		})
	}
	set.ExpectNotices = false
	require.Equal(t, []Code{LedgerNotFound}, codes(Verdict{Findings: JudgeNotices(bill(func(_ *NoticeSighting, n *Notice) { n.Changes = &Notice{} }), set)}), "missing in the ledger is no matter of the source")
}

func TestNoticeCaseIDs(t *testing.T) {
	sighting := func(n Notice) NoticeSighting {
		n.MID = "m"
		return NoticeSighting{Payment: n.PaymentName(), Notices: []Notice{n}}
	}
	id := func(s NoticeSighting) string { return s.NoticeCaseID(LedgerNotFound) }
	bill := sighting(Notice{Kind: BillNotice, ID: "N", Digest: "a", MerOrderID: "M", BillKey: BillKey{BillNo: "B"}})
	deduction := sighting(Notice{Kind: DeductionNotice, ID: "D", Digest: "b", MerOrderID: "M"})
	require.Equal(t, id(bill), id(deduction), "one payment, whoever tells of it")
	unverified := sighting(Notice{ID: "N"})
	unverified.Unproven = Unproven{Day: thursday, Path: NoticePath, Count: 1}
	more := unverified
	more.Unproven.Count, more.Notices = 9, []Notice{{}}
	require.Equal(t, id(unverified), id(more))
	ids := map[string]bool{id(bill): true, id(unverified): true}
	for _, n := range []Notice{{PaySeqID: "M"}, {TargetOrderID: "M"}, {BillKey: BillKey{BillNo: "M"}}, {ID: "M"}, {Digest: "M"}} {
		ids[id(sighting(n))] = true
	}
	require.Len(t, ids, 7)
}
