package ledger

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/umsrecon/umsrecon/reconcile"
)

// queryNames are what a query may name with a colon before it.
var queryNames = []string{"day", "yyyymmdd", "from", "to"}

// piece is a part of a query: its text, or the name of a value.
type piece struct{ text, name string }

// pieces takes a query of a database of the format apart. What stands in
// quotes, in comments or behind two colons (a cast of PostgreSQL) names nothing.
func pieces(f Format, query string) ([]piece, error) {
	if !asks(f, query) {
		return nil, errors.New("the query must begin with SELECT, WITH, VALUES or TABLE")
	}
	if err := onlyReads(f, query); err != nil {
		return nil, err
	}
	var all []piece
	start := 0
	for i := 0; i < len(query); {
		if n := skipped(f, query, i); n > 0 {
			i += n
			continue
		}
		name := nameAt(query, i)
		if name == "" {
			i++
			continue
		}
		if !slices.Contains(queryNames, name) {
			return nil, fmt.Errorf("the query names :%s, which is none of :%s%s", name, strings.Join(queryNames, ", :"), didYouMean(name, queryNames))
		}
		all = append(all, piece{text: query[start:i]}, piece{name: name})
		i += 1 + len(name)
		start = i
	}
	return append(all, piece{text: query[start:]}), nil
}

// asks says whether a statement only can be one that reads. A transaction
// that is read-only does not see to it alone: MariaDB carries out a DROP TABLE
// in it. A comment with an exclamation mark is none to MySQL.
func asks(f Format, query string) bool {
	for {
		query = strings.TrimLeft(query, " \t\r\n(")
		if query == "" || executable(query) {
			return false
		}
		n := commentLength(f, query)
		if n == 0 {
			break
		}
		query = query[n:]
	}
	end := 0
	for end < len(query) && nameByte(query[end]) {
		end++
	}
	return slices.Contains([]string{"select", "with", "values", "table"}, Fold(query[:end]))
}

// nameAt is the name that begins with a colon at i; empty: none does.
func nameAt(query string, i int) string {
	if query[i] != ':' || i > 0 && (query[i-1] == ':' || nameByte(query[i-1])) {
		return ""
	}
	end := i + 1
	for end < len(query) && nameByte(query[end]) {
		end++
	}
	if end == i+1 || query[i+1] >= '0' && query[i+1] <= '9' {
		return ""
	}
	return query[i+1 : end]
}

func nameByte(b byte) bool {
	return b == '_' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9'
}

// bound is a query as a database takes it.
type bound struct {
	text string
	args []any
}

// bind puts a mark for each name of the query: ? for each, or $1, $2 … for
// each value.
func (b *Books) bind(day reconcile.Day, numbered bool) bound {
	values := b.queryValues(day)
	var q bound
	var text strings.Builder
	place := map[string]int{}
	for _, p := range b.query {
		text.WriteString(p.text)
		switch {
		case p.name == "":
		case !numbered:
			text.WriteString("?")
			q.args = append(q.args, values[p.name])
		default:
			if place[p.name] == 0 {
				q.args = append(q.args, values[p.name])
				place[p.name] = len(q.args)
			}
			fmt.Fprintf(&text, "$%d", place[p.name])
		}
	}
	q.text = strings.TrimRight(text.String(), "; \t\r\n")
	return q
}

// queryValues are the values of the names: from is the first instant of the
// business day and to that of the next, as the ledger writes times without a zone.
func (b *Books) queryValues(day reconcile.Day) map[string]string {
	clock := func(t time.Time) string { return t.In(b.source.Location).Format(time.DateTime) }
	return map[string]string{
		"day": day.String(), "yyyymmdd": day.Compact(),
		"from": clock(b.source.Calendar.Begins(day)), "to": clock(b.source.Calendar.Begins(day + 1)),
	}
}

// offset is the zone of the ledger's times on a day, as databases write it.
func (b *Books) offset(day reconcile.Day) string {
	if day == 0 {
		day = earliest
	}
	return day.Start().In(b.source.Location).Format("-07:00")
}
