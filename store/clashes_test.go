package store

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/umsrecon/umsrecon/reconcile"
)

func TestPaymentReferenceReused(t *testing.T) {
	target := func(ref string) reconcile.Answer {
		a := paid("")
		a.Bill.Payment.TargetOrderID = ref
		return a
	}
	noBlock := paid("s")
	noBlock.Bill.Payment = reconcile.Flow{PaySeqID: "s"}
	inRefund := paid("")
	inRefund.Bill.Refund = reconcile.Flow{Present: true, PaySeqID: "s", Status: "SUCCESS"}
	both := paid("s")
	both.Bill.Payment.TargetOrderID = "t"
	type told struct {
		order   reconcile.Order
		answers []reconcile.Answer
	}
	otherMerchant := payment("2")
	otherMerchant.MID = "other"
	tests := map[string]struct {
		self, other told
		want        string // the reference; "" for no clash
	}{
		"the same paySeqId":             {told{payment("1"), []reconcile.Answer{paid("s")}}, told{payment("2"), []reconcile.Answer{paid("s")}}, "paySeqId s"},
		"across merchants":              {told{payment("1"), []reconcile.Answer{paid("s")}}, told{otherMerchant, []reconcile.Answer{paid("s")}}, "paySeqId s"},
		"the same targetOrderId":        {told{payment("1"), []reconcile.Answer{target("t")}}, told{payment("2"), []reconcile.Answer{target("t")}}, "targetOrderId t"},
		"both":                          {told{payment("1"), []reconcile.Answer{both}}, told{payment("2"), []reconcile.Answer{both}}, "paySeqId s, targetOrderId t"},
		"different ones":                {told{payment("1"), []reconcile.Answer{paid("s")}}, told{payment("2"), []reconcile.Answer{paid("u")}}, ""},
		"empty ones":                    {told{payment("1"), []reconcile.Answer{paid("")}}, told{payment("2"), []reconcile.Answer{paid("")}}, ""},
		"repeated answers about one":    {told{payment("1"), []reconcile.Answer{paid("s"), paid("s")}}, told{payment("2"), []reconcile.Answer{paid("u")}}, ""},
		"no longer":                     {told{payment("1"), []reconcile.Answer{paid("s")}}, told{payment("2"), []reconcile.Answer{paid("s"), paid("u")}}, ""},
		"a failure since":               {told{payment("1"), []reconcile.Answer{paid("s")}}, told{payment("2"), []reconcile.Answer{paid("s"), failing()}}, "paySeqId s"},
		"without a payment block":       {told{payment("1"), []reconcile.Answer{paid("s")}}, told{payment("2"), []reconcile.Answer{noBlock}}, ""},
		"a refund of the same bill":     {told{payment("1"), []reconcile.Answer{paid("s")}}, told{refund("1", "r"), []reconcile.Answer{paid("s")}}, ""},
		"in a refund block":             {told{payment("1"), []reconcile.Answer{paid("s")}}, told{refund("2", "r"), []reconcile.Answer{inRefund}}, ""},
		"a seq is not a target":         {told{payment("1"), []reconcile.Answer{paid("s")}}, told{payment("2"), []reconcile.Answer{target("s")}}, ""},
		"the other beyond the lookback": {told{payment("1"), []reconcile.Answer{paid("s")}}, told{onDay("2", day-91), []reconcile.Answer{paid("s")}}, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			db := open(t)
			run := begin(t, db, day)
			tt.self.order.OrderNo, tt.other.order.OrderNo = "", ""
			load(t, db, run, "a", tt.self.order, tt.other.order)
			for _, told := range []told{tt.self, tt.other} {
				for _, a := range told.answers {
					save(t, db, run, told.order.Key, a)
				}
			}
			got := subjects(t, db, scope(run))
			if tt.want == "" {
				require.Empty(t, got[tt.self.order.Key].Clashes)
				require.Empty(t, got[tt.other.order.Key].Clashes)
				return
			}
			require.Equal(t, []reconcile.Clash{{Code: reconcile.PaymentReferenceReused, Reference: tt.want, Others: []reconcile.Key{tt.other.order.Key}}}, got[tt.self.order.Key].Clashes)
			require.Equal(t, []reconcile.Clash{{Code: reconcile.PaymentReferenceReused, Reference: tt.want, Others: []reconcile.Key{tt.self.order.Key}}}, got[tt.other.order.Key].Clashes)
		})
	}
}

func TestDoublePayment(t *testing.T) {
	unpaid, closed, halfBack := paid(""), paid(""), paid("")
	unpaid.Bill.Status, unpaid.Bill.Payment.Status = reconcile.BillUnpaid, reconcile.FlowWaiting
	closed.Bill.Status, closed.Bill.Payment.Status = reconcile.BillClosed, reconcile.FlowClosed
	halfBack.Bill.Status, halfBack.Bill.Payment.Status = reconcile.BillRefund, reconcile.FlowRefund
	given := func(status string, fen reconcile.Fen) *reconcile.Answer {
		a := halfBack
		a.Bill.Refund = reconcile.Flow{Present: true, Status: status, Total: reconcile.Some(fen)}
		return &a
	}
	another := payment("2")
	another.MID = "other"
	tests := map[string]struct {
		other  reconcile.Order
		no     string // of both
		answer reconcile.Answer
		refund *reconcile.Answer // of the other's refund row
		want   bool
		over   bool // the other was given back
	}{
		"both paid":                       {payment("2"), "n", paid(""), nil, true, false},
		"no order number":                 {payment("2"), "", paid(""), nil, false, false},
		"another merchant":                {another, "n", paid(""), nil, false, false},
		"the other unpaid":                {payment("2"), "n", unpaid, nil, false, false},
		"the other refunded in full":      {payment("2"), "n", closed, nil, true, true},
		"the other refunded, who knows":   {payment("2"), "n", halfBack, nil, true, false},
		"its refund is all of it":         {payment("2"), "n", halfBack, given("SUCCESS", 1908), true, true},
		"its refund is not all of it":     {payment("2"), "n", halfBack, given("SUCCESS", 1907), true, false},
		"its refund has failed":           {payment("2"), "n", halfBack, given("FAIL", 1908), true, false},
		"the other is beyond the horizon": {onDay("2", day-400), "n", paid(""), nil, true, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			db := open(t)
			run := begin(t, db, day)
			self, back := payment("1"), refund("2", "r")
			self.OrderNo, tt.other.OrderNo = tt.no, tt.no
			back.OrderNo = tt.no
			load(t, db, run, "a", self, tt.other, back)
			save(t, db, run, self.Key, paid(""))
			save(t, db, run, tt.other.Key, tt.answer)
			if tt.refund != nil {
				save(t, db, run, back.Key, *tt.refund)
			}
			got := subjects(t, db, scope(run))
			if !tt.want {
				require.Empty(t, got[self.Key].Clashes)
				require.Empty(t, got[tt.other.Key].Clashes)
				return
			}
			require.Equal(t, []reconcile.Clash{{Code: reconcile.DoublePayment, Reference: "n", Others: []reconcile.Key{tt.other.Key}, Over: tt.over}}, got[self.Key].Clashes)
			require.Equal(t, []reconcile.Clash{{Code: reconcile.DoublePayment, Reference: "n", Others: []reconcile.Key{self.Key}}}, got[tt.other.Key].Clashes)
		})
	}
}

func TestOneOrderNumberAtTwoMerchants(t *testing.T) {
	db := open(t)
	run := begin(t, db, day)
	var all []reconcile.Order
	for i, mid := range []string{"a", "a", "b", "b"} {
		o := payment(fmt.Sprint(i))
		o.MID, o.OrderNo = mid, "n"
		all = append(all, o)
	}
	load(t, db, run, "a", all...)
	for _, o := range all {
		save(t, db, run, o.Key, paid(""))
	}
	got := subjects(t, db, scope(run))
	for i, j := range []int{1, 0, 3, 2} {
		require.Equal(t, []reconcile.Key{all[j].Key}, got[all[i].Key].Clashes[0].Others)
	}
}

func TestClashBringsItsPartnerIntoScope(t *testing.T) {
	db := open(t)
	earlier := begin(t, db, day)
	partner, friend := onDay("2", day-5), refund("2", "r")
	friend.LedgerDay = day - 5
	load(t, db, earlier, "a", partner, friend)
	save(t, db, earlier, partner.Key, paid("s"))
	publish(t, db, earlier, final(partner), final(friend))

	run := begin(t, db, day)
	load(t, db, run, "b", payment("1"))
	require.NotContains(t, subjects(t, db, scope(run)), partner.Key)
	save(t, db, run, payment("1").Key, paid("s"))
	got := subjects(t, db, scope(run))
	require.True(t, got[partner.Key].InScope)
	require.Equal(t, "s", got[partner.Key].Answer.Bill.Payment.PaySeqID)
	require.Len(t, got[partner.Key].Clashes, 1)
	require.False(t, got[friend.Key].InScope, "the partner's family is there, but not judged")
	require.Equal(t, []string{"1"}, billNosLeft(t, db, run), "the partner is not asked")
}

// billNosLeft are the bills to ask if nothing had been answered.
func billNosLeft(t *testing.T, db *DB, run string) []string {
	s := scope(run)
	s.FreshFor = -100 * 24 * 60 * 60 * 1e9
	return billNos(t, db, s)
}

func TestClashesOfManyAreBounded(t *testing.T) {
	db := open(t)
	run := begin(t, db, day)
	var orders []reconcile.Order
	var answers []reconcile.Answered
	for i := range 3 * maxOthers {
		o := payment(fmt.Sprintf("%03d", i))
		orders = append(orders, o)
		answers = append(answers, reconcile.Answered{Key: o.Key, Answer: paid("the same for all")})
	}
	load(t, db, run, "a", orders...)
	require.NoError(t, db.SaveAnswers(t.Context(), run, answers))
	got := subjects(t, db, scope(run))
	require.Len(t, got, 3*maxOthers)
	for _, s := range got {
		require.Len(t, s.Clashes, 1)
		require.Len(t, s.Clashes[0].Others, maxOthers)
		require.NotContains(t, s.Clashes[0].Others, s.Order.Key)
		require.IsIncreasing(t, names(s.Clashes[0].Others))
	}
}

func names(keys []reconcile.Key) (all []string) {
	for _, k := range keys {
		all = append(all, k.BillNo)
	}
	return all
}

func TestOpenPartnerBeyondTheLookback(t *testing.T) {
	db := open(t)
	earlier := begin(t, db, day)
	self, partner := payment("1"), onDay("2", day-200)
	self.OrderNo, partner.OrderNo = "n", "n"
	load(t, db, earlier, "a", self, partner)
	save(t, db, earlier, partner.Key, paid("s"))
	publish(t, db, earlier)
	run := begin(t, db, day)
	save(t, db, run, self.Key, paid("u"))
	got := subjects(t, db, scope(run))[partner.Key]
	require.True(t, got.InScope)
	require.Equal(t, "s", got.Answer.Bill.Payment.PaySeqID, "it is not asked any more, so its last trustworthy answer stands")
}

func TestReferencesOfOldAnswersDoNotCount(t *testing.T) {
	db := open(t)
	run := begin(t, db, day)
	load(t, db, run, "a", payment("1"), payment("2"), payment("3"))
	save(t, db, run, payment("3").Key, paid("s"))
	for billNo, seq := range map[string]string{"1": "s", "2": "s", "3": "u"} {
		save(t, db, run, payment(billNo).Key, paid(seq))
	}
	got := subjects(t, db, scope(run))
	require.Equal(t, []reconcile.Key{payment("2").Key}, got[payment("1").Key].Clashes[0].Others)
	require.Empty(t, got[payment("3").Key].Clashes)
}
