package ledger

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"

	"github.com/umsrecon/umsrecon/reconcile"
)

var errMySQLDSN = errors.New("the dsn cannot be understood; write user:password@tcp(host:3306)/database")

// mysqlConfig is the DSN with what a reader must not have taken away: the
// driver turns no date into a time and runs no second statement.
func (b *Books) mysqlConfig(day reconcile.Day) (*mysql.Config, error) {
	c, err := mysql.ParseDSN(b.source.DSN())
	if err != nil {
		return nil, errMySQLDSN // the driver's error may quote it
	}
	c.ParseTime, c.MultiStatements, c.AllowAllFiles, c.InterpolateParams, c.ColumnsWithAlias = false, false, false, false, false
	c.Timeout = min(connectTimeout, b.source.Timeout)
	c.ReadTimeout, c.WriteTimeout = b.source.Timeout, b.source.Timeout
	c.Logger = &mysql.NopLogger{}
	if c.Params == nil {
		c.Params = map[string]string{}
	}
	c.Params["time_zone"] = "'" + b.offset(day) + "'"
	return c, nil
}

// connectTimeout bounds how long a database may take to answer at all.
const connectTimeout = 15 * time.Second

func (b *Books) askMySQL(ctx context.Context, day reconcile.Day) (_ answer, err error) {
	config, err := b.mysqlConfig(day)
	if err != nil {
		return nil, err
	}
	connector, err := mysql.NewConnector(config)
	if err != nil {
		return nil, errMySQLDSN
	}
	db := sql.OpenDB(connector)
	defer func() {
		if err != nil {
			db.Close()
		}
	}()
	tx, err := readOnly(ctx, db, sql.LevelRepeatableRead)
	if err != nil {
		return nil, err
	}
	q := b.bind(day, false)
	rows, err := tx.QueryContext(ctx, q.text, q.args...)
	if err != nil {
		return nil, errors.Join(err, tx.Rollback())
	}
	types, err := rows.ColumnTypes()
	if err != nil {
		return nil, errors.Join(err, rows.Close(), tx.Rollback())
	}
	names, inexact := make([]string, len(types)), make([]bool, len(types))
	for i, t := range types {
		names[i] = t.Name()
		inexact[i] = slices.Contains([]string{"FLOAT", "DOUBLE"}, strings.TrimPrefix(t.DatabaseTypeName(), "UNSIGNED "))
	}
	return newSQLAnswer(db, tx, rows, names, inexact), nil
}
