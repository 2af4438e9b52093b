package chinaums

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"
)

// BillsQueryPath is where 账单状态查询 is posted.
const BillsQueryPath = "/v1/netpay/bills/query"

const opBillsQuery = "bills/query"

// BillQuery asks about one bill (bills/query, 请求参数). The page's length
// limits contradict each other, so none is enforced here.
type BillQuery struct {
	MID      string
	TID      string
	InstMID  string
	BillNo   string
	BillDate time.Time // its Beijing date is sent: the day on which the bill was created

	// The rest may be empty and is then left out.
	MsgID         string // returned as it is
	SrcReserve    string
	RefundOrderID string // asks for this refund's record
	AuthedOrderID string // asks for this completion's record
}

// wireQuery is the body of the request.
type wireQuery struct {
	RequestTimestamp string `json:"requestTimestamp"`
	MID              string `json:"mid"`
	TID              string `json:"tid"`
	InstMID          string `json:"instMid"`
	BillNo           string `json:"billNo"`
	BillDate         string `json:"billDate"`
	MsgID            string `json:"msgId,omitempty"`
	SrcReserve       string `json:"srcReserve,omitempty"`
	RefundOrderID    string `json:"refundOrderId,omitempty"`
	AuthedOrderID    string `json:"authedOrderId,omitempty"`
}

func (q BillQuery) wire(now time.Time) wireQuery {
	return wireQuery{
		RequestTimestamp: now.In(beijing).Format(bodyTime),
		MID:              q.MID, TID: q.TID, InstMID: q.InstMID, BillNo: q.BillNo,
		BillDate: q.BillDate.In(beijing).Format(bodyDate),
		MsgID:    q.MsgID, SrcReserve: q.SrcReserve,
		RefundOrderID: q.RefundOrderID, AuthedOrderID: q.AuthedOrderID,
	}
}

// check refuses what no answer can be right for.
func (q BillQuery) check() error {
	required := []struct{ name, value string }{
		{"mid", q.MID}, {"tid", q.TID}, {"instMid", q.InstMID}, {"billNo", q.BillNo},
	}
	for _, f := range required {
		if strings.TrimSpace(f.value) == "" {
			return fmt.Errorf("%s is empty", f.name)
		}
	}
	if year := q.BillDate.In(beijing).Year(); q.BillDate.IsZero() || year < 1 || year > 9999 {
		return fmt.Errorf("billDate is empty or not a date")
	}
	for _, s := range []string{q.MID, q.TID, q.InstMID, q.BillNo, q.MsgID, q.SrcReserve, q.RefundOrderID, q.AuthedOrderID} {
		if !utf8.ValidString(s) {
			return fmt.Errorf("%q is not UTF-8", s)
		}
	}
	return nil
}

// body is the request as it goes out. Encoding strings never fails.
func (q BillQuery) body(now time.Time) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(q.wire(now))
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// QueryBill asks about one bill. The error is nil only when the platform knows
// the bill and its answer is whole and about that bill; otherwise it is an
// *Error that matches one of the sentinels, and of the answer Attempts, Raw,
// ErrCode and ErrMsg are set as far as there were any.
func (c *Client) QueryBill(ctx context.Context, q BillQuery) (BillAnswer, error) {
	if err := q.check(); err != nil {
		return BillAnswer{}, &Error{Op: opBillsQuery, Message: err.Error(), Err: ErrBadQuery}
	}
	got, stopped := c.call(ctx, BillsQueryPath, q.body)
	if stopped != nil {
		return BillAnswer{Attempts: got.sent}, &Error{Op: opBillsQuery, Err: stopped}
	}
	answer, err := got.bill(q)
	answer.Attempts = got.sent
	if got.body != nil {
		answer.Raw = Mask(got.body)
	}
	return answer, err
}

// ReadBill reads what QueryBill has left in Raw of an answer of status 200, and
// says of it what QueryBill said.
func ReadBill(q BillQuery, raw []byte) (BillAnswer, error) {
	var got exchange
	got.status, got.body = http.StatusOK, raw
	got.parse()
	got.class = Classify(got.status, got.code, got.err)
	return got.bill(q)
}

// bill is the answer, with the platform's own code and words whatever it is.
func (x exchange) bill(q BillQuery) (BillAnswer, error) {
	answer, err := x.judged(q)
	answer.ErrCode, answer.ErrMsg = printable(x.code), printable(x.text)
	return answer, err
}

// judged looks at the last attempt: whether it is about the bill at all goes
// before what it says, and that before whether it is whole.
func (x exchange) judged(q BillQuery) (BillAnswer, error) {
	echo := checkEcho(x.fields, q.wire(time.Time{}))
	proves := x.class == ClassAnswer || x.class == ClassNoOrder
	if errors.Is(echo, ErrWrongKey) {
		return BillAnswer{}, x.fail(opBillsQuery, echo.Error(), ErrWrongKey)
	}
	if echo != nil && proves {
		return BillAnswer{}, x.fail(opBillsQuery, echo.Error(), ErrMalformed)
	}
	if err := x.failure(opBillsQuery); err != nil {
		return BillAnswer{}, err
	}
	answer, err := decodeBill(x.fields)
	if err != nil {
		return BillAnswer{}, x.fail(opBillsQuery, err.Error(), ErrMalformed)
	}
	return answer, nil
}
