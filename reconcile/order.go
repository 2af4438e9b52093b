package reconcile

import "time"

// BillKey names a bill at UMS: bills/query asks by these five fields and its
// answer must echo them.
type BillKey struct {
	MID, TID, InstMID string
	BillDay           Day
	BillNo            string
}

// Key names an order: a bill, plus the refund or completion id where the
// ledger row is one. At most one of the two is set.
type Key struct {
	BillKey
	RefundID     string
	CompletionID string
}

// Kind is what a ledger row is about.
type Kind string

// The three kinds. Figures are never added across them.
const (
	Payment    Kind = "payment"
	Refund     Kind = "refund"
	Completion Kind = "completion"
)

// Kinds in the order in which reports show them.
var Kinds = []Kind{Payment, Refund, Completion}

// Kind is derived from the ids the key carries.
func (k Key) Kind() Kind {
	switch {
	case k.RefundID != "":
		return Refund
	case k.CompletionID != "":
		return Completion
	}
	return Payment
}

// Status is what the ledger says of an order, in our words.
type Status string

// The first five belong to payments, the last three to refunds and completions.
const (
	Unpaid       Status = "unpaid"
	Paid         Status = "paid"
	PartRefunded Status = "part_refunded"
	Refunded     Status = "refunded"
	Closed       Status = "closed"

	Processing Status = "processing"
	Success    Status = "success"
	Failed     Status = "failed"
)

// Statuses lists every status, payments' first.
var Statuses = []Status{Unpaid, Paid, PartRefunded, Refunded, Closed, Processing, Success, Failed}

// ZH is the status in the words of the workbooks.
func (s Status) ZH() string {
	return map[Status]string{
		Unpaid: "未付", Paid: "已付", PartRefunded: "部分退款", Refunded: "已退款", Closed: "已关闭",
		Processing: "处理中", Success: "成功", Failed: "失败",
	}[s]
}

// OfPayment says whether s is a status of payment rows.
func (s Status) OfPayment() bool {
	return s == Unpaid || s == Paid || s == PartRefunded || s == Refunded || s == Closed
}

// Source is where a ledger row stands.
type Source struct {
	File string
	Line int // of the row's first line, counted from 1
}

// Order is one row of the merchant's ledger, understood.
type Order struct {
	Key
	LedgerDay Day    // the day whose books it belongs to
	OrderNo   string // the merchant's own number; may be empty or shared
	Amount    Fen    // total_amount, refund_amount or authed_amount by kind, positive
	Status    Status

	PaidAt     time.Time // zero: not in the ledger
	BuyerPay   Amount    // payments only
	Coupon     Amount    // payments only
	SettleDay  Day       // zero: not in the ledger
	MerOrderID string
	// Authed is authed_amount on a payment row: what was completed of a
	// guarantee or pre-authorisation.
	Authed Amount

	AuthCode     string // auth_id_resp_cd
	ContractID   string
	FenOrderID   string // WeChat pay-score order
	ServiceID    string
	ServiceStart time.Time
	ServiceEnd   time.Time

	Source Source
}

// Booked says whether the ledger claims that money moved.
func (o Order) Booked() bool {
	switch o.Status {
	case Paid, PartRefunded, Refunded, Success:
		return true
	}
	return false
}

// BadRow is a ledger row that could not be understood.
type BadRow struct {
	Source
	Column string // the merchant's own column name; empty when the row as a whole is at fault
	Reason Words
	Raw    string // the row's text as it stands in the file
	// Damaged marks an identifier destroyed by a spreadsheet
	// (LEDGER_KEY_DAMAGED); otherwise the row is LEDGER_ROW_INVALID.
	Damaged bool
	Names   LineNames // of a line of a statement; of a ledger's row, none
}

// Words is one sentence in the two languages of the reports.
type Words struct {
	ZH string `json:"zh"`
	EN string `json:"en"`
}
