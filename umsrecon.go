// Package umsrecon holds the two files that the program carries inside it:
// the database schema and the annotated example of its configuration.
package umsrecon

import _ "embed"

// Schema is schema.sql: the whole SQLite database, as package store creates it.
//
//go:embed schema.sql
var Schema string

// ExampleConfig is config.example.yaml: every configuration key with its
// unit and its default, as `umsrecon config example` prints it.
//
//go:embed config.example.yaml
var ExampleConfig []byte
