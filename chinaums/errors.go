package chinaums

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
)

// What a call can end in, matched by the errors of a Client with errors.Is.
// The comment says who is to blame and whether anything was proven.
var (
	// ErrNoOrder: the platform does not know the bill. An answer, not a failure.
	ErrNoOrder = errors.New("the platform knows no such bill")

	// ErrProcessing: the bill is locked at the moment; ask again in a minute.
	ErrProcessing = errors.New("the bill is being processed")

	// ErrRefused: a business error about this one bill.
	ErrRefused = errors.New("the platform refused the query")

	// ErrRejected: credentials, merchant set-up, clock or request are wrong;
	// the next question will most likely end the same way.
	ErrRejected = errors.New("the platform rejected the request")

	// ErrUnavailable: nothing but retryable failures until the attempts, or
	// the budget, were used up.
	ErrUnavailable = errors.New("the platform is not available")

	// ErrMalformed: the answer is not what the interface page promises.
	ErrMalformed = errors.New("the answer is malformed")

	// ErrWrongKey: the answer names another bill than the one asked about.
	ErrWrongKey = errors.New("the answer is about another bill")

	// ErrUnsure: a request that changes something was sent, and what came back
	// does not say whether it did.
	ErrUnsure = errors.New("it is not known whether the platform did it; ask before sending again")

	// ErrNotSent: no connection came about, so a request that changes something
	// was surely not sent.
	ErrNotSent = errors.New("there was no connection; nothing was sent")

	// ErrBudget: the budget was used up before the first request of this call.
	ErrBudget = errors.New("the request budget is used up")

	// ErrStopped: the context ended, or its deadline cannot be met. Of a call
	// that changes something: it was not sent, or not read.
	ErrStopped = errors.New("stopped before an answer came")

	// ErrBadQuery: the query lacks what no answer can do without; nothing was sent.
	ErrBadQuery = errors.New("the query is not valid")

	// ErrOptions is returned by New.
	ErrOptions = errors.New("gateway options are not valid")

	// ErrNotice is returned by ParseNotice when a body is no notice, or when it
	// is not certain what it says.
	ErrNotice = errors.New("the notice cannot be read")

	// ErrSignature is returned by VerifyNotice when the signature does not hold.
	ErrSignature = errors.New("the signature does not hold")
)

// Causes inside a single attempt; they decide its Class.
var (
	errNotJSON  = errors.New("the body is not JSON")
	errCut      = errors.New("the body is cut off")
	errTooLarge = errors.New("the body is too large")
)

// Error is how a call ended without an answer. It never holds a body, a
// header or a key.
type Error struct {
	Op         string // the interface, such as "bills/query"; "token" when no access token could be had
	HTTPStatus int    // of the last attempt; 0: no response came
	Code       string // errCode of the body, printable and bounded; may be empty
	Message    string // errMsg or errInfo of the body, or what went wrong; printable and bounded
	Err        error  // one of the sentinels
}

// Error reads as a path from the interface to the cause.
func (e *Error) Error() string {
	return e.Op + ": " + e.Reason()
}

// Reason is what went wrong without the name of the interface: the HTTP
// status where it is not 200, the code where it is not SUCCESS, the message;
// the sentinel's text where there is none of these.
func (e *Error) Reason() string {
	var parts []string
	if e.HTTPStatus != 0 && e.HTTPStatus != 200 {
		parts = append(parts, fmt.Sprintf("HTTP %d", e.HTTPStatus))
	}
	if e.Code != "" && e.Code != "SUCCESS" {
		parts = append(parts, e.Code)
	}
	if e.Message != "" {
		parts = append(parts, e.Message)
	}
	if len(parts) == 0 {
		return e.Err.Error()
	}
	return strings.Join(parts, ": ")
}

// Unwrap gives the sentinel.
func (e *Error) Unwrap() error { return e.Err }

const maxMessage = 200 // runes

// printable makes text of the platform fit for a terminal and a log line:
// bounded, without control or formatting characters.
func printable(s string) string {
	var b strings.Builder
	n := 0
	for _, r := range s {
		switch {
		case n == maxMessage:
			return b.String() + "…"
		case unicode.IsSpace(r):
			r = ' '
		case !unicode.IsPrint(r):
			continue
		}
		b.WriteRune(r)
		n++
	}
	return strings.TrimSpace(b.String())
}
