package chinaums

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// BillsPreauthedPath is where 预授权完成 is posted.
const BillsPreauthedPath = "/v1/netpay/bills/preauthed"

const opBillsPreauthed = "bills/preauthed"

// maxAuthedOrderID is the page's limit, in characters.
const maxAuthedOrderID = 32

// Completion completes a pre-authorised bill (bills/preauthed, 请求参数).
type Completion struct {
	MID           string
	TID           string
	InstMID       string
	BillNo        string
	BillDate      time.Time // its Beijing date is sent: the day on which the bill was created
	AuthedOrderID string    // of the completion, up to 32 characters, the merchant's own
	AuthIDRespCd  string    // 授权标识应答码 of the pre-authorisation
	TotalAmount   int64     // fen to complete, above 0

	// The rest may be empty and is then left out.
	MsgID      string // returned as it is
	SrcReserve string
	AuthedDesc string
}

// CompletionAnswer is an answer of bills/preauthed (响应参数). Strings and
// times that the answer does not have are empty and zero.
type CompletionAnswer struct {
	ErrCode           string
	ErrMsg            string // may be set on SUCCESS; printable and bounded
	RespondedAt       time.Time
	BillStatus        string
	AuthedBillPayment *BillFlow // nil: the answer has none. Its Status is still to be judged
	AuthedOrderID     string    // the page's sample echoes it empty
	CardAttr          string

	Attempts int    // requests sent for it: 1, or 2 when a token was refused
	Raw      []byte // the body word for word but for Mask; nil when none was kept
}

// wireCompletion is the body of the request.
type wireCompletion struct {
	RequestTimestamp string `json:"requestTimestamp"`
	MID              string `json:"mid"`
	TID              string `json:"tid"`
	InstMID          string `json:"instMid"`
	BillNo           string `json:"billNo"`
	BillDate         string `json:"billDate"`
	AuthedOrderID    string `json:"authedOrderId"`
	AuthIDRespCd     string `json:"authIdRespCd"`
	TotalAmount      string `json:"totalAmount"` // typed number on the page, a string in its sample
	MsgID            string `json:"msgId,omitempty"`
	SrcReserve       string `json:"srcReserve,omitempty"`
	AuthedDesc       string `json:"authedDesc,omitempty"`
}

// query is the bill that the completion is of, as one asks about it.
func (p Completion) query() BillQuery {
	return BillQuery{
		MID: p.MID, TID: p.TID, InstMID: p.InstMID, BillNo: p.BillNo, BillDate: p.BillDate,
		MsgID: p.MsgID, SrcReserve: p.SrcReserve, AuthedOrderID: p.AuthedOrderID,
	}
}

func (p Completion) body(now time.Time) []byte {
	q := p.query().wire(now)
	return encodeBody(wireCompletion{
		RequestTimestamp: q.RequestTimestamp,
		MID:              q.MID, TID: q.TID, InstMID: q.InstMID, BillNo: q.BillNo, BillDate: q.BillDate,
		AuthedOrderID: p.AuthedOrderID, AuthIDRespCd: p.AuthIDRespCd, TotalAmount: strconv.FormatInt(p.TotalAmount, 10),
		MsgID: p.MsgID, SrcReserve: p.SrcReserve, AuthedDesc: p.AuthedDesc,
	})
}

// check refuses what must not be sent.
func (p Completion) check() error {
	switch {
	case strings.TrimSpace(p.AuthedOrderID) == "":
		return fmt.Errorf("authedOrderId is empty")
	case utf8.RuneCountInString(p.AuthedOrderID) > maxAuthedOrderID:
		return fmt.Errorf("authedOrderId is longer than %d characters", maxAuthedOrderID)
	case strings.TrimSpace(p.AuthIDRespCd) == "":
		return fmt.Errorf("authIdRespCd is empty")
	case p.TotalAmount <= 0 || p.TotalAmount > maxAmount:
		return fmt.Errorf("totalAmount is %d, not an amount to complete", p.TotalAmount)
	case !utf8.ValidString(p.AuthIDRespCd), !utf8.ValidString(p.AuthedDesc):
		return fmt.Errorf("authIdRespCd or authedDesc is not UTF-8")
	}
	return p.query().check()
}

// CompletePreauth sends one completion, once: it never retries. (A request
// that was refused for its access token was not read; it alone goes out again,
// with a new token.)
//
// The error is nil only when the platform says SUCCESS in a whole answer about
// this very completion; whether the money was taken is said by the status in
// AuthedBillPayment. Otherwise it is an *Error. ErrBadQuery, ErrBudget,
// ErrNotSent and ErrStopped: nothing was sent, the last also when no access
// token could be had. ErrRejected, ErrRefused and ErrNoOrder: the platform said no, it was
// not done. ErrUnsure: it may have been done; ask QueryBill with the
// AuthedOrderID before sending again. Of the answer Attempts, Raw, ErrCode and
// ErrMsg are set as far as there were any.
func (c *Client) CompletePreauth(ctx context.Context, p Completion) (CompletionAnswer, error) {
	if err := p.check(); err != nil {
		return CompletionAnswer{}, &Error{Op: opBillsPreauthed, Message: err.Error(), Err: ErrBadQuery}
	}
	got, stopped := c.once(ctx, BillsPreauthedPath, p.body)
	if stopped != nil {
		return CompletionAnswer{}, &Error{Op: opBillsPreauthed, Err: stopped}
	}
	answer, err := got.completion(p)
	answer.ErrCode, answer.ErrMsg, answer.Attempts = printable(got.code), printable(got.text), got.sent
	if got.body != nil {
		answer.Raw = Mask(got.body)
	}
	return answer, err
}

// completion judges the attempt: an answer about something else, or a broken
// one, proves nothing.
func (x exchange) completion(p Completion) (CompletionAnswer, error) {
	if err := p.checkEcho(x.fields); err != nil {
		return CompletionAnswer{}, x.fail(opBillsPreauthed, err.Error(), ErrUnsure)
	}
	if end := x.endOfWrite(); end != nil {
		return CompletionAnswer{}, x.fail(opBillsPreauthed, x.cause(), end)
	}
	answer, err := decodeCompletion(x.fields)
	if err != nil {
		return CompletionAnswer{}, x.fail(opBillsPreauthed, err.Error(), ErrUnsure)
	}
	return answer, nil
}

func (p Completion) checkEcho(fields object) error {
	if err := checkEcho(fields, p.query().wire(time.Time{})); err != nil {
		return err
	}
	switch id, ok := fields.text("authedOrderId"); {
	case !ok:
		return fmt.Errorf("%w: authedOrderId is not a string", ErrMalformed)
	case id != "" && id != p.AuthedOrderID:
		return fmt.Errorf("%w: authedOrderId is %.40q, sent was %.40q", ErrWrongKey, id, p.AuthedOrderID)
	}
	return nil
}

// decodeCompletion reads a SUCCESS body; its error matches ErrMalformed.
func decodeCompletion(fields object) (CompletionAnswer, error) {
	var fault error
	r := reader{object: fields, fault: &fault}
	a := CompletionAnswer{
		RespondedAt:       r.moment("responseTimestamp"),
		BillStatus:        r.word("billStatus"),
		AuthedBillPayment: r.block("authedBillPayment").flow(),
		AuthedOrderID:     r.str("authedOrderId"),
		CardAttr:          r.word("cardAttr"),
	}
	if a.RespondedAt.IsZero() {
		a.RespondedAt = r.moment("responseTimeStamp")
	}
	if fault != nil {
		return CompletionAnswer{}, fault
	}
	return a, nil
}
