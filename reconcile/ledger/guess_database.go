package ledger

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/umsrecon/umsrecon/reconcile"
)

// lookAtDatabase looks at the table that has most of our columns.
func (g *Guess) lookAtDatabase(ctx context.Context, path string) (look, error) {
	db, err := openSQLite(path)
	if err != nil {
		return look{}, err
	}
	defer db.Close()
	names, err := textsOf(ctx, db, "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite_%' ORDER BY name")
	if err != nil {
		return look{}, fmt.Errorf("%q: %w: %w", path, reconcile.ErrUnreadable, err)
	}
	var best look
	least := int(columnCount) + 1
	for _, name := range names {
		l, err := lookAtTable(ctx, db, name)
		if err != nil {
			return look{}, fmt.Errorf("%q: %w: %w", path, reconcile.ErrUnreadable, err)
		}
		trial := Guess{Columns: map[string]string{}}
		found := trial.columns(l)
		missing := 0
		for _, at := range found {
			if at < 0 {
				missing++
			}
		}
		if missing < least {
			best, least, g.Table = l, missing, name
		}
	}
	return best, nil
}

func quotedName(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

func lookAtTable(ctx context.Context, db *sql.DB, name string) (look, error) {
	var l look
	var err error
	if l.headings, err = textsOf(ctx, db, "SELECT name FROM pragma_table_info(?) ORDER BY cid", name); err != nil || len(l.headings) == 0 {
		return look{}, err
	}
	rows, err := db.QueryContext(ctx, fmt.Sprintf("%s LIMIT %d", asText("SELECT * FROM "+quotedName(name), l.headings), guessRows))
	if err != nil {
		return look{}, err
	}
	defer rows.Close()
	for rows.Next() {
		values, into := make([]sql.NullString, 2*len(l.headings)), make([]any, 2*len(l.headings))
		cells := make([]string, len(l.headings))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			return look{}, err
		}
		for i := range cells {
			cells[i] = values[i].String
		}
		l.rows = append(l.rows, record{cells: cells})
	}
	return l, rows.Err()
}

func textsOf(ctx context.Context, db *sql.DB, query string, args ...any) (all []string, err error) {
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, rows.Err()
}

// QueryFor is a query of the guessed table that names our columns.
func (g Guess) QueryFor() string {
	text := "SELECT * FROM " + quotedName(g.Table)
	if day, ok := g.Columns[colBillDate.String()]; ok {
		return text + " WHERE " + quotedName(day) + " = :day"
	}
	return text + " WHERE bill_date = :day"
}
