package main

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/umsrecon/umsrecon/chinaums/chinaumstest"
	"github.com/umsrecon/umsrecon/reconcile"
)

// The sample merchant and its terminal: those of the vendor's own examples.
const (
	demoMID = "898340149000005"
	demoTID = "00000001"
)

// shop makes up a merchant's orders and the bills that UMS has of them.
type shop struct {
	random *rand.Rand
	serial int
	bills  map[string]*chinaumstest.Bill // by bill number: the world at UMS
	rows   map[reconcile.Day][]*row      // the ledger files, by the day in their name
	mail   *mail
	portal map[string]func(*portalLine) bool // by bill number: what the statement says otherwise
}

func newShop(seed uint64) *shop {
	return &shop{
		random: rand.New(rand.NewPCG(seed, 20261119)),
		bills:  map[string]*chinaumstest.Bill{}, rows: map[reconcile.Day][]*row{},
		mail: &mail{told: map[string]bool{}}, portal: map[string]func(*portalLine) bool{},
	}
}

// row is a row of the sample ledger, as the merchant's export writes it.
type row struct {
	orderNo, billNo, billDate, total, status, paidAt string
	buyerPay, coupon, settleDate                     string
	refundID, refund, completionID, completed        string
	fenOrderID                                       string
}

// demoColumns are the headings of the sample ledger, in its order.
var demoColumns = []struct {
	ours, theirs string
	cell         func(*row) string
}{
	{"order_no", "业务单号", func(r *row) string { return r.orderNo }},
	{"bill_no", "账单号", func(r *row) string { return r.billNo }},
	{"bill_date", "账单日期", func(r *row) string { return r.billDate }},
	{"total_amount", "订单金额", func(r *row) string { return r.total }},
	{"status", "状态", func(r *row) string { return r.status }},
	{"paid_at", "支付时间", func(r *row) string { return r.paidAt }},
	{"buyer_pay_amount", "实付金额", func(r *row) string { return r.buyerPay }},
	{"coupon_amount", "优惠金额", func(r *row) string { return r.coupon }},
	{"settle_date", "清算日期", func(r *row) string { return r.settleDate }},
	{"refund_order_id", "退款订单号", func(r *row) string { return r.refundID }},
	{"refund_amount", "退款金额", func(r *row) string { return r.refund }},
	{"authed_order_id", "完成订单号", func(r *row) string { return r.completionID }},
	{"authed_amount", "完成金额", func(r *row) string { return r.completed }},
	{"fen_order_id", "支付分订单号", func(r *row) string { return r.fenOrderID }},
}

// demoStatuses are the sample merchant's own words.
var demoStatuses = map[reconcile.Status]string{
	reconcile.Paid: "已支付", reconcile.Unpaid: "待支付", reconcile.Closed: "已关闭", reconcile.PartRefunded: "部分退款",
	reconcile.Refunded: "已退款", reconcile.Success: "成功", reconcile.Processing: "处理中", reconcile.Failed: "失败",
}

// sale is one order on both sides, in agreement until a fault is put in.
type sale struct {
	*shop
	file   reconcile.Day // whose ledger file it stands in
	day    reconcile.Day // on which it was made and paid
	amount reconcile.Fen
	row    *row
	bill   *chinaumstest.Bill
	labels map[string][]string // what must be found, by subject: "CODE state"
	later  func()              // what happens to it before the second night

	misbehave func(billNo, name string) // makes the simulator misbehave about a bill
}

// sell makes an ordinary paid order: settled the day after, one in four with a
// coupon of the channel.
func (s *shop) sell(day reconcile.Day) *sale { return s.sellIn(day, day) }

// sellIn makes an order of one day that stands in the ledger file of another.
func (s *shop) sellIn(file, day reconcile.Day) *sale {
	s.serial++
	amount := reconcile.Fen(500 + s.random.IntN(50_000))
	var coupon reconcile.Fen
	if s.serial%4 == 0 {
		coupon = amount / 10
	}
	paid := day.Start().Add(8*time.Hour + time.Duration(s.random.IntN(13*3600))*time.Second)
	channel := []string{"WXPay", "Alipay 2.0", "UnionPay"}[s.serial%3]
	x := &sale{shop: s, file: file, day: day, amount: amount, labels: map[string][]string{}}
	billNo := s.id(day)
	x.row = &row{
		orderNo: fmt.Sprintf("SO%s%05d", day.Compact(), s.serial), billNo: billNo, billDate: day.String(), total: amount.Yuan(),
		status: demoStatuses[reconcile.Paid], paidAt: wire(paid), buyerPay: (amount - coupon).Yuan(), coupon: coupon.Yuan(),
	}
	x.bill = &chinaumstest.Bill{
		Key:        chinaumstest.Key{MID: demoMID, TID: demoTID, InstMID: defaultInstMID, BillNo: billNo, BillDate: day.String()},
		CreateTime: wire(paid.Add(-40 * time.Second)), BillStatus: reconcile.BillPaid, TotalAmount: fenText(amount), CardAttr: "DEBIT_CARD",
		BillPayment: &chinaumstest.Flow{
			MerOrderID: billNo + "0", BillBizType: "bills", PaySeqID: fmt.Sprintf("%011dN", s.serial),
			TotalAmount: fenText(amount), BuyerPayAmount: fenText(amount - coupon), InvoiceAmount: fenText(amount), DiscountAmount: "0",
			BuyerID: "o8wNP0Z0Hh4yE71YaJuQpQotAokA", BuyerUsername: "demo buyer",
			PayTime: wire(paid), SettleDate: (day + 1).String(), Status: reconcile.FlowSuccess,
			TargetOrderID: fmt.Sprintf("42000005%020d", s.serial), TargetSys: channel,
			BuyerCashPayAmt: fenText(amount - coupon), CouponAmount: fenText(coupon),
		},
	}
	s.rows[file] = append(s.rows[file], x.row)
	s.bills[billNo] = x.bill
	return x
}

// id makes a bill number or refund id of 26 digits, as UMS has them: the
// source number, the date, and a serial.
func (s *shop) id(day reconcile.Day) string {
	return fmt.Sprintf("3194%s%016d", day.Compact()[2:], s.random.Uint64N(9e15)+1e15)
}

var beijingTime = reconcile.Beijing

func wire(t time.Time) string { return t.In(reconcile.Beijing).Format(time.DateTime) }

func fenText(f reconcile.Fen) chinaumstest.Amount { return chinaumstest.Fen(int64(f)) }

// expect labels the order itself: each "CODE state" must be found on it after
// the second night, and nothing else.
func (x *sale) expect(labels ...string) { x.expectOn(x.row.billNo, labels...) }

func (x *sale) expectOn(subject string, labels ...string) {
	x.labels[subject] = append(x.labels[subject], labels...)
}

func (x *sale) books(s reconcile.Status) { x.row.status = demoStatuses[s] }

// takes lets UMS take another amount, and the ledger state the total alone.
func (x *sale) takes(f reconcile.Fen) {
	p := x.bill.BillPayment
	x.bill.TotalAmount, p.TotalAmount, p.BuyerPayAmount, p.InvoiceAmount = fenText(f), fenText(f), fenText(f), fenText(f)
	x.row.buyerPay, x.row.coupon = "", ""
}

// unpaidBill makes the bill one that nobody paid.
func (x *sale) unpaidBill() { x.bill.BillStatus, x.bill.BillPayment = reconcile.BillUnpaid, nil }

// unbooked leaves in the ledger only that the order was made.
func (x *sale) unbooked(s reconcile.Status) {
	x.books(s)
	x.row.paidAt, x.row.buyerPay, x.row.coupon = "", "", ""
}

// settles gives the bill another settle date.
func (x *sale) settles(d reconcile.Day) { x.bill.BillPayment.SettleDate = d.String() }

// refunds adds a refund row, and at UMS a refund of that state; no state: UMS
// has none. It returns the row.
func (x *sale) refunds(s reconcile.Status, booked reconcile.Fen, at time.Time, state string, done reconcile.Fen) *row {
	r := &row{
		orderNo: x.row.orderNo, billNo: x.row.billNo, billDate: x.row.billDate, status: demoStatuses[s],
		paidAt: wire(at), refundID: x.id(x.day), refund: booked.Yuan(),
	}
	x.rows[x.file] = append(x.rows[x.file], r)
	if state != "" {
		x.refundAtUMS(r, state, done, at)
	}
	return r
}

func (x *sale) refundAtUMS(r *row, state string, done reconcile.Fen, at time.Time) {
	if x.bill.Refunds == nil {
		x.bill.Refunds = map[string]chinaumstest.Flow{}
	}
	x.bill.Refunds[r.refundID] = x.flow(state, done, at)
	if state == "SUCCESS" {
		x.bill.BillStatus, x.bill.BillPayment.Status = reconcile.BillRefund, reconcile.FlowRefund
	}
}

// completes adds a completion row, and at UMS a completion of that state.
func (x *sale) completes(booked reconcile.Fen, state string, done reconcile.Fen) *row {
	at := x.day.Start().Add(20 * time.Hour)
	r := &row{
		orderNo: x.row.orderNo, billNo: x.row.billNo, billDate: x.row.billDate, status: demoStatuses[reconcile.Success],
		paidAt: wire(at), completionID: x.id(x.day), completed: booked.Yuan(),
	}
	x.rows[x.file] = append(x.rows[x.file], r)
	if state != "" {
		x.bill.Completions = map[string]chinaumstest.Flow{r.completionID: x.flow(state, done, at)}
	}
	return r
}

func (x *sale) flow(state string, done reconcile.Fen, at time.Time) chinaumstest.Flow {
	p := x.bill.BillPayment
	return chinaumstest.Flow{
		MerOrderID: p.MerOrderID, BillBizType: "bills", PaySeqID: p.PaySeqID, TotalAmount: fenText(done), Status: state,
		PayTime: wire(at), SettleDate: (reconcile.DayOf(at) + 1).String(), TargetSys: p.TargetSys, TargetOrderID: p.TargetOrderID,
	}
}

// remove takes a row out of its ledger file.
func (s *shop) remove(file reconcile.Day, gone *row) {
	rows := s.rows[file]
	for i, r := range rows {
		if r == gone {
			s.rows[file] = append(rows[:i:i], rows[i+1:]...)
			return
		}
	}
}
