package chinaums

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
)

// Masked is what was received as a JSON object, names sorted, personal fields
// and the signature replaced by "***", those inside nested JSON too, and names
// that are none: JSON that was called a form is one long name.
func (n Notice) Masked() []byte {
	if n.Kind == NoticeContract {
		return Mask(encodeBody(n.envelope))
	}
	shown := map[string]string{}
	for name, value := range n.Params {
		if strings.HasPrefix(strings.TrimSpace(value), "{") {
			value = string(Mask([]byte(value)))
		}
		shown[plainName(name)] = value
	}
	return Mask(encodeBody(shown))
}

// business are the parameters that the pages name, by kind. The platform adds
// one more on purpose, which a repeat may have another of; that and the
// signature are no business of a digest.
var business = map[NoticeKind][]string{
	NoticeDeduction: strings.Fields(`connectSys tid bankInfo billFunds billFundsDesc totalAmount couponAmount buyerPayAmount invoiceAmount
		merOrderId payTime seqId settleDate status targetOrderId targetSys notifyId cardAttr mid contractId contractSignedTime
		contractExpiredTime attachedData bankCardNo buyerId buyerUsername refId refundAmount refundDesc subBuyerId`),
	NoticeBill: strings.Fields(`mid tid instMid billNo billDate billStatus billDesc billPayment refundBillPayment totalAmount couponAmount
		refundAmount refundDesc createTime notifyId memberId counterNo merName memo secureStatus completeAmount subInst billQRCode cardAttr`),
	NoticeContract: strings.Fields(`id createTime eventType resource`),
}

// Digest is a fingerprint of the business fields, in lower-case hex: a repeat of
// a notice has the same, whatever its random parameter, and one whose content
// was changed another. Empty values do not count, nor does the form of a value:
// a number or a string, the order of the names in nested JSON.
func (n Notice) Digest() string {
	sum := sha256.New()
	fmt.Fprintf(sum, "%q\n", n.Kind)
	for _, name := range business[n.Kind] {
		value := n.Params[name]
		if n.Kind == NoticeContract {
			value = n.envelope.literal(name)
		}
		if value = plainValue(value); value != "" {
			fmt.Fprintf(sum, "%q=%q\n", name, value)
		}
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// plainValue is a value without its form. Nested JSON with a name that stands
// twice counts as text: which of the two is meant is not known.
func plainValue(s string) string {
	s = strings.TrimSpace(s)
	if _, err := parseObject([]byte(s)); err != nil {
		return s
	}
	d := json.NewDecoder(strings.NewReader(s))
	d.UseNumber()
	var v any
	_ = d.Decode(&v) // parseObject could
	plain, _ := json.Marshal(plainJSON(v))
	return string(plain)
}

// plainJSON makes a text of every scalar and drops empty fields; encoding/json
// sorts the names.
func plainJSON(v any) any {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return strings.TrimSpace(v)
	case []any:
		for i := range v {
			v[i] = plainJSON(v[i])
		}
		return v
	case map[string]any:
		for name, item := range v {
			if v[name] = plainJSON(item); v[name] == "" {
				delete(v, name)
			}
		}
		return v
	}
	return fmt.Sprint(v)
}
