package chinaums

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/url"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"
)

// NoticeKind is what a notice is about.
type NoticeKind string

// The kinds. A notice names none: a billNo or billPayment makes it a bill's,
// eventType and resource a contract's, any other flat one is a deduction's.
const (
	NoticeDeduction NoticeKind = "deduction" // 扣款结果通知
	NoticeBill      NoticeKind = "bill"      // 支付结果通知
	NoticeContract  NoticeKind = "contract"  // 签约结果通知
)

// Notice is what the platform tells the merchant without being asked
// (deduction-notice and contract-notice pages). Strings and times that it does
// not have are empty and zero; amounts are absent. Parsing proves nothing:
// Verify does.
type Notice struct {
	Kind NoticeKind
	ID   string // notifyId, or id of a contract notice; the same in every repeat; may be empty
	// Params is every parameter as received, decoded once; nested JSON stands
	// as it was. Nil for a contract notice.
	Params map[string]string

	MID, TID, InstMID string
	BillNo            string    // bill notices
	BillDate          time.Time // bill notices; first instant of the date
	BillStatus        string    // bill notices
	Status            string    // of the payment; userServiceStatus of a contract
	MerOrderID        string
	SeqID             string // seqId; paySeqId of a bill's payment
	TargetOrderID     string
	TargetSys         string
	TotalAmount       Amount
	PaymentTotal      Amount // billPayment.totalAmount
	BuyerPayAmount    Amount
	CouponAmount      Amount // of a bill's payment the channel's coupon, of a deduction what netpay computed
	RefundAmount      Amount
	PayTime           time.Time
	SettleDate        time.Time // first instant of the date
	CreateTime        time.Time

	ContractID                      string    // of a deduction
	ContractSigned, ContractExpired time.Time // of a deduction
	Contract                        *ContractEvent

	// Fault names the first field that could not be read, which is then
	// absent; empty: all could.
	Fault string

	envelope object // of a contract notice
}

// ContractEvent is what a contract notice tells.
type ContractEvent struct {
	Open              bool      // opened, not closed
	At                time.Time // openorcloseTime, where absent createTime; zero: it cannot be read, or the event is not known
	EventType         string
	ServiceID         string
	AuthorizationCode string
}

// maxParams bounds the parameters of a notice; the pages name 32.
const maxParams = 200

// ParseNotice reads a notice, form-encoded or JSON. Where the content type is
// neither, a body that begins with { is JSON. The error matches ErrNotice
// when there are no parameters to speak of, or when it is not certain what
// they are: a name that stands twice, text that is not UTF-8. Fields that
// cannot be read are no error but a Fault.
func ParseNotice(contentType string, body []byte) (Notice, error) {
	read := readForm
	if isJSON(contentType, body) {
		read = readJSON
	}
	params, fields, err := read(body)
	switch {
	case err != nil:
		return Notice{}, fmt.Errorf("%w: %w", ErrNotice, err)
	case len(params) == 0:
		return Notice{}, fmt.Errorf("%w: it has no parameters", ErrNotice)
	case len(params) > maxParams:
		return Notice{}, fmt.Errorf("%w: it has more than %d parameters", ErrNotice, maxParams)
	}
	bill := stated(params, "billNo") || stated(params, "billPayment")
	if !bill && stated(params, "eventType") && stated(params, "resource") {
		return contractNotice(fields), nil
	}
	return paymentNotice(params, bill), nil
}

// stated says whether a parameter has a value. White space is none: it is not
// signed, so that whoever passes a notice on could add it.
func stated(params map[string]string, name string) bool { return strings.TrimSpace(params[name]) != "" }

func isJSON(contentType string, body []byte) bool {
	media, _, _ := mime.ParseMediaType(contentType) // what cannot be parsed is none
	switch {
	case media == "application/x-www-form-urlencoded":
		return false
	case media == "application/json" || strings.HasSuffix(media, "+json"):
		return true
	}
	return bytes.HasPrefix(bytes.TrimSpace(body), []byte("{"))
}

func readForm(body []byte) (map[string]string, object, error) {
	values, err := url.ParseQuery(string(bytes.TrimSpace(body)))
	if err != nil {
		return nil, nil, fmt.Errorf("it is not form-encoded")
	}
	params, fields := map[string]string{}, object{}
	for name, all := range values {
		if len(all) > 1 {
			return nil, nil, fmt.Errorf("%q stands in it twice", plainName(name))
		}
		if err := checkText(name, all[0]); err != nil {
			return nil, nil, err
		}
		params[name] = all[0]
		if fields[name], err = json.Marshal(all[0]); err != nil {
			return nil, nil, err
		}
		if nested := strings.TrimSpace(all[0]); name == "resource" && strings.HasPrefix(nested, "{") && json.Valid([]byte(nested)) {
			fields[name] = json.RawMessage(nested)
		}
	}
	return params, fields, nil
}

// readJSON reads an object: strings decoded, everything else as its text.
func readJSON(body []byte) (map[string]string, object, error) {
	fields, err := parseObject(bytes.TrimSpace(body))
	if err != nil || !utf8.Valid(body) {
		return nil, nil, fmt.Errorf("it is not a JSON object in UTF-8 without repeated names")
	}
	params := map[string]string{}
	for name := range fields {
		value := fields.literal(name)
		if err := checkText(name, value); err != nil {
			return nil, nil, err
		}
		params[name] = value
	}
	return params, fields, nil
}

func checkText(name, value string) error {
	if !utf8.ValidString(name) || !utf8.ValidString(value) || strings.ContainsRune(name+value, 0) {
		return fmt.Errorf("%q is not text in UTF-8", plainName(name))
	}
	return nil
}

// literal is a field as a form would have it: a string decoded, anything else
// as it stands.
func (o object) literal(name string) string {
	if s, ok := o.text(name); ok {
		return s
	}
	return string(o[name])
}

var plainMID = regexp.MustCompile(`^[0-9A-Za-z]+$`)

// Authenticate says why a notice is not to be believed; nil when it is: it names
// itself and a merchant that has a key, and its signature holds. A contract
// notice is not signed: believe one only of a sender who cannot be another. The
// error matches ErrSignature when the signature does not hold, and shows no value.
func (n Notice) Authenticate(keyOf func(mid string) (Secret, bool), allowMD5 bool) error {
	switch {
	case n.ID == "":
		return errors.New("it has no id, so that a repeat could not be told")
	case n.MID == "":
		return errors.New("it has no mid")
	case !plainMID.MatchString(n.MID):
		return errors.New("its mid is not of letters and digits alone")
	}
	key, ours := keyOf(n.MID)
	switch {
	case !ours:
		return errors.New("its merchant is not one of ours")
	case n.Kind == NoticeContract:
		return nil
	}
	return n.Verify(key, allowMD5)
}

// Verify checks the signature; see VerifyNotice. A contract notice has none, so
// that its path alone can speak for it.
func (n Notice) Verify(key Secret, allowMD5 bool) error {
	if n.Kind == NoticeContract {
		return fmt.Errorf("%w: contract notices are not signed", ErrSignature)
	}
	return VerifyNotice(n.Params, key, allowMD5)
}
