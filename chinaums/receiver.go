package chinaums

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// The roles of a receiver's two paths.
const (
	pathOfNotices   = "notice"
	pathOfContracts = "contract"
)

// leastSecret is the length of the secret at the end of a contract path.
const leastSecret = 16

// Received is a notice as it came in. What is not Verified must never be taken
// for evidence. Its Kind is empty when the body could not be read.
type Received struct {
	Notice
	Verified bool
	Why      string    // why it is not verified; printable
	At       time.Time // of its arrival
	Path     string    // "notice" or "contract": the role of the path, never the path
}

// Refusal is why a request was answered FAILED.
type Refusal string

// The refusals.
const (
	RefusedPath       Refusal = "path"
	RefusedMethod     Refusal = "method"
	RefusedTooLarge   Refusal = "too large"
	RefusedTooSlow    Refusal = "too slow"
	RefusedCut        Refusal = "broken off"
	RefusedBusy       Refusal = "busy"
	RefusedUnreadable Refusal = "unreadable" // what it says is not certain; the sink has it
	RefusedUnverified Refusal = "unverified" // the sink has it
	RefusedNotKept    Refusal = "not kept"   // the sink failed
)

var statusOf = map[Refusal]int{
	RefusedPath: http.StatusNotFound, RefusedMethod: http.StatusMethodNotAllowed, RefusedTooLarge: http.StatusRequestEntityTooLarge,
	RefusedTooSlow: http.StatusRequestTimeout, RefusedCut: http.StatusBadRequest, RefusedBusy: http.StatusServiceUnavailable,
	RefusedUnreadable: http.StatusBadRequest, RefusedUnverified: http.StatusOK, RefusedNotKept: http.StatusInternalServerError,
}

// ReceiverOptions make a receiver. Path, Key, Sink and Now are required; what is
// left zero has the default its comment names.
type ReceiverOptions struct {
	Path string // of bill and deduction notices
	// ContractPath is the path of contract notices. Those are not signed: the
	// path ends in a secret of at least 16 characters. Empty: none are taken.
	ContractPath Secret
	// Key is the communication key (通讯密钥) of a merchant; false: not one of ours.
	Key      func(mid string) (Secret, bool)
	AllowMD5 bool
	// Sink keeps a notice and returns when it is durable. It may be called
	// from many goroutines.
	Sink func(context.Context, Received) error
	Now  func() time.Time

	MaxBody     int64         // bytes; 64 KiB
	ReadTimeout time.Duration // of a whole body; 10 s
	SinkTimeout time.Duration // 10 s
	MaxInFlight int           // notices at a time, read whole, beyond which they are turned away; 256

	// Refused is told of every request that is answered FAILED, from many
	// goroutines. It may be nil. The path is its role, empty when there is none;
	// the error holds no value of a notice.
	Refused func(why Refusal, path string, err error)
}

func (o ReceiverOptions) withDefaults() ReceiverOptions {
	if o.MaxBody == 0 {
		o.MaxBody = 64 << 10
	}
	if o.ReadTimeout == 0 {
		o.ReadTimeout = 10 * time.Second
	}
	if o.SinkTimeout == 0 {
		o.SinkTimeout = 10 * time.Second
	}
	if o.MaxInFlight == 0 {
		o.MaxInFlight = 256
	}
	if o.Refused == nil {
		o.Refused = func(Refusal, string, error) {}
	}
	return o
}

func (o ReceiverOptions) check() error {
	contract := o.ContractPath.reveal()
	switch {
	case !strings.HasPrefix(o.Path, "/"):
		return fmt.Errorf("%w: the notice path must begin with /", ErrOptions)
	case o.Key == nil || o.Sink == nil || o.Now == nil:
		return fmt.Errorf("%w: a receiver needs keys, a sink and a clock", ErrOptions)
	case o.MaxBody < 0 || o.ReadTimeout < 0 || o.SinkTimeout < 0 || o.MaxInFlight < 0:
		return fmt.Errorf("%w: the limits of a receiver cannot be negative", ErrOptions)
	case contract == "":
		return nil
	case !strings.HasPrefix(contract, "/") || contract == o.Path || len(contract)-strings.LastIndex(contract, "/")-1 < leastSecret:
		return fmt.Errorf("%w: the contract path must begin with /, differ from the notice path, and end in a secret of at least %d characters", ErrOptions, leastSecret)
	}
	return nil
}

// receiver is the http.Handler.
type receiver struct {
	ReceiverOptions
	slots chan struct{}
}

// NewReceiver makes the http.Handler that takes the platform's notices. A notice
// is answered SUCCESS when the sink has it, everything else FAILED, upon which
// the platform sends it again for 24 hours. The error matches ErrOptions.
func NewReceiver(o ReceiverOptions) (http.Handler, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	o = o.withDefaults()
	return &receiver{o, make(chan struct{}, o.MaxInFlight)}, nil
}

// ServeHTTP answers one notice.
func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	path := r.role(req.URL.Path)
	switch {
	case path == "":
		giveUp(w)
		r.refuse(w, RefusedPath, path, errors.New("it is none of ours"))
		return
	case req.Method != http.MethodPost:
		giveUp(w)
		w.Header().Set("Allow", http.MethodPost)
		r.refuse(w, RefusedMethod, path, errors.New("it is not POST"))
		return
	}
	body, why, err := r.read(w, req)
	if err != nil {
		giveUp(w)
		r.refuse(w, why, path, err)
		return
	}
	// Only now: whoever is slow to send holds a connection, but nobody's place.
	select {
	case r.slots <- struct{}{}:
		defer func() { <-r.slots }()
		r.take(w, req, path, body)
	default:
		r.refuse(w, RefusedBusy, path, errors.New("too many notices at a time"))
	}
}

// role says which path it is; empty: none of ours.
func (r *receiver) role(path string) string {
	contract := r.ContractPath.reveal()
	switch {
	case path == r.Path:
		return pathOfNotices
	case contract != "" && sameText(path, contract):
		return pathOfContracts
	}
	return ""
}

// sameText compares a secret without telling by the time it takes how much of it
// was right, nor how long it is: what is compared is of one length always.
func sameText(given, secret string) bool {
	a, b := sha256.Sum256([]byte(given)), sha256.Sum256([]byte(secret))
	return subtle.ConstantTimeCompare(a[:], b[:]) == 1
}

// take verifies and keeps one notice.
func (r *receiver) take(w http.ResponseWriter, req *http.Request, path string, body []byte) {
	got := Received{At: r.Now(), Path: path}
	var why Refusal
	var err error
	if got.Notice, err = ParseNotice(req.Header.Get("Content-Type"), body); err != nil {
		why = RefusedUnreadable
	} else if err = r.verify(got.Notice, path); err != nil {
		why = RefusedUnverified
	}
	if got.Verified = err == nil; err != nil {
		got.Why = printable(err.Error())
	}
	// What has come whole is kept, whatever becomes of its sender.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(req.Context()), r.SinkTimeout)
	defer cancel()
	lost := r.Sink(ctx, got)
	switch {
	case lost != nil:
		r.refuse(w, RefusedNotKept, path, fmt.Errorf("keep the notice: %w", lost))
	case !got.Verified:
		r.refuse(w, why, path, errors.New(got.Why))
	default:
		answer(w, http.StatusOK, "SUCCESS")
	}
}

// read takes the whole body, or says why it did not.
func (r *receiver) read(w http.ResponseWriter, req *http.Request) (body []byte, why Refusal, err error) {
	fired := make(chan struct{})
	timer := time.AfterFunc(r.ReadTimeout, func() { defer close(fired); giveUp(w) })
	body, err = io.ReadAll(http.MaxBytesReader(w, req.Body, r.MaxBody))
	late := !timer.Stop()
	if late {
		<-fired // w is not to be used when the request is over
	}
	if err == nil {
		if late { // whole all the same: the connection may go on
			_ = http.NewResponseController(w).SetReadDeadline(time.Time{})
		}
		return body, "", nil
	}
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, RefusedTooLarge, fmt.Errorf("the body is larger than %d bytes", r.MaxBody)
	case late:
		return nil, RefusedTooSlow, fmt.Errorf("the body did not come within %s", r.ReadTimeout)
	}
	return nil, RefusedCut, errors.New("the body broke off")
}

// giveUp ends the wait for the rest of a body, the server's too. The zero of the
// epoch is past.
func giveUp(w http.ResponseWriter) {
	_ = http.NewResponseController(w).SetReadDeadline(time.Unix(0, 0))
}

// verify says why a notice is not to be believed; nil when it is.
func (r *receiver) verify(n Notice, path string) error {
	isContract := n.Kind == NoticeContract
	if isContract != (path == pathOfContracts) {
		return fmt.Errorf("a %s notice on the path of %s notices", n.Kind, map[string]string{pathOfNotices: "payment", pathOfContracts: "contract"}[path])
	}
	return n.Authenticate(r.Key, r.AllowMD5)
}

// refuse answers FAILED and ends the connection: only who is believed keeps one.
func (r *receiver) refuse(w http.ResponseWriter, why Refusal, path string, err error) {
	r.Refused(why, path, err)
	w.Header().Set("Connection", "close")
	answer(w, statusOf[why], "FAILED")
}

func answer(w http.ResponseWriter, status int, word string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, word)
}
