package chinaums

import (
	"context"
	"sync"
	"time"
)

// Auth is how requests are authorised.
type Auth string

// The ways to authorise; the zero value means AuthBodySig.
const (
	AuthBodySig     Auth = "body-sig"     // OPEN-BODY-SIG: each request is signed
	AuthAccessToken Auth = "access-token" // OPEN-ACCESS-TOKEN: a token of TokenPath is shown
)

// TokenHeader is how the Authorization header writes a token. Both forms are
// seen in use, and no page says which one is right.
type TokenHeader string

// The forms of the header; the zero value means TokenPlain.
const (
	TokenPlain  TokenHeader = "plain"  // OPEN-ACCESS-TOKEN AccessToken=<token>
	TokenQuoted TokenHeader = "quoted" // OPEN-ACCESS-TOKEN AccessToken="<token>",AppId="<app id>"
)

// youngToken is the age up to which a token that came for a refused one, and
// was never accepted, is not replaced again.
const youngToken = time.Minute

// Tokens keeps access tokens by base URL and AppId: the platform lets no more
// than ten live per AppId. Clients may share it; it is safe for concurrent
// use.
type Tokens struct {
	mu    sync.Mutex
	slots map[tokenOwner]*tokenSlot
}

type tokenOwner struct{ base, appID string }

// NewTokens makes an empty cache.
func NewTokens() *Tokens { return &Tokens{slots: map[tokenOwner]*tokenSlot{}} }

func (t *Tokens) slot(base, appID string) *tokenSlot {
	t.mu.Lock()
	defer t.mu.Unlock()
	owner := tokenOwner{base, appID}
	if t.slots[owner] == nil {
		t.slots[owner] = &tokenSlot{}
	}
	return t.slots[owner]
}

// token is one that was issued. Its text and ends never change; the rest is
// guarded by the slot.
type token struct {
	text      Secret
	asked     time.Time // when it was asked for
	ends      time.Time
	refresh   time.Time     // from then on another one is fetched
	afterFail time.Duration // from a fetch that brought none to the next

	replaced bool // it came for a refused one
	accepted bool // a call was served with it
}

// tokenSlot is the one token that all calls of an AppId share.
type tokenSlot struct {
	mu      sync.Mutex
	current *token
	refused bool        // the last current token was refused
	fetch   *tokenFetch // under way; nil: none
}

// tokenFetch is what a request for a token brought; it can be read when done
// is closed.
type tokenFetch struct {
	done   chan struct{}
	token  *token
	failed *attempt // the token request brought no token
	err    error    // the token request could not be sent: ErrBudget or ErrStopped
}

// take gives the token to use, or the fetch to wait for, or one to make.
// While a token lives nobody waits for the fetch of the next one.
func (s *tokenSlot) take(now time.Time) (t *token, fetch *tokenFetch, mine bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	lives := s.current != nil && now.Before(s.current.ends)
	switch {
	case lives && (s.fetch != nil || now.Before(s.current.refresh)):
		return s.current, nil, false
	case s.fetch != nil:
		return nil, s.fetch, false
	}
	s.fetch = &tokenFetch{done: make(chan struct{})}
	return nil, s.fetch, true
}

// settle ends the fetch under way. One that brought no token leaves the old
// one in use for as long as it lives.
func (s *tokenSlot) settle(f *tokenFetch, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case f.token != nil:
		f.token.replaced = s.refused
		s.current, s.refused = f.token, false
	case s.current != nil && now.Before(s.current.ends):
		s.current.refresh = now.Add(s.current.afterFail)
		f.token, f.failed, f.err = s.current, nil, nil
	}
	s.fetch = nil
	close(f.done)
}

// latest is the current token where there is one: t may have been replaced
// while its call waited for the limit.
func (s *tokenSlot) latest(t *token) *token {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.current != nil {
		return s.current
	}
	return t
}

// accept notes that a call was served with the token.
func (s *tokenSlot) accept(t *token) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t.accepted = true
}

// drop forgets a refused token, if it is still the current one, and says
// whether there may be a better one. A token that came for a refused one and
// was never accepted stays for its first minute: the fault is not the token's.
func (s *tokenSlot) drop(t *token, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.current != t {
		return true
	}
	if t.replaced && !t.accepted && now.Sub(t.asked) < youngToken {
		return false
	}
	s.current, s.refused = nil, true
	return true
}

// token gives the token to show: nil when requests are signed instead. failed
// is what the request for a token ended in; the error is ErrBudget or
// ErrStopped.
func (c *Client) token(ctx context.Context) (t *token, failed *attempt, err error) {
	if c.slot == nil {
		return nil, nil, nil
	}
	for {
		t, fetch, mine := c.slot.take(c.options.Now())
		if fetch == nil {
			return t, nil, nil
		}
		if mine {
			c.fetchToken(ctx, fetch)
			c.slot.settle(fetch, c.options.Now())
			return fetch.token, fetch.failed, fetch.err
		}
		select {
		case <-fetch.done:
		case <-ctx.Done():
			return nil, nil, ErrStopped
		}
		// What stopped another call need not stop this one.
		if fetch.err == nil {
			return fetch.token, fetch.failed, nil
		}
	}
}
