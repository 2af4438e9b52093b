package ledger

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/umsrecon/umsrecon/reconcile"
)

// say is one sentence in both languages, made of the same values.
func say(zh, en string, values ...any) reconcile.Words {
	return reconcile.Words{ZH: fmt.Sprintf(zh, values...), EN: fmt.Sprintf(en, values...)}
}

// shown is a value as a reason quotes it: bounded, without control characters.
func shown(value string) string {
	const bound = 60
	n := 0
	for i := range value {
		if n++; n > bound {
			return fmt.Sprintf("%q…", value[:i])
		}
	}
	return fmt.Sprintf("%q", value)
}

// maxRaw bounds the text that a bad row keeps, in bytes.
const maxRaw = 4 << 10

// rawText is the text of a bad row as people get to see it: nothing that
// moves a cursor or turns text around, at most maxRaw bytes. Rows cut to the
// same text stay apart by their hash: the text is what a case goes by. long is
// the length of a line of which text is only the beginning, else 0.
func rawText(text string, long int64, digest func() string) string {
	cut := text
	if len(cut) > maxRaw {
		cut = cut[:maxRaw]
	}
	clean := strings.Map(func(r rune) rune {
		if r != '\t' && unicode.In(r, unicode.Cc, unicode.Cf) {
			return utf8.RuneError
		}
		return r
	}, strings.ToValidUTF8(cut, ""))
	whole := len(text)
	if long > 0 {
		whole = int(long)
	} else if whole <= maxRaw {
		return clean
	}
	return fmt.Sprintf("%s… [%d bytes, sha256 %s]", clean, whole, digest())
}
