package reconcile

import (
	"context"
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
	SendingIntended SendingState = "intended"
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
	// of one that is stored for the bill is as good. Another: a person wants one
	// more completion of the bill. Neither is stored.
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

// Told is what came of one request that changes something.
type Told struct {
	State   SendingState // done, refused, unsure; intended: nothing was sent
	Code    string
	Message string
	Raw     []byte // masked
	Amount  Amount // that UMS has completed, when done
}

// SendingStore keeps sendings. Every method is one transaction that has
// reached the disk when it returns.
type SendingStore interface {
	// Intend stores a sending before anything is sent, or returns the one that
	// is stored for the same completion or pay-score order; of a completion, if
	// it is not Another, also one of the same bill that was not refused. What is
	// stored takes the new figures when nothing of it can be at UMS: it was
	// refused, or never sent.
	Intend(ctx context.Context, s Sending) (stored Sending, err error)
	// Begin marks a sending as under way. It is false when somebody else has
	// moved it since it was read.
	Begin(ctx context.Context, s Sending, now time.Time) (bool, error)
	// Tell records what came of the last attempt of a sending, or what UMS says
	// when asked about it. A sending that is done, or was sent again since, is
	// not changed. It waits while the database is held by another process.
	Tell(ctx context.Context, s Sending, t Told, now time.Time) error
}

// SendingGateway tells UMS, one request each, and asks.
type SendingGateway interface {
	Gateway
	Send(ctx context.Context, s Sending) Told
}
