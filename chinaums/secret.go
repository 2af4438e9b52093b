package chinaums

import (
	"fmt"
	"io"
	"log/slog"
)

const masked = "***"

// Secret is a text that must not be printed: a key, or a personal field of a
// buyer. Every way of formatting or encoding it gives "***"; it can only be
// signed with or compared. The zero Secret is empty.
type Secret struct {
	// A pointer, because fmt prints unexported strings inside other structs
	// without asking any method.
	text *string
}

// NewSecret hides s.
func NewSecret(s string) Secret { return Secret{text: &s} }

func (s Secret) reveal() string {
	if s.text == nil {
		return ""
	}
	return *s.text
}

// Empty says whether there is nothing to hide.
func (s Secret) Empty() bool { return s.reveal() == "" }

// String is "***".
func (s Secret) String() string { return masked }

// GoString is "***".
func (s Secret) GoString() string { return masked }

// Format writes "***" for every verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, masked) }

// LogValue is "***".
func (s Secret) LogValue() slog.Value { return slog.StringValue(masked) }

// MarshalText writes "***".
func (s Secret) MarshalText() ([]byte, error) { return []byte(masked), nil }

// MarshalJSON writes "***".
func (s Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + masked + `"`), nil }

// MarshalYAML is "***".
func (s Secret) MarshalYAML() (any, error) { return masked, nil }
