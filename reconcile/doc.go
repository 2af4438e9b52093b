// Package reconcile decides what a merchant's books and ChinaUMS (银联商务)
// agree on. It is the domain: no files, no network, no SQL, and no clock of
// its own; the instant of a run is always passed in.
//
// Judge is the heart: one pure function from the evidence about a bill to a
// Verdict per order, with every finding and its reason. Job is the night
// around it: load the ledger, ask, judge, keep the cases, add up.
//
// The trade's words, once:
//
//	Order       台账行     a row of the merchant's ledger, the claim to be proven
//	Bill        账单       the fresh answer of bills/query, the authority on doubt
//	Flow        账单流水   the payment, refund or completion inside a bill
//	Statement   对账单     the merchant portal's export of what UMS settles (对账明细)
//	Finding     差异       one code that an order carries, with its reason
//	Case        差异单     the life of a finding over the nights
//	Ledger day  对账日     the date whose books an order belongs to
//	Settle day  清算日期   the date on which UMS settles a payment
//	Completion  预授权完成 the capture of a pre-authorisation
//
// Money is Fen (分), whole and signed, from end to end; a difference is always
// UMS − ledger. Days are dates; instants are Beijing time, a fixed +08:00.
package reconcile
