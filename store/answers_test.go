package store

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/umsrecon/umsrecon/reconcile"
)

// everything is an answer in which every field is set.
func everything(kind reconcile.Kind) reconcile.Answer {
	flow := reconcile.Flow{
		Present: true, Status: "SUCCESS", MerOrderID: "m", PaySeqID: "s", TargetOrderID: "t", TargetSys: "WXPay",
		Total: reconcile.Some(1), BuyerPay: reconcile.Some(2), Invoice: reconcile.Some(3), Discount: reconcile.Some(0),
		PaidAt: now, SettleDay: day + 2,
	}
	a := reconcile.Answer{
		Outcome: reconcile.Found, Code: "SUCCESS", Message: "查询成功", AskedAt: now, Attempts: 3, Raw: []byte(`{"x":"账"}`),
		Bill: reconcile.Bill{
			Status: reconcile.BillRefund, CreatedAt: now.Add(-time.Hour), Total: reconcile.Some(9), SecureStatus: reconcile.SecurePartly,
			Completed: reconcile.Some(4), CardAttr: "DEBIT_CARD", Payment: flow,
		},
	}
	a.Bill.Payment.Status = reconcile.FlowRefund
	a.Bill.Payment.BuyerCash, a.Bill.Payment.Coupon = reconcile.Some(5), reconcile.Some(6)
	switch kind {
	case reconcile.Refund:
		a.Bill.Refund = flow
	case reconcile.Completion:
		a.Bill.Completion = flow
	}
	return a
}

func TestAnswersRoundTrip(t *testing.T) {
	emptyStatus := paid("s")
	emptyStatus.Bill.Payment = reconcile.Flow{Present: true}
	tests := map[string]struct {
		order  reconcile.Order
		answer reconcile.Answer
	}{
		"payment, every field":    {payment("1"), everything(reconcile.Payment)},
		"refund, every field":     {refund("1", "r"), everything(reconcile.Refund)},
		"completion, every field": {completion("1", "c"), everything(reconcile.Completion)},
		"no blocks":               {payment("1"), reconcile.Answer{Outcome: reconcile.Found, AskedAt: now, Bill: reconcile.Bill{Status: "UNPAID"}}},
		"a block without status":  {payment("1"), emptyStatus},
		"no order":                {payment("1"), reconcile.Answer{Outcome: reconcile.NoOrder, Code: "NO_ORDER", AskedAt: now, Attempts: 1, Raw: []byte("{}")}},
		"asked in vain":           {payment("1"), failing()},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			db := open(t)
			run := begin(t, db, day)
			load(t, db, run, "a", tt.order)
			save(t, db, run, tt.order.Key, tt.answer)
			got, err := db.Answers(t.Context(), tt.order.Key)
			require.NoError(t, err)
			require.Equal(t, []reconcile.Answer{tt.answer}, got)

			bare := tt.answer
			bare.Raw = nil
			require.Equal(t, &bare, subjects(t, db, scope(run))[tt.order.Key].Answer)
		})
	}
}

func TestOnlyFoundAnswersHaveABill(t *testing.T) {
	db := open(t)
	run := begin(t, db, day)
	load(t, db, run, "a", payment("1"))
	wrong := paid("s")
	wrong.Outcome = reconcile.WrongKey
	save(t, db, run, payment("1").Key, wrong)
	got, err := db.Answers(t.Context(), payment("1").Key)
	require.NoError(t, err)
	require.Zero(t, got[0].Bill)
	require.Equal(t, wrong.Raw, got[0].Raw)
}

func TestSaveAnswersIsOneTransaction(t *testing.T) {
	db := open(t)
	run := begin(t, db, day)
	load(t, db, run, "a", payment("1"))
	err := db.SaveAnswers(t.Context(), run, []reconcile.Answered{
		{Key: payment("1").Key, Answer: paid("s")}, {Key: payment("unknown").Key, Answer: paid("s")},
	})
	require.ErrorIs(t, err, ErrNoOrder)
	require.ErrorContains(t, err, `"unknown"`)
	require.Zero(t, count(t, db, "answers"))
	_, err = db.Answers(t.Context(), payment("unknown").Key)
	require.ErrorIs(t, err, ErrNoOrder)
	require.NoError(t, db.SaveAnswers(t.Context(), run, nil))
}

func TestHistoryOfABill(t *testing.T) {
	unpaid := paid("s")
	unpaid.Bill.Status, unpaid.Bill.Payment.Status = reconcile.BillUnpaid, reconcile.FlowWaiting
	noDate := paid("s")
	noDate.Bill.Payment.SettleDay = 0
	later := paid("s")
	later.Bill.Payment.SettleDay, later.Bill.Payment.PaidAt = day+9, now
	refunded := paid("s")
	refunded.Bill.Refund = reconcile.Flow{Present: true, Status: "SUCCESS", SettleDay: day + 4}
	pay := paid("s").Bill.Payment.PaidAt
	tests := map[string]struct {
		order   reconcile.Order
		answers []reconcile.Answer
		settle  reconcile.Day
		paid    time.Time
	}{
		"paid":                        {payment("1"), []reconcile.Answer{paid("s")}, day + 1, pay},
		"unpaid, with a settle date":  {payment("1"), []reconcile.Answer{unpaid}, 0, time.Time{}},
		"paid later":                  {payment("1"), []reconcile.Answer{unpaid, paid("s")}, day + 1, pay},
		"the first date stays":        {payment("1"), []reconcile.Answer{paid("s"), later}, day + 1, pay},
		"the date comes later":        {payment("1"), []reconcile.Answer{noDate, later}, day + 9, pay},
		"an answer in vain":           {payment("1"), []reconcile.Answer{failing()}, 0, time.Time{}},
		"a refund has its own date":   {refund("1", "r"), []reconcile.Answer{refunded}, day + 4, pay},
		"a refund without its block":  {refund("1", "r"), []reconcile.Answer{paid("s")}, 0, pay},
		"a completion of a paid bill": {completion("1", "c"), []reconcile.Answer{paid("s")}, 0, pay},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			db := open(t)
			run := begin(t, db, day)
			load(t, db, run, "a", tt.order)
			for _, a := range tt.answers {
				save(t, db, run, tt.order.Key, a)
			}
			s := subjects(t, db, scope(run))[tt.order.Key]
			require.Equal(t, tt.settle, s.FirstSettleDay)
			require.True(t, tt.paid.Equal(s.FirstPaidAt), "%s", s.FirstPaidAt)
		})
	}
}

func TestAnswerThatTheRunGoesBy(t *testing.T) {
	stale := paid("stale")
	stale.AskedAt = now.Add(-13 * time.Hour)
	type step struct {
		earlier bool // given to an earlier run
		answer  reconcile.Answer
	}
	first, second, old := paid("first"), paid("second"), paid("old")
	tests := map[string]struct {
		steps   []step
		final   bool
		noQuery bool
		want    string // the reference in the answer; "failed"; or "" for none
	}{
		"never asked":                           {nil, false, false, ""},
		"this run's":                            {[]step{{false, first}}, false, false, "first"},
		"this run's newest":                     {[]step{{false, first}, {false, second}}, false, false, "second"},
		"this run's trustworthy one":            {[]step{{false, first}, {false, failing()}}, false, false, "first"},
		"this run's failure":                    {[]step{{true, old}, {false, failing()}}, false, false, "failed"},
		"this run's failure on a final order":   {[]step{{true, old}, {false, failing()}}, true, false, "failed"},
		"an earlier run's is history":           {[]step{{true, old}}, false, false, ""},
		"an earlier run's, final":               {[]step{{true, old}}, true, false, "old"},
		"an earlier run's, final, failed since": {[]step{{true, old}, {true, failing()}}, true, false, "old"},
		"an earlier run's, without asking":      {[]step{{true, old}}, false, true, "old"},
		"this run's, too old":                   {[]step{{false, stale}}, false, false, ""},
		"this run's, too old, without asking":   {[]step{{false, stale}}, false, true, "stale"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			db := open(t)
			earlier := begin(t, db, day)
			load(t, db, earlier, "a", payment("1"))
			publish(t, db, earlier)
			run := begin(t, db, day)
			for _, s := range tt.steps {
				id := run
				if s.earlier {
					id = earlier
				}
				save(t, db, id, payment("1").Key, s.answer)
			}
			if tt.final {
				require.NoError(t, db.Publish(t.Context(), earlier, func(p reconcile.Publication) error { return p.Verdict(final(payment("1"))) }))
			}
			s := scope(run)
			s.NoQuery = tt.noQuery
			got := subjects(t, db, s)[payment("1").Key].Answer
			switch {
			case tt.want == "":
				require.Nil(t, got)
			case tt.want == "failed":
				require.Equal(t, reconcile.QueryFailed, got.Outcome)
			default:
				require.Equal(t, tt.want, got.Bill.Payment.PaySeqID)
			}
		})
	}
}

// A final order that the run is to ask is as one that is open: an old answer is
// none of the run's.
func TestAnswerOfAFinalOrderThatIsAsked(t *testing.T) {
	db := open(t)
	earlier := begin(t, db, day)
	asked, mute, open := payment("asked"), payment("mute"), refund("mute", "r")
	other := onDay("other", day-1)
	late := refund("other", "r")
	load(t, db, earlier, "a", asked, mute, open, other, late)
	for _, o := range []reconcile.Order{asked, mute, open, other} {
		save(t, db, earlier, o.Key, paid("old"))
	}
	publish(t, db, earlier, final(asked), final(mute), final(other))
	s := scope(begin(t, db, day))
	goesBy := func() map[string]string {
		by := map[string]string{}
		for k, subject := range subjects(t, db, s) {
			by[k.BillNo+k.RefundID] = ""
			if subject.Answer != nil {
				by[k.BillNo+k.RefundID] = subject.Answer.Bill.Payment.PaySeqID
			}
		}
		return by
	}
	require.Equal(t, map[string]string{"asked": "old", "mute": "old", "muter": "", "other": "old", "otherr": ""}, goesBy())
	s.Requery = true
	require.Equal(t, map[string]string{"asked": "", "mute": "", "muter": "", "other": "old", "otherr": ""}, goesBy(), "those of the day alone; nobody was asked yet")
	save(t, db, s.RunID, asked.Key, paid("new"))
	require.Equal(t, map[string]string{"asked": "new", "mute": "", "muter": "", "other": "old", "otherr": ""}, goesBy())
}
