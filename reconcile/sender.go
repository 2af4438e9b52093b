package reconcile

import (
	"context"
	"errors"
	"fmt"
	"strings"
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

// Look finds out how a sending stands, as Send does before it sends, and
// records what UMS says of it. It sends nothing and stores nothing that is not
// decided. The error is one of Send's; without one a state other than done
// says that it is due.
func (s *Sender) Look(ctx context.Context, want Sending) (Sending, error) {
	stored, found, err := s.Store.Stored(ctx, want)
	if err != nil {
		return want, err
	}
	got := want
	if found && !stored.Absent() {
		got = stored
	}
	_, _, err = s.look(ctx, &got, want)
	return got, err
}

// Send tells UMS once. The sending that it returns is as it is stored; done
// without a request when UMS has it already. The error matches ErrOtherSending,
// ErrUnsure, ErrSendRefused, ErrBlocked, ErrNotAsked or ErrNotSent; ErrUnsure
// and ErrNotAsked together where it stays in doubt because UMS could not be
// asked; ErrOtherAmount when it is done with another amount.
func (s *Sender) Send(ctx context.Context, want Sending) (Sending, error) {
	got, err := s.Store.Intend(ctx, want)
	if err != nil {
		return want, err
	}
	if want.IDMade {
		want.Key.CompletionID = got.Key.CompletionID
	}
	got.IDMade, got.Another = want.IDMade, want.Another
	total, due, err := s.look(ctx, &got, want)
	if !due || err != nil {
		return got, err
	}
	return s.tell(ctx, got, total)
}

// doubtful says whether an earlier request of a sending may have arrived.
func (s Sending) doubtful() bool { return s.State == SendingUnderWay || s.State == SendingUnsure }

// differs is the error of a sending that is stored with other figures.
func (s Sending) differs(want Sending) error {
	if s.same(want) {
		return nil
	}
	return fmt.Errorf("%w: %s", ErrOtherSending, s.figures())
}

func (s Sending) figures() string {
	if s.Kind == SendSync {
		return fmt.Sprintf("pay-score order %s, service %s, paid at %s, state %s", s.FenOrderID, s.ServiceID, stamp(s.PaidAt), s.State)
	}
	return fmt.Sprintf("completion %s of bill %s, %s yuan, authorisation %s, state %s", s.Key.CompletionID, s.Key.BillNo, s.Amount.Yuan(), s.AuthCode, s.State)
}

// look finds out before sending whether UMS has it already. due says that it is
// to be sent; total is the bill's.
func (s *Sender) look(ctx context.Context, got *Sending, want Sending) (total Amount, due bool, err error) {
	switch {
	case got.State == SendingDone:
		return total, false, got.differs(want)
	case got.Kind == SendCompletion:
		return s.lookAsking(ctx, got, want)
	case got.doubtful() && !s.Again:
		return total, false, errors.Join(got.differs(want), fmt.Errorf("%w, and UMS cannot be asked: %s", ErrUnsure, got.Message))
	}
	err = got.differs(want)
	return total, err == nil, err
}

// lookAsking looks at a completion. What UMS says is recorded also where other
// figures are wanted now: one that it has not got frees the bill for others.
func (s *Sender) lookAsking(ctx context.Context, got *Sending, want Sending) (total Amount, due bool, err error) {
	x := s.ask(ctx, *got)
	doubtful := got.doubtful()
	switch {
	case x.told.State != SendingUnsure:
		err = s.decided(ctx, got, want, x.told)
	case x.pending:
		err = firstOf(s.record(ctx, got, x.told), fmt.Errorf("%w: %s", ErrUnsure, x.told.Message))
	case !x.absent:
		err = x.open(doubtful)
	case doubtful && s.Clock.Now().Sub(got.SentAt) < s.settle():
		err = fmt.Errorf("%w: it was sent at %s and may still be on its way; run it again after %s", ErrUnsure, stamp(got.SentAt), stamp(got.SentAt.Add(s.settle())))
	case doubtful:
		x.told.State, x.told.Message = SendingIntended, "UMS does not have it"
		err = firstOf(s.record(ctx, got, x.told), got.differs(want))
	default:
		err = got.differs(want)
	}
	return x.total, err == nil && got.State != SendingDone, err
}

// open is why a completion is not sent of which UMS says neither that it has it
// nor that it has it not.
func (x heard) open(doubtful bool) error {
	switch {
	case doubtful && x.unasked:
		return fmt.Errorf("%w; %w: %s", ErrUnsure, ErrNotAsked, x.told.Message)
	case doubtful:
		return fmt.Errorf("%w: %s", ErrUnsure, x.told.Message)
	case x.unasked:
		return fmt.Errorf("%w: %s", ErrNotAsked, x.told.Message)
	}
	return fmt.Errorf("%w: %s", ErrNotSent, x.told.Message)
}

// decided records what UMS has done or what failed there, and says whether
// that is what is wanted.
func (s *Sender) decided(ctx context.Context, got *Sending, want Sending, told Told) error {
	asked := *got
	switch err := s.record(ctx, got, told); {
	case err != nil:
		return err
	case told.State == SendingRefused:
		return fmt.Errorf("%w: %s", ErrSendRefused, told.Message)
	}
	return firstOf(asked.otherAmount(told), asked.differs(want))
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// heard is what UMS said of a completion when it was asked.
type heard struct {
	told    Told
	total   Amount // of the bill
	absent  bool   // UMS knows the bill and has no such completion
	unasked bool   // there was no trustworthy answer
	pending bool   // UMS has it in process, or says what nobody knows
}

// ask asks UMS about a completion.
func (s *Sender) ask(ctx context.Context, got Sending) heard {
	a := s.Gateway.Ask(ctx, got.Key)
	x := heard{told: Told{State: SendingUnsure, Code: a.Code, Message: a.Message, Raw: a.Raw}, total: a.Bill.Total, unasked: !a.Trustworthy()}
	if a.Outcome != Found {
		x.told.Message = string(a.Outcome) + " " + a.Message
		return x
	}
	block := a.Bill.Completion
	switch block.progress(Completion) {
	case done:
		x.told.State, x.told.Amount, x.told.Message = SendingDone, block.Total, "UMS has it: "+block.Status
	case failed:
		x.told.State, x.told.Message = SendingRefused, "UMS says that it failed: "+block.Status+"; another attempt needs another authed_order_id"
	case undecided:
		x.pending, x.told.Message = true, fmt.Sprintf("UMS has it in process: %q", block.Status)
	case missing:
		x.absent = a.Bill.Status != BillClosed && !a.Bill.RefundedInFull()
		x.told.Message = "the bill is " + a.Bill.Status + "/" + a.Bill.Payment.Status
	}
	return x
}

// tell sends one request and records what came of it. Where that is not clear
// UMS is asked at once.
func (s *Sender) tell(ctx context.Context, got Sending, total Amount) (Sending, error) {
	before := got
	may := func(others []Sibling) error { return got.follow(others, total) }
	mine, err := s.Store.Begin(ctx, got, may, s.Clock.Now())
	if err != nil {
		return got, err
	}
	if !mine {
		return got, fmt.Errorf("%w: another process has taken it up", ErrNotSent)
	}
	got.Attempts++
	told := s.Gateway.Send(ctx, got)
	if told.State == SendingIntended {
		return s.takeBack(ctx, before, told)
	}
	if told.State == SendingUnsure && got.Kind == SendCompletion {
		if x := s.ask(context.WithoutCancel(ctx), got); x.told.State != SendingUnsure {
			told = x.told
		}
	}
	if err := s.record(ctx, &got, told); err != nil {
		return got, err
	}
	sentinel := map[SendingState]error{SendingUnsure: ErrUnsure, SendingRefused: ErrSendRefused}[told.State]
	if sentinel == nil {
		return got, before.otherAmount(told)
	}
	return got, fmt.Errorf("%w: %s", sentinel, told.said())
}

// said is code and message, the code once.
func (t Told) said() string {
	if strings.HasPrefix(t.Message, t.Code) {
		return t.Message
	}
	return t.Code + " " + t.Message
}

// takeBack undoes an attempt of which nothing left this machine. What was in
// doubt before stays so.
func (s *Sender) takeBack(ctx context.Context, before Sending, told Told) (Sending, error) {
	if err := s.Store.TakeBack(context.WithoutCancel(ctx), before, told, s.Clock.Now()); err != nil {
		return before, err
	}
	if before.State == SendingRefused {
		before.State = SendingIntended
	}
	if told.Halted {
		return before, fmt.Errorf("%w: %s", ErrNotAsked, told.Message)
	}
	return before, fmt.Errorf("%w: %s", ErrNotSent, told.Message)
}

// record keeps what was told even when the work was interrupted. What UMS has
// and nobody meant to send yet is stored first.
func (s *Sender) record(ctx context.Context, got *Sending, told Told) error {
	ctx = context.WithoutCancel(ctx)
	if got.ID == 0 {
		stored, err := s.Store.Intend(ctx, *got)
		if err != nil {
			return err
		}
		*got = stored
	}
	if err := got.otherAmount(told); err != nil {
		told.Message = err.Error()
		defer func() { got.Amount = told.Amount.Fen }()
	}
	got.State, got.Code, got.Message = told.State, told.Code, told.Message
	return s.Store.Tell(ctx, *got, told, s.Clock.Now())
}

// otherAmount is the error of a completion that is done with another amount.
func (s Sending) otherAmount(told Told) error {
	if told.State != SendingDone || !told.Amount.Differs(Some(s.Amount)) {
		return nil
	}
	return fmt.Errorf("%w: %s yuan, not %s", ErrOtherAmount, told.Amount.Yuan(), s.Amount.Yuan())
}
