package chinaums

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// TokenPath is where an access token is asked for.
const TokenPath = "/v1/token/access"

const opToken = "token"

// tokenDone is the errCode of a token that was issued; no other interface has
// it.
const tokenDone = "0000"

// Bounds of a token's life. The vendor documents one hour; an answer that does
// not say its end, or says nonsense, is believed for shortLife and no longer.
const (
	shortLife = 5 * time.Minute
	longLife  = 24 * time.Hour
	maxMargin = 5 * time.Minute
)

// wireToken is the body of the request.
type wireToken struct {
	AppID      string `json:"appId"`
	Timestamp  string `json:"timestamp"`
	Nonce      string `json:"nonce"`
	SignMethod string `json:"signMethod"`
	Signature  string `json:"signature"`
}

func (c *Client) tokenBody(now time.Time) []byte {
	w := wireToken{AppID: c.options.AppID, Timestamp: HeaderTimestamp(now), Nonce: newNonce(), SignMethod: "SHA256"}
	w.Signature = TokenSignature(w.AppID, c.options.AppKey, w.Timestamp, w.Nonce)
	return encodeBody(w)
}

// fetchToken sends one request for a token; it takes limit and budget like
// any other.
func (c *Client) fetchToken(ctx context.Context, f *tokenFetch) {
	if f.err = c.admit(ctx); f.err != nil {
		return
	}
	asked := c.options.Now()
	got := c.send(ctx, TokenPath, c.tokenBody(asked), "")
	if got.err != nil && ctx.Err() != nil {
		f.err = ErrStopped
		return
	}
	if f.token = got.issued(asked); f.token == nil {
		f.failed = got.tokenFailure()
	}
}

// issued is the token of an answer; nil when it has none.
func (a attempt) issued(asked time.Time) *token {
	if a.status != http.StatusOK || a.code != tokenDone {
		return nil
	}
	text, _ := a.fields.text("accessToken")
	if text == "" || strings.ContainsFunc(text, notHeaderText) {
		return nil
	}
	life := a.fields.tokenLife()
	margin := min(life/10, maxMargin)
	return &token{
		text: NewSecret(text), asked: asked, ends: asked.Add(life),
		refresh: asked.Add(life - margin), afterFail: margin / 10,
	}
}

// tokenLife reads expiresIn: seconds, as a number or as digits.
func (o object) tokenLife() time.Duration {
	seconds, err := strconv.ParseUint(o.code("expiresIn"), 10, 32)
	life := time.Duration(seconds) * time.Second
	if err != nil || life == 0 || life > longLife {
		return shortLife
	}
	return life
}

// tokenFailure is the attempt of which no token came, without what it was
// asked for: it says nothing about a bill, and nothing of its body is kept.
func (a attempt) tokenFailure() *attempt {
	failed := attempt{
		op: opToken, status: a.status, code: a.code, text: a.text,
		err: a.err, retryAfter: a.retryAfter, class: tokenClass(a.class),
	}
	if a.status == http.StatusOK && a.code == tokenDone {
		failed.class = ClassMalformed
		failed.err = fmt.Errorf("%w: accessToken is missing or not fit for a header", ErrMalformed)
	}
	return &failed
}

// tokenClass is the class of a failed token request. Codes that are about a
// bill are about the access here, and SUCCESS is not this interface's word.
func tokenClass(c Class) Class {
	switch c {
	case ClassRefused, ClassProcessing:
		return ClassRejected
	case ClassAnswer, ClassNoOrder:
		return ClassMalformed
	}
	return c
}

// tokenAuthorization is the Authorization header of OPEN-ACCESS-TOKEN.
func tokenAuthorization(form TokenHeader, appID string, t *token) string {
	if form == TokenQuoted {
		return `OPEN-ACCESS-TOKEN AccessToken="` + t.text.reveal() + `",AppId="` + appID + `"`
	}
	return "OPEN-ACCESS-TOKEN AccessToken=" + t.text.reveal()
}

// deniesAccess says whether an attempt that showed a token came back the way a
// refused token does: not HTTP 200, and without a code that says something
// else. The code of a refused token is not documented.
func (a attempt) deniesAccess() bool {
	_, known := classes[a.code]
	return a.status != http.StatusOK && a.class == ClassRejected && !known
}

// deniesAccessInWords is deniesAccess where the answer also says so, by HTTP
// 401 or in the platform's own words (认证失败): the request was not read.
func (a attempt) deniesAccessInWords() bool {
	return a.deniesAccess() && (a.status == http.StatusUnauthorized || strings.Contains(a.text, "认证失败"))
}
