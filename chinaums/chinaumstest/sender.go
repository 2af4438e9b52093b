package chinaumstest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/umsrecon/umsrecon/chinaums"
)

// Sender sends notices as the platform does: it repeats one, with the same
// notifyId, until it is answered SUCCESS. It is safe for concurrent use.
type Sender struct {
	URL      string
	Key      chinaums.Secret // the communication key
	SignType string          // "", MD5 or SHA256; see Sign
	JSON     bool            // sends JSON, not a form
	Client   *http.Client    // nil: http.DefaultClient
	// Repeat is how often it is sent until it is answered SUCCESS; 0: five times.
	Repeat int
	// Pause waits before the nth attempt, n from 1; before the first only when
	// the notice is late. Nil: it does not wait.
	Pause func(ctx context.Context, n int)

	misbehaviours []noticeMisbehaviour
}

// Delivery is what became of a notice.
type Delivery struct {
	Attempts int    // that were made
	Answer   string // the last one; empty: none came
	Status   int    // HTTP status of the last answer
}

// Delivered says whether the merchant has said that it has the notice.
func (d Delivery) Delivered() bool { return d.Answer == "SUCCESS" }

// post is one attempt, open to be bent by misbehaviours.
type post struct {
	params   map[string]string
	key      chinaums.Secret
	signType string
	json     bool
	unsigned bool
	fold     bool                   // two fields are made one when they are signed
	reverse  bool                   // the parameters stand in the reverse order
	spoil    func([]byte) []byte    // the bytes of the body
	stream   func([]byte) *halfBody // the body instead, as it goes out
}

// Send sends the notice until it is answered SUCCESS, Repeat times at most. The
// error is that of the last attempt when no answer came, or that of the context.
func (s *Sender) Send(ctx context.Context, params map[string]string) (Delivery, error) {
	d, err := s.untilTaken(ctx, func() (string, int, error) { return s.once(ctx, params, false) })
	if d.Delivered() {
		err = s.afterwards(ctx, params, &d)
	}
	return d, err
}

// afterwards is what comes again although it was answered.
func (s *Sender) afterwards(ctx context.Context, params map[string]string, d *Delivery) (err error) {
	if s.is("duplicated") || s.is("mutated") {
		d.Attempts++
		d.Answer, d.Status, err = s.once(ctx, params, true)
	}
	return err
}

// SendContract sends a contract notice like Send. The URL is that of the
// contract path. Of the misbehaviours only "late" is about contract notices.
func (s *Sender) SendContract(ctx context.Context, body []byte) (Delivery, error) {
	return s.untilTaken(ctx, func() (string, int, error) { return s.post(ctx, "application/json", bytes.NewReader(body)) })
}

// untilTaken makes attempts until one is answered SUCCESS.
func (s *Sender) untilTaken(ctx context.Context, attempt func() (string, int, error)) (d Delivery, err error) {
	for d.Attempts < s.repeat() && !d.Delivered() {
		if d.Attempts > 0 || s.is("late") {
			s.pause(ctx, d.Attempts+1)
		}
		if ctx.Err() != nil {
			return d, ctx.Err()
		}
		d.Attempts++
		d.Answer, d.Status, err = attempt()
	}
	return d, err
}

func (s *Sender) repeat() int {
	if s.Repeat == 0 {
		return 5
	}
	return s.Repeat
}

func (s *Sender) pause(ctx context.Context, n int) {
	if s.Pause != nil {
		s.Pause(ctx, n)
	}
}

// once makes one attempt; again says that the notice was delivered before.
func (s *Sender) once(ctx context.Context, params map[string]string, again bool) (answer string, status int, err error) {
	p := post{params: params, key: s.Key, signType: s.SignType, json: s.JSON}
	for _, m := range s.misbehaviours {
		if m.again == again && m.bend != nil {
			m.bend(&p)
		}
	}
	body := p.body()
	contentType := "application/x-www-form-urlencoded"
	if p.json {
		contentType = "application/json"
	}
	if p.stream != nil {
		return s.post(ctx, contentType, p.stream(body))
	}
	return s.post(ctx, contentType, bytes.NewReader(body))
}

func (s *Sender) post(ctx context.Context, contentType string, body io.Reader) (answer string, status int, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL, body)
	if err != nil {
		return "", 0, err
	}
	if half, ok := body.(*halfBody); ok {
		req.ContentLength = half.whole
		defer half.end() // the client may have its answer and still read
	}
	req.Header.Set("Content-Type", contentType)
	client := s.Client
	if client == nil {
		client = http.DefaultClient
	}
	resp, err := client.Do(req)
	if err != nil {
		return "", 0, err
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(resp.Body, 1<<10))
	return strings.TrimSpace(string(text)), resp.StatusCode, err
}

// body is the notice as it goes out.
func (p post) body() []byte {
	params := p.params
	if !p.unsigned {
		params = Sign(params, p.key, p.signType)
	}
	if p.fold {
		params = folded(params)
	}
	var body []byte
	switch {
	case p.json:
		body = compact(params)
	default:
		body = []byte(form(params, p.reverse))
	}
	if p.spoil != nil {
		body = p.spoil(body)
	}
	return body
}

// folded has the same text to sign with one field less: the first two, by name,
// that have values are one.
func folded(params map[string]string) map[string]string {
	params = maps.Clone(params)
	first := ""
	for _, name := range slices.Sorted(maps.Keys(params)) {
		switch {
		case strings.TrimSpace(params[name]) == "" || name == "sign":
		case first == "":
			first = name
		default:
			params[first] += "&" + name + "=" + params[name]
			delete(params, name)
			return params
		}
	}
	return params
}

// form encodes parameters in the order of their names, or in the reverse order.
func form(params map[string]string, reverse bool) string {
	var pairs []string
	for name, value := range params {
		pairs = append(pairs, url.QueryEscape(name)+"="+url.QueryEscape(value))
	}
	slices.Sort(pairs)
	if reverse {
		slices.Reverse(pairs)
	}
	return strings.Join(pairs, "&")
}

func (s *Sender) is(name string) bool {
	return slices.ContainsFunc(s.misbehaviours, func(m noticeMisbehaviour) bool { return m.Name == name })
}

// Misbehave switches misbehaviours on, by the names of NoticeMisbehaviours. The
// error is about a name that does not exist.
func (s *Sender) Misbehave(names ...string) error {
	for _, name := range names {
		i := slices.IndexFunc(noticeMisbehaviours, func(m noticeMisbehaviour) bool { return m.Name == name })
		if i < 0 {
			return fmt.Errorf("there is no misbehaviour %q of notices", name)
		}
		s.misbehaviours = append(s.misbehaviours, noticeMisbehaviours[i])
	}
	return nil
}
