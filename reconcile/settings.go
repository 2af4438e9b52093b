package reconcile

import "time"

// Basis names the bill's amount that total_amount is compared with.
type Basis string

// The bases.
const (
	BasisBillTotal    Basis = "bill_total" // before the alliance discount
	BasisPaymentTotal Basis = "payment_total"
	BasisBuyerPay     Basis = "buyer_pay"
)

// Settings are the rules of judging. DefaultSettings has the defaults; the
// zero value has none.
type Settings struct {
	Calendar      Calendar
	AmountBasis   Basis
	Tolerance     Fen           // of total_amount only
	Lookback      int           // days behind the run's day that are still asked
	StaleAfter    int           // days after which an unpaid order is final
	Recheck       []int         // ages in days at which final paid orders are asked once more
	PayWindow     time.Duration // from createTime, else from the end of bill_date
	LedgerGrace   time.Duration // from payTime
	SettleGrace   int           // working days after the business day of payTime
	RefundGrace   time.Duration // from paid_at of the refund row, else from when it was first seen
	NoticeGrace   time.Duration // from payTime
	CheckIdentity bool          // AMOUNT_IDENTITY is looked for
	CheckDouble   bool          // DOUBLE_PAYMENT is looked for
	// OneCaseFrom is how many orders of a merchant's day, or rows of a source,
	// have to have one cause for one case to stand for all; 0: never.
	OneCaseFrom int

	// Statements: the merchant portal's exports are read. FeeTolerance is what a
	// fee may differ by from the rate in Terms.
	Statements   bool
	FeeTolerance Fen
	Terms        SettleTerms

	ExpectNotices   bool // notices come, so that one that is missing says something
	ContractNotices bool // contract notices come
	// MatchContracts reads the contractId of a deduction and the
	// authorizationCode of a contract notice as the same number, which the
	// vendor does not say.
	MatchContracts bool
}

// DefaultSettings are the rules where the configuration is silent.
func DefaultSettings() Settings {
	return Settings{
		AmountBasis: BasisBillTotal,
		Lookback:    90,
		StaleAfter:  3,
		PayWindow:   24 * time.Hour,
		LedgerGrace: 24 * time.Hour,
		SettleGrace: 2,
		RefundGrace: 72 * time.Hour,
		NoticeGrace: 24 * time.Hour,
		CheckDouble: true,
		OneCaseFrom: 100,

		FeeTolerance: 1,
		Terms:        DefaultSettleTerms(),
	}
}
