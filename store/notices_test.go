package store

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/umsrecon/umsrecon/reconcile"
)

const mid = "898340149000005"

// billNotice is a verified notice about the bill of payment(billNo), received
// when it was paid.
func billNotice(id, billNo string) reconcile.Notice {
	at := now.Add(-12 * time.Hour)
	return reconcile.Notice{
		Kind: reconcile.BillNotice, ID: id, Digest: "digest-" + id, Verified: true, Path: reconcile.NoticePath, ReceivedAt: at, LastAt: at,
		BillKey: payment(billNo).BillKey, BillStatus: reconcile.BillPaid, Status: reconcile.FlowSuccess, Total: reconcile.Some(1908), PaidAt: at, SettleDay: day + 1,
		Raw: []byte(`{}`),
	}
}

func deduction(id string) reconcile.Notice {
	n := billNotice(id, "")
	n.Kind, n.BillKey, n.BillStatus = reconcile.DeductionNotice, reconcile.BillKey{MID: mid}, ""
	return n
}

func keep(t *testing.T, db *DB, notices ...reconcile.Notice) []Kept {
	t.Helper()
	kept, err := db.SaveNotices(t.Context(), notices)
	require.NoError(t, err)
	return kept
}

func TestNoticesRoundTrip(t *testing.T) {
	db := open(t)
	whole := billNotice("n1", "1")
	whole.MerOrderID, whole.PaySeqID, whole.TargetOrderID, whole.TargetSys = "m", "s", "t", "WXPay"
	whole.PaymentTotal, whole.BuyerPay, whole.Coupon, whole.Refund = reconcile.Some(1900), reconcile.Some(0), reconcile.Some(8), reconcile.Some(1)
	whole.ContractID, whole.ContractSigned, whole.ContractEnds, whole.ServiceID = "c", now, now.Add(time.Hour), "svc"
	whole.ContractOpen, whole.ContractAt, whole.Why = true, now, "field"
	bare := reconcile.Notice{Path: reconcile.NoticePath, ReceivedAt: now, LastAt: now, Why: "not a notice"}
	require.Equal(t, []Kept{KeptNew, KeptUnverified}, keep(t, db, whole, bare))
	require.Equal(t, []reconcile.Notice{whole, bare}, collect(t, db.Notices(t.Context(), NoticeFilter{})))
	require.Len(t, collect(t, db.Notices(t.Context(), NoticeFilter{Day: day})), 1)
	require.Len(t, collect(t, db.Notices(t.Context(), NoticeFilter{Day: day + 1})), 1)
	require.Empty(t, collect(t, db.Notices(t.Context(), NoticeFilter{Day: day + 2})))
	require.Len(t, collect(t, db.Notices(t.Context(), NoticeFilter{MID: mid})), 1)
}

func TestARepeatedNoticeIsStoredOnce(t *testing.T) {
	db := open(t)
	n := billNotice("n1", "1")
	require.Equal(t, []Kept{KeptNew}, keep(t, db, n))
	n.ReceivedAt = now
	require.Equal(t, []Kept{KeptRepeated, KeptRepeated}, keep(t, db, n, n))
	got := collect(t, db.Notices(t.Context(), NoticeFilter{}))
	require.Len(t, got, 1)
	require.EqualValues(t, 2, got[0].Repeats)
	require.Equal(t, now.Add(-12*time.Hour), got[0].ReceivedAt)
	require.Equal(t, now, got[0].LastAt)

	other := n
	other.Digest = "another"
	elsewhere := n
	elsewhere.MID = "another merchant"
	nameless := n
	nameless.ID, nameless.Digest = "", "x"
	alsoNameless := n
	alsoNameless.ID, alsoNameless.Digest = "", "y"
	require.Equal(t, []Kept{KeptChanged, KeptRepeated, KeptNew, KeptNew, KeptNew, KeptRepeated}, keep(t, db, other, n, elsewhere, nameless, alsoNameless, nameless))
	require.Equal(t, 5, count(t, db, "notices"))
	require.Equal(t, 1, count(t, db, "notices WHERE changes = 1"))
}

// TestUnverifiedNoticesStandApart: they neither block a genuine notice of the
// same id nor make it look changed, and cannot fill the disk.
func TestUnverifiedNoticesStandApart(t *testing.T) {
	db := open(t)
	forged := billNotice("n1", "1")
	forged.Verified, forged.Why, forged.Digest, forged.ReceivedAt = false, "the signature does not hold", "forged", now
	for range unverifiedRows + 20 {
		require.Equal(t, []Kept{KeptUnverified}, keep(t, db, forged))
	}
	counted := forged
	counted.Repeats = 4
	require.Equal(t, []Kept{KeptUnverified}, keep(t, db, counted))
	require.Equal(t, unverifiedRows, count(t, db, "notices"))
	require.Equal(t, []Kept{KeptNew}, keep(t, db, billNotice("n1", "1")))
	forged.ReceivedAt = now.Add(24 * time.Hour)
	require.Equal(t, []Kept{KeptUnverified}, keep(t, db, forged))
	forged.Path = reconcile.ImportPath
	require.Equal(t, []Kept{KeptUnverified}, keep(t, db, forged))

	run := begin(t, db, day)
	var groups []reconcile.Unproven
	require.NoError(t, db.Publish(t.Context(), run, func(p reconcile.Publication) error {
		s := scope(run)
		s.Now = now.Add(48 * time.Hour)
		return p.Notices(s, func(n reconcile.NoticeSighting) error {
			if n.Unproven.Count > 0 {
				require.Equal(t, "the signature does not hold", n.Notices[0].Why)
				groups = append(groups, n.Unproven)
			}
			return nil
		})
	}))
	next := now.Add(24 * time.Hour)
	require.Equal(t, []reconcile.Unproven{
		{Day: day + 1, Path: "notice", Count: unverifiedRows + 20 + 5, First: now, Last: now},
		{Day: day + 2, Path: "import", Count: 1, First: next, Last: next},
		{Day: day + 2, Path: "notice", Count: 1, First: next, Last: next},
	}, groups)
}

func tied(t *testing.T, db *DB, s reconcile.Scope, o reconcile.Order) (ids []string) {
	t.Helper()
	for _, n := range subjects(t, db, s)[o.Key].Notices {
		ids = append(ids, n.ID)
	}
	return ids
}

func TestABillNoticeBelongsToItsBill(t *testing.T) {
	db := open(t)
	run := begin(t, db, day)
	one, two := payment("1"), payment("2")
	other := billNotice("of another terminal", "1")
	other.TID = "00000009"
	forged := billNotice("forged", "1")
	forged.Verified = false
	keep(t, db, billNotice("n2", "2"), billNotice("n1", "1"), other, forged)
	require.NoError(t, db.TieNotices(t.Context(), scope(run), true))
	load(t, db, run, "a", one, two, refund("1", "R"))
	require.Empty(t, tied(t, db, scope(run), one))
	require.NoError(t, db.TieNotices(t.Context(), scope(run), true), "the order came after the notice")
	require.Equal(t, []string{"n1"}, tied(t, db, scope(run), one))
	require.Equal(t, []string{"n2"}, tied(t, db, scope(run), two))
	notices, err := db.NoticesOf(t.Context(), two.BillKey)
	require.NoError(t, err)
	require.Len(t, notices, 1)
	require.Equal(t, "n2", notices[0].ID)
	require.Empty(t, tied(t, db, scope(run), refund("1", "R")), "they stand on the payment")
	require.Equal(t, now.Add(-12*time.Hour), subjects(t, db, scope(run))[one.Key].NoticesFrom)
}

func TestADeductionBelongsToTheBillThatNamesIt(t *testing.T) {
	other := payment("2")
	other.MerOrderID = "M-ledger"
	for name, tt := range map[string]struct {
		change func(*reconcile.Notice)
		want   string
	}{
		"merOrderId of the payment":  {func(n *reconcile.Notice) { n.MerOrderID = "M-pay" }, "1"},
		"merOrderId of a refund":     {func(n *reconcile.Notice) { n.MerOrderID = "M-refund" }, "1"},
		"its reference":              {func(n *reconcile.Notice) { n.PaySeqID = "seq" }, "1"},
		"its channel order":          {func(n *reconcile.Notice) { n.TargetOrderID = "T-pay" }, "1"},
		"the ledger's mer_order_id":  {func(n *reconcile.Notice) { n.MerOrderID = "M-ledger" }, "2"},
		"the bill before the ledger": {func(n *reconcile.Notice) { n.MerOrderID, n.PaySeqID = "M-ledger", "seq" }, "1"},
		"another merchant's":         {func(n *reconcile.Notice) { n.MerOrderID, n.MID = "M-pay", "another" }, ""},
		"nothing":                    {func(*reconcile.Notice) {}, ""},
		"nobody's":                   {func(n *reconcile.Notice) { n.MerOrderID, n.PaySeqID, n.TargetOrderID = "x", "y", "z" }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			db := open(t)
			run := begin(t, db, day)
			load(t, db, run, "a", payment("1"), other, refund("1", "R"))
			answer := paid("seq")
			answer.Bill.Payment.MerOrderID, answer.Bill.Payment.TargetOrderID = "M-pay", "T-pay"
			save(t, db, run, payment("1").Key, answer)
			answer.Bill.Refund = reconcile.Flow{Present: true, Status: "SUCCESS", MerOrderID: "M-refund"}
			save(t, db, run, refund("1", "R").Key, answer)
			n := deduction("n")
			tt.change(&n)
			keep(t, db, n)
			require.NoError(t, db.TieNotices(t.Context(), scope(run), true))
			require.Empty(t, tied(t, db, scope(run), payment("2")), "an answer may still name its bill")
			require.NoError(t, db.TieNotices(t.Context(), scope(run), false))
			for _, billNo := range []string{"1", "2"} {
				require.Equal(t, billNo == tt.want, len(tied(t, db, scope(run), payment(billNo))) == 1, billNo)
			}
		})
	}
}

// A notice opens a final order, but only where it will still be asked.
func TestANoticeOpensAFinalOrder(t *testing.T) {
	db := open(t)
	run := begin(t, db, day)
	o := payment("1")
	load(t, db, run, "a", o)
	save(t, db, run, o.Key, paid("seq"))
	publish(t, db, run, final(o))
	next := begin(t, db, day+1)
	s := scope(next)
	s.Day = day + 1
	keep(t, db, billNotice("n1", "1"))
	late := s
	late.Now = now.Add(-24 * time.Hour)
	require.NoError(t, db.TieNotices(t.Context(), late, true))
	require.True(t, isFinal(t, db, o.Key), "it came in after the run began")
	require.NoError(t, db.TieNotices(t.Context(), s, true))
	require.False(t, isFinal(t, db, o.Key))
	publish(t, db, next, final(o))
	require.Equal(t, []Kept{KeptRepeated}, keep(t, db, billNotice("n1", "1")))
	require.NoError(t, db.TieNotices(t.Context(), s, true))
	require.True(t, isFinal(t, db, o.Key), "a repeat says nothing new")
}

func TestNoticesCarryWhatIsStoredBesideThem(t *testing.T) {
	db := open(t)
	run := begin(t, db, day)
	load(t, db, run, "a", payment("1"))
	changed := billNotice("n1", "1")
	changed.Digest, changed.Total, changed.ReceivedAt = "other", reconcile.Some(1907), now
	contract := func(id string, open bool, at time.Time) reconcile.Notice {
		return reconcile.Notice{
			Kind: reconcile.ContractNotice, ID: id, Digest: id, Verified: true, Path: reconcile.ContractPath, ReceivedAt: at,
			BillKey: reconcile.BillKey{MID: mid}, ContractID: "C", ContractOpen: open, ContractAt: at,
		}
	}
	pay := now.Add(-12 * time.Hour)
	d := deduction("d")
	d.ContractID, d.MerOrderID = "C", "M"
	keep(t, db, billNotice("n1", "1"), changed, d, contract("open", true, pay.Add(-48*time.Hour)), contract("close", false, pay.Add(-24*time.Hour)), contract("later", true, pay.Add(time.Hour)))
	require.NoError(t, db.TieNotices(t.Context(), scope(run), true))
	got := subjects(t, db, scope(run))[payment("1").Key].Notices
	require.Len(t, got, 2)
	require.Nil(t, got[0].Changes)
	require.Equal(t, reconcile.Some(1908), got[1].Changes.Total)
	require.Equal(t, reconcile.BillPaid, got[1].Changes.BillStatus)

	require.NoError(t, db.Publish(t.Context(), run, func(p reconcile.Publication) error {
		return p.Notices(scope(run), func(n reconcile.NoticeSighting) error {
			require.Equal(t, "d", n.Notices[0].ID)
			require.Equal(t, reconcile.ContractHistory{Opened: true, ClosedAt: pay.Add(-24 * time.Hour), Since: pay.Add(-48 * time.Hour)}, n.Notices[0].Contract)
			return nil
		})
	}))
}

// homeless lists the notices that no order carries: whether the books should
// have them, and their cases.
func homeless(t *testing.T, db *DB, run string) map[string]string {
	t.Helper()
	seen := map[string]string{}
	require.NoError(t, db.Publish(t.Context(), run, func(p reconcile.Publication) error {
		return p.Notices(scope(run), func(n reconcile.NoticeSighting) error {
			seen[n.Notices[0].ID] = fmt.Sprintf("looked %v placed %v appeared %v cases %d", n.Looked, n.Placed, n.Appeared, len(n.Cases))
			return nil
		})
	}))
	return seen
}

func TestNoticesWithoutAnOrder(t *testing.T) {
	db := open(t)
	run := begin(t, db, day)
	late := billNotice("after the books were taken", "7")
	late.PaidAt = now.Add(time.Hour - 24*time.Hour)
	keep(t, db, billNotice("bill", "9"), deduction("deduction"), late)
	never := map[string]string{}
	for _, id := range []string{"bill", "deduction", "after the books were taken"} {
		never[id] = "looked false placed false appeared false cases 0"
	}
	require.Equal(t, never, homeless(t, db, run), "no books of the day yet")

	books := reconcile.Load{Day: day, SnapshotAt: now.Add(-2 * time.Hour), SHA256: "00"}
	late.PaidAt = now.Add(-time.Hour)
	_, err := loadAt(t.Context(), db, run, "a", now, books, payment("1"))
	require.NoError(t, err)
	seen := homeless(t, db, run)
	require.Equal(t, "looked true placed false appeared false cases 0", seen["bill"])
	require.Equal(t, "looked false placed false appeared false cases 0", seen["deduction"], "bill 1 has no answer and could be the one")
	save(t, db, run, payment("1").Key, paid("seq"))
	require.NoError(t, db.Publish(t.Context(), run, func(p reconcile.Publication) error {
		return p.Verdict(reconcile.Verdict{Key: payment("1").Key, Class: reconcile.Unverified})
	}))
	require.Equal(t, "looked false placed false appeared false cases 0", homeless(t, db, run)["deduction"], "it was answered once, but not tonight")
	require.NoError(t, db.Publish(t.Context(), run, func(p reconcile.Publication) error { return p.Verdict(final(payment("1"))) }))
	require.Equal(t, "looked true placed false appeared false cases 0", homeless(t, db, run)["deduction"])

	early := reconcile.Load{Day: day, SnapshotAt: now.Add(-13 * time.Hour), SHA256: "00"}
	_, err = loadAt(t.Context(), db, run, "b", now, early, payment("2"))
	require.NoError(t, err)
	require.Equal(t, "looked false placed false appeared false cases 0", homeless(t, db, run)["bill"], "one source was taken before the payment")
}

func TestACaseOfANoticeFollowsItsOrder(t *testing.T) {
	db := open(t)
	run := begin(t, db, day)
	load(t, db, run, "a", payment("1"))
	keep(t, db, billNotice("n", "9"))
	require.NoError(t, db.Publish(t.Context(), run, func(p reconcile.Publication) error {
		return p.Notices(scope(run), func(n reconcile.NoticeSighting) error {
			return put(p, reconcile.Case{
				ID: "Dcase", Code: reconcile.LedgerNotFound, Severity: reconcile.S1, State: reconcile.StateOpen, LedgerDay: day,
				FirstSeen: day, LastSeen: day, Times: 1, UMS: reconcile.Some(1908),
			})
		})
	}))
	line, _, err := db.Case(t.Context(), "Dcase")
	require.NoError(t, err)
	require.Equal(t, "9", line.Case.Key.BillNo)
	require.Equal(t, "n", line.Notice.ID)
	require.Equal(t, reconcile.Order{}, line.Order)

	load(t, db, run, "a", payment("1"), payment("9"))
	require.NoError(t, db.TieNotices(t.Context(), scope(run), true))
	require.Equal(t, "looked true placed true appeared false cases 1", homeless(t, db, run)["n"], "the order is there, and not judged yet")
	publish(t, db, run, final(payment("9")))
	require.Equal(t, "looked true placed true appeared true cases 1", homeless(t, db, run)["n"])
	line, _, err = db.Case(t.Context(), reconcile.CaseID(payment("9").Key, "X"))
	require.ErrorIs(t, err, ErrNoCase)
	require.Empty(t, line)
}

// Books without a row, beside days that have some, are a broken export.
func TestNothingIsMissingInABrokenExport(t *testing.T) {
	db := open(t)
	run := begin(t, db, day)
	keep(t, db, billNotice("bill", "9"))
	_, err := loadAt(t.Context(), db, run, "today", now, reconcile.Load{Day: day, SnapshotAt: now, SHA256: "00"})
	require.NoError(t, err)
	require.Equal(t, "looked true placed false appeared false cases 0", homeless(t, db, run)["bill"], "nothing was sold on the days beside it, either")
	_, err = loadAt(t.Context(), db, run, "yesterday", now, reconcile.Load{Day: day - 1, SnapshotAt: now, SHA256: "00"}, onDay("1", day-1))
	require.NoError(t, err)
	require.Equal(t, "looked false placed false appeared false cases 0", homeless(t, db, run)["bill"])
}

// A notice that came when the ledger had the refund alone is the payment's when
// that comes.
// A refund in the ledger does not book its payment; a completion does.
func TestANoticeBelongsToAPaymentOrACompletion(t *testing.T) {
	db := open(t)
	run := begin(t, db, day)
	load(t, db, run, "a", refund("1", "R"), completion("2", "C"))
	save(t, db, run, refund("1", "R").Key, paid("seq"))
	deducted := deduction("d")
	deducted.PaySeqID = "seq"
	keep(t, db, billNotice("n", "1"), billNotice("c", "2"), deducted)
	for _, reopen := range []bool{true, false} {
		require.NoError(t, db.TieNotices(t.Context(), scope(run), reopen))
	}
	require.Empty(t, tied(t, db, scope(run), refund("1", "R")))
	require.Contains(t, homeless(t, db, run)["n"], "placed false")
	require.Equal(t, []string{"c"}, tied(t, db, scope(run), completion("2", "C")))

	load(t, db, run, "a", refund("1", "R"), completion("2", "C"), payment("1"), payment("2"))
	require.NoError(t, db.TieNotices(t.Context(), scope(run), true))
	require.Equal(t, []string{"n", "d"}, tied(t, db, scope(run), payment("1")))
	require.Equal(t, []string{"c"}, tied(t, db, scope(run), payment("2")), "passes to the payment")
	require.Empty(t, tied(t, db, scope(run), refund("1", "R")))
}

// A notice about an order beyond the lookback belongs to none.
func TestANoticeBeyondTheLookback(t *testing.T) {
	db := open(t)
	run := begin(t, db, day)
	old := onDay("1", day-100)
	load(t, db, run, "a", old)
	n := billNotice("n", "1")
	n.BillKey = old.BillKey
	keep(t, db, n)
	require.NoError(t, db.TieNotices(t.Context(), scope(run), true))
	require.Contains(t, homeless(t, db, run)["n"], "placed false")
}

// A contract that was opened after the deduction does not cover it.
func TestAContractOpenedLater(t *testing.T) {
	db := open(t)
	run := begin(t, db, day)
	d := deduction("d")
	d.ContractID = "C"
	open := reconcile.Notice{
		Kind: reconcile.ContractNotice, ID: "o", Digest: "o", Verified: true, Path: reconcile.ContractPath, ReceivedAt: now,
		BillKey: reconcile.BillKey{MID: mid}, ContractID: "C", ContractOpen: true, ContractAt: d.PaidAt.Add(time.Second),
	}
	atOnce := open
	atOnce.ID, atOnce.Digest, atOnce.ContractOpen, atOnce.ContractAt = "c", "c", false, d.PaidAt
	keep(t, db, d, open, atOnce)
	require.NoError(t, db.Publish(t.Context(), run, func(p reconcile.Publication) error {
		return p.Notices(scope(run), func(n reconcile.NoticeSighting) error {
			require.False(t, n.Notices[0].Contract.Opened)
			require.Zero(t, n.Notices[0].Contract.ClosedAt, "closed in the same second is not before")
			return nil
		})
	}))
}
