package chinaums

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// sampleAnswer is the page's 响应示例 with another buyer and with amounts
// that tell the fields apart.
//
//go:embed testdata/bills-query-answer.json
var sampleAnswer string

func decodeText(body string) (BillAnswer, error) {
	fields, err := parseObject([]byte(body))
	if err != nil {
		return BillAnswer{}, err
	}
	return decodeBill(fields)
}

// change sets fields of sampleAnswer by path; nil deletes one.
func change(t *testing.T, values map[string]any) string {
	t.Helper()
	var root map[string]any
	require.NoError(t, json.Unmarshal([]byte(sampleAnswer), &root))
	for path, value := range values {
		at, name := root, path
		if block, field, nested := strings.Cut(path, "."); nested {
			at, name = root[block].(map[string]any), field
		}
		if at[name] = value; value == nil {
			delete(at, name)
		}
	}
	text, err := json.Marshal(root)
	require.NoError(t, err)
	return string(text)
}

func TestDecodeSample(t *testing.T) {
	fen := func(n int64) Amount { return Amount{Fen: n, Known: true} }
	second := func(s int) time.Time { return time.Date(2020, 2, 26, 13, 52, s, 0, beijing) }
	day := func(d int) time.Time { return time.Date(2020, 2, d, 0, 0, 0, 0, beijing) }
	a, err := decodeText(sampleAnswer)
	require.NoError(t, err)
	require.Equal(t, BillAnswer{
		RespondedAt: time.Date(2020, 2, 26, 13, 57, 27, 0, beijing),
		MID:         "898340149000005", TID: "00000001", InstMID: "QRPAYDEFAULT",
		BillNo: "31942002269255200133896901", BillDate: day(26), MsgID: "800000000010", SrcReserve: "test",
		CreateTime: second(0), BillStatus: "PAID", BillDesc: "test create qrCode", TotalAmount: fen(2),
		BillQRCode: "https://qr-test2.chinaums.com/bills/qrCode.do?id=31942002268195125132885377",
		MemberID:   "20200226001", CounterNo: "02", MerName: "测试商户", Memo: "测试",
		SecureStatus: "UNCOMPLETED", CompleteAmount: fen(3),
		BillPayment: &BillFlow{
			MerOrderID: "319420022692552001338969010", BillBizType: "bills", PaySeqID: "00684900520N",
			TotalAmount: fen(4), BuyerPayAmount: fen(5), InvoiceAmount: fen(6), DiscountAmount: fen(7),
			BuyerID: NewSecret("marked-buyer"), BuyerUsername: NewSecret("marked-name"), PayDetail: "TEST",
			PayTime: second(9), SettleDate: day(27), Status: "TRADE_SUCCESS",
			TargetOrderID: "319420022692552001338969010", TargetSys: "WXPay", ActivityIDs: "34542355",
			BuyerCashPayAmt: fen(8), CouponAmount: fen(9),
		},
		RefundBillPayment: &BillFlow{
			MerOrderID: "319420022692552001338969011", BillBizType: "bills", PaySeqID: "00684900521N",
			TotalAmount: fen(10), BuyerPayAmount: fen(11), InvoiceAmount: fen(12), DiscountAmount: fen(13),
			BuyerID: NewSecret("marked-buyer"), BuyerUsername: NewSecret("marked-name"),
			PayTime: second(10), SettleDate: day(28), Status: "UNKNOWN",
			TargetOrderID: "4200000508202002267605541955", TargetSys: "WXPay",
		},
		AuthedBillPayment: &BillFlow{
			MerOrderID: "4200000508202002267605541955", BillBizType: "bills", PaySeqID: "00684900522N",
			TotalAmount: fen(14), BuyerPayAmount: fen(15), InvoiceAmount: fen(16), DiscountAmount: fen(17),
			BuyerID: NewSecret("marked-buyer"), BuyerUsername: NewSecret("marked-name"),
			PayTime: second(11), SettleDate: day(29), Status: "UNKNOWN",
			TargetOrderID: "4200000508202002267605541955", TargetSys: "WXPay",
		},
		CardAttr: "T", InstallmentNumber: 10,
		RetCommParams: &RetCommParams{FoodOrderType: "pre_order", BrandID: "45256734", StoreID: "45256735", TableNo: "02"},
	}, a)
	printed := fmt.Sprintf("%+v %#v %+v", a, a, *a.BillPayment)
	require.NotContains(t, printed, "marked-")
}

// Every field of the answer is filled from the sample: none is forgotten.
func TestSampleFillsEveryField(t *testing.T) {
	a, err := decodeText(sampleAnswer)
	require.NoError(t, err)
	a.ErrCode, a.ErrMsg, a.Attempts, a.Raw = "SUCCESS", "-", 1, []byte("{}")
	for _, v := range []reflect.Value{reflect.ValueOf(a), reflect.ValueOf(*a.BillPayment), reflect.ValueOf(*a.RetCommParams)} {
		for i := range v.NumField() {
			require.False(t, v.Field(i).IsZero(), v.Type().Field(i).Name)
		}
	}
}

func TestRequiredFields(t *testing.T) {
	always := []string{"mid", "tid", "instMid", "billNo", "billDate", "billStatus"}
	whenPaid := []string{"totalAmount", "billPayment", "billPayment.totalAmount", "billPayment.payTime", "billPayment.status"}
	for _, absent := range []any{nil, ""} {
		for _, status := range []string{"PAID", "REFUND", "UNPAID", "CLOSED", "UNKNOWN", "NEW_WORD"} {
			for _, field := range always {
				_, err := decodeText(change(t, map[string]any{"billStatus": status, field: absent}))
				require.ErrorIs(t, err, ErrMalformed, "%s %s", status, field)
				require.ErrorContains(t, err, field+" is missing")
			}
			for _, field := range whenPaid {
				_, err := decodeText(change(t, map[string]any{"billStatus": status, field: absent}))
				if status == "PAID" || status == "REFUND" {
					require.ErrorIs(t, err, ErrMalformed, "%s %s", status, field)
					require.ErrorContains(t, err, field+" is missing")
				} else {
					require.NoError(t, err, "%s %s", status, field)
				}
			}
		}
	}
	for _, blank := range []string{"billStatus", "billPayment.status"} {
		_, err := decodeText(change(t, map[string]any{blank: "  "}))
		require.ErrorContains(t, err, blank+" is missing")
	}
}

func TestAllElseMayBeAbsent(t *testing.T) {
	required := map[string]bool{"errCode": true, "mid": true, "tid": true, "instMid": true, "billNo": true, "billDate": true, "billStatus": true, "totalAmount": true, "billPayment": true}
	var root map[string]any
	require.NoError(t, json.Unmarshal([]byte(sampleAnswer), &root))
	for name := range root {
		if !required[name] {
			_, err := decodeText(change(t, map[string]any{name: nil}))
			require.NoError(t, err, name)
			_, err = decodeText(change(t, map[string]any{name: ""}))
			require.NoError(t, err, name)
		}
	}
	a, err := decodeText(`{"errCode":"SUCCESS","mid":"1","tid":"2","instMid":"3","billNo":"4","billDate":"2020-02-26","billStatus":"UNPAID"}`)
	require.NoError(t, err)
	require.False(t, a.TotalAmount.Known)
	require.Nil(t, a.BillPayment)
}

func TestMalformedValues(t *testing.T) {
	for path, value := range map[string]any{
		"totalAmount":                      "19.08",
		"completeAmount":                   -1,
		"billPayment.couponAmount":         "1e3",
		"billPayment.buyerCashPayAmt":      1.5,
		"refundBillPayment.totalAmount":    "x",
		"authedBillPayment.invoiceAmount":  true,
		"billPayment.settleDate":           "2020-02-30",
		"billPayment.payTime":              "2020-02-26 25:00:00",
		"createTime":                       "2020-02-26",
		"responseTimeStamp":                "now",
		"billDate":                         "2020-02-30",
		"billPayment":                      "text",
		"refundBillPayment":                []any{},
		"retCommParams":                    1,
		"billStatus":                       1,
		"billPayment.status":               true,
		"billPayment.paySeqId":             []any{1},
		"installmentNumber":                "ten",
		"billPayment.merOrderId":           1,
		"billDesc":                         map[string]any{},
		"retCommParams.tableNo":            []any{},
		"refundBillPayment.discountAmount": "10000000000001",
	} {
		t.Run(path, func(t *testing.T) {
			_, err := decodeText(change(t, map[string]any{path: value}))
			require.ErrorIs(t, err, ErrMalformed)
			require.ErrorContains(t, err, path+" is")
		})
	}
}

func TestSpellings(t *testing.T) {
	other, err := decodeText(change(t, map[string]any{"responseTimeStamp": nil, "responseTimestamp": "2020-02-26 13:57:28"}))
	require.NoError(t, err)
	require.Equal(t, 28, other.RespondedAt.Second())
	both, err := decodeText(change(t, map[string]any{"responseTimestamp": "2020-02-26 13:57:28"}))
	require.NoError(t, err)
	require.Equal(t, 27, both.RespondedAt.Second())

	hostile, err := decodeText(change(t, map[string]any{"TotalAmount": "1", "totalamount": 1, "TOTALAMOUNT": "1", "BillStatus": "UNPAID", "MID": "x"}))
	require.NoError(t, err)
	require.Equal(t, Amount{Fen: 2, Known: true}, hostile.TotalAmount)
	require.Equal(t, "PAID", hostile.BillStatus)
	require.Equal(t, "898340149000005", hostile.MID)

	onlyTwin, err := decodeText(change(t, map[string]any{"billStatus": "UNPAID", "totalAmount": nil, "TotalAmount": "1"}))
	require.NoError(t, err)
	require.False(t, onlyTwin.TotalAmount.Known)

	blanks, err := decodeText(change(t, map[string]any{
		"billStatus": " PAID", "cardAttr": "DEBIT_CARD ", "billPayment.status": "TRADE_SUCCESS\t", "billPayment.targetSys": " WXPay ",
	}))
	require.NoError(t, err)
	require.Equal(t, "PAID", blanks.BillStatus)
	require.Equal(t, "DEBIT_CARD", blanks.CardAttr)
	require.Equal(t, "TRADE_SUCCESS", blanks.BillPayment.Status)
	require.Equal(t, "WXPay", blanks.BillPayment.TargetSys)

	numbers, err := decodeText(change(t, map[string]any{"totalAmount": 2, "billPayment.totalAmount": 4, "installmentNumber": 10}))
	require.NoError(t, err)
	require.EqualValues(t, 2, numbers.TotalAmount.Fen)
	require.EqualValues(t, 4, numbers.BillPayment.TotalAmount.Fen)
}

func TestEcho(t *testing.T) {
	asked := wireQuery{MID: "898340149000005", TID: "00000001", InstMID: "QRPAYDEFAULT", BillNo: "31942002269255200133896901", BillDate: "2020-02-26"}
	fields := func(values map[string]any) object {
		o, err := parseObject([]byte(change(t, values)))
		require.NoError(t, err)
		return o
	}
	require.NoError(t, checkEcho(fields(nil), asked))
	require.NoError(t, checkEcho(nil, asked))
	for _, name := range []string{"mid", "tid", "instMid", "billNo", "billDate"} {
		for _, other := range []string{"1", "0000001", "00000001 ", "２020-02-26", "qrpaydefault"} {
			err := checkEcho(fields(map[string]any{name: other, "totalAmount": "x", "billStatus": nil}), asked)
			require.ErrorIs(t, err, ErrWrongKey, name)
			require.ErrorContains(t, err, name)
		}
		require.NoError(t, checkEcho(fields(map[string]any{name: nil}), asked), name)
		require.ErrorIs(t, checkEcho(fields(map[string]any{name: 1}), asked), ErrMalformed, name)
	}
	both := checkEcho(fields(map[string]any{"mid": 1, "billNo": "other"}), asked)
	require.ErrorIs(t, both, ErrWrongKey, "a wrong key goes before a wrong type")
}
