package ledger

import (
	"fmt"
	"slices"
	"strings"
)

// onlyReads refuses what writes although the statement begins like one that
// reads: SELECT … INTO, which MySQL carries out in a read-only transaction when
// it writes a file, and a change in or behind a WITH.
func onlyReads(f Format, query string) error {
	before := "" // the word or mark before the one at i, in small letters
	for i := 0; i < len(query); {
		if f == MySQL && executable(query[i:]) {
			return fmt.Errorf("the query holds %s, which is no comment to MySQL; leave it out", query[i:i+3])
		}
		if n := skipped(f, query, i); n > 0 {
			if commentLength(f, query[i:]) == 0 {
				before = query[i : i+1]
			}
			i += n
			continue
		}
		n := wordLength(query[i:])
		word := strings.ToLower(query[i : i+max(n, 1)])
		switch {
		case word == "into" && before != "." && before != "as":
			return fmt.Errorf("the query says INTO, which writes what it finds somewhere; leave it out (a column of that name needs quotes)")
		case slices.Contains([]string{"insert", "update", "delete", "merge"}, word) && slices.Contains([]string{"(", ")", ";"}, before) && namesNext(f, query, i+n):
			return fmt.Errorf("the query says %s, which changes the ledger; it may only read (a column of that name needs quotes)", strings.ToUpper(word))
		}
		if strings.TrimSpace(word) != "" {
			before = word
		}
		i += max(n, 1)
	}
	return nil
}

// namesNext says whether a name follows at i, as a table does behind UPDATE.
func namesNext(f Format, query string, i int) bool {
	for i < len(query) {
		switch n := commentLength(f, query[i:]); {
		case n > 0:
			i += n
		case strings.ContainsRune(" \t\r\n", rune(query[i])):
			i++
		default:
			return wordLength(query[i:]) > 0 || strings.ContainsRune("\"`[", rune(query[i]))
		}
	}
	return false
}

// wordLength is the length of the word that s begins with; of a variable and of
// what is not ASCII, too.
func wordLength(s string) (n int) {
	for n < len(s) && (nameByte(s[n]) || s[n] >= 0x80 || s[n] == '$' || s[n] == '@') {
		n++
	}
	return n
}

// executable says whether s begins with what MySQL and MariaDB carry out
// although it looks like a comment.
func executable(s string) bool { return strings.HasPrefix(s, "/*!") || strings.HasPrefix(s, "/*M!") }

// skipped is the length of the comment or quoted text at i; 0: there is none.
// One that is not closed runs to the end.
func skipped(f Format, query string, i int) int {
	if n := commentLength(f, query[i:]); n > 0 {
		return n
	}
	s := query[i:]
	switch {
	case s[0] == '\'', s[0] == '"':
		return textLength(s, f == MySQL || f == Postgres && s[0] == '\'' && escapes(query[:i]))
	case s[0] == '`' && f != Postgres:
		return closed(s, 1, "`")
	case s[0] == '[' && f == SQLite:
		return closed(s, 1, "]")
	case s[0] == '$' && f == Postgres && (i == 0 || !nameByte(query[i-1])):
		if i := strings.IndexByte(s[1:], '$'); i >= 0 && strings.IndexFunc(s[1:1+i], func(r rune) bool { return r > 0x7f || !nameByte(byte(r)) }) < 0 {
			return closed(s, i+2, s[:i+2])
		}
	}
	return 0
}

// escapes says whether the text ends in the E of PostgreSQL's E'it\'s'.
func escapes(before string) bool {
	n := len(before)
	return n > 0 && (before[n-1] == 'e' || before[n-1] == 'E') && (n == 1 || !nameByte(before[n-2]))
}

// textLength is the length of a text in the quotes that it begins with. A
// server of MySQL that is told NO_BACKSLASH_ESCAPES reads a backslash otherwise.
func textLength(s string, backslash bool) int {
	for i := 1; i < len(s); i++ {
		switch {
		case backslash && s[i] == '\\':
			i++
		case s[i] == s[0]:
			return i + 1
		}
	}
	return len(s)
}

// commentLength is the length of the comment that s begins with; 0: none. To
// MySQL -- begins one only before a blank, and PostgreSQL has them within each
// other.
func commentLength(f Format, s string) int {
	switch {
	case strings.HasPrefix(s, "--"):
		if f == MySQL && len(s) > 2 && s[2] > ' ' {
			return 0
		}
		return closed(s, 2, "\n")
	case s[0] == '#' && f == MySQL:
		return closed(s, 1, "\n")
	case strings.HasPrefix(s, "/*") && f == Postgres:
		return nestedLength(s)
	case strings.HasPrefix(s, "/*"):
		return closed(s, 2, "*/")
	}
	return 0
}

func nestedLength(s string) int {
	depth := 0
	for i := 0; i+1 < len(s); i++ {
		switch s[i : i+2] {
		case "/*":
			depth++
			i++
		case "*/":
			depth--
			i++
			if depth == 0 {
				return i + 1
			}
		}
	}
	return len(s)
}

// closed is the length up to and with the end, sought from open on.
func closed(s string, open int, end string) int {
	if i := strings.Index(s[open:], end); i >= 0 {
		return open + i + len(end)
	}
	return len(s)
}
