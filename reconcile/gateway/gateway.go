// Package gateway is the right side of a reconciliation: it asks ChinaUMS
// about orders and says in the domain's words what came back. It is the one
// seam between the platform's words and ours; nothing is judged here.
//
// New takes a chinaums.Client per merchant. What a client shares with others
// (rate limit, request budget) is settled when it is made.
package gateway

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/umsrecon/umsrecon/chinaums"
	"github.com/umsrecon/umsrecon/reconcile"
)

// Gateway asks the platform. It is safe for concurrent use.
type Gateway struct {
	client func(mid string) *chinaums.Client
	now    func() time.Time
}

var _ reconcile.Gateway = (*Gateway)(nil)

// New takes the client of each merchant, nil for one without credentials. It
// is called for every question, from many goroutines.
func New(client func(mid string) *chinaums.Client, now func() time.Time) *Gateway {
	return &Gateway{client: client, now: now}
}

// Ask asks about one order, with the retries of its client.
func (g *Gateway) Ask(ctx context.Context, k reconcile.Key) reconcile.Answer {
	answer := reconcile.Answer{AskedAt: g.now()}
	c := g.client(k.MID)
	if c == nil {
		answer.Outcome = reconcile.Rejected
		answer.Message = fmt.Sprintf("there are no credentials for merchant %q", k.MID)
		return answer
	}
	got, err := c.QueryBill(ctx, query(k))
	answer.Attempts, answer.Raw = got.Attempts, got.Raw
	said(&answer, got, err)
	return answer
}

// Again reads what was kept of an answer of HTTP status 200 once more: its
// outcome, code, message and bill.
func Again(k reconcile.Key, raw []byte) (answer reconcile.Answer) {
	got, err := chinaums.ReadBill(query(k), raw)
	said(&answer, got, err)
	return answer
}

func said(answer *reconcile.Answer, got chinaums.BillAnswer, err error) {
	answer.Outcome, answer.Code, answer.Message = outcome(err), got.ErrCode, got.ErrMsg
	if err != nil {
		answer.Message = message(err)
		return
	}
	answer.Bill = bill(got)
}

func query(k reconcile.Key) chinaums.BillQuery {
	q := chinaums.BillQuery{
		MID: k.MID, TID: k.TID, InstMID: k.InstMID, BillNo: k.BillNo,
		RefundOrderID: k.RefundID, AuthedOrderID: k.CompletionID,
	}
	if k.BillDay != 0 {
		q.BillDate = k.BillDay.Start()
	}
	return q
}

// outcomes of the sentinels. A query that cannot be sent is about this one
// order, so it does not count as a rejection of the merchant.
var outcomes = []struct {
	err     error
	outcome reconcile.Outcome
}{
	{chinaums.ErrNoOrder, reconcile.NoOrder},
	{chinaums.ErrUnavailable, reconcile.QueryFailed},
	{chinaums.ErrProcessing, reconcile.InProcess},
	{chinaums.ErrMalformed, reconcile.Malformed},
	{chinaums.ErrWrongKey, reconcile.WrongKey},
	{chinaums.ErrRefused, reconcile.Refused},
	{chinaums.ErrBadQuery, reconcile.Refused},
	{chinaums.ErrRejected, reconcile.Rejected},
	{chinaums.ErrBudget, reconcile.NotQueried},
	{chinaums.ErrStopped, reconcile.NotQueried},
}

func outcome(err error) reconcile.Outcome {
	if err == nil {
		return reconcile.Found
	}
	for _, o := range outcomes {
		if errors.Is(err, o.err) {
			return o.outcome
		}
	}
	return reconcile.QueryFailed
}

func message(err error) string {
	if errors.Is(err, chinaums.ErrBudget) {
		return "request budget of the run (gateway.max_requests_per_run) is used up"
	}
	var e *chinaums.Error
	if errors.As(err, &e) {
		return e.Reason()
	}
	return err.Error()
}
