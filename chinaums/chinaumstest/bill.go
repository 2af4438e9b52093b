package chinaumstest

import (
	"encoding/json"
	"fmt"
	"io"
)

// Key names a bill by the five fields of a query, as the platform spells them.
type Key struct {
	MID      string `json:"mid"`
	TID      string `json:"tid"`
	InstMID  string `json:"instMid"`
	BillNo   string `json:"billNo"`
	BillDate string `json:"billDate"` // 2006-01-02
}

// Amount is whole fen as text, the way the page's samples have it; empty is
// absent. In a file of bills it may also be a number. Whatever stands in it is
// sent as it is, nonsense too.
type Amount string

// Fen writes an amount.
func Fen(n int64) Amount { return Amount(fmt.Sprint(n)) }

// UnmarshalJSON takes a string or a number.
func (a *Amount) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '"' {
		return json.Unmarshal(b, (*string)(a))
	}
	var n json.Number
	if err := json.Unmarshal(b, &n); err != nil {
		return err
	}
	*a = Amount(n)
	return nil
}

// Bill is what the simulator knows of a bill, by the vendor's names; what is
// empty is left out of the answer. Times are 2006-01-02 15:04:05 in Beijing.
type Bill struct {
	Key
	CreateTime        string            `json:"createTime,omitempty"`
	BillStatus        string            `json:"billStatus,omitempty"`
	BillDesc          string            `json:"billDesc,omitempty"`
	TotalAmount       Amount            `json:"totalAmount,omitempty"`
	BillQRCode        string            `json:"billQRCode,omitempty"`
	MemberID          string            `json:"memberId,omitempty"`
	CounterNo         string            `json:"counterNo,omitempty"`
	MerName           string            `json:"merName,omitempty"`
	Memo              string            `json:"memo,omitempty"`
	SecureStatus      string            `json:"secureStatus,omitempty"`
	CompleteAmount    Amount            `json:"completeAmount,omitempty"`
	BillPayment       *Flow             `json:"billPayment,omitempty"`
	CardAttr          string            `json:"cardAttr,omitempty"`
	InstallmentNumber Amount            `json:"installmentNumber,omitempty"`
	RetCommParams     map[string]string `json:"retCommParams,omitempty"`

	// AuthIDRespCd is what a completion has to state; empty: anything. No
	// answer to a query tells it.
	AuthIDRespCd string `json:"authIdRespCd,omitempty"`

	// Refunds and Completions are told only to who asks for them by id, as
	// refundBillPayment and authedBillPayment.
	Refunds     map[string]Flow `json:"refunds,omitempty"`     // by refundOrderId
	Completions map[string]Flow `json:"completions,omitempty"` // by authedOrderId
}

// Flow is a block of a bill: its payment, a refund or a completion.
type Flow struct {
	MerOrderID      string `json:"merOrderId,omitempty"`
	BillBizType     string `json:"billBizType,omitempty"`
	PaySeqID        string `json:"paySeqId,omitempty"`
	TotalAmount     Amount `json:"totalAmount,omitempty"`
	BuyerPayAmount  Amount `json:"buyerPayAmount,omitempty"`
	InvoiceAmount   Amount `json:"invoiceAmount,omitempty"`
	DiscountAmount  Amount `json:"discountAmount,omitempty"`
	BuyerID         string `json:"buyerId,omitempty"`
	BuyerUsername   string `json:"buyerUsername,omitempty"`
	PayDetail       string `json:"payDetail,omitempty"`
	PayTime         string `json:"payTime,omitempty"`
	SettleDate      string `json:"settleDate,omitempty"`
	Status          string `json:"status,omitempty"`
	TargetOrderID   string `json:"targetOrderId,omitempty"`
	TargetSys       string `json:"targetSys,omitempty"`
	ActivityIDs     string `json:"activityIds,omitempty"`
	BuyerCashPayAmt Amount `json:"buyerCashPayAmt,omitempty"`
	CouponAmount    Amount `json:"couponAmount,omitempty"`
}

// ReadBills reads a JSON array of bills; a field that no bill has is an error,
// and so is a bill without its five key fields.
func ReadBills(r io.Reader) ([]Bill, error) {
	d := json.NewDecoder(r)
	d.DisallowUnknownFields()
	var bills []Bill
	if err := d.Decode(&bills); err != nil {
		return nil, fmt.Errorf("bills: %w", err)
	}
	if d.More() {
		return nil, fmt.Errorf("bills: something stands behind the array")
	}
	for i, b := range bills {
		if b.MID == "" || b.TID == "" || b.InstMID == "" || b.BillNo == "" || b.BillDate == "" {
			return nil, fmt.Errorf("bills: bill %d lacks one of mid, tid, instMid, billNo, billDate", i+1)
		}
	}
	return bills, nil
}

// fields is the bill as the answer to a question has it.
func (b Bill) fields(q Question) map[string]any {
	fields := asMap(b)
	delete(fields, "refunds")
	delete(fields, "completions")
	delete(fields, "authIdRespCd")
	if f, ok := b.Refunds[q.RefundOrderID]; ok && q.RefundOrderID != "" {
		fields["refundBillPayment"] = asMap(f)
	}
	if f, ok := b.Completions[q.AuthedOrderID]; ok && q.AuthedOrderID != "" {
		fields["authedBillPayment"] = asMap(f)
	}
	return fields
}

// asMap turns a struct of strings, maps and structs into the object it encodes
// to, which cannot fail.
func asMap(v any) map[string]any {
	text, _ := json.Marshal(v)
	fields := map[string]any{}
	_ = json.Unmarshal(text, &fields)
	return fields
}
