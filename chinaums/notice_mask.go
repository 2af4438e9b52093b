package chinaums

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// needed are the fields that the business needs, of a notice and of the objects
// in it: the only ones that are kept with their values.
var needed = nameSet(neededNames)

const neededNames = `notifyId id mid tid instMid billNo billDate billStatus status secureStatus merOrderId seqId paySeqId targetOrderId
	targetSys cardAttr totalAmount buyerPayAmount couponAmount invoiceAmount discountAmount buyerCashPayAmt refundAmount completeAmount
	payTime settleDate createTime contractId contractSignedTime contractExpiredTime
	eventType serviceId userServiceStatus openorcloseTime authorizationCode signType`

// blocks are the objects in a notice.
var blocks = nameSet(`billPayment refundBillPayment resource`)

// known are all names of the pages. Another one may hold anything: JSON that was
// called a form is one long name.
var known = nameSet(append(slices.Concat(business[NoticeDeduction], business[NoticeBill], business[NoticeContract]), neededNames,
	`billBizType buyerId buyerUsername payDetail activityIds summary subAppId openId subOpenId resoruceType sign`)...)

func nameSet(lists ...string) map[string]bool {
	set := map[string]bool{}
	for _, name := range strings.Fields(strings.Join(lists, " ")) {
		set[name] = true
	}
	return set
}

// plainName is a name of the pages, "***" for any other.
func plainName(name string) string {
	if known[name] {
		return name
	}
	return masked
}

// Masked is what was received as a JSON object, names sorted: the fields that the
// business needs, "***" for the value of any other, and for a name that no page
// has. An object in a string stays in a string.
func (n Notice) Masked() []byte {
	fields := n.envelope
	if n.Kind != NoticeContract {
		fields = object{}
		for name, value := range n.Params {
			fields[name] = encodeBody(value)
		}
	}
	return encodeBody(fields.sifted(true))
}

// sifted goes one object deep, as the pages do.
func (o object) sifted(outer bool) map[string]any {
	shown := map[string]any{}
	for name, value := range o {
		switch {
		case outer && blocks[name]:
			shown[name] = o.siftedBlock(name)
		case needed[name] && !strings.ContainsAny(o.literal(name), "{["): // what should be no object could hold anything
			shown[name] = value
		default:
			shown[plainName(name)] = masked
		}
	}
	return shown
}

func (o object) siftedBlock(name string) any {
	block, err := parseObject([]byte(o.literal(name)))
	if err != nil {
		return masked
	}
	if _, isText := o.text(name); isText {
		return string(encodeBody(block.sifted(false)))
	}
	return block.sifted(false)
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
// a number or a string, the order of the names in nested JSON; nor, of a free
// value, what the same signature could make another field.
func (n Notice) Digest() string {
	sum := sha256.New()
	fmt.Fprintf(sum, "%q\n", n.Kind)
	for _, name := range business[n.Kind] {
		value := ownValue(name, n.Params[name])
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
