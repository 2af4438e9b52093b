package chinaumstest

import (
	"maps"
	"strconv"
	"time"
)

// completionFields are those of bills/preauthed. The page gives totalAmount a
// greatest value where other fields have a length.
var completionFields = []field{
	{"requestTimestamp", true, 19, text}, {"mid", true, 15, text}, {"tid", true, 8, text}, {"instMid", true, 32, text},
	{"billNo", true, 31, text}, {"billDate", true, 10, text},
	{"authedOrderId", true, 32, text}, {"authIdRespCd", true, 255, text}, {"totalAmount", true, 9, digits},
	{"msgId", false, 64, text}, {"srcReserve", false, 255, text}, {"authedDesc", false, 255, text},
}

const maxCompletion = 100_000_000 // fen

func readCompletion(body []byte, now time.Time, _ Config) (query, *refusal) {
	q, fault := readFields(body, completionFields)
	if fault != nil {
		return q, fault
	}
	if q.amount() > maxCompletion {
		return q, badRequest("totalAmount is more than %d", maxCompletion)
	}
	return q, checkTimes(q, now)
}

// amount is totalAmount in fen; it was checked to be digits.
func (q query) amount() int64 {
	n, _ := strconv.ParseInt(q["totalAmount"], 10, 64)
	return n
}

// complete completes a pre-authorisation, unless there is something against it.
func (g *Gateway) complete(asked request, now time.Time) reply {
	g.mu.Lock()
	defer g.mu.Unlock()
	q, id := asked.Question, asked.AuthedOrderID
	bill, known := g.bills[q.Key]
	_, done := bill.Completions[id]
	total, err := strconv.ParseInt(string(bill.TotalAmount), 10, 64)
	switch {
	case !g.serves(q.MID):
		return business("NO_MERCHANT", "商户不存在", q, now)
	case !known:
		return business("NO_ORDER", "账单不存在", q, now)
	case done || g.completed[id] > 0:
		return business("DUP_ORDER", "订单号重复", q, now)
	case bill.AuthIDRespCd != "" && bill.AuthIDRespCd != asked.fields["authIdRespCd"]:
		return business("INVALID_ORDER", "授权标识应答码不符", q, now)
	case bill.BillStatus == "UNPAID":
		return business("OPERATION_NOT_ALLOWED", "账单未支付", q, now)
	case err == nil && bill.completions()+asked.fields.amount() > total:
		return business("OPERATION_NOT_ALLOWED", "完成金额大于预授权金额", q, now)
	}
	flow := asked.fields.flow(now, len(g.completed)+1)
	bill.Completions = maps.Clone(bill.Completions) // the caller of Put has its own
	if bill.Completions == nil {
		bill.Completions = map[string]Flow{}
	}
	bill.Completions[id] = flow
	g.bills[q.Key] = bill
	g.completed[id]++
	return completed(asked, bill, flow, now)
}

// completions is what the completions of a bill sum to, in fen: those that
// failed, and amounts that are nonsense, left out.
func (b Bill) completions() (sum int64) {
	for _, f := range b.Completions {
		n, err := strconv.ParseInt(string(f.TotalAmount), 10, 64)
		if err == nil && f.Status != "FAIL" && f.Status != "TRADE_CLOSED" {
			sum += n
		}
	}
	return sum
}

// flow is the record of a completion, the nth.
func (q query) flow(now time.Time, n int) Flow {
	amount := Amount(q["totalAmount"])
	return Flow{
		MerOrderID: q["authedOrderId"], BillBizType: "bills", PaySeqID: strconv.Itoa(n) + "N",
		TotalAmount: amount, BuyerPayAmount: amount, InvoiceAmount: amount, DiscountAmount: "0",
		PayTime: now.In(beijing).Format(wireTime), SettleDate: now.In(beijing).Format(wireDate),
		Status: "TRADE_SUCCESS", TargetSys: "ACP",
	}
}

// completed answers like the page's sample, which echoes authedOrderId empty.
func completed(asked request, b Bill, f Flow, now time.Time) reply {
	a := business("SUCCESS", "", asked.Question, now)
	block := asMap(f)
	block["discountAmount"] = 0 // a number among strings, as in the sample
	status := b.BillStatus
	if status == "" {
		status = "PAID"
	}
	maps.Copy(a.fields, map[string]any{
		"authIdRespCd": asked.fields["authIdRespCd"], "authedBillPayment": block,
		"msgId": asked.fields["msgId"], "srcReserve": asked.fields["srcReserve"],
		"billQRCode": b.BillQRCode, "billStatus": status, "authedOrderId": "", "cardAttr": b.CardAttr,
	})
	return a
}

// Completed is how often a completion was executed.
func (g *Gateway) Completed(authedOrderID string) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.completed[authedOrderID]
}
