package chinaums

import (
	"errors"
	"net/http"
)

// Class is what to do about one attempt.
type Class string

// The classes of an attempt.
const (
	ClassAnswer     Class = "answer"     // SUCCESS
	ClassNoOrder    Class = "no order"   // an answer, too: the bill does not exist there
	ClassRetry      Class = "retry"      // worth another attempt
	ClassGarbled    Class = "garbled"    // no readable body: worth another attempt, malformed when none is left
	ClassProcessing Class = "processing" // ask again later, not now
	ClassRefused    Class = "refused"    // about this one bill
	ClassRejected   Class = "rejected"   // about our request, clock, access or merchant
	ClassMalformed  Class = "malformed"  // JSON, but not an object with an errCode
)

// classes of the codes that the bills/query page and the error table of the
// platform name; every other textual code is ClassRefused.
var classes = map[string]Class{
	"SUCCESS":  ClassAnswer,
	"NO_ORDER": ClassNoOrder,

	"TIMEOUT":          ClassRetry,
	"NET_ERROR":        ClassRetry,
	"INTERNAL_ERROR":   ClassRetry,
	"TXN_DISCARDED":    ClassRetry,
	"INVALID_RESPONSE": ClassRetry,
	"9200":             ClassRetry, // gateway: sporadic, the same call succeeds seconds later

	"ORDER_PROCESSING": ClassProcessing,

	"INVALID_ORDER":         ClassRefused,
	"TARGET_FAIL":           ClassRefused,
	"OPERATION_NOT_ALLOWED": ClassRefused,
	"DUP_ORDER":             ClassRefused,
	"NO_CROSS_DAY_TRADING":  ClassRefused,

	"BAD_REQUEST":           ClassRejected,
	"NO_SERVICE":            ClassRejected,
	"ABNORMAL_REQUEST_TIME": ClassRejected,
	"1000":                  ClassRejected, // gateway: bad Timestamp

	"BAD_SIGN":               ClassRejected,
	"INVALID_MSGSRC":         ClassRejected,
	"DENIED_IP":              ClassRejected,
	"NO_MERCHANT":            ClassRejected,
	"INACTIVE_MERCHANT":      ClassRejected,
	"INVLID_MERCHANT_CONFIG": ClassRejected, // sic
}

// Classify decides about one attempt: by the body's code where it is known,
// else by the HTTP status. httpStatus is 0 and err set when no response came;
// code is the body's errCode, empty when it has none; err says why the body
// could not be read. SUCCESS and NO_ORDER count at HTTP 200 alone: nothing is
// proven by an answer whose two layers contradict each other.
func Classify(httpStatus int, code string, err error) Class {
	ok := httpStatus == http.StatusOK
	class, known := classes[code]
	switch {
	case httpStatus == 0:
		return ClassRetry
	case known && (ok || class != ClassAnswer && class != ClassNoOrder):
		return class
	case !ok:
		return classOfStatus(httpStatus)
	case errors.Is(err, errNotJSON), errors.Is(err, errCut), errors.Is(err, errTooLarge):
		return ClassGarbled
	case errors.Is(err, ErrMalformed):
		return ClassMalformed
	case err != nil:
		return ClassRetry
	case code == "":
		return ClassMalformed
	}
	return ClassRefused
}

func classOfStatus(status int) Class {
	if status == http.StatusTooManyRequests || status >= 500 {
		return ClassRetry
	}
	return ClassRejected
}

// again says whether another attempt may help.
func (c Class) again() bool { return c == ClassRetry || c == ClassGarbled }

// sentinel is what the class ends in when there is no other attempt; nil for
// an answer.
func (c Class) sentinel() error {
	return map[Class]error{
		ClassNoOrder:    ErrNoOrder,
		ClassRetry:      ErrUnavailable,
		ClassGarbled:    ErrMalformed,
		ClassProcessing: ErrProcessing,
		ClassRefused:    ErrRefused,
		ClassRejected:   ErrRejected,
		ClassMalformed:  ErrMalformed,
	}[c]
}

// saysNo are the business codes by which the platform surely did not do what
// it was asked to do. Others of ClassRefused leave that open: DUP_ORDER may be
// about this very request, TARGET_FAIL about an answer that got lost.
var saysNo = map[string]bool{"INVALID_ORDER": true, "OPERATION_NOT_ALLOWED": true, "NO_CROSS_DAY_TRADING": true}

// endOfWrite is what one request that changes something ends in, by its only
// attempt; nil for SUCCESS. Whatever is not a plain no is ErrUnsure: an answer
// whose layers contradict each other, and every code that is not known.
func endOfWrite(httpStatus int, code string, class Class) error {
	ok := httpStatus == http.StatusOK
	switch {
	case class == ClassAnswer:
		return nil
	case class == ClassNoOrder:
		return ErrNoOrder
	case ok && saysNo[code]:
		return ErrRefused
	case classes[code] == ClassRejected && classOfStatus(httpStatus) != ClassRetry:
		return ErrRejected
	}
	return ErrUnsure
}

// endOfWrite of the last attempt. A request that was refused for its token was
// not read, and without a token nothing was sent.
func (x exchange) endOfWrite() error {
	switch {
	case x.deniedToken, x.op == opToken && x.class == ClassRejected:
		return ErrRejected
	case x.op == opToken:
		return ErrStopped
	case x.unsent:
		return ErrNotSent
	}
	return endOfWrite(x.status, x.code, x.class)
}
