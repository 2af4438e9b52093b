package reports

import (
	"fmt"
	"iter"
	"time"

	"github.com/umsrecon/umsrecon/reconcile"
)

var (
	sampleDay = reconcile.MakeDay(2026, time.November, 19)
	sampleNow = time.Date(2026, time.November, 20, 2, 30, 0, 0, reconcile.Beijing)
)

func sampleOptions() Options {
	return Options{
		Merchant: "天津滨海商贸有限公司 898340149000005", Cutoff: "00:00", MadeAt: sampleNow.Add(9 * time.Minute),
		Settings: []Setting{{"rules.amount_basis", "bill_total"}, {"rules.tolerance", "0"}, {"rules.lookback", "90d"}},
	}
}

func sum(n int64, fen reconcile.Fen) reconcile.Sum { return reconcile.Sum{Count: n, Fen: fen} }

func sampleSummary() reconcile.Summary {
	payments := &reconcile.KindTotals{
		Loaded: sum(300, 5_720_400),
		Classes: map[reconcile.Class]reconcile.Sum{
			reconcile.Unverified: sum(3, 30_000), reconcile.Discrepant: sum(7, 120_400), reconcile.Waiting: sum(4, 70_000), reconcile.Matched: sum(286, 5_500_000),
		},
		Carried: map[reconcile.Class]reconcile.Sum{reconcile.Waiting: sum(2, 30_000), reconcile.Discrepant: sum(1, 1908)},
		Ledger:  sum(290, 5_600_000), UMS: sum(289, 5_598_091), BuyerPay: sum(289, 5_500_000), Coupon: sum(20, 98_091),
		Bridge: reconcile.Bridge{
			ByCode:   map[reconcile.Code]reconcile.Sum{reconcile.AmountBillLess: sum(1, -1), reconcile.AmountBillMore: sum(1, 200)},
			OneSided: sum(2, 27_892), Unverified: sum(3, -30_000),
		},
	}
	refunds := &reconcile.KindTotals{
		Loaded:  sum(12, 88_000),
		Classes: map[reconcile.Class]reconcile.Sum{reconcile.Discrepant: sum(2, 8_000), reconcile.Matched: sum(10, 80_000)},
		Ledger:  sum(12, 88_000), UMS: sum(11, 80_000),
		Bridge: reconcile.Bridge{OneSided: sum(1, -8_000)},
	}
	codes := map[reconcile.Code]reconcile.Sum{
		reconcile.BillNotFound: sum(2, 27_892), reconcile.AmountBillLess: sum(1, 1), reconcile.AmountBillMore: sum(1, 200),
		reconcile.LedgerUnpaidBillPaid: sum(3, 92_316), reconcile.RefundNotAtUMS: sum(2, 8_000), reconcile.SettleWaiting: sum(4, 70_000),
		reconcile.QueryFailedCode: sum(3, 30_000), reconcile.CrossDay: sum(5, 9_900), reconcile.LedgerRowInvalid: sum(2, 0),
	}
	return reconcile.Summary{
		RunID: "0198a9b0-6f7e-7c11-a1b2-3c4d5e6f7081", Day: sampleDay, Status: reconcile.RunIncomplete, StartedAt: sampleNow, EndedAt: sampleNow.Add(8 * time.Minute),
		Loads: []reconcile.Load{{
			Scope: "orders-2026-11-19", Files: []string{"ledger/orders-2026-11-19.csv"}, SHA256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
			SnapshotAt: sampleNow.Add(-time.Hour), Day: sampleDay, Rows: 314, Orders: 312, Invalid: 2, Total: 5_808_400,
		}},
		Statements: []reconcile.Load{
			{Scope: "statement:statement/2026-11-19.csv", Files: []string{"statement/2026-11-19.csv"}, SHA256: "4e07408562bedb8b60ce05c1decfe3ad16b72230967de01f640b7e4729b49fce",
				SnapshotAt: sampleNow.Add(-2 * time.Hour), Day: sampleDay, Rows: 41, Orders: 40, Invalid: 1, Total: 902_117},
			{Scope: "statement:statement/2026-11-20.csv", Day: sampleDay + 1, Missing: true},
		},
		Invalid: 3, Kinds: map[reconcile.Kind]*reconcile.KindTotals{reconcile.Payment: payments, reconcile.Refund: refunds},
		Queries: reconcile.Queries{ToAsk: 312, Sent: 309, Attempts: 330, Reused: 3}, Codes: codes,
		NotCompared: map[string]int64{"coupon_amount": 4},
		Cases: reconcile.RollForward{
			Opening: sum(5, 100_000), New: sum(9, 128_400), Reopened: sum(1, 100), Revalued: sum(1, -50), Cleared: sum(3, 60_000), Resolved: sum(2, 20_000), Closing: sum(10, 148_450),
		},
		Ageing: ageing(sum(7, 100_000), sum(1, 1_000), sum(1, 40_000), sum(1, 7_450), sum(0, 0)),
		Alarms: []reconcile.Words{{ZH: "本次运行有 3 笔订单未核实，结果不完整。", EN: "3 orders are unverified: the run is incomplete."}},
	}
}

func ageing(sums ...reconcile.Sum) []reconcile.AgeBand {
	bands := reconcile.AgeBands()
	for i := range bands {
		bands[i].Sum = sums[i]
	}
	return bands
}

// sampleLine is the ith case of a code, paid on both sides unless told otherwise.
func sampleLine(i int, code reconcile.Code, ledger, ums reconcile.Fen) reconcile.Line {
	key := reconcile.Key{BillKey: reconcile.BillKey{MID: "898340149000005", TID: "00000001", InstMID: "QRPAYDEFAULT", BillDay: sampleDay, BillNo: fmt.Sprintf("3194202611191234%08d", i)}}
	flow := reconcile.Flow{
		Present: true, Status: reconcile.FlowSuccess, MerOrderID: key.BillNo + "0", PaySeqID: fmt.Sprintf("27481954%05dN", i), TargetSys: "WXPay",
		Total: reconcile.Some(ums), BuyerPay: reconcile.Some(ums), Coupon: reconcile.Some(0), PaidAt: sampleNow.Add(-14 * time.Hour), SettleDay: sampleDay + 1,
	}
	answer := &reconcile.Answer{Outcome: reconcile.Found, Code: "SUCCESS", AskedAt: sampleNow, Attempts: 1,
		Bill: reconcile.Bill{Status: reconcile.BillPaid, Total: reconcile.Some(ums), Payment: flow}}
	return reconcile.Line{
		Case: reconcile.Case{
			ID: reconcile.CaseID(key, code), Code: code, Severity: reconcile.RuleOf(code).Severity, State: reconcile.StateOpen, Primary: true, Key: key, LedgerDay: sampleDay,
			Ledger: reconcile.Some(ledger), UMS: reconcile.Some(ums), Gap: reconcile.Some(ums - ledger), FirstSeen: sampleDay + 1, LastSeen: sampleDay + 1, Times: 1,
			Reason: reconcile.Words{ZH: "台账与渠道金额不同", EN: "the amounts differ"},
		},
		Order:  reconcile.Order{Key: key, LedgerDay: sampleDay, OrderNo: fmt.Sprintf("SO-20261119-%06d", i), Amount: ledger, Status: reconcile.Paid, Source: reconcile.Source{File: "orders-2026-11-19.csv", Line: i + 1}},
		Answer: answer, Last: answer,
	}
}

func sampleDiscrepancies() []reconcile.Line {
	notFound := sampleLine(3, reconcile.BillNotFound, 27_892, 0)
	notFound.Answer = &reconcile.Answer{Outcome: reconcile.NoOrder, Code: "NO_ORDER"}
	notFound.Case.UMS, notFound.Case.Gap = reconcile.Amount{}, reconcile.Some(-27_892)
	refund := sampleLine(4, reconcile.RefundNotAtUMS, 8_000, 0)
	refund.Case.Key.RefundID, refund.Order.RefundID, refund.Order.Status = "RF20261119000004", "RF20261119000004", reconcile.Success
	refund.Case.UMS, refund.Case.Gap = reconcile.Amount{}, reconcile.Some(-8_000)
	resolved := sampleLine(5, reconcile.SettleDateMismatch, 1_990, 1_990)
	resolved.Case.Ledger, resolved.Case.UMS, resolved.Case.Gap = reconcile.Amount{}, reconcile.Amount{}, reconcile.Amount{}
	resolved.Case.State, resolved.Case.Outcome, resolved.Case.Note, resolved.Case.By = reconcile.StateResolved, "跨日说明", "次日入账，已与门店核对", "王会计"
	more := sampleLine(2, reconcile.AmountBillMore, 10_000, 10_200)
	more.Others = []reconcile.Code{reconcile.SettleDateMismatch, reconcile.CouponMismatch}
	more.NoLongerAsked = true
	return []reconcile.Line{sampleLine(1, reconcile.AmountBillLess, 1908, 1907), more, notFound, refund, resolved}
}

func samplePending() []reconcile.Line {
	waiting := sampleLine(21, reconcile.SettleWaiting, 70_000, 70_000)
	waiting.Case.State, waiting.Case.Severity = reconcile.StateWaiting, reconcile.Wait
	waiting.Case.Reason = reconcile.Words{ZH: "渠道清算日期 2026-11-20 尚未到达", EN: "settles on 2026-11-20"}
	failed := sampleLine(22, reconcile.QueryFailedCode, 30_000, 0)
	failed.Case.State = reconcile.StateUnverified
	failed.Case.Reason = reconcile.Words{ZH: "4 次请求均未取得应答", EN: "4 requests, no answer"}
	failed.Answer, failed.Last = nil, &reconcile.Answer{Outcome: reconcile.QueryFailed, Code: "TIMEOUT", Message: "gateway answered HTTP 504 four times", Attempts: 4, AskedAt: sampleNow}
	return []reconcile.Line{waiting, failed}
}

func sampleProblems() []reconcile.Line {
	row := &reconcile.BadRow{
		Source: reconcile.Source{File: "orders-2026-11-19.csv", Line: 17}, Column: "订单金额", Damaged: false,
		Reason: reconcile.Words{ZH: "金额“-19.08”带负号", EN: `amount "-19.08" has a sign`}, Raw: "3194202611191234,-19.08,已支付,2026-11-19 10:00:00",
	}
	bad := reconcile.Line{Row: row, Case: reconcile.Case{
		ID: reconcile.RowCaseID("x", *row), Code: reconcile.LedgerRowInvalid, Severity: reconcile.S2, State: reconcile.StateOpen, LedgerDay: sampleDay, FirstSeen: sampleDay + 1,
	}}
	twice := sampleLine(31, reconcile.LedgerDuplicateKey, 500, 500)
	twice.Case.Reason = reconcile.Words{ZH: "第 31 行与第 32 行账单号相同、金额不同", EN: "rows 31 and 32 differ"}
	return []reconcile.Line{bad, twice}
}

func linesOfSlice(lines []reconcile.Line) func() reconcile.Lines { return each(lines) }

// each streams a slice.
func each[T any](all []T) func() iter.Seq2[T, error] {
	return func() iter.Seq2[T, error] {
		return func(yield func(T, error) bool) {
			for _, one := range all {
				if !yield(one, nil) {
					return
				}
			}
		}
	}
}

func sampleReport() DayReport {
	return DayReport{
		Summary: sampleSummary(), Discrepancies: linesOfSlice(sampleDiscrepancies()), Pending: linesOfSlice(samplePending()), LedgerProblems: linesOfSlice(sampleProblems()),
	}
}

// sampleSettlement is two settle dates, two channels, and one line of every
// other state.
func sampleSettlement() SettlementReport {
	var lines []reconcile.SettleLine
	for i := range 12 {
		l := sampleSettleLine(i, reconcile.Fen(1_908+i*311))
		l.SettleDay += reconcile.Day(i / 6)
		if i%3 == 1 {
			l.TargetSys, l.CardAttr = "ACP", "CREDIT_CARD"
		}
		lines = append(lines, l)
	}
	refund := sampleSettleLine(20, 0)
	refund.Kind, refund.Key.RefundID, refund.BillTotal, refund.PaymentTotal, refund.BuyerPay, refund.Coupon = reconcile.Refund, "RF20", reconcile.Amount{}, reconcile.Amount{}, reconcile.Amount{}, reconcile.Amount{}
	refund.Refund = reconcile.Some(1_908)
	undated := sampleSettleLine(21, 999)
	undated.SettleDay = 0
	unverified := sampleSettleLine(22, 0)
	unverified.State, unverified.BillTotal, unverified.LeftOut, unverified.SettleDay, unverified.PaidAt = reconcile.SettleUnverified, reconcile.Amount{}, reconcile.Some(30_000), 0, time.Time{}
	held := sampleSettleLine(23, 0)
	held.State, held.BillTotal, held.LeftOut = reconcile.SettleHeld, reconcile.Amount{}, reconcile.Some(50_000)
	terms := reconcile.DefaultSettleTerms()
	terms.Rates = []reconcile.FeeRate{{TargetSys: "WXPay", RatePPM: 3_800}, {TargetSys: "ACP", Card: "CREDIT_CARD", RatePPM: 6_000, Cap: 2_000}}
	return SettlementReport{Period: "2026-11", Terms: terms, Lines: each(append(lines, refund, undated, unverified, held))}
}

func sampleSettleLine(i int, total reconcile.Fen) reconcile.SettleLine {
	key := sampleLine(i, reconcile.CrossDay, 1, 1).Case.Key
	return reconcile.SettleLine{
		Key: key, Kind: reconcile.Payment, State: reconcile.SettleCounted, LedgerDay: sampleDay, PaidAt: sampleNow.Add(-14 * time.Hour), PayDay: sampleDay, SettleDay: sampleDay + 1,
		TargetSys: "WXPay", BillTotal: reconcile.Some(total), PaymentTotal: reconcile.Some(total - 8), Coupon: reconcile.Some(100), BuyerPay: reconcile.Some(total - 108),
	}
}
