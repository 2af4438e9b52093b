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
	m := masking{body: body, whole: wholeTokens(body)}
	if len(body) > 0 { // nothing stays nil
		m.out.Grow(len(body) + len(masked))
	}
	for i := 0; i < m.whole; {
		if body[i] != '"' {
			i++
			continue
		}
		i = m.text(i, stringEnd(body, i))
	}
	rest := body[m.copied:]
	if broken := body[m.whole:]; len(broken) > 0 && m.copied <= m.whole {
		if at := personalWord.FindIndex(broken); at != nil {
			m.out.Write(rest[:len(rest)-len(broken)+at[0]])
			m.out.WriteString(masked)
			return m.out.Bytes()
		}
	}
	m.out.Write(rest)
	return m.out.Bytes()
}

// wholeTokens is how far a body is JSON: of a document that is cut or broken,
// the end of its last whole token.
func wholeTokens(body []byte) int {
	if json.Valid(body) {
		return len(body)
	}
	tokens := json.NewDecoder(bytes.NewReader(body))
	tokens.UseNumber()
	for {
		if _, err := tokens.Token(); err != nil {
			return int(tokens.InputOffset())
		}
	}
}

// masking walks over the strings of a body.
type masking struct {
	body   []byte
	whole  int // how far the body is JSON
	out    bytes.Buffer
	copied int // bytes of body that out stands for
}

// text deals with the string from i to end, and returns where to go on.
func (m *masking) text(i, end int) int {
	text, behind := unquoted(m.body[i:end]), blanks(m.body, end)
	name := behind < len(m.body) && m.body[behind] == ':'
	last := end == m.whole // of a broken body it may be a name without a colon
	switch {
	case (name || last) && slices.ContainsFunc(personal, func(p string) bool { return strings.EqualFold(p, string(text)) }):
		return m.hideValue(end)
	case !name && bytes.IndexByte(text, '{') >= 0 && !bytes.Equal(Mask(text), text):
		m.hide(i, end)
	}
	return end
}

// hideValue replaces the value behind a name that ends at i: to its end, or to
// the end of a body that is cut or broken inside it.
func (m *masking) hideValue(i int) int {
	start := len(m.body) - len(bytes.TrimLeft(m.body[i:], ": \t\r\n"))
	end, whole := valueEnd(m.body[:m.whole], start)
	if !whole {
		end = len(m.body)
	}
	m.hide(start, end)
	return end
}

func (m *masking) hide(start, end int) {
	if start == end {
		return
	}
	m.out.Write(m.body[m.copied:start])
	m.out.WriteString(`"` + masked + `"`)
	m.copied = end
}
