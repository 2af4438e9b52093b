package ledger

import (
	"regexp"
	"strings"

	"github.com/umsrecon/umsrecon/reconcile"
)

// bare is a heading without its unit, blanks and the signs that people put
// between words, in small letters.
func bare(heading string) string {
	heading = Fold(strings.TrimSpace(heading))
	heading = strings.TrimSpace(remark.ReplaceAllString(heading, ""))
	for _, unit := range []string{"/元", "/分", "_fen", "_yuan"} {
		heading = strings.TrimSuffix(heading, unit)
	}
	if i := strings.LastIndexByte(heading, '.'); i >= 0 { // of an object within an object
		heading = heading[i+1:]
	}
	return strings.NewReplacer("_", "", "-", "", " ", "", "\u3000", "", ":", "", "：", "", "*", "", "#", "").Replace(heading)
}

// remark is what stands in brackets behind a heading: 金额（单位：元）.
var remark = regexp.MustCompile(`[(（\[【][^()（）\[\]【】]*[)）\]】]$`)

// names are the bare headings that merchants give a column.
func (c column) names() []string { return append([]string{bare(c.String())}, knownNames[c]...) }

var knownNames = map[column][]string{
	// The surer name comes first.
	colOrderNo:      {"orderid", "ordersn", "ordernumber", "订单号", "订单编号", "商户订单编号", "内部订单号", "业务单号", "业务订单号", "系统订单号", "平台订单号", "销售单号", "小票号", "单号", "流水号"},
	colBillNo:       {"billnumber", "billid", "billsn", "账单号", "账单编号", "账单号码", "银商账单号", "网付账单号", "银联账单号", "银商订单号", "银联订单号", "银商订单编号"},
	colBillDate:     {"billday", "账单日期", "账单日", "订单日期", "下单日期", "交易日期", "orderdate", "tradedate", "日期", "date"},
	colMID:          {"merchantid", "merchantno", "mchid", "商户号", "商户编号", "商户代码", "银商商户号", "银联商户号"},
	colTID:          {"terminalid", "terminalno", "termid", "终端号", "终端编号", "终端代码", "银商终端号"},
	colInstMID:      {"业务类型", "机构商户号", "机构商户编号"},
	colTotal:        {"total", "orderamount", "totalfee", "账单金额", "订单总金额", "订单总额", "订单金额", "交易金额", "总金额", "应付金额", "应收金额", "支付金额", "付款金额", "paymentamount", "payamount", "amount", "金额"},
	colStatus:       {"paystatus", "tradestatus", "支付状态", "交易状态", "付款状态", "orderstatus", "订单状态", "状态", "state", "交易结果"},
	colPaidAt:       {"paytime", "paidtime", "paymenttime", "successtime", "支付时间", "付款时间", "支付完成时间", "支付成功时间", "交易时间", "完成时间", "成交时间"},
	colBuyerPay:     {"buyerpay", "实付金额", "买家实付", "买家实付金额", "用户实付", "实付", "实收金额", "支付金额", "payamount"},
	colCoupon:       {"coupon", "discount", "discountamount", "优惠金额", "优惠券金额", "优惠", "折扣金额", "折扣"},
	colSettleDate:   {"settleday", "settlementdate", "清算日期", "结算日期", "清算日"},
	colMerOrderID:   {"merorderno", "merchantorderid", "merchantorderno", "outtradeno", "商户订单号", "商户单号"},
	colRefundID:     {"refundid", "refundno", "refundsn", "refundorderno", "outrefundno", "退款单号", "退款订单号", "退款编号", "退货单号", "退款流水号"},
	colRefundAmount: {"refund", "refundfee", "refundedamount", "退款金额", "退货金额", "已退金额", "已退款金额", "退款"},
	colAuthedID:     {"authedid", "completionid", "预授权完成单号", "预授权完成订单号", "完成单号"},
	colAuthedAmount: {"completionamount", "预授权完成金额", "完成金额"},
	colAuthCode:     {"authcode", "授权码", "预授权码"},
	colContractID:   {"contractno", "签约号", "签约编号", "协议号"},
	colFenOrderID:   {"payscoreorderid", "支付分订单号"},
	colServiceID:    {"服务id"},
	colServiceStart: {"servicestart", "服务开始时间"},
	colServiceEnd:   {"serviceend", "服务结束时间"},
}

// statusWords are the words of merchants, folded, for the status of a payment
// or, where no payment has it, of a refund.
var statusWords = map[string]reconcile.Status{
	"paid": reconcile.Paid, "pay_success": reconcile.Paid, "success": reconcile.Paid, "succeeded": reconcile.Paid, "trade_success": reconcile.Paid, "completed": reconcile.Paid, "已支付": reconcile.Paid,
	"支付成功": reconcile.Paid, "交易成功": reconcile.Paid, "已付款": reconcile.Paid, "付款成功": reconcile.Paid, "成功": reconcile.Paid, "已完成": reconcile.Paid, "交易完成": reconcile.Paid,
	"unpaid": reconcile.Unpaid, "pending": reconcile.Unpaid, "notpay": reconcile.Unpaid, "wait_buyer_pay": reconcile.Unpaid, "未支付": reconcile.Unpaid, "待支付": reconcile.Unpaid, "待付款": reconcile.Unpaid, "未付款": reconcile.Unpaid, "等待付款": reconcile.Unpaid,
	"closed": reconcile.Closed, "cancelled": reconcile.Closed, "canceled": reconcile.Closed, "trade_closed": reconcile.Closed, "已关闭": reconcile.Closed, "交易关闭": reconcile.Closed, "已取消": reconcile.Closed, "关闭": reconcile.Closed, "已撤销": reconcile.Closed,
	"refunded": reconcile.Refunded, "refund": reconcile.Refunded, "trade_refund": reconcile.Refunded, "已退款": reconcile.Refunded, "全额退款": reconcile.Refunded, "已全额退款": reconcile.Refunded, "已退货": reconcile.Refunded,
	"part_refunded": reconcile.PartRefunded, "partial_refund": reconcile.PartRefunded, "partially_refunded": reconcile.PartRefunded, "部分退款": reconcile.PartRefunded, "已部分退款": reconcile.PartRefunded,
	"退款成功": reconcile.Success, "refund_success": reconcile.Success,
	"processing": reconcile.Processing, "处理中": reconcile.Processing, "退款中": reconcile.Processing, "退款处理中": reconcile.Processing,
	"failed": reconcile.Failed, "fail": reconcile.Failed, "失败": reconcile.Failed, "退款失败": reconcile.Failed,
}
