package chinaums

import (
	"bytes"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
)

// personal are the fields whose values are never kept, by their lower-case
// names: those of buyers, and whatever a signature could be made from.
var personal = []string{
	"buyerid", "buyerusername", "subbuyerid", "bankcardno", "bankinfo", "openid", "subopenid",
	"accesstoken", "appkey", "authorization", "sign", "signature",
}

// personalWord finds one of them, or an escape that could spell one, where the
// text is broken: from there on nothing can be told apart.
var personalWord = regexp.MustCompile(
	`(?i)\\u|(?:^|[^a-z0-9_])(?:` + strings.Join(personal, "|") + `)(?:[^a-z0-9_]|$)`)

// Mask returns a body of the platform with the values of personal fields
// replaced by "***", whatever their type and depth and however their names are
// cased or escaped; all other bytes stay as they were. A string that holds
// JSON with such a field is replaced as a whole. Behind the point where a body
// stops being JSON, text stays up to the first sign of such a field.
func Mask(body []byte) []byte {
	m := masking{body: body, tokens: json.NewDecoder(bytes.NewReader(body))}
	m.tokens.UseNumber()
	for m.next() {
	}
	rest := body[m.copied:]
	if broken := body[m.offset():]; len(broken) > 0 && m.copied <= m.offset() {
		if at := personalWord.FindIndex(broken); at != nil {
			m.out.Write(rest[:len(rest)-len(broken)+at[0]])
			m.out.WriteString(masked)
			return m.out.Bytes()
		}
	}
	m.out.Write(rest)
	return m.out.Bytes()
}

// masking walks over the tokens of a body.
type masking struct {
	body    []byte
	tokens  *json.Decoder
	out     bytes.Buffer
	copied  int    // bytes of body that out stands for
	objects []bool // the open containers: true for an object
	name    bool   // the next string is a name
}

func (m *masking) offset() int { return int(m.tokens.InputOffset()) }

// next deals with one token; false at the end, or where the body breaks.
func (m *masking) next() bool {
	before := m.offset()
	token, err := m.tokens.Token()
	if err != nil {
		return false
	}
	switch t := token.(type) {
	case json.Delim:
		m.nest(t)
		return true
	case string:
		switch {
		case m.name && slices.Contains(personal, strings.ToLower(t)):
			return m.hideValue()
		case m.name:
			m.name = false
			return true
		case strings.Contains(t, "{") && string(Mask([]byte(t))) != t:
			m.hide(before+bytes.IndexByte(m.body[before:], '"'), m.offset())
		}
	}
	m.endValue()
	return true
}

func (m *masking) nest(d json.Delim) {
	if d == '{' || d == '[' {
		m.objects = append(m.objects, d == '{')
		m.name = d == '{'
		return
	}
	m.objects = m.objects[:len(m.objects)-1]
	m.endValue()
}

func (m *masking) endValue() {
	m.name = len(m.objects) > 0 && m.objects[len(m.objects)-1]
}

// hideValue replaces the value behind a name: to its end, or to the end of a
// body that is cut or broken inside it.
func (m *masking) hideValue() bool {
	rest := m.body[m.offset():]
	start := len(m.body) - len(bytes.TrimLeft(rest, ": \t\r\n"))
	var value json.RawMessage
	if err := m.tokens.Decode(&value); err != nil {
		m.hide(start, len(m.body))
		return false
	}
	m.hide(start, m.offset())
	m.endValue()
	return true
}

func (m *masking) hide(start, end int) {
	if start == end {
		return
	}
	m.out.Write(m.body[m.copied:start])
	m.out.WriteString(`"` + masked + `"`)
	m.copied = end
}
