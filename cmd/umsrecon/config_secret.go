package main

import (
	"fmt"
	"log/slog"
)

const masked = "***"

// Secret is a key that no print, log or encoding shows: all of them give
// "***". The zero Secret is not set. Only Reveal gives the key away.
type Secret struct {
	// Behind a pointer, because fmt calls no method of a Secret that stands
	// in an unexported field of something larger, but prints what it holds.
	key *string
}

func newSecret(key string) Secret { return Secret{&key} }

// SecretPath is a path or an address that carries a secret; it may be empty,
// which is not set.
type SecretPath struct{ Secret }

// Reveal is the key itself; empty when it is not set.
func (s Secret) Reveal() string {
	if s.key == nil {
		return ""
	}
	return *s.key
}

// IsZero says whether no key is set.
func (s Secret) IsZero() bool { return s.key == nil }

func (s Secret) String() string               { return masked }
func (s Secret) GoString() string             { return masked }
func (s Secret) Format(f fmt.State, _ rune)   { _, _ = f.Write([]byte(masked)) }
func (s Secret) LogValue() slog.Value         { return slog.StringValue(masked) }
func (s Secret) MarshalText() ([]byte, error) { return []byte(masked), nil }
func (s Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + masked + `"`), nil }
func (s Secret) MarshalYAML() (any, error)    { return masked, nil }
