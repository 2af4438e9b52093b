package chinaums

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"time"
)

// Layouts of the platform's times, all in Beijing.
const (
	headerTime = "20060102150405"      // Timestamp of the Authorization header
	bodyTime   = "2006-01-02 15:04:05" // requestTimestamp, payTime and the like
	bodyDate   = "2006-01-02"          // billDate, settleDate
)

// beijing is the platform's zone: a fixed +08:00, whatever the host knows.
var beijing = time.FixedZone("+08:00", 8*60*60)

// BodySignature is the Signature of OPEN-BODY-SIG:
// base64(HMAC-SHA256(AppKey, AppId + Timestamp + Nonce + hex(SHA256(body)))).
// body must be the very bytes that are sent.
func BodySignature(appID string, appKey Secret, timestamp, nonce string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(appKey.reveal()))
	mac.Write([]byte(appID + timestamp + nonce + bodyDigest(body)))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

func bodyDigest(body []byte) string {
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:])
}

// BodyAuthorization is the Authorization header of OPEN-BODY-SIG.
func BodyAuthorization(appID string, appKey Secret, timestamp, nonce string, body []byte) string {
	return `OPEN-BODY-SIG AppId="` + appID + `",Timestamp="` + timestamp + `",Nonce="` + nonce +
		`",Signature="` + BodySignature(appID, appKey, timestamp, nonce, body) + `"`
}

// TokenSignature is the signature of a token call with signMethod SHA256:
// hex(SHA256(appId + timestamp + nonce + appKey)).
func TokenSignature(appID string, appKey Secret, timestamp, nonce string) string {
	sum := sha256.Sum256([]byte(appID + timestamp + nonce + appKey.reveal()))
	return hex.EncodeToString(sum[:])
}

// HeaderTimestamp writes an instant as the Authorization header has it.
func HeaderTimestamp(t time.Time) string { return t.In(beijing).Format(headerTime) }

// newNonce is 32 hexadecimal digits that were never used before.
func newNonce() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails: it ends the program instead
	return hex.EncodeToString(b[:])
}
