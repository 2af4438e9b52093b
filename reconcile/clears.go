package reconcile

import (
	"slices"
	"strings"
)

// The grounds on which a case whose condition is gone may be closed.

func gone(Case, Verdict) bool { return true }

// agreed: found, and nothing at all is discrepant; a payment is paid on both
// sides.
func agreed(_ Case, v Verdict) bool {
	return v.Facts.Found && (v.Facts.BothPaid || v.Key.Kind() != Payment) && !slices.ContainsFunc(v.Findings, func(f Finding) bool { return f.Severity.Discrepant() })
}

// paidEqual: both sides paid, and the amounts agree.
func paidEqual(_ Case, v Verdict) bool { return v.Facts.BothPaid && v.Facts.AmountsAgree }

// stillPaid: both sides are still paid, so the field was compared and agrees,
// or the ledger no longer carries it. Held out of matching, or with statuses
// that contradict each other, it was not compared.
func stillPaid(_ Case, v Verdict) bool {
	return v.Facts.BothPaid && !slices.ContainsFunc(v.Findings, func(f Finding) bool {
		return f.Code == LedgerDuplicateKey || f.Code == BillStatusConflict
	})
}

// identityHolds: the bill states all its amounts, and they add up.
func identityHolds(_ Case, v Verdict) bool { return v.Facts.IdentityHolds }

// compared: stillPaid, and UMS stated the field of a ledger column.
func compared(column string) func(Case, Verdict) bool {
	return func(c Case, v Verdict) bool {
		return stillPaid(c, v) && !slices.ContainsFunc(v.Findings, func(f Finding) bool { return f.Code == FieldNotCompared && f.Basis == column })
	}
}

var (
	buyerPayCompared = compared("buyer_pay_amount")
	couponCompared   = compared("coupon_amount")
	settleCompared   = compared("settle_date")
)

// settleHolds: UMS names a settle date again, and it is not before the payment.
func settleHolds(_ Case, v Verdict) bool { return v.Facts.SettleHolds }

// statusKnown: a known status has come.
func statusKnown(_ Case, v Verdict) bool { return v.Facts.StatusKnown }

// statusHolds: bill and flow status fit each other again.
func statusHolds(_ Case, v Verdict) bool { return v.Facts.StatusHolds }

// secureOver: the guarantee was completed or cancelled.
func secureOver(_ Case, v Verdict) bool { return v.Facts.SecureOver }

// refundsSum: the refunds sum to what was refunded.
func refundsSum(_ Case, v Verdict) bool { return v.Facts.RefundsSum }

// onePaid: of several payments of one order, all but one were given back.
func onePaid(_ Case, v Verdict) bool { return v.Facts.RefundedInFull || v.Facts.OthersRefunded }

// refundedOrBooked: the buyer has the money back, or the ledger owns up to it.
func refundedOrBooked(_ Case, v Verdict) bool {
	return v.Facts.RefundedInFull || v.Facts.LedgerPaid
}

// refundEqual: on the refund itself, done on both sides and equal; on its
// payment, the ledger has refund rows and UMS agrees with each.
func refundEqual(_ Case, v Verdict) bool {
	if v.Key.Kind() == Payment {
		return v.Facts.RefundsAgree
	}
	return v.Facts.BothPaid && v.Facts.AmountsAgree
}

// completionEqual: the same of completions; what was completed of a guarantee
// stands on the payment itself.
func completionEqual(c Case, v Verdict) bool {
	equal := v.Facts.BothPaid && v.Facts.AmountsAgree
	if v.Key.Kind() == Payment {
		return v.Facts.CompletionsAgree || c.Code == CompletionAmountMismatch && equal && v.Facts.SecureOver
	}
	return equal
}

// flowAgreed: the ledger has the refund or completion and UMS agrees.
func flowAgreed(_ Case, v Verdict) bool { return v.Facts.RefundsAgree || v.Facts.CompletionsAgree }

// flowDecided: UMS says done or failed, no longer in between.
func flowDecided(_ Case, v Verdict) bool { return v.Facts.FlowDecided }

// settled: the settle date has arrived.
func settled(_ Case, v Verdict) bool { return v.Facts.Settled }

// unchanged: the row is back as it was.
func unchanged(before Case, v Verdict) bool { return before.Facts == v.Facts.Row }

// appeared: the order that a notice belongs to is in the ledger and agrees.
func appeared(_ Case, v Verdict) bool { return v.Facts.Appeared }

// placed: of a notice, the order that it belongs to carries the case now. On an
// order it never clears.
func placed(_ Case, v Verdict) bool { return v.Facts.Placed }

// covered: a contract covers the deduction now. What rested on contract notices
// is looked at only while the two numbers are taken for the same.
func covered(before Case, v Verdict) bool {
	if v.Facts.Placed {
		return true // the order carries the case now
	}
	return v.Facts.Covered && (v.Facts.ContractsMatched || !strings.HasSuffix(before.Facts, byMatching))
}

// noticed: the notice is there.
func noticed(_ Case, v Verdict) bool { return v.Facts.Noticed }

// booked: the ledger has turned paid.
func booked(_ Case, v Verdict) bool { return v.Facts.LedgerPaid }

// noticesAgree: the bill is paid, and the notices say the same.
func noticesAgree(_ Case, v Verdict) bool { return v.Facts.NoticesAgree }

// synced: UMS was told.
func synced(_ Case, v Verdict) bool { return v.Facts.Synced }

// lineAgrees: the statement has the line, with the bill's amount.
func lineAgrees(_ Case, v Verdict) bool { return v.Facts.LineAgrees }

// feeAgrees: the statement has the line, and its fee was compared.
func feeAgrees(_ Case, v Verdict) bool { return v.Facts.FeeAgrees }

// noSurplus: the line is gone from the statement; or its order is there, or the
// block of its bill, and agrees.
func noSurplus(_ Case, v Verdict) bool { return v.Facts.NoSurplus || v.Facts.Appeared }

// totalsAgree: statement and bills add up to the same.
func totalsAgree(_ Case, v Verdict) bool { return v.Facts.TotalsAgree }
