package main

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sort"

	"github.com/umsrecon/umsrecon/chinaums/chinaumstest"
	"github.com/umsrecon/umsrecon/reconcile"
)

// portalLine is a line of the sample statement, as the merchant portal exports
// what it settles.
type portalLine struct {
	reference, merOrderID, kind, paidAt string
	amount, fee                         reconcile.Fen
}

// states lets the statement say something else about the sale's payment; false
// leaves the line out.
func (x *sale) states(change func(*portalLine) bool) { x.portal[x.row.billNo] = change }

// demoRates are the agreed fees, in millionths; those of demoConfig.
var demoRates = map[string]int64{"WXPay": 3800, "Alipay 2.0": 3800, "UnionPay": 5000}

func portalLineOf(kind string, f chinaumstest.Flow, amount chinaumstest.Amount) portalLine {
	l := portalLine{reference: f.PaySeqID, merOrderID: f.MerOrderID, kind: kind, paidAt: f.PayTime}
	_, _ = fmt.Sscan(string(amount), &l.amount) // fen of ours
	if kind == "支付" {
		l.fee = (l.amount*reconcile.Fen(demoRates[f.TargetSys]) + 500_000) / 1_000_000
		if f.TargetSys == "UnionPay" {
			l.fee = min(l.fee, 2000)
		}
	}
	return l
}

// settled lists what UMS settles on a date, with what the faults make of it.
func (s *shop) settled(day reconcile.Day) (lines []portalLine) {
	for _, no := range slices.Sorted(maps.Keys(s.bills)) {
		b, change := s.bills[no], s.portal[no]
		if change == nil {
			change = func(*portalLine) bool { return true }
		}
		p := b.BillPayment
		known := slices.Contains([]string{reconcile.BillPaid, reconcile.BillRefund, reconcile.BillClosed}, b.BillStatus)
		if p != nil && known && p.SettleDate == day.String() && len(b.Completions) == 0 {
			if l := portalLineOf("支付", *p, b.TotalAmount); change(&l) {
				lines = append(lines, l)
			}
		}
		for _, flows := range []struct {
			kind string
			of   map[string]chinaumstest.Flow
		}{{"支付", b.Completions}, {"退款", b.Refunds}} {
			for _, f := range flows.of {
				if (f.Status == "SUCCESS" || f.Status == reconcile.FlowSuccess) && f.SettleDate == day.String() {
					lines = append(lines, portalLineOf(flows.kind, f, f.TotalAmount))
				}
			}
		}
	}
	sort.Slice(lines, func(i, j int) bool {
		a, b := lines[i], lines[j]
		return cmp.Or(cmp.Compare(a.paidAt, b.paidAt), cmp.Compare(a.reference, b.reference), cmp.Compare(a.kind, b.kind)) < 0
	})
	return lines
}

// writeStatement writes the statement of a settle date, in yuan.
func (s *stage) writeStatement(day reconcile.Day) error {
	var text bytes.Buffer
	w := csv.NewWriter(&text)
	_ = w.Write([]string{"参考号", "商户订单号", "交易类型", "交易时间", "交易金额", "手续费", "清算金额"}) // into memory
	for _, l := range s.shop.settled(day) {
		sign := ""
		if l.kind == "退款" {
			sign = "-"
		}
		_ = w.Write([]string{l.reference, l.merOrderID, l.kind, l.paidAt, sign + l.amount.Yuan(), l.fee.Yuan(), sign + (l.amount - l.fee).Yuan()})
	}
	w.Flush()
	dir := filepath.Join(s.dir, "statement")
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, day.String()+".csv"), text.Bytes(), 0o640)
}
