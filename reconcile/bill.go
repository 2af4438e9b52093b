package reconcile

import "time"

// Statuses of a bill and of a flow as the vendor spells them (bills-query
// page, billStatus and status). The set is open: what is not listed is kept
// word for word and never read as paid or unpaid.
const (
	BillPaid    = "PAID"
	BillUnpaid  = "UNPAID"
	BillRefund  = "REFUND"
	BillClosed  = "CLOSED"
	BillUnknown = "UNKNOWN"

	FlowNew     = "NEW_ORDER"
	FlowWaiting = "WAIT_BUYER_PAY"
	FlowSuccess = "TRADE_SUCCESS"
	FlowRefund  = "TRADE_REFUND" // partly or wholly
	FlowClosed  = "TRADE_CLOSED" // expired unpaid, or wholly refunded, or failed

	SecureUncompleted = "UNCOMPLETED"
	SecurePartly      = "PARTLY_COMPLETED"
	SecureAll         = "ALL_COMPLETED"
	SecureCanceled    = "CANCELED"
)

// Flow is one of the three blocks of a bill: billPayment, refundBillPayment
// or authedBillPayment.
type Flow struct {
	Present bool // the block was in the answer

	Status        string
	MerOrderID    string
	PaySeqID      string // 渠道流水: the reference number in statements
	TargetOrderID string
	TargetSys     string // 支付渠道; open set

	// Total of a payment is after the alliance discount; of a refund, what
	// that refund asked for.
	Total     Amount
	BuyerPay  Amount
	Invoice   Amount
	Discount  Amount
	BuyerCash Amount
	Coupon    Amount // the channel's coupon

	PaidAt    time.Time
	SettleDay Day
}

// Bill is what UMS says of a bill, in the domain's words.
type Bill struct {
	Status       string
	CreatedAt    time.Time
	Total        Amount // before the alliance discount
	SecureStatus string
	Completed    Amount // completeAmount of a guarantee
	CardAttr     string

	Payment    Flow
	Refund     Flow // of the refund that was asked about
	Completion Flow // of the completion that was asked about
}

// HasPayment says whether the bill carries a payment block: a billPayment
// with a payTime and a status of a successful or refunded trade.
func (b Bill) HasPayment() bool {
	if !b.Payment.Present || b.Payment.PaidAt.IsZero() {
		return false
	}
	switch b.Payment.Status {
	case FlowSuccess, FlowRefund, FlowClosed:
		return true
	}
	return false
}

// Paid says whether money was taken for the bill at some time, even if it was
// given back since.
func (b Bill) Paid() bool {
	switch b.Status {
	case BillPaid, BillRefund, BillClosed:
		return b.HasPayment()
	}
	return false
}

// RefundedInFull says whether the bill by itself shows that all of it was
// given back: closed after a payment, or its flow is.
func (b Bill) RefundedInFull() bool {
	return b.Paid() && (b.Status == BillClosed || b.Status == BillRefund && b.Payment.Status == FlowClosed)
}

// Outcome is what became of a question to UMS.
type Outcome string

// Found and NoOrder are trustworthy; every other outcome leaves its order
// unverified.
const (
	Found       Outcome = "found"
	NoOrder     Outcome = "no_order"
	NotQueried  Outcome = "not_queried"  // budget, deadline or abort came first
	QueryFailed Outcome = "failed"       // retryable errors only, all attempts used
	Rejected    Outcome = "rejected"     // credentials, merchant, clock or request
	Refused     Outcome = "refused"      // another business error about this one bill
	InProcess   Outcome = "processing"   // ORDER_PROCESSING: ask again later
	Malformed   Outcome = "malformed"    // not what the interface page promises
	WrongKey    Outcome = "key_mismatch" // the echo names another bill
)

// Answer is what UMS said, or why it did not, about one order.
type Answer struct {
	Outcome  Outcome
	Code     string // the body's errCode
	Message  string // the body's errMsg, or what went wrong; never a secret
	AskedAt  time.Time
	Attempts int    // HTTP requests made
	Bill     Bill   // when Found
	Raw      []byte // the body word for word, personal fields masked; nil when there was none
}

// Trustworthy says whether the answer proves anything about the bill.
func (a Answer) Trustworthy() bool { return a.Outcome == Found || a.Outcome == NoOrder }
