package chinaums

import (
	"encoding/json"
	"strings"
	"time"
)

// paymentNotice reads the fields of a bill or deduction notice.
func paymentNotice(params map[string]string, bill bool) Notice {
	fields := object{}
	for name, value := range params {
		if stated(params, name) {
			fields[name], _ = json.Marshal(value) // strings in UTF-8 always can
		}
	}
	var fault error
	r := reader{object: fields, fault: &fault}
	n := Notice{
		Kind: NoticeDeduction, ID: r.word("notifyId"), Params: params,
		MID: r.word("mid"), TID: r.word("tid"), InstMID: r.word("instMid"),
		TotalAmount: r.amount("totalAmount"), RefundAmount: r.amount("refundAmount"), CreateTime: r.moment("createTime"),
	}
	if bill {
		n.bill(r)
	} else {
		n.deduction(r)
	}
	if fault != nil {
		n.Fault = faultText(fault)
	}
	return n
}

func (n *Notice) deduction(r reader) {
	n.Status, n.MerOrderID, n.SeqID = r.word("status"), r.word("merOrderId"), r.word("seqId")
	n.TargetOrderID, n.TargetSys = r.word("targetOrderId"), r.word("targetSys")
	n.BuyerPayAmount, n.CouponAmount = r.amount("buyerPayAmount"), r.amount("couponAmount")
	n.PayTime, n.SettleDate = r.moment("payTime"), r.date("settleDate")
	n.ContractID = r.word("contractId")
	n.ContractSigned, n.ContractExpired = r.anyTime("contractSignedTime", false), r.anyTime("contractExpiredTime", true)
}

func (n *Notice) bill(r reader) {
	n.Kind = NoticeBill
	n.BillNo, n.BillDate, n.BillStatus = r.word("billNo"), r.date("billDate"), r.word("billStatus")
	p := r.nested("billPayment").flow()
	if p == nil {
		return
	}
	n.Status, n.MerOrderID, n.SeqID = p.Status, p.MerOrderID, p.PaySeqID
	n.TargetOrderID, n.TargetSys = p.TargetOrderID, p.TargetSys
	n.PaymentTotal, n.BuyerPayAmount, n.CouponAmount = p.TotalAmount, p.BuyerPayAmount, p.CouponAmount
	n.PayTime, n.SettleDate = p.PayTime, p.SettleDate
}

// nested is an object that stands in a string, as the platform sends it in a
// form; nil when absent.
func (r reader) nested(name string) *reader {
	text, ok := r.text(name)
	if !ok || strings.TrimSpace(text) == "" {
		return r.block(name)
	}
	fields, err := parseObject([]byte(text))
	if err != nil {
		r.fail(name, "is not an object without repeated names")
		return nil
	}
	return &reader{object: fields, path: r.path + name + ".", fault: r.fault}
}

// anyTimes are the forms in which a time may come whose form is not documented.
var anyTimes = []string{bodyTime, headerTime, time.RFC3339, bodyDate, "20060102"}

// anyTime is a time in any of the platform's forms; absent is zero. end reads a
// bare date as the last second of that day.
func (r reader) anyTime(name string, end bool) time.Time {
	s := r.word(name)
	if s == "" {
		return time.Time{}
	}
	for _, layout := range anyTimes {
		t, err := time.ParseInLocation(layout, s, beijing)
		t = t.In(beijing)
		if err != nil || layout != time.RFC3339 && t.Format(layout) != s || t.Year() < 1 || t.Year() > 9999 {
			continue
		}
		if end && len(layout) <= len(bodyDate) {
			t = t.Add(24*time.Hour - time.Second)
		}
		return t
	}
	r.fail(name, "is not a time such as 2018-02-25 11:22:33: %.40q", s)
	return time.Time{}
}

// faultText is a fault without the sentinel that it matches.
func faultText(fault error) string {
	return printable(strings.TrimPrefix(fault.Error(), ErrMalformed.Error()+": "))
}

// contractNotice reads the envelope of a contract notice (contract-notice
// page). createTime comes in two forms.
func contractNotice(fields object) Notice {
	var fault error
	r := reader{object: fields, fault: &fault}
	n := Notice{Kind: NoticeContract, ID: r.word("id"), CreateTime: r.anyTime("createTime", false), envelope: fields}
	event := &ContractEvent{EventType: r.word("eventType")}
	n.Contract = event
	if resource := r.nested("resource"); resource != nil {
		n.MID, n.Status = resource.word("mid"), resource.word("userServiceStatus")
		event.ServiceID, event.AuthorizationCode = resource.word("serviceId"), resource.word("authorizationCode")
		event.At = resource.anyTime("openorcloseTime", false)
		if at, ok := resource.text("openorcloseTime"); ok && strings.TrimSpace(at) == "" {
			event.At = n.CreateTime // only where none is stated: one that cannot be read is not guessed
		}
	}
	event.Open = strings.HasSuffix(event.EventType, "USER_OPEN_SERVICE")
	if !event.Open && !strings.HasSuffix(event.EventType, "USER_CLOSE_SERVICE") {
		r.fail("eventType", "is neither of opening nor of closing: %.40q", event.EventType)
		event.At = time.Time{} // nothing happened that we know of
	}
	if fault != nil {
		n.Fault = faultText(fault)
	}
	return n
}
