package chinaums

import (
	"fmt"
	"time"
)

// BillAnswer is an answer of bills/query (响应参数), every field of it. Strings
// and times that the answer does not have are empty and zero; amounts are
// absent.
type BillAnswer struct {
	ErrCode      string
	ErrMsg       string    // may be set on SUCCESS; printable and bounded
	RespondedAt  time.Time // responseTimeStamp, or responseTimestamp
	MID          string
	TID          string
	InstMID      string
	BillNo       string
	BillDate     time.Time // first instant of the date
	MsgID        string
	SrcReserve   string
	CreateTime   time.Time
	BillStatus   string
	BillDesc     string
	TotalAmount  Amount // before the alliance discount
	BillQRCode   string
	MemberID     string
	CounterNo    string
	MerName      string
	Memo         string
	SecureStatus string
	// CompleteAmount is what was completed of a guarantee.
	CompleteAmount    Amount
	BillPayment       *BillFlow // nil: no flow succeeded
	RefundBillPayment *BillFlow // of the refund asked about
	AuthedBillPayment *BillFlow // of the completion asked about
	CardAttr          string
	InstallmentNumber int // 0: none
	RetCommParams     *RetCommParams

	Attempts int    // requests sent for it
	Raw      []byte // the body word for word but for Mask; nil when none was kept
}

// BillFlow is billPayment, refundBillPayment or authedBillPayment.
type BillFlow struct {
	MerOrderID      string
	BillBizType     string
	PaySeqID        string // 交易参考号
	TotalAmount     Amount // after the alliance discount; of a refund: what was asked for
	BuyerPayAmount  Amount
	InvoiceAmount   Amount
	DiscountAmount  Amount
	BuyerID         Secret
	BuyerUsername   Secret
	PayDetail       string // free text, never to be computed from
	PayTime         time.Time
	SettleDate      time.Time // first instant of the date
	Status          string
	TargetOrderID   string
	TargetSys       string
	ActivityIDs     string
	BuyerCashPayAmt Amount
	CouponAmount    Amount // the channel's coupon
}

// RetCommParams is retCommParams (扫码点餐信息).
type RetCommParams struct {
	FoodOrderType, BrandID, StoreID, TableNo string
}

// checkEcho compares the key fields that are there with those asked for. The
// error matches ErrWrongKey or, when a field is not even a string,
// ErrMalformed; a wrong key goes before it.
func checkEcho(fields object, asked wireQuery) error {
	var wrongType error
	for _, f := range []struct{ name, asked string }{
		{"mid", asked.MID}, {"tid", asked.TID}, {"instMid", asked.InstMID},
		{"billNo", asked.BillNo}, {"billDate", asked.BillDate},
	} {
		switch s, ok := fields.text(f.name); {
		case !ok:
			wrongType = fmt.Errorf("%w: %s is not a string", ErrMalformed, f.name)
		case s != "" && s != f.asked:
			return fmt.Errorf("%w: %s is %.40q, asked was %.40q", ErrWrongKey, f.name, s, f.asked)
		}
	}
	return wrongType
}

// decodeBill reads a SUCCESS body; its error matches ErrMalformed.
func decodeBill(fields object) (BillAnswer, error) {
	var fault error
	r := reader{object: fields, fault: &fault}
	payment := r.block("billPayment")
	r.requireBill(payment)
	a := r.bill(payment)
	return a, fault
}

// requireBill demands what no judgement can do without.
func (r reader) requireBill(payment *reader) {
	r.require("mid", "tid", "instMid", "billNo", "billDate", "billStatus")
	status := r.word("billStatus")
	if status == "" {
		r.fail("billStatus", "is missing")
	}
	if status != "PAID" && status != "REFUND" {
		return
	}
	r.require("totalAmount", "billPayment")
	if payment != nil {
		payment.require("totalAmount", "payTime", "status")
		if payment.word("status") == "" {
			payment.fail("status", "is missing")
		}
	}
}

func (r reader) bill(payment *reader) BillAnswer {
	a := BillAnswer{
		RespondedAt:       r.moment("responseTimeStamp"),
		MID:               r.str("mid"),
		TID:               r.str("tid"),
		InstMID:           r.str("instMid"),
		BillNo:            r.str("billNo"),
		BillDate:          r.date("billDate"),
		MsgID:             r.free("msgId"),
		SrcReserve:        r.free("srcReserve"),
		CreateTime:        r.moment("createTime"),
		BillStatus:        r.word("billStatus"),
		BillDesc:          r.free("billDesc"),
		TotalAmount:       r.amount("totalAmount"),
		BillQRCode:        r.free("billQRCode"),
		MemberID:          r.free("memberId"),
		CounterNo:         r.free("counterNo"),
		MerName:           r.free("merName"),
		Memo:              r.free("memo"),
		SecureStatus:      r.word("secureStatus"),
		CompleteAmount:    r.amount("completeAmount"),
		BillPayment:       payment.flow(),
		RefundBillPayment: r.block("refundBillPayment").flow(),
		AuthedBillPayment: r.block("authedBillPayment").flow(),
		CardAttr:          r.word("cardAttr"),
		InstallmentNumber: r.count("installmentNumber"),
		RetCommParams:     r.block("retCommParams").retComm(),
	}
	if a.RespondedAt.IsZero() {
		a.RespondedAt = r.moment("responseTimestamp")
	}
	return a
}

func (r *reader) flow() *BillFlow {
	if r == nil {
		return nil
	}
	return &BillFlow{
		MerOrderID:      r.str("merOrderId"),
		BillBizType:     r.free("billBizType"),
		PaySeqID:        r.str("paySeqId"),
		TotalAmount:     r.amount("totalAmount"),
		BuyerPayAmount:  r.amount("buyerPayAmount"),
		InvoiceAmount:   r.amount("invoiceAmount"),
		DiscountAmount:  r.amount("discountAmount"),
		BuyerID:         NewSecret(r.free("buyerId")),
		BuyerUsername:   NewSecret(r.free("buyerUsername")),
		PayDetail:       r.free("payDetail"),
		PayTime:         r.moment("payTime"),
		SettleDate:      r.date("settleDate"),
		Status:          r.word("status"),
		TargetOrderID:   r.str("targetOrderId"),
		TargetSys:       r.word("targetSys"),
		ActivityIDs:     r.free("activityIds"),
		BuyerCashPayAmt: r.amount("buyerCashPayAmt"),
		CouponAmount:    r.amount("couponAmount"),
	}
}

func (r *reader) retComm() *RetCommParams {
	if r == nil {
		return nil
	}
	return &RetCommParams{
		FoodOrderType: r.free("foodOrderType"),
		BrandID:       r.free("brandId"),
		StoreID:       r.free("storeId"),
		TableNo:       r.free("tableNo"),
	}
}
