package reconcile

// Code names one way in which an order can fail to agree.
type Code string

// Severity ranks a finding.
type Severity string

// Severities from the gravest down. A waiting finding is explained by time
// alone; S4 and INFO are notes.
const (
	S1   Severity = "S1" // money or goods at risk, today
	S2   Severity = "S2" // wrong money or status, next working day
	S3   Severity = "S3" // timing or attribute
	Wait Severity = "waiting"
	S4   Severity = "S4" // note
	Info Severity = "INFO"
)

// Discrepant says whether the severity makes an order discrepant.
func (s Severity) Discrepant() bool { return s == S1 || s == S2 || s == S3 }

// Note says whether a finding of this severity is kept with the run only.
func (s Severity) Note() bool { return s == S4 || s == Info }

var severityRank = map[Severity]int{S1: 0, S2: 1, S3: 2, Wait: 3, S4: 4, Info: 5}

// The codes, in the order of the tables that define them.
const (
	BillNotFound           Code = "BILL_NOT_FOUND"
	NotSubmitted           Code = "NOT_SUBMITTED"
	LedgerNotFound         Code = "LEDGER_NOT_FOUND"
	LedgerDuplicateRow     Code = "LEDGER_DUPLICATE_ROW"
	LedgerDuplicateKey     Code = "LEDGER_DUPLICATE_KEY"
	LedgerRowVanished      Code = "LEDGER_ROW_VANISHED"
	LedgerChanged          Code = "LEDGER_CHANGED"
	PaymentReferenceReused Code = "PAYMENT_REFERENCE_REUSED"
	DoublePayment          Code = "DOUBLE_PAYMENT"

	LedgerUnpaidBillPaid Code = "LEDGER_UNPAID_BILL_PAID"
	LedgerWaiting        Code = "LEDGER_WAITING"
	LedgerClosedBillPaid Code = "LEDGER_CLOSED_BILL_PAID"
	LedgerPaidBillUnpaid Code = "LEDGER_PAID_BILL_UNPAID"
	LedgerPaidBillClosed Code = "LEDGER_PAID_BILL_CLOSED"
	LedgerOpenBillClosed Code = "LEDGER_OPEN_BILL_CLOSED"
	UnpaidWaiting        Code = "UNPAID_WAITING"
	StaleUnpaid          Code = "STALE_UNPAID"
	BillStatusUnknown    Code = "BILL_STATUS_UNKNOWN"
	BillStatusConflict   Code = "BILL_STATUS_CONFLICT"
	BillStatusRegressed  Code = "BILL_STATUS_REGRESSED"

	AmountBillMore        Code = "AMOUNT_BILL_MORE"
	AmountBillLess        Code = "AMOUNT_BILL_LESS"
	AmountWithinTolerance Code = "AMOUNT_WITHIN_TOLERANCE"
	AmountUnitSuspect     Code = "AMOUNT_UNIT_SUSPECT"
	AmountBasisMismatch   Code = "AMOUNT_BASIS_MISMATCH"
	BuyerPayMismatch      Code = "BUYER_PAY_MISMATCH"
	CouponMismatch        Code = "COUPON_MISMATCH"
	FieldNotCompared      Code = "FIELD_NOT_COMPARED"
	AmountIdentity        Code = "AMOUNT_IDENTITY"

	RefundNotInLedger    Code = "REFUND_NOT_IN_LEDGER"
	RefundNotAtUMS       Code = "REFUND_NOT_AT_UMS"
	RefundFailedAtUMS    Code = "REFUND_FAILED_AT_UMS"
	RefundWaiting        Code = "REFUND_WAITING"
	RefundStuck          Code = "REFUND_STUCK"
	RefundAmountMismatch Code = "REFUND_AMOUNT_MISMATCH"
	RefundIncomplete     Code = "REFUND_INCOMPLETE"
	RefundExceedsPayment Code = "REFUND_EXCEEDS_PAYMENT"
	RefundUndetermined   Code = "REFUND_UNDETERMINED"

	CompletionNotAtUMS       Code = "COMPLETION_NOT_AT_UMS"
	CompletionWaiting        Code = "COMPLETION_WAITING"
	CompletionStuck          Code = "COMPLETION_STUCK"
	CompletionFailedAtUMS    Code = "COMPLETION_FAILED_AT_UMS"
	CompletionNotInLedger    Code = "COMPLETION_NOT_IN_LEDGER"
	CompletionAmountMismatch Code = "COMPLETION_AMOUNT_MISMATCH"
	SecuredFundsHeld         Code = "SECURED_FUNDS_HELD"

	SettleWaiting      Code = "SETTLE_WAITING"
	SettleOverdue      Code = "SETTLE_OVERDUE"
	SettleDateMismatch Code = "SETTLE_DATE_MISMATCH"
	SettleDateChanged  Code = "SETTLE_DATE_CHANGED"
	SettleBeforePay    Code = "SETTLE_BEFORE_PAY"
	CrossDay           Code = "CROSS_DAY"

	NoticeMissing            Code = "NOTICE_MISSING"
	NoticeNotApplied         Code = "NOTICE_NOT_APPLIED"
	NoticePaidBillUnpaid     Code = "NOTICE_PAID_BILL_UNPAID"
	NoticeBillConflict       Code = "NOTICE_BILL_CONFLICT"
	NoticeMutated            Code = "NOTICE_MUTATED"
	NoticeUnverified         Code = "NOTICE_UNVERIFIED"
	DeductionWithoutContract Code = "DEDUCTION_WITHOUT_CONTRACT"

	StatementMissing        Code = "STATEMENT_MISSING"
	StatementWaiting        Code = "STATEMENT_WAITING"
	StatementOnly           Code = "STATEMENT_ONLY"
	StatementAmountMismatch Code = "STATEMENT_AMOUNT_MISMATCH"
	FeeMismatch             Code = "FEE_MISMATCH"
	SettleTotalMismatch     Code = "SETTLE_TOTAL_MISMATCH"

	NotQueriedCode      Code = "NOT_QUERIED"
	QueryFailedCode     Code = "QUERY_FAILED"
	QueryRejected       Code = "QUERY_REJECTED"
	ResponseMalformed   Code = "RESPONSE_MALFORMED"
	ResponseKeyMismatch Code = "RESPONSE_KEY_MISMATCH"

	LedgerRowInvalid Code = "LEDGER_ROW_INVALID"
	LedgerKeyDamaged Code = "LEDGER_KEY_DAMAGED"

	PayScoreSyncDue Code = "PAY_SCORE_SYNC_DUE"
)

// Rule is what the tables say of a code.
type Rule struct {
	Code     Code
	ZH, EN   string   // its name for people
	Severity Severity // as a rule; a finding may carry another
	// Unverified marks the codes that leave an order without a trustworthy answer.
	Unverified bool
	// Follows are the waiting codes whose first_seen this one inherits.
	Follows []Code
	// clears says whether the tool may close a case whose condition is gone,
	// given what the order shows now. Nil: never, or only a person.
	clears func(before Case, now Verdict) bool
}

// Rules holds every code, in the order of the tables.
var Rules = []Rule{
	{Code: BillNotFound, ZH: "渠道无此单", EN: "bill not found at UMS", Severity: S1, clears: agreed},
	{Code: NotSubmitted, ZH: "未到渠道", EN: "never submitted to UMS", Severity: S4},
	{Code: LedgerNotFound, ZH: "台账无此单", EN: "notified by UMS, not in the ledger", Severity: S1, clears: appeared},
	{Code: LedgerDuplicateRow, ZH: "台账重复行", EN: "identical ledger rows", Severity: S4},
	{Code: LedgerDuplicateKey, ZH: "台账同号异文", EN: "one key, different ledger rows", Severity: S2, clears: gone},
	{Code: LedgerRowVanished, ZH: "台账记录消失", EN: "ledger row vanished", Severity: S2, clears: unchanged},
	{Code: LedgerChanged, ZH: "已对台账被改", EN: "reconciled ledger row changed", Severity: S2},
	{Code: PaymentReferenceReused, ZH: "渠道流水被多单占用", EN: "payment reference on two bills", Severity: S1},
	{Code: DoublePayment, ZH: "重复支付", EN: "order paid twice", Severity: S1, clears: onePaid},

	{Code: LedgerUnpaidBillPaid, ZH: "掉单（渠道已付）", EN: "paid at UMS, unpaid in the ledger", Severity: S1, Follows: []Code{LedgerWaiting}, clears: paidEqual},
	{Code: LedgerWaiting, ZH: "待入账", EN: "paid after the ledger was taken", Severity: Wait},
	{Code: LedgerClosedBillPaid, ZH: "已关单仍收款", EN: "closed in the ledger, paid at UMS", Severity: S1, clears: refundedOrBooked},
	{Code: LedgerPaidBillUnpaid, ZH: "台账已付渠道未付", EN: "paid in the ledger, unpaid at UMS", Severity: S1, clears: paidEqual},
	{Code: LedgerPaidBillClosed, ZH: "台账已付渠道关闭", EN: "paid in the ledger, closed at UMS", Severity: S1},
	{Code: LedgerOpenBillClosed, ZH: "渠道已关台账未关", EN: "closed at UMS, open in the ledger", Severity: S4},
	{Code: UnpaidWaiting, ZH: "待支付", EN: "not yet paid", Severity: Wait},
	{Code: StaleUnpaid, ZH: "超时未付", EN: "not paid in time", Severity: S4},
	{Code: BillStatusUnknown, ZH: "渠道状态不明", EN: "unknown bill status", Severity: S3, clears: statusKnown},
	{Code: BillStatusConflict, ZH: "渠道状态矛盾", EN: "bill and flow status contradict", Severity: S3, clears: statusHolds},
	{Code: BillStatusRegressed, ZH: "渠道状态回退", EN: "bill was paid and no longer is", Severity: S1},

	{Code: AmountBillMore, ZH: "渠道金额多", EN: "UMS amount is more", Severity: S2, clears: paidEqual},
	{Code: AmountBillLess, ZH: "渠道金额少", EN: "UMS amount is less", Severity: S1, clears: paidEqual},
	{Code: AmountWithinTolerance, ZH: "容差内", EN: "difference within tolerance", Severity: S4},
	{Code: AmountUnitSuspect, ZH: "元分口径疑误", EN: "yuan taken for fen, or fen for yuan", Severity: S2, clears: paidEqual},
	{Code: AmountBasisMismatch, ZH: "金额口径差", EN: "ledger carries another of the bill's amounts", Severity: S3, clears: paidEqual},
	{Code: BuyerPayMismatch, ZH: "实付不符", EN: "buyer paid differs", Severity: S3, clears: buyerPayCompared},
	{Code: CouponMismatch, ZH: "优惠不符", EN: "coupon differs", Severity: S3, clears: couponCompared},
	{Code: FieldNotCompared, ZH: "未比对", EN: "field not answered by UMS", Severity: S4},
	{Code: AmountIdentity, ZH: "渠道金额勾稽不平", EN: "UMS amounts do not add up", Severity: S3, clears: identityHolds},

	{Code: RefundNotInLedger, ZH: "渠道已退台账未记", EN: "refunded at UMS, not in the ledger", Severity: S1, Follows: []Code{RefundWaiting}, clears: refundEqual},
	{Code: RefundNotAtUMS, ZH: "台账已退渠道未退", EN: "refunded in the ledger, not at UMS", Severity: S1, Follows: []Code{RefundWaiting}, clears: refundEqual},
	{Code: RefundFailedAtUMS, ZH: "渠道退款失败", EN: "refund failed at UMS", Severity: S2, Follows: []Code{RefundWaiting}, clears: flowAgreed},
	{Code: RefundWaiting, ZH: "退款处理中", EN: "refund under way", Severity: Wait},
	{Code: RefundStuck, ZH: "退款超时", EN: "refund takes too long", Severity: S2, Follows: []Code{RefundWaiting}, clears: flowDecided},
	{Code: RefundAmountMismatch, ZH: "退款金额不符", EN: "refund amount differs", Severity: S1, Follows: []Code{RefundWaiting}, clears: refundEqual},
	{Code: RefundIncomplete, ZH: "退款不足额", EN: "refunds sum to less than the payment", Severity: S2, clears: refundsSum},
	{Code: RefundExceedsPayment, ZH: "退款超额", EN: "refunds exceed the payment", Severity: S1},
	{Code: RefundUndetermined, ZH: "退款金额待定", EN: "refunded, amount cannot be asked", Severity: S2, Follows: []Code{RefundWaiting}, clears: refundEqual},

	{Code: CompletionNotAtUMS, ZH: "预授权完成：渠道未完成", EN: "completed in the ledger, not at UMS", Severity: S1, Follows: []Code{CompletionWaiting}, clears: completionEqual},
	{Code: CompletionWaiting, ZH: "预授权完成：处理中", EN: "completion under way", Severity: Wait},
	{Code: CompletionStuck, ZH: "预授权完成：超时", EN: "completion takes too long", Severity: S2, Follows: []Code{CompletionWaiting}, clears: flowDecided},
	{Code: CompletionFailedAtUMS, ZH: "预授权完成：失败", EN: "completion failed at UMS", Severity: S2, Follows: []Code{CompletionWaiting}, clears: flowAgreed},
	{Code: CompletionNotInLedger, ZH: "预授权完成：台账未记", EN: "completed at UMS, not in the ledger", Severity: S1, Follows: []Code{CompletionWaiting}, clears: completionEqual},
	{Code: CompletionAmountMismatch, ZH: "预授权完成金额不符", EN: "completion amount differs", Severity: S1, Follows: []Code{CompletionWaiting}, clears: completionEqual},
	{Code: SecuredFundsHeld, ZH: "担保未完成", EN: "guarantee not completed", Severity: S4, clears: secureOver},

	{Code: SettleWaiting, ZH: "待清算", EN: "not yet settled", Severity: Wait},
	{Code: SettleOverdue, ZH: "超期未清算", EN: "settlement overdue", Severity: S2, Follows: []Code{SettleWaiting}, clears: settled},
	{Code: SettleDateMismatch, ZH: "清算日不符", EN: "settle date differs", Severity: S3, clears: settleCompared},
	{Code: SettleDateChanged, ZH: "清算日变更", EN: "settle date changed", Severity: S3},
	{Code: SettleBeforePay, ZH: "清算早于支付", EN: "settled before it was paid", Severity: S3, clears: settleHolds},
	{Code: CrossDay, ZH: "日切", EN: "paid on another business day", Severity: Info},

	{Code: NoticeMissing, ZH: "未收到通知", EN: "no notice of the payment", Severity: S3, clears: noticed},
	{Code: NoticeNotApplied, ZH: "通知已到未入账", EN: "notified, not applied to the ledger", Severity: S1, clears: booked},
	{Code: NoticePaidBillUnpaid, ZH: "通知已付查询未付", EN: "notified as paid, unpaid at UMS", Severity: S1, clears: noticesAgree},
	{Code: NoticeBillConflict, ZH: "通知与查询不符", EN: "notice and bill contradict", Severity: S2, clears: noticesAgree},
	{Code: NoticeMutated, ZH: "同通知号内容变化", EN: "one notice id, different content", Severity: S1, clears: placed},
	{Code: NoticeUnverified, ZH: "通知验签失败", EN: "notices whose signature does not hold", Severity: S1},
	{Code: DeductionWithoutContract, ZH: "无有效签约扣款", EN: "deducted without a contract", Severity: S2, clears: covered},

	{Code: StatementMissing, ZH: "对账单缺此单", EN: "settled by its date, not in the statement", Severity: S2, Follows: []Code{StatementWaiting}, clears: lineAgrees},
	{Code: StatementWaiting, ZH: "对账单行待修正", EN: "its line in the statement cannot be read", Severity: Wait},
	{Code: StatementOnly, ZH: "对账单多此单", EN: "in the statement, belongs to no bill", Severity: S1, clears: noSurplus},
	{Code: StatementAmountMismatch, ZH: "对账单金额不符", EN: "statement amount differs", Severity: S1, clears: lineAgrees},
	{Code: FeeMismatch, ZH: "手续费不符", EN: "fee differs", Severity: S3, clears: feeAgrees},
	{Code: SettleTotalMismatch, ZH: "清算合计不符", EN: "settlement totals differ", Severity: S2, clears: totalsAgree},

	{Code: NotQueriedCode, ZH: "未查询", EN: "not asked", Severity: S3, Unverified: true},
	{Code: QueryFailedCode, ZH: "查询多次失败", EN: "asked in vain", Severity: S3, Unverified: true},
	{Code: QueryRejected, ZH: "查询被拒", EN: "query rejected", Severity: S2, Unverified: true},
	{Code: ResponseMalformed, ZH: "应答异常", EN: "answer malformed", Severity: S2, Unverified: true},
	{Code: ResponseKeyMismatch, ZH: "应答单号不符", EN: "answer about another bill", Severity: S1, Unverified: true},

	{Code: LedgerRowInvalid, ZH: "台账行无效", EN: "ledger row invalid", Severity: S2, clears: gone},
	{Code: LedgerKeyDamaged, ZH: "单号被表格破坏", EN: "id damaged by a spreadsheet", Severity: S2, clears: gone},

	{Code: PayScoreSyncDue, ZH: "支付分待同步", EN: "pay-score order not told to UMS", Severity: S2, clears: synced},
}

// RuleOf is the rule of a code; the zero Rule for one that is not listed.
func RuleOf(c Code) Rule {
	if i := c.place(); i >= 0 {
		return Rules[i]
	}
	return Rule{Code: c}
}

func (c Code) place() int {
	if i, ok := places[c]; ok {
		return i
	}
	return -1
}

var places = func() map[Code]int {
	m := make(map[Code]int, len(Rules))
	for i, r := range Rules {
		m[r.Code] = i
	}
	return m
}()
