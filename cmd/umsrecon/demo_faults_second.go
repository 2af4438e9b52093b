package main

import (
	"time"

	"github.com/umsrecon/umsrecon/reconcile"
)

// demoSecondFaults stand in the second day's ledger: what shows on the night
// of the day itself.
var demoSecondFaults = []fault{
	{what: "paid after the ledger was taken", put: func(x *sale) {
		x.unbooked(reconcile.Unpaid)
		x.bill.BillPayment.PayTime = wire(demoSnapshot(x.day).Add(4 * time.Minute))
		x.expect("LEDGER_WAITING waiting")
	}},
	{what: "UMS answers about another bill", put: func(x *sale) {
		x.misbehave(x.row.billNo, "wrong-echo")
		x.expect("RESPONSE_KEY_MISMATCH unverified")
	}},
	{what: "UMS answers with an amount that is none", put: func(x *sale) {
		x.misbehave(x.row.billNo, "nonsense-amount")
		x.expect("RESPONSE_MALFORMED unverified")
	}},
	{what: "UMS refuses to answer about the bill", put: func(x *sale) {
		x.misbehave(x.row.billNo, "unknown-code")
		x.expect("QUERY_REJECTED unverified")
	}},
	{what: "settles on Monday", put: func(x *sale) {
		x.settles(demoSecond + 4)
		x.expect("SETTLE_WAITING waiting")
	}},
	{what: "unpaid on both sides, inside the window", put: func(x *sale) {
		x.unbooked(reconcile.Unpaid)
		x.unpaidBill()
		x.expect("UNPAID_WAITING waiting")
	}},
}
