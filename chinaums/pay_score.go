package chinaums

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// PayScoreSyncPath is where 支付分订单信息同步 is posted.
const PayScoreSyncPath = "/v1/inip/corporate-wallet/wechat-pay-point/order/sync"

const opPayScoreSync = "order/sync"

// maxSyncID is the page's limit of its identifiers, in characters.
const maxSyncID = 32

// PaidSync says that a pay score order was paid in another way (order/sync,
// 场景类型 Order_Paid).
type PaidSync struct {
	FenOrderID string
	MID        string
	ServiceID  string
	PaidTime   time.Time // when the user paid; sent in Beijing time, to the second

	// DetailAsText sends detail as a JSON string: the page's table has an
	// object, its samples a string.
	DetailAsText bool
	// Accepted are the respCodes that mean success, Refused those that mean
	// that surely nothing was done. The page lists none of either: what is in
	// neither list leaves open what became of it.
	Accepted, Refused []string
}

// SyncAnswer is an answer of order/sync (响应参数).
type SyncAnswer struct {
	RespCode string // of the gateway's layer (errCode) where that answered instead
	RespDesc string // likewise; printable and bounded

	Attempts int    // requests sent for it: 1, or 2 when a token was refused
	Raw      []byte // the body word for word but for Mask; nil when none was kept
}

// wireSync is the body of the request; its detail is an object or a string.
type wireSync struct {
	FenOrderID string          `json:"fenOrderId"`
	MID        string          `json:"mid"`
	ServiceID  string          `json:"serviceId"`
	Type       string          `json:"type"`
	Detail     json.RawMessage `json:"detail"`
}

// body is the same whenever it is sent: order/sync has no requestTimestamp. A
// bare date means two different times on the page, so it is never sent.
func (p PaidSync) body(time.Time) []byte {
	detail := encodeBody(map[string]string{"paidTime": p.PaidTime.In(beijing).Format(headerTime)})
	if p.DetailAsText {
		detail = encodeBody(string(detail))
	}
	return encodeBody(wireSync{FenOrderID: p.FenOrderID, MID: p.MID, ServiceID: p.ServiceID, Type: "Order_Paid", Detail: detail})
}

// check refuses what must not be sent.
func (p PaidSync) check(now time.Time) error {
	for _, f := range []struct{ name, value string }{
		{"fenOrderId", p.FenOrderID}, {"mid", p.MID}, {"serviceId", p.ServiceID},
	} {
		switch {
		case strings.TrimSpace(f.value) == "":
			return fmt.Errorf("%w: %s is empty", ErrBadQuery, f.name)
		case !utf8.ValidString(f.value):
			return fmt.Errorf("%w: %s is not UTF-8", ErrBadQuery, f.name)
		case utf8.RuneCountInString(f.value) > maxSyncID:
			return fmt.Errorf("%w: %s is longer than %d characters", ErrBadQuery, f.name, maxSyncID)
		}
	}
	return CheckPaidTime(p.PaidTime, now, time.Time{}, time.Time{})
}

// SyncPayScore sends one paid order, once: it never retries. (A request that
// was refused for its access token was not read; it alone goes out again, with
// a new token.) Of the rules for the paid time it checks the one about now;
// CheckPaidTime has the others.
//
// The error is nil only when HTTP 200 brings a respCode that is accepted;
// otherwise it is an *Error that matches a sentinel as CompletePreauth's does:
// ErrRefused for a respCode that says no, ErrRejected for one that is about
// credentials, merchant or request, or when the gateway's layer said no,
// ErrUnsure when it may have been done.
func (c *Client) SyncPayScore(ctx context.Context, p PaidSync) (SyncAnswer, error) {
	if err := p.check(c.options.Now()); err != nil {
		message := strings.TrimPrefix(err.Error(), ErrBadQuery.Error()+": ")
		return SyncAnswer{}, &Error{Op: opPayScoreSync, Message: message, Err: ErrBadQuery}
	}
	got, stopped := c.once(ctx, PayScoreSyncPath, p.body)
	if stopped != nil {
		return SyncAnswer{}, &Error{Op: opPayScoreSync, Err: stopped}
	}
	answer, err := got.sync(p)
	answer.Attempts = got.sent
	if got.body != nil {
		answer.Raw = Mask(got.body)
	}
	return answer, err
}

// sync judges the attempt.
func (x exchange) sync(p PaidSync) (SyncAnswer, error) {
	code := x.fields.code("respCode")
	if x.op == opToken || x.deniedToken || code == "" {
		return SyncAnswer{RespCode: printable(x.code), RespDesc: printable(x.text)}, x.unsaid()
	}
	x.code = code
	x.text, _ = x.fields.text("respDesc")
	answer := SyncAnswer{RespCode: printable(x.code), RespDesc: printable(x.text)}
	if end := p.end(x.status, code); end != nil {
		return answer, x.fail(opPayScoreSync, x.text, end)
	}
	return answer, nil
}

// unsaid is the error of an attempt without a respCode: the layer in front may
// have said no; otherwise nothing is known.
func (x exchange) unsaid() error {
	end := x.endOfWrite()
	if end != ErrRejected && end != ErrStopped && end != ErrNotSent {
		end = ErrUnsure
	}
	if x.err == nil && x.code == "" {
		return x.fail(opPayScoreSync, "respCode is empty, missing or of the wrong type", end)
	}
	return x.fail(opPayScoreSync, x.cause(), end)
}

// end is what an answer with a respCode ends in; nil for an accepted one. The
// codes of the platform's table that surely say no do so here.
func (p PaidSync) end(httpStatus int, respCode string) error {
	switch {
	case httpStatus != http.StatusOK:
		return ErrUnsure
	case slices.Contains(p.Accepted, respCode):
		return nil
	case slices.Contains(p.Refused, respCode), saysNo[respCode]:
		return ErrRefused
	case classes[respCode] == ClassRejected:
		return ErrRejected
	}
	return ErrUnsure
}
