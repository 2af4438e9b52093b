package ledger

import "slices"

// column is one of our columns; columnNames has its canonical name.
type column int

const (
	colOrderNo column = iota
	colBillNo
	colBillDate
	colMID
	colTID
	colInstMID
	colTotal
	colStatus
	colPaidAt
	colBuyerPay
	colCoupon
	colSettleDate
	colMerOrderID
	colRefundID
	colRefundAmount
	colAuthedID
	colAuthedAmount
	colAuthCode
	colContractID
	colFenOrderID
	colServiceID
	colServiceStart
	colServiceEnd

	columnCount
)

var columnNames = [columnCount]string{
	"order_no", "bill_no", "bill_date", "mid", "tid", "inst_mid", "total_amount", "status", "paid_at",
	"buyer_pay_amount", "coupon_amount", "settle_date", "mer_order_id", "refund_order_id", "refund_amount",
	"authed_order_id", "authed_amount", "auth_id_resp_cd", "contract_id", "fen_order_id", "service_id",
	"service_start_at", "service_end_at",
}

// Columns lists the canonical names of the columns that a ledger can have.
func Columns() []string { return slices.Clone(columnNames[:]) }

func (c column) String() string { return columnNames[c] }

// required says whether a header must have the column: total_amount and
// status may be empty on some rows, but a ledger without them is none.
func (c column) required() bool {
	return c == colBillNo || c == colBillDate || c == colTotal || c == colStatus
}

// terminal says whether a column names the terminal of a row.
func (c column) terminal() bool { return c == colMID || c == colTID || c == colInstMID }

func columnNamed(name string) (column, bool) {
	for c, n := range columnNames {
		if n == name {
			return column(c), true
		}
	}
	return 0, false
}

// identifies says whether a column belongs to the key of an order.
func (c column) identifies() bool {
	switch c {
	case colBillNo, colMID, colTID, colInstMID, colRefundID, colAuthedID:
		return true
	}
	return false
}

// textual says whether a column holds ids or words: no amounts, dates, times.
func (c column) textual() bool {
	switch c {
	case colBillDate, colSettleDate, colPaidAt, colServiceStart, colServiceEnd:
		return false
	}
	return !c.money()
}
