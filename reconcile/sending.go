package reconcile

import (
	"context"
	"fmt"
	"time"
)

// SendingKind is one of the two calls that change something at UMS.
type SendingKind string

// The writing calls.
const (
	SendCompletion SendingKind = "preauth_complete" // 预授权完成
	SendSync       SendingKind = "pay_score_sync"   // 支付分订单信息同步
)

// SendingState is how far a sending has come.
type SendingState string

// A sending is intended before anything is sent. Under way and unsure mean the
// same: it is not known whether UMS did it, so UMS is asked before it is sent
// again, and what cannot be asked is not sent again.
const (
	SendingIntended SendingState = "intended" // nothing of it can be at UMS
	SendingUnderWay SendingState = "under_way"
	SendingUnsure   SendingState = "unsure"
	SendingDone     SendingState = "done"
	SendingRefused  SendingState = "refused" // UMS said no; it was surely not done
)

// Sending is one thing that UMS is told once.
type Sending struct {
	ID    int64 // of the store; 0: not stored yet
	Kind  SendingKind
	State SendingState

	Key      Key    // of a completion the bill and the completion's id; of a sync MID alone
	AuthCode string // auth_id_resp_cd of a completion
	Amount   Fen    // of a completion

	FenOrderID string // of a sync
	ServiceID  string
	PaidAt     time.Time

	// IDMade: the completion's id was made up for this sending, so that the id
	// of one that is stored for the bill is as good. Another: a person names a
	// completion that may be one more of the bill. Neither is stored.
	IDMade, Another bool

	By       string    // who had it sent
	MadeAt   time.Time // when it was intended
	SentAt   time.Time // when it was last sent; zero: never
	Attempts int       // times it was sent
	Code     string    // what UMS said last
	Message  string
}

// same says whether two sendings tell UMS the same thing.
func (s Sending) same(t Sending) bool {
	return s.Kind == t.Kind && s.Key == t.Key && s.AuthCode == t.AuthCode && s.Amount == t.Amount &&
		s.FenOrderID == t.FenOrderID && s.ServiceID == t.ServiceID && s.PaidAt.Equal(t.PaidAt)
}

// Absent says whether nothing of a sending can be at UMS.
func (s Sending) Absent() bool { return s.State == SendingIntended || s.State == SendingRefused }

// Told is what came of one request that changes something.
type Told struct {
	State   SendingState // done, refused, unsure; intended: nothing was sent
	Code    string
	Message string
	Raw     []byte // masked
	Amount  Amount // that UMS has completed, when done
	// Rejected: it is refused for credentials, merchant, clock or access, so
	// that the next one will most likely end the same way.
	Rejected bool
	// Halted: it was not tried, because too many before it went wrong.
	Halted bool
}

// Sibling is another completion of a bill that counts against it.
type Sibling struct {
	ID     string // its completion id
	Amount Fen
	Doubt  bool // it is not known whether UMS did it; false: done, by UMS or by the ledger
	Booked bool // the ledger has a row of it
}

// follow says whether a completion may be sent beside others of a bill whose
// total is given; its error matches ErrBlocked. One that is in doubt goes
// first: only then is it known what is left. One that the ledger does not know
// may be this very one under another id.
func (s Sending) follow(others []Sibling, total Amount) error {
	sum := s.Amount
	for _, o := range others {
		switch {
		case o.Doubt:
			return fmt.Errorf("%w: %s, %s yuan", ErrDoubtFirst, o.ID, o.Amount.Yuan())
		case !o.Booked && !s.Another:
			return fmt.Errorf("%w: the bill has %s of %s yuan, which the ledger does not have", ErrMaybeSame, o.ID, o.Amount.Yuan())
		}
		sum += o.Amount
	}
	switch {
	case !total.Known && len(others) > 0:
		return fmt.Errorf("%w: the bill has other completions and UMS states no total to hold them against", ErrBlocked)
	case total.Known && sum > total.Fen:
		return fmt.Errorf("%w: the completions of the bill would sum to %s yuan, the bill is %s; no more than %s is left",
			ErrBlocked, sum.Yuan(), total.Yuan(), max(0, total.Fen-sum+s.Amount).Yuan())
	}
	return nil
}

// SendingStore keeps sendings. Every method is one transaction that has
// reached the disk when it returns.
type SendingStore interface {
	// Stored is the sending of the same completion or pay-score order.
	Stored(ctx context.Context, s Sending) (stored Sending, found bool, err error)
	// Intend stores a sending before anything is sent, or returns the one that
	// is stored for the same completion or pay-score order; where the id was
	// made up, also one of the same bill that was not refused. What is stored
	// takes the new figures when nothing of it can be at UMS: it is refused, or
	// intended.
	Intend(ctx context.Context, s Sending) (stored Sending, err error)
	// Begin marks a sending as under way, if may lets a completion go beside the
	// others of its bill. It is false when somebody else has moved it since it
	// was read; the error is may's own.
	Begin(ctx context.Context, s Sending, may func([]Sibling) error, now time.Time) (bool, error)
	// TakeBack undoes a Begin of which nothing left this machine: the attempt
	// does not count, and a sending that is refused is intended anew.
	TakeBack(ctx context.Context, before Sending, t Told, now time.Time) error
	// Tell records what came of the last attempt of a sending, or what UMS says
	// when asked about it. A sending that is done, or was sent again since, is
	// not changed. The amount of a completion that is done becomes the one that
	// UMS has completed. It waits while the database is held by another process.
	Tell(ctx context.Context, s Sending, t Told, now time.Time) error
}

// SendingGateway tells UMS, one request each, and asks.
type SendingGateway interface {
	Gateway
	Send(ctx context.Context, s Sending) Told
}
