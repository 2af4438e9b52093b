package chinaums

import (
	"maps"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"
)

// signedForm signs parameters with the key "k" and reads them back as a notice.
func signedForm(t *testing.T, changes map[string]string) Notice {
	t.Helper()
	params := map[string]string{
		"notifyId": "N", "mid": "898340149000005", "billNo": "B", "billStatus": "PAID", "totalAmount": "10",
		"billPayment": `{"status":"TRADE_SUCCESS","totalAmount":10}`,
	}
	maps.Copy(params, changes)
	params["sign"] = NoticeMD5(NoticeText(params), NewSecret("k"))
	form := url.Values{}
	for name, value := range params {
		form.Set(name, value)
	}
	return parsed(t, "", form.Encode())
}

// TestNeededFieldsAndObjects are held to more than free fields.
func TestNeededFieldsAndObjects(t *testing.T) {
	for name, c := range map[string]struct {
		field, value string
		believed     bool
	}{
		"an & in a needed field":                {"merOrderId", "A&B", true},
		"an address in a needed field":          {"merOrderId", "https://shop.example/?a=1&page=2", false},
		"an address in a payment":               {"billPayment", `{"payDetail":"?a=1&page=2","status":"TRADE_SUCCESS"}`, true},
		"a name of the pages in a payment":      {"billPayment", `{"payDetail":"?a=1&status=2","status":"TRADE_SUCCESS"}`, true},
		"a payment that is not whole":           {"billPayment", `{"payDetail":"?a=1`, false},
		"a payment that swallowed a field":      {"billPayment", `{"status":"TRADE_SUCCESS"}&page=2`, false},
		"a refund's payment that is not whole":  {"refundBillPayment", `{"payDetail":"?a=1`, false},
		"what is no object where one should be": {"refundBillPayment", "none", true},
	} {
		t.Run(name, func(t *testing.T) {
			err := signedForm(t, map[string]string{c.field: c.value}).Verify(NewSecret("k"), true)
			if c.believed {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, ErrSignature)
			require.ErrorContains(t, err, "several fields")
		})
	}
}

// TestOneSignatureOneNotice: a genuine notice, cut at an & by somebody who saw it,
// has the same signature. It is not believed, or is a repeat of the genuine one.
func TestOneSignatureOneNotice(t *testing.T) {
	genuine := signedForm(t, map[string]string{
		"billPayment": `{"payDetail":"?a=1&billQ=2","status":"TRADE_SUCCESS"}`, "memo": "?a=1&memoA=2&memoB=3",
	})
	require.NoError(t, genuine.Verify(NewSecret("k"), true))
	for name, c := range map[string]struct {
		parts    map[string]string
		believed bool
	}{
		"the payment":               {map[string]string{"billPayment": `{"payDetail":"?a=1`, "billQ": `2","status":"TRADE_SUCCESS"}`}, false},
		"a free field":              {map[string]string{"memo": "?a=1", "memoA": "2&memoB=3"}, true},
		"a free field, later":       {map[string]string{"memo": "?a=1&memoA=2", "memoB": "3"}, true},
		"a free field, both places": {map[string]string{"memo": "?a=1", "memoA": "2", "memoB": "3"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			cut := signedForm(t, map[string]string{"billPayment": genuine.Params["billPayment"], "memo": genuine.Params["memo"]})
			maps.Copy(cut.Params, c.parts)
			require.Equal(t, NoticeText(genuine.Params), NoticeText(cut.Params))
			err := cut.Verify(NewSecret("k"), true)
			if !c.believed {
				require.ErrorIs(t, err, ErrSignature)
				return
			}
			require.NoError(t, err)
			require.Equal(t, genuine.Digest(), cut.Digest(), "a repeat, not a change")
		})
	}
	other := signedForm(t, map[string]string{"billPayment": genuine.Params["billPayment"], "memo": "?a=2&memoA=2&memoB=3"})
	require.NotEqual(t, genuine.Digest(), other.Digest())
}
