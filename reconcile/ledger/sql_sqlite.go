package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"strings"

	_ "modernc.org/sqlite" // the driver

	"github.com/umsrecon/umsrecon/reconcile"
)

// askSQLite opens the file of the day for reading alone. SQLite has no decimal
// type: an amount of yuan is a binary fraction there, and its text, of at most
// 15 digits, is what was put in.
func (b *Books) askSQLite(ctx context.Context, day reconcile.Day) (_ answer, err error) {
	paths, err := b.paths(day)
	if err != nil {
		return nil, err
	}
	if len(paths) > 1 {
		return nil, fmt.Errorf("%d databases match %q, and one is expected", len(paths), b.source.Pattern)
	}
	db, err := openSQLite(paths[0])
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			db.Close()
		}
	}()
	tx, err := readOnly(ctx, db, sql.LevelDefault)
	if err != nil {
		return nil, err
	}
	q := b.bind(day, false)
	names, err := columnsOf(ctx, tx, q)
	if err != nil {
		return nil, errors.Join(err, tx.Rollback())
	}
	rows, err := tx.QueryContext(ctx, asText(q.text, names), q.args...)
	if err != nil {
		return nil, errors.Join(err, tx.Rollback())
	}
	return typedAnswer{newSQLAnswer(db, tx, rows, asNamed(names), make([]bool, len(names)))}, nil
}

// openSQLite opens a file that is there, for reading alone.
func openSQLite(path string) (*sql.DB, error) {
	in, _, err := open(path)
	if err != nil {
		return nil, err
	}
	in.Close()
	return sql.Open("sqlite", "file:"+(&url.URL{Path: filepath.ToSlash(path)}).EscapedPath()+"?mode=ro&_pragma=query_only(1)&_pragma=busy_timeout(5000)")
}

func columnsOf(ctx context.Context, tx *sql.Tx, q bound) ([]string, error) {
	rows, err := tx.QueryContext(ctx, "SELECT * FROM ("+q.text+"\n) LIMIT 0", q.args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	return rows.Columns()
}

// asNamed are the names as the query gives them: SQLite calls a second bill_no
// bill_no:1.
func asNamed(names []string) []string {
	given := slices.Clone(names)
	for i, n := range names {
		if first, _, numbered := strings.Cut(n, ":"); numbered && slices.Contains(names[:i], first) {
			given[i] = first
		}
	}
	return given
}

// asText has SQLite write out every value: the driver would turn the text of
// a column that is declared a DATETIME into a time, and lose its zone. Behind
// the values stands how each is stored, which in SQLite is for each value to
// say and not for its column.
func asText(query string, names []string) string {
	columns := make([]string, 2*len(names))
	for i, n := range names {
		columns[i] = "CAST(" + quotedName(n) + " AS TEXT)"
		columns[len(names)+i] = "substr(typeof(" + quotedName(n) + "), 1, 1)"
	}
	return "SELECT " + strings.Join(columns, ", ") + " FROM (" + query + "\n)"
}

// typedAnswer is an answer to asText.
type typedAnswer struct{ *sqlAnswer }

func (a typedAnswer) storage(i int) storage {
	if v := a.values[len(a.names)+i]; len(v) == 1 && (storage(v[0]) == storedReal || storage(v[0]) == storedBlob) {
		return storage(v[0])
	}
	return 0
}
