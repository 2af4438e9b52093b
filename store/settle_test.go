package store

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/umsrecon/umsrecon/reconcile"
)

func TestSettleLines(t *testing.T) {
	settledOn := func(d reconcile.Day) reconcile.Answer {
		a := paid("s")
		a.Bill.Payment.SettleDay = d
		return a
	}
	paidOn := func(d reconcile.Day) reconcile.Answer {
		a := settledOn(0)
		a.Bill.Payment.PaidAt = d.Start().Add(time.Hour)
		return a
	}
	lateNight := settledOn(0)
	lateNight.Bill.Payment.PaidAt = (day - 1).Start().Add(23 * time.Hour) // of day, with the cut-off below
	unpaid := settledOn(day)
	unpaid.Bill.Status, unpaid.Bill.Payment.Status = reconcile.BillUnpaid, reconcile.FlowWaiting
	refunded := settledOn(day)
	refunded.Bill.Refund = reconcile.Flow{Present: true, Status: "SUCCESS", Total: reconcile.Some(100), SettleDay: day + 1}
	givenBack := settledOn(day + 9)
	givenBack.Bill.Status, givenBack.Bill.Payment.PaidAt = reconcile.BillClosed, day.Start().Add(time.Hour)
	undated := settledOn(day + 9)
	undated.Bill.Payment.PaidAt = (day - 9).Start()
	undated.Bill.Refund = reconcile.Flow{Present: true, Status: "SUCCESS", Total: reconcile.Some(100), PaidAt: day.Start().Add(time.Hour)}
	tests := map[string]struct {
		order   reconcile.Order
		answers []reconcile.Answer
		class   reconcile.Class
		want    string // state, kind and amount; "" for no line
	}{
		"settled in the range":             {payment("1"), []reconcile.Answer{settledOn(day)}, reconcile.Matched, "counted payment 19.08"},
		"whatever the ledger says":         {onDay("1", day-30), []reconcile.Answer{settledOn(day)}, reconcile.Discrepant, "counted payment 19.08"},
		"settled after it":                 {payment("1"), []reconcile.Answer{settledOn(day + 2)}, reconcile.Matched, ""},
		"settled before it":                {payment("1"), []reconcile.Answer{settledOn(day - 1)}, reconcile.Matched, ""},
		"no settle date, paid in it":       {payment("1"), []reconcile.Answer{paidOn(day + 1)}, reconcile.Waiting, "counted payment 19.08"},
		"no settle date, paid after it":    {payment("1"), []reconcile.Answer{paidOn(day + 2)}, reconcile.Waiting, ""},
		"paid after the cut-off before it": {payment("1"), []reconcile.Answer{lateNight}, reconcile.Waiting, "counted payment 19.08"},
		"not paid at all":                  {payment("1"), []reconcile.Answer{unpaid}, reconcile.Discrepant, ""},
		"only the last answer counts":      {payment("1"), []reconcile.Answer{settledOn(day), settledOn(day + 9)}, reconcile.Matched, ""},
		"a failure since":                  {payment("1"), []reconcile.Answer{settledOn(day), failing()}, reconcile.Matched, "counted payment 19.08"},
		"unverified":                       {payment("1"), []reconcile.Answer{settledOn(day), failing()}, reconcile.Unverified, "unverified payment –"},
		"unverified, of another day":       {onDay("1", day-1), []reconcile.Answer{settledOn(day)}, reconcile.Unverified, ""},
		"never asked":                      {payment("1"), nil, "", "unverified payment –"},
		"a refund on its own date":         {refund("1", "r"), []reconcile.Answer{refunded}, reconcile.Matched, "counted refund 1.00"},
		"a refund without a settle date":   {refund("1", "r"), []reconcile.Answer{undated}, reconcile.Matched, "counted refund 1.00"},
		"given back, settled after it":     {payment("1"), []reconcile.Answer{givenBack}, reconcile.Matched, "counted refund 19.08"},
		"a refund that is not done":        {refund("1", "r"), []reconcile.Answer{settledOn(day)}, reconcile.Waiting, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			db := open(t)
			run := begin(t, db, day)
			load(t, db, run, "a", tt.order)
			for _, a := range tt.answers {
				save(t, db, run, tt.order.Key, a)
			}
			if tt.class != "" {
				publish(t, db, run, reconcile.Verdict{Key: tt.order.Key, Class: tt.class})
			}
			got := ""
			for _, l := range collect(t, db.SettleLines(t.Context(), day, day+1, reconcile.Calendar{Cutoff: 22 * time.Hour})) {
				sum := l.BillTotal
				if l.Kind == reconcile.Refund {
					sum = l.Refund
				}
				got += fmt.Sprintf("%s %s %s", l.State, l.Kind, sum.Yuan())
			}
			require.Equal(t, tt.want, got)
		})
	}
}
