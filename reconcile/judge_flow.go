package reconcile

// progress is how far a refund or completion has come at UMS.
type progress int

const (
	done progress = iota
	undecided
	failed
	missing
)

// progress reads the status of a refund or completion block. The vendor lists
// no values for it (bills-query page); those of its refund interface and of
// payments are understood, everything else is undecided.
func (f Flow) progress(k Kind) progress {
	if !f.Present {
		return missing
	}
	switch f.Status {
	case "SUCCESS", FlowSuccess, FlowRefund:
		return done
	case "FAIL":
		return failed
	case FlowClosed:
		if k == Completion {
			return failed
		}
	}
	return undecided
}

// flowCodes are the codes of a refund, or the same of a completion.
type flowCodes struct {
	notInLedger, notAtUMS, failedAtUMS, waiting, stuck, amount Code
	zh, en                                                     string
}

var codesOf = map[Kind]flowCodes{
	Refund: {RefundNotInLedger, RefundNotAtUMS, RefundFailedAtUMS, RefundWaiting, RefundStuck, RefundAmountMismatch, "退款", "refund"},
	Completion: {CompletionNotInLedger, CompletionNotAtUMS, CompletionFailedAtUMS, CompletionWaiting, CompletionStuck, CompletionAmountMismatch,
		"预授权完成", "completion"},
}

// flowMatrix is the table of refund and completion rows: the row's ledger
// status against what UMS shows of it.
var flowMatrix = map[Status][4]cell{
	//           done              undecided     failed             missing
	Success:    {sameFlowAmount, waitOrStuck, flowLost, waitOrLost},
	Processing: {doneUnbooked, waitOrStuck, flowFailed, waitOrStuck},
	Failed:     {doneThoughFailed, waitOrStuck, agrees, agrees},
}

// flow judges a refund or completion row.
func (v *view) flow() {
	kind := v.o.Kind()
	block := v.bill.flow(kind)
	at := block.progress(kind)
	v.facts.BillPaid = at == done
	v.facts.BothPaid = v.facts.BillPaid && v.facts.LedgerPaid
	v.facts.FlowDecided = at == done || at == failed
	v.facts.Settled = v.facts.BillPaid && v.arrived(block.SettleDay)
	v.ums = block.Total
	v.facts.StatusKnown = v.col != unknown
	if kind == Completion && len(v.flows(Payment)) == 0 {
		v.noticesAlone() // nothing else of the bill is booked
	}
	switch {
	case v.held:
	case (v.col == noOrder || v.col == unpaid) && v.o.Status == Failed: // nothing was to happen, and nothing has
	case v.col == noOrder:
		say(BillNotFound)(v)
	case v.col == unpaid:
		say(LedgerPaidBillUnpaid)(v)
	case v.col == unknown:
		unknownStatus(v)
	default:
		flowMatrix[v.o.Status][at](v)
		v.refundExcess()
	}
	agree := classify(v.findings) == Matched
	v.facts.RefundsAgree, v.facts.CompletionsAgree = agree && kind == Refund, agree && kind == Completion
	v.statement()
}

func (v *view) flowSays(c Code, zh, en string) *Finding {
	codes := codesOf[v.o.Kind()]
	return v.add(c, words("台账%[1]s为“%[5]s” %[6]s 元，"+zh, "the ledger's %[2]s says %[3]s, %[6]s yuan; "+en, codes.zh, codes.en, v.o.Status, v.flowWord(), v.o.Status.ZH(), v.ledger.Yuan()))
}

// flowWord is how UMS puts the state of the refund or completion.
func (v *view) flowWord() string {
	block := v.bill.flow(v.o.Kind())
	if !block.Present {
		return "–"
	}
	return block.Status
}

// sameFlowAmount: done on both sides, so the amounts must agree.
func sameFlowAmount(v *view) {
	codes := codesOf[v.o.Kind()]
	v.facts.AmountsAgree = v.ums == v.ledger
	switch {
	case v.facts.AmountsAgree:
	case !v.ums.Known && v.o.Kind() == Refund:
		v.flowSays(RefundUndetermined, "渠道为 %[4]s 但未给出退款金额", "UMS says %[4]s but states no amount")
	case !v.ums.Known:
		v.notCompared("authed_amount", "完成金额")
	default:
		v.add(codes.amount, words("%[1]s金额：台账 %[3]s 元，渠道 %[4]s 元", "%[2]s amount: ledger %[3]s yuan, UMS %[4]s yuan",
			codes.zh, codes.en, v.ledger.Yuan(), v.ums.Yuan()))
	}
}

// doneUnbooked: UMS is done, the ledger still waits for it.
func doneUnbooked(v *view) {
	v.flowSays(codesOf[v.o.Kind()].notInLedger, "渠道已完成（%[4]s）", "UMS has done it (%[4]s)").Severity = S2
}

func doneThoughFailed(v *view) {
	v.flowSays(codesOf[v.o.Kind()].notInLedger, "渠道已完成（%[4]s）", "UMS has done it (%[4]s)")
}

func flowLost(v *view) {
	v.flowSays(codesOf[v.o.Kind()].notAtUMS, "渠道为 %[4]s", "UMS says %[4]s")
}

func flowFailed(v *view) {
	v.flowSays(codesOf[v.o.Kind()].failedAtUMS, "渠道为 %[4]s", "UMS says %[4]s")
}

func waitOrStuck(v *view) { v.waitOr(codesOf[v.o.Kind()].stuck) }

// waitOrLost: the ledger is done and UMS has nothing. A refund may still be
// on its way; a completion may not.
func waitOrLost(v *view) {
	if v.o.Kind() == Completion {
		flowLost(v)
		return
	}
	v.waitOr(RefundNotAtUMS)
}

// waitOr waits inside the grace, which runs from the row's paid_at, else from
// when the row was first seen; past it the code follows.
func (v *view) waitOr(after Code) {
	from := v.o.PaidAt
	if from.IsZero() {
		from = v.s.FirstSeen
	}
	if v.past(from, v.set.RefundGrace) {
		v.flowSays(after, "渠道为 %[4]s，宽限已于 "+stamp(from.Add(v.set.RefundGrace))+" 结束", "UMS says %[4]s; the grace ended "+stamp(from.Add(v.set.RefundGrace)))
		return
	}
	v.flowSays(codesOf[v.o.Kind()].waiting, "渠道为 %[4]s，宽限至 "+stamp(from.Add(v.set.RefundGrace)), "UMS says %[4]s; grace until "+stamp(from.Add(v.set.RefundGrace)))
}

// flows yields the family's refund or completion rows.
func (v *view) flows(k Kind) []*Subject {
	var out []*Subject
	for i := range v.family.Subjects {
		if s := &v.family.Subjects[i]; s.Order.Kind() == k {
			out = append(out, s)
		}
	}
	return out
}

// claimedRefunds counts the refund rows that say money was or will be given
// back; one that failed explains nothing.
func (v *view) claimedRefunds() int {
	n := 0
	for _, s := range v.flows(Refund) {
		if s.Order.Status != Failed {
			n++
		}
	}
	return n
}

// refundsDone adds up the refunds that UMS has done, of those asked for. all
// says whether every refund row has a trustworthy answer.
func (v *view) refundsDone() (sum Fen, n int, all bool) {
	all = true
	for _, s := range v.flows(Refund) {
		if s.Answer == nil || !s.Answer.Trustworthy() {
			all = false
			continue
		}
		if block := s.Answer.Bill.Refund; block.progress(Refund) == done {
			n++
			sum += block.Total.Fen
		}
	}
	return sum, n, all
}

// refundsExplain says whether the ledger's refund rows account for the refund
// that the bill shows. A bill that is refunded in full by more than all the
// rows have is not explained; else rows that are claimed but not done carry
// codes of their own.
func (v *view) refundsExplain() bool {
	if v.bill.RefundedInFull() && v.bill.Total.Known && v.refundsClaimed() < v.bill.Total.Fen {
		return false
	}
	sum, n, all := v.refundsDone()
	if !all || v.claimedRefunds() > n {
		return true
	}
	return n > 0 && !(v.bill.RefundedInFull() && v.bill.Total.Known && sum < v.bill.Total.Fen)
}

func (v *view) refundedInFull() bool {
	sum, n, _ := v.refundsDone()
	return v.bill.RefundedInFull() || (v.bill.Paid() && n > 0 && v.bill.Total.Known && sum >= v.bill.Total.Fen)
}

// refundsBooked adds up the refunds that the ledger calls a success; open says
// whether one is still processing.
func (v *view) refundsBooked() (booked Fen, open bool) {
	for _, s := range v.flows(Refund) {
		switch s.Order.Status {
		case Success:
			booked += s.Order.Amount
		case Processing:
			open = true
		}
	}
	return booked, open
}

// refundSums holds the refunds of a payment together against it.
func (v *view) refundSums() {
	rows := v.flows(Refund)
	if len(rows) == 0 {
		return
	}
	booked, open := v.refundsBooked()
	if v.o.Status == Refunded && !open && booked < v.o.Amount {
		v.addOver(RefundIncomplete, Some(v.o.Amount-booked), Amount{}, words("台账为已全额退款，但退款合计 %[2]s 元少于订单金额 %[1]s 元",
			"the ledger says refunded, but its refunds sum to %[2]s of %[1]s yuan", v.o.Amount.Yuan(), booked.Yuan()))
	}
	v.refundExcess()
}

func (v *view) paymentJudged() bool {
	for _, s := range v.flows(Payment) {
		if s.InScope {
			return true
		}
	}
	return false
}

// refundExcess stands on the payment row, or on the refund rows where none is
// judged: the ledger has none, or it is too old.
func (v *view) refundExcess() {
	if v.o.Kind() == Completion || v.o.Kind() == Refund && v.paymentJudged() {
		return
	}
	sum, _, _ := v.refundsDone()
	if !v.bill.Total.Known || sum <= v.bill.Total.Fen {
		return
	}
	v.addOver(RefundExceedsPayment, Amount{}, Some(sum-v.bill.Total.Fen), words("渠道退款合计 %[2]s 元，超过账单总额 %[1]s 元", "refunds at UMS sum to %[2]s yuan, the bill is %[1]s", v.bill.Total.Yuan(), sum.Yuan()))
}

// flowsAgree says whether the ledger has refund or completion rows that move
// money and UMS agrees with every row of the kind.
func (v *view) flowsAgree(k Kind) bool {
	moving := 0
	for _, s := range v.flows(k) {
		row := newView(v.family, s, v.set, v.now)
		if row.judge().Class != Matched {
			return false
		}
		if s.Order.Booked() {
			moving++
		}
	}
	return moving > 0
}

// Completed says whether the block is of a completion that UMS has done.
func (f Flow) Completed() bool { return f.progress(Completion) == done }
