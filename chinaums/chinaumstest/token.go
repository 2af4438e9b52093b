package chinaumstest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"time"

	"github.com/umsrecon/umsrecon/chinaums"
)

const (
	tokenIssued = "0000"
	// notAuthentic is the code of a token, or a token request, that is refused.
	// The vendor says 认证失败 and no code: this one is made up.
	notAuthentic = "1401"
	maxTokens    = 10 // alive per AppId
)

// issuedToken is one that lives, or lived.
type issuedToken struct {
	appID, text string
	ends        time.Time
}

var tokenFields = []field{
	{"appId", true, 64, text}, {"timestamp", true, 14, text}, {"nonce", true, maxNonce, text},
	{"signMethod", true, 6, text}, {"signature", true, 64, text},
}

func readTokenRequest(body []byte, _ time.Time, _ Config) (query, *refusal) {
	q, fault := readFields(body, tokenFields)
	if fault == nil && q["signMethod"] != "SHA256" {
		fault = badRequest("signMethod is not SHA256")
	}
	return q, fault
}

func (g *Gateway) checkTokenRequest(_ string, _ []byte, q query, now time.Time) *refusal {
	if f := checkStamp(q["timestamp"], q["nonce"], now); f != nil {
		return f
	}
	key, known := g.config.Keys[q["appId"]]
	want := chinaums.TokenSignature(q["appId"], key, q["timestamp"], q["nonce"])
	if !known || !hmac.Equal([]byte(q["signature"]), []byte(want)) {
		return refuseInFront(http.StatusUnauthorized, notAuthentic, "认证失败")
	}
	return g.useNonce(q["nonce"], now)
}

// issue answers with a new token; of more than ten the oldest dies.
func (g *Gateway) issue(asked request, now time.Time) reply {
	appID := asked.fields["appId"]
	g.mu.Lock()
	defer g.mu.Unlock()
	g.issued[appID]++
	g.tokens = slices.DeleteFunc(g.tokens, func(t issuedToken) bool { return !now.Before(t.ends) })
	own := func(t issuedToken) bool { return t.appID == appID }
	if alive := slices.IndexFunc(g.tokens, own); g.alive(appID) == maxTokens {
		g.tokens = slices.Delete(g.tokens, alive, alive+1)
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %d", appID, g.issued[appID]))
	t := issuedToken{appID: appID, text: hex.EncodeToString(sum[:16]), ends: now.Add(g.config.TokenLife)}
	g.tokens = append(g.tokens, t)
	return reply{op: OpToken, status: http.StatusOK, fields: map[string]any{
		"errCode": tokenIssued, "errInfo": "正常", "accessToken": t.text, "expiresIn": int(g.config.TokenLife / time.Second),
	}}
}

func (g *Gateway) alive(appID string) int {
	n := 0
	for _, t := range g.tokens {
		if t.appID == appID {
			n++
		}
	}
	return n
}

var (
	plainToken  = regexp.MustCompile(`^OPEN-ACCESS-TOKEN AccessToken=([^"=,\s]+)$`)
	quotedToken = regexp.MustCompile(`^OPEN-ACCESS-TOKEN AccessToken="([^"]+)",AppId="([^"]+)"$`)
)

// shownToken reads either form of the header; the plain one names no AppId.
func shownToken(header string) (text, appID string, ok bool) {
	if part := plainToken.FindStringSubmatch(header); part != nil {
		return part[1], "", true
	}
	if part := quotedToken.FindStringSubmatch(header); part != nil {
		return part[1], part[2], true
	}
	return "", "", false
}

func (g *Gateway) checkToken(text, appID string, now time.Time) *refusal {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, t := range g.tokens {
		if t.text == text && (appID == "" || appID == t.appID) && now.Before(t.ends) {
			return nil
		}
	}
	return refuseInFront(http.StatusUnauthorized, notAuthentic, "认证失败")
}

// Tokens is how many access tokens were ever issued to an AppId.
func (g *Gateway) Tokens(appID string) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.issued[appID]
}

// RevokeTokens ends all access tokens.
func (g *Gateway) RevokeTokens() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.tokens = nil
}
