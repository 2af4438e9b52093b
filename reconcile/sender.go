package reconcile

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Sender sends what must never be sent twice.
type Sender struct {
	Store   SendingStore
	Gateway SendingGateway
	Clock   Clock
	// Again sends what UMS cannot be asked about once more although an earlier
	// request may have arrived; a person has looked.
	Again bool
	// Settle is how long after a request UMS is believed when it says that it
	// has not got it: longer than a request can be on its way. At least a minute.
	Settle time.Duration
}

func (s *Sender) settle() time.Duration { return max(s.Settle, time.Minute) }

// Send tells UMS once. The sending that it returns is as it is stored; done
// without a request when UMS has it already. The error matches ErrOtherSending,
// ErrUnsure, ErrSendRefused or ErrNotSent; ErrOtherAmount when it is done with
// another amount.
func (s *Sender) Send(ctx context.Context, want Sending) (Sending, error) {
	got, err := s.Store.Intend(ctx, want)
	if err != nil {
		return want, err
	}
	if want.IDMade {
		want.Key.CompletionID = got.Key.CompletionID
	}
	if !got.same(want) {
		return got, fmt.Errorf("%w: %s", ErrOtherSending, got.figures())
	}
	if got.State == SendingDone {
		return got, nil
	}
	if stop, err := s.look(ctx, &got); stop || err != nil {
		return got, err
	}
	return s.tell(ctx, got)
}

func (s Sending) figures() string {
	if s.Kind == SendSync {
		return fmt.Sprintf("pay-score order %s, service %s, paid at %s, state %s", s.FenOrderID, s.ServiceID, stamp(s.PaidAt), s.State)
	}
	return fmt.Sprintf("completion %s of bill %s, %s yuan, authorisation %s, state %s", s.Key.CompletionID, s.Key.BillNo, s.Amount.Yuan(), s.AuthCode, s.State)
}

// look finds out before sending whether UMS has it already. stop says that
// nothing is to be sent.
func (s *Sender) look(ctx context.Context, got *Sending) (stop bool, err error) {
	doubtful := got.State == SendingUnderWay || got.State == SendingUnsure
	if got.Kind == SendSync {
		if doubtful && !s.Again {
			return true, fmt.Errorf("%w, and UMS cannot be asked: %s", ErrUnsure, got.Message)
		}
		return false, nil
	}
	told, absent := s.ask(ctx, *got)
	switch {
	case told.State == SendingDone:
		return true, errors.Join(s.record(ctx, got, told), got.otherAmount(told))
	case told.State == SendingRefused:
		return true, errors.Join(s.record(ctx, got, told), fmt.Errorf("%w: %s", ErrSendRefused, told.Message))
	case !absent:
		return true, fmt.Errorf("%w: %s", map[bool]error{true: ErrUnsure, false: ErrNotSent}[doubtful], told.Message)
	case doubtful && s.Clock.Now().Sub(got.SentAt) < s.settle():
		return true, fmt.Errorf("%w: it was sent at %s and may still be on its way; run it again after %s", ErrUnsure, stamp(got.SentAt), stamp(got.SentAt.Add(s.settle())))
	}
	return false, nil
}

// ask asks UMS about a completion. absent: UMS knows the bill and has no such
// completion.
func (s *Sender) ask(ctx context.Context, got Sending) (told Told, absent bool) {
	a := s.Gateway.Ask(ctx, got.Key)
	told = Told{State: SendingUnsure, Code: a.Code, Message: a.Message, Raw: a.Raw}
	if a.Outcome != Found {
		told.Message = "UMS was asked first: " + string(a.Outcome) + " " + a.Message
		return told, false
	}
	block := a.Bill.Completion
	switch block.progress(Completion) {
	case done:
		told.State, told.Amount = SendingDone, block.Total
		return told, false
	case missing:
		if a.Bill.Status == BillClosed || a.Bill.RefundedInFull() {
			told.Message = "the bill is " + a.Bill.Status + "/" + a.Bill.Payment.Status
			return told, false
		}
		return told, true
	case failed:
		told.State, told.Message = SendingRefused, "UMS says that it failed: "+block.Status+"; another attempt needs another authed_order_id"
		return told, false
	}
	told.Message = "UMS has it in process: " + block.Status
	return told, false
}

// tell sends one request and records what came of it. Where that is not clear
// UMS is asked at once.
func (s *Sender) tell(ctx context.Context, got Sending) (Sending, error) {
	mine, err := s.Store.Begin(ctx, got, s.Clock.Now())
	if err != nil {
		return got, err
	}
	if !mine {
		return got, fmt.Errorf("%w: another process has taken it up", ErrNotSent)
	}
	got.Attempts++
	told := s.Gateway.Send(ctx, got)
	if told.State == SendingUnsure && got.Kind == SendCompletion {
		if answer, _ := s.ask(context.WithoutCancel(ctx), got); answer.State != SendingUnsure {
			told = answer
		}
	}
	if err := s.record(ctx, &got, told); err != nil {
		return got, err
	}
	sentinel := map[SendingState]error{SendingUnsure: ErrUnsure, SendingRefused: ErrSendRefused, SendingIntended: ErrNotSent}[told.State]
	if sentinel == nil {
		return got, got.otherAmount(told)
	}
	return got, fmt.Errorf("%w: %s %s", sentinel, told.Code, told.Message)
}

// record keeps what was told even when the work was interrupted.
func (s *Sender) record(ctx context.Context, got *Sending, told Told) error {
	got.State, got.Code, got.Message = told.State, told.Code, told.Message
	return s.Store.Tell(context.WithoutCancel(ctx), *got, told, s.Clock.Now())
}

// otherAmount is the error of a completion that is done with another amount.
func (s Sending) otherAmount(told Told) error {
	if !told.Amount.Differs(Some(s.Amount)) {
		return nil
	}
	return fmt.Errorf("%w: %s yuan, not %s", ErrOtherAmount, told.Amount.Yuan(), s.Amount.Yuan())
}
