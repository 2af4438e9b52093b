package chinaums

import (
	"bytes"
	"encoding/json"
	"unicode/utf8"
)

// The functions of this file walk over JSON whose tokens are whole, as
// json.Valid or json.Decoder have found them to be; they check nothing again.

// blanks is where the blanks that begin at i end.
func blanks(s []byte, i int) int {
	for i < len(s) && (s[i] == ' ' || s[i] == '\n' || s[i] == '\t' || s[i] == '\r') {
		i++
	}
	return i
}

// stringEnd is where the string that begins at i ends, behind its quote.
func stringEnd(s []byte, i int) int {
	for i++; i < len(s) && s[i] != '"'; i++ {
		if s[i] == '\\' {
			i++
		}
	}
	return i + 1
}

// valueEnd is where the value that begins at i ends; whole is false when it
// goes on behind s.
func valueEnd(s []byte, i int) (end int, whole bool) {
	depth := 0
	for i < len(s) {
		switch s[i] {
		case '"':
			i = stringEnd(s, i)
		case '{', '[':
			depth++
			i++
			continue
		case '}', ']':
			depth--
			i++
		case ',', ':', ' ', '\n', '\t', '\r':
			i++
			continue
		default: // a number, true, false, null
			for i < len(s) && bytes.IndexByte([]byte(",]} \n\t\r"), s[i]) < 0 {
				i++
			}
		}
		if depth == 0 {
			return i, true
		}
	}
	return i, false
}

// unquoted is the text of a string token: a part of it where it has no escapes.
func unquoted(token []byte) []byte {
	if bytes.IndexByte(token, '\\') < 0 && utf8.Valid(token) {
		return token[1 : len(token)-1]
	}
	var s string
	_ = json.Unmarshal(token, &s) // it is a string, and whole
	return []byte(s)
}
