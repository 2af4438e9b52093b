package chinaums

import (
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func instant(s string) time.Time {
	t, err := time.ParseInLocation(bodyTime, s, beijing)
	if err != nil {
		panic(err)
	}
	return t
}

func fen(n int64) Amount { return Amount{Fen: n, Known: true} }

// TestVendorNotice reads the notice that the vendor's own demonstration holds.
func TestVendorNotice(t *testing.T) {
	for _, v := range readVectors(t).Notice {
		if v.FormBody == "" {
			continue
		}
		n, err := ParseNotice("application/x-www-form-urlencoded; charset=UTF-8", []byte(v.FormBody))
		require.NoError(t, err)
		require.NoError(t, n.Verify(NewSecret(v.Key), true))
		require.ErrorIs(t, n.Verify(NewSecret(v.Key), false), ErrSignature)
		require.ErrorIs(t, n.Verify(NewSecret(v.Key+"x"), true), ErrSignature)
		require.Empty(t, n.Fault)
		n.Params = nil
		require.Equal(t, Notice{
			Kind: NoticeBill, ID: "911b4376-bf8a-4dc5-a058-459607a6929f", MID: "898340149000005", TID: "88880001", InstMID: "QRPAYDEFAULT",
			BillNo: "3194201802132009060877031610", BillDate: instant("2018-02-13 00:00:00"), BillStatus: "PAID", Status: "TRADE_SUCCESS",
			MerOrderID: "31942018021320090608770316100", SeqID: "00151100146N", TargetOrderID: "4200000061201802132292046794", TargetSys: "WXPay",
			TotalAmount: fen(1), PaymentTotal: fen(1), BuyerPayAmount: fen(1), CouponAmount: fen(0),
			PayTime: instant("2018-02-13 20:10:03"), SettleDate: instant("2018-02-13 00:00:00"), CreateTime: instant("2018-02-13 20:09:10"),
		}, n)
	}
}

const deductionForm = "notifyId=N1&mid=898340149000005&tid=00000001&merOrderId=M1&seqId=S1&targetOrderId=T1&targetSys=WXPay&status=TRADE_SUCCESS+" +
	"&totalAmount=1908&couponAmount=8&buyerPayAmount=1900&payTime=2026-11-19+10%3A00%3A00&settleDate=2026-11-20&contractId=C1" +
	"&contractSignedTime=20260101000000&contractExpiredTime=2026-12-31&buyerId=marked-buyer&bankCardNo=marked-card&refundAmount=&zz=random&sign=marked-sign"

func TestDeductionNotice(t *testing.T) {
	n, err := ParseNotice("", []byte(deductionForm))
	require.NoError(t, err)
	require.Len(t, n.Params, 21)
	n.Params = nil
	require.Equal(t, Notice{
		Kind: NoticeDeduction, ID: "N1", MID: "898340149000005", TID: "00000001", Status: "TRADE_SUCCESS",
		MerOrderID: "M1", SeqID: "S1", TargetOrderID: "T1", TargetSys: "WXPay",
		TotalAmount: fen(1908), BuyerPayAmount: fen(1900), CouponAmount: fen(8),
		PayTime: instant("2026-11-19 10:00:00"), SettleDate: instant("2026-11-20 00:00:00"),
		ContractID: "C1", ContractSigned: instant("2026-01-01 00:00:00"), ContractExpired: instant("2026-12-31 23:59:59"),
	}, n)
}

func TestContractNotice(t *testing.T) {
	envelope := `{"id":"EV-1","createTime":%q,"eventType":%q,"summary":"s","resource":{"mid":"m","serviceId":"500001","openId":"marked-open","userServiceStatus":"USER_OPEN_SERVICE","openorcloseTime":%q,"authorizationCode":"A1"}}`
	for name, c := range map[string]struct {
		created, event, at string
		want               time.Time
		open               bool
		fault              string
	}{
		"14 digits":           {"20260105101112", "PAYSCORE.USER_OPEN_SERVICE", "20260105101113", instant("2026-01-05 10:11:13"), true, ""},
		"RFC 3339":            {"2026-01-05T10:11:12+08:00", "PAYSCORE.USER_CLOSE_SERVICE", "", instant("2026-01-05 10:11:12"), false, ""},
		"RFC 3339, elsewhere": {"2026-01-05T02:11:12Z", "PAYSCORE.USER_CLOSE_SERVICE", "", instant("2026-01-05 10:11:12"), false, ""},
		"an unknown event":    {"20260105101112", "PAYSCORE.SOMETHING", "20260105101113", time.Time{}, false, "eventType"},
		"a blank time":        {"20260105101112", "PAYSCORE.USER_CLOSE_SERVICE", " ", instant("2026-01-05 10:11:12"), false, ""},
		"a bad time":          {"20260105101112", "PAYSCORE.USER_CLOSE_SERVICE", "20260230101113", time.Time{}, false, "resource.openorcloseTime"},
		"no time at all":      {"yesterday", "PAYSCORE.USER_OPEN_SERVICE", "", time.Time{}, true, "createTime"},
	} {
		t.Run(name, func(t *testing.T) {
			n, err := ParseNotice("application/json", fmt.Appendf(nil, envelope, c.created, c.event, c.at))
			require.NoError(t, err)
			require.Equal(t, NoticeContract, n.Kind)
			require.Equal(t, "EV-1", n.ID)
			require.Equal(t, "m", n.MID)
			require.Equal(t, ContractEvent{Open: c.open, At: c.want, EventType: c.event, ServiceID: "500001", AuthorizationCode: "A1"}, *n.Contract)
			require.Contains(t, n.Fault, c.fault)
			require.Equal(t, c.fault == "", n.Fault == "")
			require.ErrorIs(t, n.Verify(NewSecret("k"), true), ErrSignature)
			require.NotContains(t, string(n.Masked()), "marked-open")
			require.Contains(t, string(n.Masked()), "A1")
		})
	}
}

// TestContractTimeThatIsNoText: it is told, and not replaced by another.
func TestContractTimeThatIsNoText(t *testing.T) {
	n := parsed(t, "application/json", `{"id":"EV-1","createTime":"20260105101112","eventType":"PAYSCORE.USER_OPEN_SERVICE","resource":{"mid":"m","openorcloseTime":20260105}}`)
	require.Contains(t, n.Fault, "resource.openorcloseTime")
	require.True(t, n.Contract.At.IsZero())
}

func TestNoticesThatCannotBeRead(t *testing.T) {
	for name, c := range map[string]struct{ contentType, body string }{
		"nothing":               {"", ""},
		"a name twice":          {"", "mid=1&mid=2"},
		"a name twice in JSON":  {"", `{"mid":"1","mid":"2"}`},
		"a broken escape":       {"", "mid=%zz"},
		"not UTF-8":             {"", "mid=%ff"},
		"a NUL":                 {"", "mid=%00"},
		"cut JSON":              {"", `{"mid":"1"`},
		"an array":              {"application/json", `[]`},
		"an empty object":       {"", `{}`},
		"JSON called a form":    {"application/x-www-form-urlencoded", `{"mid":"1";`},
		"a form called JSON":    {"application/json", "mid=1"},
		"far too many":          {"", strings.TrimPrefix(repeat("&p%d=1", maxParams+1), "&")},
		"far too many in JSON":  {"", "{" + strings.TrimPrefix(repeat(`,"p%d":1`, maxParams+1), ",") + "}"},
		"something behind JSON": {"", `{"mid":"1"}x`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ParseNotice(c.contentType, []byte(c.body))
			require.ErrorIs(t, err, ErrNotice)
		})
	}
}

func repeat(format string, n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}

func TestNoticeFaultsAreNamed(t *testing.T) {
	for name, c := range map[string]struct{ form, fault string }{
		"decimals":          {"totalAmount=19.08", "totalAmount"},
		"a sign":            {"totalAmount=-1", "totalAmount"},
		"an exponent":       {"buyerPayAmount=1e3", "buyerPayAmount"},
		"an impossible day": {"settleDate=2026-02-30", "settleDate"},
		"a bare time":       {"payTime=10:00", "payTime"},
		"a nested amount":   {`billPayment={"totalAmount":1.5}`, "billPayment.totalAmount"},
		"nested nonsense":   {"billPayment={", "billPayment"},
		"a contract's time": {"contractSignedTime=soon", "contractSignedTime"},
	} {
		t.Run(name, func(t *testing.T) {
			n, err := ParseNotice("", []byte("notifyId=N&"+c.form))
			require.NoError(t, err)
			require.Contains(t, n.Fault, c.fault)
			require.Equal(t, "N", n.ID)
			require.False(t, n.TotalAmount.Known)
		})
	}
	n, err := ParseNotice("", []byte(`{"notifyId":"N","totalAmount":1908,"buyerPayAmount":"1900","couponAmount":null}`))
	require.NoError(t, err)
	require.Equal(t, []Amount{fen(1908), fen(1900), {}}, []Amount{n.TotalAmount, n.BuyerPayAmount, n.CouponAmount})
}

// TestDigest: what is no business of the notice does not count, what is does.
func TestDigest(t *testing.T) {
	digest := func(body string) string {
		n, err := ParseNotice("", []byte(body))
		require.NoError(t, err)
		return n.Digest()
	}
	base := digest(deductionForm)
	require.Equal(t, base, digest(strings.Replace(deductionForm, "zz=random", "qq=other", 1)), "the random parameter")
	require.Equal(t, base, digest(strings.Replace(deductionForm, "marked-sign", "another", 1)), "the signature")
	require.Equal(t, base, digest(strings.Replace(deductionForm, "refundAmount=&", "", 1)), "an empty value")
	for _, change := range []string{"totalAmount=1908>totalAmount=1907", "status=TRADE_SUCCESS>status=NEW_ORDER", "notifyId=N1>notifyId=N2", "marked-buyer>other"} {
		was, is, _ := strings.Cut(change, ">")
		require.NotEqual(t, base, digest(strings.Replace(deductionForm, was, is, 1)), change)
	}
	bill := func(payment string) string {
		return digest("notifyId=N&billNo=B&billPayment=" + url.QueryEscape(payment))
	}
	require.Equal(t, bill(`{"a":"1","b":2}`), bill(`{ "b":"2","a":1 }`), "the form of nested JSON")
	require.NotEqual(t, bill(`{"a":"1","b":2}`), bill(`{"a":"1","b":3}`))
	require.NotEqual(t, bill(`{"a":"1","b":2}`), bill(`{"a":"2","b":1}`))
	require.NotEqual(t, bill(`{"a":{"x":1}}`), bill(`{"a":1,"x":1}`))
}

func TestMaskedNotice(t *testing.T) {
	n, err := ParseNotice("", []byte(deductionForm))
	require.NoError(t, err)
	shown := string(n.Masked())
	require.NotContains(t, shown, "marked")
	require.Contains(t, shown, `"totalAmount":"1908"`)
	require.Contains(t, shown, `"buyerId":"***"`)
	n, err = ParseNotice("", []byte("billNo=B&billPayment="+url.QueryEscape(`{"buyerId":"marked","totalAmount":1}`)))
	require.NoError(t, err)
	require.NotContains(t, string(n.Masked()), "marked")
	require.Contains(t, string(n.Masked()), `\"totalAmount\":1`)
	require.True(t, json.Valid(n.Masked()))
}

// TestMaskedKeepsWhatIsNeeded and nothing else: what is read out of a notice can
// be read out of what is kept; every other value, and every name that no page has,
// is not there.
func TestMaskedKeepsWhatIsNeeded(t *testing.T) {
	bill := `{"buyerId":"marked","buyerUsername":"marked","payDetail":"marked","activityIds":"marked","billBizType":"marked","marked":"marked",
		"merOrderId":"M1","paySeqId":"S1","totalAmount":1908,"buyerPayAmount":"1900","couponAmount":8,"payTime":"2026-11-19 10:00:00",
		"settleDate":"2026-11-20","status":"TRADE_SUCCESS","targetOrderId":"T1","targetSys":"WXPay","billPayment":{"status":"marked"}}`
	for name, form := range map[string]url.Values{
		"bill": {
			"notifyId": {"N1"}, "mid": {"898340149000005"}, "tid": {"00000001"}, "instMid": {"QRPAYDEFAULT"}, "billNo": {"B1"}, "billDate": {"2026-11-19"},
			"billStatus": {"PAID"}, "totalAmount": {"1908"}, "refundAmount": {"1"}, "createTime": {"2026-11-19 09:59:00"}, "billPayment": {bill},
			"billDesc": {"marked"}, "memo": {"marked"}, "merName": {"marked"}, "memberId": {"marked"}, "counterNo": {"marked"}, "billQRCode": {"marked"},
			"refundDesc": {"marked"}, "marked": {"marked"}, "MID": {"marked"}, "sign": {"marked"}, "buyerId ": {"marked"}, "secureStatus": {`{"buyerId":"marked"}`},
		},
		"deduction": {
			"notifyId": {"N1"}, "mid": {"898340149000005"}, "tid": {"00000001"}, "merOrderId": {"M1"}, "seqId": {"S1"}, "targetOrderId": {"T1"},
			"targetSys": {"WXPay"}, "status": {"TRADE_SUCCESS"}, "totalAmount": {"1908"}, "couponAmount": {"8"}, "buyerPayAmount": {"1900"},
			"payTime": {"2026-11-19 10:00:00"}, "settleDate": {"2026-11-20"}, "contractId": {"C1"}, "contractSignedTime": {"20260101000000"},
			"contractExpiredTime": {"2026-12-31"}, "bankInfo": {"marked"}, "bankCardNo": {"marked"}, "billFunds": {"marked"}, "billFundsDesc": {"marked"},
			"attachedData": {"marked"}, "buyerId": {"marked"}, "buyerUsername": {"marked"}, "subBuyerId": {"marked"}, "refId": {"marked"}, "connectSys": {"marked"},
		},
		"contract": {
			"id": {"EV-1"}, "createTime": {"20260105101112"}, "eventType": {"PAYSCORE.USER_OPEN_SERVICE"}, "summary": {"marked"},
			"resource": {`{"mid":"m","serviceId":"500001","userServiceStatus":"USER_OPEN_SERVICE","openorcloseTime":"20260105101113","authorizationCode":"A1",
				"openId":"marked","subOpenId":"marked","subAppId":"marked","resoruceType":"marked","marked":1}`},
		},
	} {
		t.Run(name, func(t *testing.T) {
			was := parsed(t, "", form.Encode())
			require.Empty(t, was.Fault)
			require.NotContains(t, string(was.Masked()), "marked")
			is := parsed(t, "", string(was.Masked()))
			was.Params, is.Params, was.envelope, is.envelope = nil, nil, nil, nil
			require.Equal(t, was, is)
		})
	}
	require.JSONEq(t, `{"totalAmount":"1908","buyerId":"***","refundDesc":"***","***":"***","billPayment":"***"}`,
		string(parsed(t, "", "totalAmount=1908&buyerId=x&refundDesc=x&unheard=x&of=x&billPayment=x").Masked()))
}

// FuzzParseNotice: whatever comes does not panic, and a notice that can be read
// is the same as a form and as JSON: what is signed, its digest, its fields.
func FuzzParseNotice(f *testing.F) {
	f.Add([]byte(deductionForm))
	f.Add([]byte(`{"id":"1","eventType":"PAYSCORE.USER_OPEN_SERVICE","resource":{"mid":"m"}}`))
	f.Add([]byte(`{"billNo":"B","billPayment":{"totalAmount":1}}`))
	f.Add([]byte("billNo=B&billPayment=%7B%22totalAmount%22%3A1%7D"))
	f.Add([]byte(`eventType=E&resource={"mid":"m","openId":"o"}`))
	text, err := os.ReadFile("testdata/vectors.json")
	require.NoError(f, err)
	var known vectors
	require.NoError(f, json.Unmarshal(text, &known))
	for _, v := range known.Notice {
		f.Add([]byte(v.FormBody))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		n, err := ParseNotice("", body)
		if err != nil {
			require.ErrorIs(t, err, ErrNotice)
			return
		}
		require.True(t, json.Valid(n.Masked()))
		params := n.Params
		if n.Kind == NoticeContract {
			params = map[string]string{}
			for name := range n.envelope {
				params[name] = n.envelope.literal(name)
			}
		}
		form := url.Values{}
		for name, value := range params {
			form.Set(name, value)
		}
		text, err := json.Marshal(params)
		require.NoError(t, err)
		for kind, again := range map[string]string{"application/x-www-form-urlencoded": form.Encode(), "application/json": string(text)} {
			twin, err := ParseNotice(kind, []byte(again))
			require.NoError(t, err)
			if n.Kind != NoticeContract { // there numbers become texts
				require.Equal(t, n, twin)
			}
			require.Equal(t, NoticeText(n.Params), NoticeText(twin.Params))
			require.Equal(t, n.Digest(), twin.Digest())
		}
	})
}
