package chinaumstest

import (
	"errors"
	"maps"
	"strings"
	"sync"

	"github.com/umsrecon/umsrecon/chinaums"
)

// noticeMisbehaviour is one way in which the sending of a notice may go wrong.
type noticeMisbehaviour struct {
	Misbehaviour
	again bool // it strikes what is sent again after SUCCESS
	bend  func(*post)
}

// NoticeMisbehaviours lists the misbehaviours of a Sender. None is on by itself.
func NoticeMisbehaviours() []Misbehaviour {
	all := make([]Misbehaviour, len(noticeMisbehaviours))
	for i, m := range noticeMisbehaviours {
		all[i] = m.Misbehaviour
	}
	return all
}

var noticeMisbehaviours = []noticeMisbehaviour{
	{Misbehaviour{"late", "Waits before the first attempt."}, false, nil},
	{Misbehaviour{"duplicated", "Sends a notice again that was answered SUCCESS."}, true, nil},
	{Misbehaviour{"mutated", "Sends a notice again that was answered SUCCESS, with another totalAmount, rightly signed."}, true, func(p *post) {
		p.params = maps.Clone(p.params)
		p.params["totalAmount"] += "1"
	}},
	{Misbehaviour{"forged", "Signs with another key."}, false, func(p *post) { p.key = chinaums.NewSecret("nobody's key") }},
	{Misbehaviour{"unsigned", "Leaves the signature out."}, false, func(p *post) { p.unsigned = true }},
	{Misbehaviour{"unknown-field", "Adds one more parameter that no page names, and signs it."}, false, func(p *post) {
		p.params = maps.Clone(p.params)
		p.params["somethingNew"] = "1"
	}},
	{Misbehaviour{"nameless", "Leaves the notifyId out, and signs what is left."}, false, func(p *post) {
		p.params = maps.Clone(p.params)
		delete(p.params, "notifyId")
	}},
	{Misbehaviour{"folded", "Writes a field into the value of the one that is signed before it, with the signature of both."}, false, func(p *post) { p.fold = true }},
	{Misbehaviour{"reordered", "Writes the parameters in the reverse order."}, false, func(p *post) { p.reverse = true }},
	{Misbehaviour{"as-json", "Sends JSON instead of a form."}, false, func(p *post) { p.json = true }},
	{Misbehaviour{"twice-named", "Says a parameter twice."}, false, func(p *post) {
		p.spoil = func(b []byte) []byte { return append(b, "&mid=1"...) }
	}},
	{Misbehaviour{"truncated", "Sends the first two thirds of the body."}, false, func(p *post) {
		p.spoil = func(b []byte) []byte { return b[:len(b)*2/3] }
	}},
	{Misbehaviour{"oversized", "Sends a body of more than 200 KiB."}, false, func(p *post) {
		p.spoil = func(b []byte) []byte { return append(append(b, "&huge="...), strings.Repeat("x", 200<<10)...) }
	}},
	{Misbehaviour{"slow-body", "Sends half of the body and then nothing more, the connection open."}, false, func(p *post) {
		p.stream = half
	}},
	{Misbehaviour{"reset-midway", "Breaks the connection off in the middle of the body."}, false, func(p *post) {
		p.stream = func(b []byte) *halfBody {
			h := half(b)
			h.end()
			return h
		}
	}},
}

// halfBody promises a whole body and has half of it.
type halfBody struct {
	text  []byte
	whole int64
	ended chan struct{} // nobody needs to wait any more
	end   func()        // closes it; may be called again
}

func half(body []byte) *halfBody {
	ended := make(chan struct{})
	return &halfBody{body[:len(body)/2], int64(len(body)), ended, sync.OnceFunc(func() { close(ended) })}
}

// Read waits where the half ends.
func (h *halfBody) Read(p []byte) (int, error) {
	if len(h.text) > 0 {
		n := copy(p, h.text)
		h.text = h.text[n:]
		return n, nil
	}
	<-h.ended
	return 0, errors.New("the sender broke off")
}

// Close ends a body that somebody waits for.
func (h *halfBody) Close() error {
	h.end()
	return nil
}
