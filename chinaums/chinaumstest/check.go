package chinaumstest

import (
	"crypto/hmac"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/umsrecon/umsrecon/chinaums"
)

const (
	maxSkew    = 15 * time.Minute // of Timestamp and requestTimestamp
	maxRequest = 64 << 10         // bytes of a body
	maxNonce   = 128              // characters
)

// refusal is why a request is not served. A gateway layer's has its own
// status; those of the business layer come with HTTP 200.
//
// The page does not say which layer notices what. A signature that does not
// hold and an unknown AppId are given as BAD_SIGN and INVALID_MSGSRC with HTTP
// 200, because the vendor lists both words among the textual, that is
// business, codes; a client has to go by the code in either case.
type refusal struct {
	status     int
	code, text string
}

func (f refusal) reply(q Question, now time.Time) reply {
	if f.status == http.StatusOK {
		return business(f.code, f.text, q, now)
	}
	return gatewayLayer(f.status, f.code, f.text)
}

func badRequest(format string, args ...any) *refusal {
	return &refusal{http.StatusOK, "BAD_REQUEST", fmt.Sprintf(format, args...)}
}

// check reads a request and refuses it unless everything about it is right.
func (g *Gateway) check(w http.ResponseWriter, r *http.Request, now time.Time) (Question, *refusal) {
	if f := checkRoute(r); f != nil {
		return Question{}, f
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
	if err != nil {
		return Question{}, &refusal{http.StatusRequestEntityTooLarge, "BAD_REQUEST", "the body cannot be read or is too large"}
	}
	query, bodyFault := readQuery(body, now)
	q := query.question()
	if f := g.checkAccess(r.Header.Get("Authorization"), body, now); f != nil {
		return q, f
	}
	return q, bodyFault
}

func checkRoute(r *http.Request) *refusal {
	media, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	charset, named := params["charset"]
	switch {
	case r.URL.Path != chinaums.BillsQueryPath:
		return &refusal{http.StatusNotFound, "NO_SERVICE", "there is no such service"}
	case r.Method != http.MethodPost:
		return &refusal{http.StatusMethodNotAllowed, "BAD_REQUEST", "the method is not POST"}
	case err != nil || media != "application/json" || named && !strings.EqualFold(charset, "utf-8"):
		return &refusal{http.StatusUnsupportedMediaType, "BAD_REQUEST", "the content type is not application/json in UTF-8"}
	}
	return nil
}

var authorization = regexp.MustCompile(
	`^OPEN-BODY-SIG AppId="([^"]+)",Timestamp="([^"]*)",Nonce="([^"]*)",Signature="([^"]+)"$`)

func (g *Gateway) checkAccess(header string, body []byte, now time.Time) *refusal {
	part := authorization.FindStringSubmatch(header)
	if part == nil {
		return &refusal{http.StatusUnauthorized, "BAD_SIGN", "the Authorization header is missing or not OPEN-BODY-SIG"}
	}
	appID, timestamp, nonce, signature := part[1], part[2], part[3], part[4]
	at, err := time.ParseInLocation("20060102150405", timestamp, beijing)
	if err != nil || at.Sub(now).Abs() > maxSkew {
		return &refusal{http.StatusPreconditionFailed, "1000", "the Timestamp is not yyyyMMddHHmmss of now"}
	}
	if nonce == "" || utf8.RuneCountInString(nonce) > maxNonce {
		return &refusal{http.StatusBadRequest, "BAD_REQUEST", "the Nonce is empty or too long"}
	}
	key, known := g.config.Keys[appID]
	if !known {
		return &refusal{http.StatusOK, "INVALID_MSGSRC", "the AppId is unknown"}
	}
	if !hmac.Equal([]byte(signature), []byte(chinaums.BodySignature(appID, key, timestamp, nonce, body))) {
		return &refusal{http.StatusOK, "BAD_SIGN", "the Signature does not hold"}
	}
	if !g.useNonce(nonce) {
		return &refusal{http.StatusBadRequest, "BAD_REQUEST", "the Nonce was used before"}
	}
	return nil
}

// useNonce says whether a nonce is new. Only signed requests use one up.
func (g *Gateway) useNonce(nonce string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.nonces[nonce] {
		return false
	}
	g.nonces[nonce] = true
	return true
}

// query is a request's body by the names of its fields.
type query map[string]string

func (q query) question() Question {
	return Question{
		Key:           Key{MID: q["mid"], TID: q["tid"], InstMID: q["instMid"], BillNo: q["billNo"], BillDate: q["billDate"]},
		RefundOrderID: q["refundOrderId"], AuthedOrderID: q["authedOrderId"],
	}
}

// queryFields are those of the page (请求参数); max counts characters, and
// for billNo, about which the pages contradict each other, it is the widest.
var queryFields = []struct {
	name     string
	required bool
	max      int
}{
	{"requestTimestamp", true, 19}, {"mid", true, 15}, {"tid", true, 8}, {"instMid", true, 32},
	{"billNo", true, 32}, {"billDate", true, 10},
	{"msgId", false, 64}, {"srcReserve", false, 255}, {"refundOrderId", false, 32}, {"authedOrderId", false, 32},
}

func readQuery(body []byte, now time.Time) (query, *refusal) {
	var q query
	if err := json.Unmarshal(body, &q); err != nil || !utf8.Valid(body) {
		return q, badRequest("the body is not a JSON object of strings")
	}
	known := 0
	for _, f := range queryFields {
		value, there := q[f.name]
		switch {
		case there && value == "", !there && f.required:
			return q, badRequest("%s is missing or empty", f.name)
		case utf8.RuneCountInString(value) > f.max:
			return q, badRequest("%s is longer than %d", f.name, f.max)
		case there:
			known++
		}
	}
	if known != len(q) {
		return q, badRequest("a field is unknown")
	}
	return q, checkTimes(q, now)
}

func checkTimes(q query, now time.Time) *refusal {
	if _, err := strictTime(wireDate, q["billDate"]); err != nil {
		return badRequest("billDate is not yyyy-MM-dd")
	}
	at, err := strictTime(wireTime, q["requestTimestamp"])
	if err != nil {
		return badRequest("requestTimestamp is not yyyy-MM-dd HH:mm:ss")
	}
	if at.Sub(now).Abs() > maxSkew {
		return &refusal{http.StatusOK, "ABNORMAL_REQUEST_TIME", "requestTimestamp is not of now"}
	}
	return nil
}

func strictTime(layout, s string) (time.Time, error) {
	t, err := time.ParseInLocation(layout, s, beijing)
	if err == nil && t.Format(layout) != s {
		err = errors.New("not as the layout has it")
	}
	return t, err
}
