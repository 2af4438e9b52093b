// Package postgres is PostgreSQL behind database/sql, for the statements of
// package store, which are written for SQLite: translate puts them into
// PostgreSQL's words, and values come back as SQLite gives them.
//
// It stands on pgconn, the protocol of github.com/jackc/pgx, and not on its
// driver for database/sql, whose types for every value are 3 MB of program.
package postgres

import (
	"context"
	"database/sql/driver"
	"errors"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// ErrAddress is returned by NewConnector. What the address was is not told: it
// may hold a password.
var ErrAddress = errors.New("the address of the database cannot be understood; write postgres://user:password@host:5432/database; or a file that it names, such as sslrootcert, cannot be read")

// connectTimeout bounds a connection attempt, unless the address does.
const connectTimeout = 15 * time.Second

// Connector opens connections to one database.
type Connector struct {
	config *pgconn.Config
	begin  string
}

// NewConnector is for the database at an address as libpq understands it. begin
// is the statement, or several, with which transactions begin.
func NewConnector(address, begin string) (*Connector, error) {
	config, err := pgconn.ParseConfig(address)
	if err != nil {
		return nil, ErrAddress // the error may quote it
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = connectTimeout
	}
	if config.RuntimeParams["application_name"] == "" {
		config.RuntimeParams["application_name"] = "umsrecon"
	}
	return &Connector{config, begin}, nil
}

// watchful lets the server find out within a minute that a client's machine is
// gone without a word, and give up what it holds.
//
// uncompiled: to compile a long statement takes seconds, and is not made up for.
const (
	watchful   = "SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3; SET tcp_user_timeout = 30000"
	uncompiled = "SET jit = off"
)

// Connect is part of driver.Connector.
func (c *Connector) Connect(ctx context.Context) (driver.Conn, error) {
	pg, err := pgconn.ConnectConfig(ctx, c.config)
	if err != nil {
		return nil, err
	}
	for _, setting := range []string{watchful, uncompiled} {
		var refused *pgconn.PgError // what it does not know, it need not do
		if _, err := pg.Exec(ctx, setting).ReadAll(); err != nil && !errors.As(err, &refused) {
			return nil, errors.Join(err, pg.Close(ctx))
		}
	}
	return &conn{pg: pg, begin: c.begin, known: map[string]*stmt{}}, nil
}

// Driver is part of driver.Connector.
func (c *Connector) Driver() driver.Driver { return opener{} }

// opener is the driver that a Connector must have; nobody opens by it.
type opener struct{}

func (opener) Open(string) (driver.Conn, error) { return nil, errors.New("use NewConnector") }

// Place names where the database is, for people: host, port and database,
// nothing secret.
func (c *Connector) Place() string {
	return "postgres://" + c.config.Host + ":" + strconv.Itoa(int(c.config.Port)) + "/" + c.config.Database
}
