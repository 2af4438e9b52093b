package chinaumstest

import (
	"crypto/hmac"
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

// service is one interface.
type service struct {
	op     string // as a Question has it
	read   func(body []byte, now time.Time, c Config) (query, *refusal)
	access func(g *Gateway, authorization string, body []byte, q query, now time.Time) *refusal
	answer func(g *Gateway, asked request, now time.Time) reply
}

var services = map[string]service{
	chinaums.BillsQueryPath:     {"", readQuery, (*Gateway).checkAccess, (*Gateway).bill},
	chinaums.BillsPreauthedPath: {OpPreauthed, readCompletion, (*Gateway).checkAccess, (*Gateway).complete},
	chinaums.PayScoreSyncPath:   {OpSync, readSync, (*Gateway).checkAccess, (*Gateway).sync},
	chinaums.TokenPath:          {OpToken, readTokenRequest, (*Gateway).checkTokenRequest, (*Gateway).issue},
}

// request is one that was read.
type request struct {
	Question
	service service
	fields  query
}

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
	front      bool // of HTTP 200: order/sync has it from the layer in front, as errCode
}

func (f refusal) reply(q Question, now time.Time) reply {
	switch {
	case q.Op == OpToken && f.status == http.StatusOK:
		return gatewayLayer(http.StatusBadRequest, f.code, f.text)
	case f.status != http.StatusOK, q.Op == OpSync && f.front:
		return gatewayLayer(f.status, f.code, f.text)
	}
	return business(f.code, f.text, q, now)
}

func refuse(code, text string) *refusal {
	return &refusal{status: http.StatusOK, code: code, text: text}
}

func refuseInFront(status int, code, text string) *refusal {
	return &refusal{status: status, code: code, text: text, front: true}
}

func badRequest(format string, args ...any) *refusal {
	return refuse("BAD_REQUEST", fmt.Sprintf(format, args...))
}

// check reads a request and refuses it unless everything about it is right.
func (g *Gateway) check(w http.ResponseWriter, r *http.Request, now time.Time) (request, *refusal) {
	s, f := checkRoute(r)
	if f != nil {
		return request{Question: Question{Op: s.op}}, f
	}
	asked := request{Question: Question{Op: s.op}, service: s}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
	if err != nil {
		return asked, refuseInFront(http.StatusRequestEntityTooLarge, "BAD_REQUEST", "the body cannot be read or is too large")
	}
	fields, bodyFault := s.read(body, now, g.config)
	asked.fields, asked.Question = fields, fields.question(s.op)
	if f := s.access(g, r.Header.Get("Authorization"), body, fields, now); f != nil {
		return asked, f
	}
	return asked, bodyFault
}

func checkRoute(r *http.Request) (service, *refusal) {
	media, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	charset, named := params["charset"]
	s, known := services[r.URL.Path]
	switch {
	case !known:
		return s, refuseInFront(http.StatusNotFound, "NO_SERVICE", "there is no such service")
	case r.Method != http.MethodPost:
		return s, refuseInFront(http.StatusMethodNotAllowed, "BAD_REQUEST", "the method is not POST")
	case err != nil || media != "application/json" || named && !strings.EqualFold(charset, "utf-8"):
		return s, refuseInFront(http.StatusUnsupportedMediaType, "BAD_REQUEST", "the content type is not application/json in UTF-8")
	}
	return s, nil
}

func (q query) question(op string) Question {
	return Question{
		Key:           Key{MID: q["mid"], TID: q["tid"], InstMID: q["instMid"], BillNo: q["billNo"], BillDate: q["billDate"]},
		RefundOrderID: q["refundOrderId"], AuthedOrderID: q["authedOrderId"],
		Op: op, FenOrderID: q["fenOrderId"],
	}
}

var authorization = regexp.MustCompile(
	`^OPEN-BODY-SIG AppId="([^"]+)",Timestamp="([^"]*)",Nonce="([^"]*)",Signature="([^"]+)"$`)

func (g *Gateway) checkAccess(header string, body []byte, _ query, now time.Time) *refusal {
	if t, appID, shown := shownToken(header); shown {
		return g.checkToken(t, appID, now)
	}
	part := authorization.FindStringSubmatch(header)
	if part == nil {
		return refuseInFront(http.StatusUnauthorized, "BAD_SIGN", "the Authorization header is missing, or neither OPEN-BODY-SIG nor OPEN-ACCESS-TOKEN")
	}
	appID, timestamp, nonce, signature := part[1], part[2], part[3], part[4]
	if f := checkStamp(timestamp, nonce, now); f != nil {
		return f
	}
	key, known := g.config.Keys[appID]
	if !known {
		return refuseInFront(http.StatusOK, "INVALID_MSGSRC", "the AppId is unknown")
	}
	if !hmac.Equal([]byte(signature), []byte(chinaums.BodySignature(appID, key, timestamp, nonce, body))) {
		return refuseInFront(http.StatusOK, "BAD_SIGN", "the Signature does not hold")
	}
	return g.useNonce(nonce, now)
}

func checkStamp(timestamp, nonce string, now time.Time) *refusal {
	at, err := time.ParseInLocation("20060102150405", timestamp, beijing)
	if err != nil || at.Sub(now).Abs() > maxSkew {
		return refuseInFront(http.StatusPreconditionFailed, "1000", "the Timestamp is not yyyyMMddHHmmss of now")
	}
	if nonce == "" || utf8.RuneCountInString(nonce) > maxNonce {
		return refuseInFront(http.StatusBadRequest, "BAD_REQUEST", "the Nonce is empty or too long")
	}
	return nil
}

// useNonce refuses one that was used before. Only signed requests use one up.
func (g *Gateway) useNonce(nonce string, now time.Time) *refusal {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.nonces.use(nonce, now) {
		return refuseInFront(http.StatusBadRequest, "BAD_REQUEST", "the Nonce was used before")
	}
	return nil
}
