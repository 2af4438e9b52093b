package gateway

import (
	"context"
	"errors"
	"fmt"

	"github.com/umsrecon/umsrecon/chinaums"
	"github.com/umsrecon/umsrecon/reconcile"
)

// Words are what the vendor leaves open about order/sync.
type Words struct {
	SyncAccepted []string // respCodes that mean success
	SyncRefused  []string // respCodes that mean that nothing was done
	DetailAsText bool     // detail is sent as a string, not as an object
}

// Sender asks like a Gateway, and makes the two calls that change something at
// UMS, one request each. It is safe for concurrent use.
type Sender struct {
	*Gateway
	words Words
}

var _ reconcile.SendingGateway = (*Sender)(nil)

// NewSender sends through the clients of a gateway.
func NewSender(g *Gateway, w Words) *Sender { return &Sender{g, w} }

// Send tells UMS once.
func (s *Sender) Send(ctx context.Context, what reconcile.Sending) reconcile.Told {
	c := s.client(what.Key.MID)
	if c == nil {
		return reconcile.Told{State: reconcile.SendingIntended, Message: fmt.Sprintf("there are no credentials for merchant %q", what.Key.MID)}
	}
	if what.Kind == reconcile.SendSync {
		return s.sync(ctx, c, what)
	}
	return s.complete(ctx, c, what)
}

func (s *Sender) complete(ctx context.Context, c *chinaums.Client, what reconcile.Sending) reconcile.Told {
	k := what.Key
	got, err := c.CompletePreauth(ctx, chinaums.Completion{
		MID: k.MID, TID: k.TID, InstMID: k.InstMID, BillNo: k.BillNo, BillDate: k.BillDay.Start(),
		AuthedOrderID: k.CompletionID, AuthIDRespCd: what.AuthCode, TotalAmount: int64(what.Amount),
	})
	told := told(err, got.ErrCode, got.ErrMsg, got.Raw)
	if err != nil {
		return told
	}
	return decided(told, flow(got.AuthedBillPayment))
}

// decided reads how far the completion has come from the answer to it: what is
// accepted and not yet done is asked about later.
func decided(told reconcile.Told, block reconcile.Flow) reconcile.Told {
	told.Amount = block.Total
	if !block.Completed() {
		told.State, told.Message = reconcile.SendingUnsure, "UMS accepted it; its state is "+fmt.Sprintf("%q", block.Status)
	}
	return told
}

func (s *Sender) sync(ctx context.Context, c *chinaums.Client, what reconcile.Sending) reconcile.Told {
	got, err := c.SyncPayScore(ctx, chinaums.PaidSync{
		FenOrderID: what.FenOrderID, MID: what.Key.MID, ServiceID: what.ServiceID, PaidTime: what.PaidAt,
		DetailAsText: s.words.DetailAsText, Accepted: s.words.SyncAccepted, Refused: s.words.SyncRefused,
	})
	return told(err, got.RespCode, got.RespDesc, got.Raw)
}

// told says what a request came to: whether it was surely done, surely not,
// not sent at all, or nobody knows.
func told(err error, code, text string, raw []byte) reconcile.Told {
	t := reconcile.Told{State: reconcile.SendingDone, Code: code, Message: text, Raw: raw}
	if err == nil {
		return t
	}
	t.State, t.Message, t.Rejected = reconcile.SendingUnsure, message(err), errors.Is(err, chinaums.ErrRejected)
	for _, refused := range []error{chinaums.ErrRejected, chinaums.ErrRefused, chinaums.ErrNoOrder} {
		if errors.Is(err, refused) {
			t.State = reconcile.SendingRefused
		}
	}
	for _, unsent := range []error{chinaums.ErrBadQuery, chinaums.ErrBudget, chinaums.ErrStopped, chinaums.ErrNotSent} {
		if errors.Is(err, unsent) {
			t.State = reconcile.SendingIntended
		}
	}
	return t
}
