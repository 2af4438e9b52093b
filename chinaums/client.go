package chinaums

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// Client calls the platform for one AppId. It is safe for concurrent use.
type Client struct {
	options Options
	base    string
	http    *http.Client
	slot    *tokenSlot // nil: requests are signed, there is no token
}

// New checks the options; its errors match ErrOptions.
func New(o Options) (*Client, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	base, err := baseURL(o.BaseURL)
	if err != nil {
		return nil, err
	}
	o = o.withDefaults()
	c := &Client{options: o, base: base, http: &http.Client{
		Transport:     o.Transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	if o.Auth == AuthAccessToken {
		c.slot = o.Tokens.slot(base, o.AppID)
	}
	return c, nil
}

// CloseIdle closes the connections that are kept for later calls.
func (c *Client) CloseIdle() { c.http.CloseIdleConnections() }

// exchange is what a call brought: its last attempt.
type exchange struct {
	attempt
	sent        int           // requests, those for a token not counted
	took        time.Duration // of all of them together
	renewed     bool          // a refused token was met
	deniedToken bool          // the last attempt was refused for its token
	cutBudget   bool          // more attempts were due, the budget had none left
}

// errAgain asks for another attempt.
var errAgain = errors.New("another attempt may help")

// call posts what build makes, anew for each attempt, until the answer is not
// worth another one or a bound is reached. The error is ErrBudget when not one
// request was allowed, ErrStopped when the context ended first.
func (c *Client) call(ctx context.Context, path string, build func(now time.Time) []byte) (exchange, error) {
	var last exchange
	pause := newPauses(c.options.Backoff, &last)
	_, err := backoff.Retry(ctx, func() (struct{}, error) {
		if err := c.try(ctx, &last, path, build, attempt.deniesAccess); err != nil {
			return struct{}{}, backoff.Permanent(err)
		}
		pause.atLeast = last.retryAfter
		switch {
		case last.err != nil && ctx.Err() != nil:
			return struct{}{}, backoff.Permanent(ErrStopped)
		case last.class.again():
			return struct{}{}, errAgain
		}
		return struct{}{}, nil
	},
		backoff.WithBackOff(pause),
		backoff.WithMaxTries(uint(c.options.MaxAttempts)),
		backoff.WithMaxElapsedTime(0)) // pauses know better what counts
	last.cutBudget = errors.Is(err, ErrBudget)
	switch {
	case err == nil, errors.Is(err, errAgain), last.cutBudget && last.sent > 0:
		return last, nil
	case last.cutBudget:
		return last, ErrBudget
	case errors.Is(err, ErrStopped):
		return last, err
	}
	return last, ErrStopped
}

// once posts what build makes one time. Only a request that was refused for
// its token, and so was not read, is sent again. The error is ErrBudget or
// ErrStopped, and nothing was sent.
func (c *Client) once(ctx context.Context, path string, build func(now time.Time) []byte) (exchange, error) {
	var x exchange
	if err := c.try(ctx, &x, path, build, attempt.deniesAccessInWords); err != nil && x.sent == 0 {
		return x, err
	}
	return x, nil
}

// try makes one attempt of a call. A token that denied refuses is replaced,
// once in the call, and the request made anew. The error is ErrBudget or
// ErrStopped; the attempt before it stays.
func (c *Client) try(ctx context.Context, x *exchange, path string, build func(time.Time) []byte, denied func(attempt) bool) error {
	for {
		t, failed, err := c.token(ctx)
		if err != nil {
			return err
		}
		if failed != nil {
			x.attempt, x.deniedToken = *failed, false
			return nil
		}
		if err := c.admit(ctx); err != nil {
			return err
		}
		if t != nil {
			t = c.slot.latest(t)
		}
		began := c.options.Now()
		x.attempt = c.post(ctx, path, t, build)
		x.took += c.options.Now().Sub(began)
		x.sent++
		if t == nil || !c.renew(x, t, denied) {
			return nil
		}
	}
}

// renew learns from an attempt about the token it showed, and says whether to
// make another one with another token.
func (c *Client) renew(x *exchange, t *token, denied func(attempt) bool) bool {
	x.deniedToken = denied(x.attempt)
	if !x.deniedToken {
		if x.status == http.StatusOK && x.fields != nil {
			c.slot.accept(t)
		}
		return false
	}
	again := !x.renewed && c.slot.drop(t, c.options.Now())
	x.renewed = true
	return again
}

// admit takes one unit of the budget and one token of the limit. The budget
// goes first: when it is used up nobody waits for a token.
func (c *Client) admit(ctx context.Context) error {
	if ctx.Err() != nil {
		return ErrStopped
	}
	switch left, err := c.options.Budget.Take(ctx); {
	case err != nil:
		return stopped(ctx, err)
	case !left:
		return ErrBudget
	}
	if c.options.Limiter == nil {
		return nil
	}
	if err := c.options.Limiter.Wait(ctx); err != nil {
		c.options.Budget.GiveBack()
		return stopped(ctx, err)
	}
	return nil
}

// stopped is ErrStopped, with its cause where that is not the end of ctx.
func stopped(ctx context.Context, cause error) error {
	if ctx.Err() != nil {
		return ErrStopped
	}
	return fmt.Errorf("%w: %w", ErrStopped, cause)
}

// failure is the last attempt as an error of op; nil when it brought an answer.
func (x exchange) failure(op string) error {
	sentinel := x.class.sentinel()
	if sentinel == nil {
		return nil
	}
	message := x.cause()
	if x.cutBudget {
		message = fmt.Sprintf("%s (the request budget was used up after %d of the attempts)", message, x.sent)
	}
	return x.fail(op, message, sentinel)
}

// fail is an error about the last attempt.
func (x exchange) fail(op, message string, sentinel error) error {
	if x.op != "" {
		op = x.op
	}
	return &Error{Op: op, HTTPStatus: x.status, Code: printable(x.code), Message: printable(message), Err: sentinel}
}
