package main

import (
	"log/slog"
	"net/url"
	"reflect"

	"github.com/umsrecon/umsrecon/store"
)

// Location is where the database is: a file, or the address of a PostgreSQL
// server, postgres://…, which may carry a password. What is printed of it never
// does.
type Location string

func (l Location) String() string       { return store.Shown(string(l)) }
func (l Location) GoString() string     { return l.String() }
func (l Location) LogValue() slog.Value { return slog.StringValue(l.String()) }

// understood says whether an address can be one.
func (l Location) understood() bool {
	return !store.OnServer(string(l)) || store.CheckAddress(string(l)) == nil
}

// secrets are what no log may show of it.
func (l Location) secrets() []string {
	if found := l.passwords(); found != nil {
		return append(found, string(l))
	}
	return nil
}

func (l Location) passwords() []string {
	u, err := url.Parse(string(l))
	if err != nil || !store.OnServer(string(l)) {
		return nil
	}
	passwords := []string{u.Query().Get("password"), u.Query().Get("sslpassword")}
	if password, set := u.User.Password(); set {
		passwords = append(passwords, password)
	}
	return passwords
}

// database is the file of the database, absolute, or its address.
func (c *Config) database() string {
	if store.OnServer(string(c.Database)) {
		return string(c.Database)
	}
	return c.Path(string(c.Database))
}

// carriesSecret says whether a value of the configuration is never repeated, and
// may stand in a file that only its owner and group can read.
func carriesSecret(t reflect.Type) bool {
	switch t {
	case reflect.TypeFor[Secret](), reflect.TypeFor[SecretPath](), reflect.TypeFor[Location]():
		return true
	}
	return false
}
