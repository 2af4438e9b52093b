package main

import (
	"reflect"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// keyField is a field of a configuration struct under its key.
type keyField struct {
	key   string
	need  string // section of its references; empty: that of the struct
	index []int
}

// keysOf lists the keys of a configuration struct in the order of its fields,
// embedded structs inline.
func keysOf(t reflect.Type) []keyField {
	var all []keyField
	for _, f := range reflect.VisibleFields(t) {
		if key := f.Tag.Get("yaml"); key != "" {
			all = append(all, keyField{key, f.Tag.Get("need"), f.Index})
		}
	}
	return all
}

func keyNames(t reflect.Type) []string {
	var names []string
	for _, f := range keysOf(t) {
		names = append(names, f.key)
	}
	return names
}

// whereElse says where a key is known that is not known in t, or nothing.
func whereElse(key string, t reflect.Type) string {
	top := reflect.TypeFor[Config]()
	var sections []string
	for _, f := range keysOf(top) {
		if f.key == key && t != top {
			return "; it belongs to the top level"
		}
		section := top.FieldByIndex(f.index).Type
		if section.Kind() == reflect.Struct && section != t && slices.Contains(keyNames(section), key) {
			sections = append(sections, f.key)
		}
	}
	if len(sections) != 1 {
		return ""
	}
	return "; it belongs under " + sections[0]
}

func keyPath(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// printable is a key as a fault may show it: what follows the first character
// that no key has is left out, because a value may have slipped in there
// (app_key:SECRET without a blank is one word).
func printable(key string) string {
	const longest = 40
	for i, r := range key {
		if i >= longest || !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("_-.", r) {
			return key[:i] + "…"
		}
	}
	return key
}

// didYouMean is `; did you mean "x"?` for the candidate nearest to a word, or
// nothing when none is near.
func didYouMean(word string, candidates []string) string {
	best, nearest := "", min((utf8.RuneCountInString(word)+1)/3+1, 3)
	for _, c := range candidates {
		if d := distance(folded(word), folded(c)); d < nearest || d == 0 {
			best, nearest = c, d
		}
	}
	if best == "" {
		return ""
	}
	return `; did you mean "` + best + `"?`
}

// folded lets appKey, app-key and APP_KEY be app_key.
func folded(s string) string {
	return strings.NewReplacer("_", "", "-", "", " ", "").Replace(strings.ToLower(s))
}

// distance counts the letters to insert, drop, change or swap between two
// short words; beyond 40 letters it is not worth knowing.
func distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	if len(x) > 40 || len(y) > 40 {
		return max(len(x), len(y))
	}
	rows := make([][]int, len(x)+1)
	for i := range rows {
		rows[i] = make([]int, len(y)+1)
		rows[i][0] = i
	}
	for j := range y {
		rows[0][j+1] = j + 1
	}
	for i := 1; i <= len(x); i++ {
		for j := 1; j <= len(y); j++ {
			change := rows[i-1][j-1]
			if x[i-1] != y[j-1] {
				change++
			}
			rows[i][j] = min(rows[i-1][j]+1, rows[i][j-1]+1, change)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(x)][len(y)]
}
