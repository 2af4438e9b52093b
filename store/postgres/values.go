package postgres

import (
	"bytes"
	"database/sql/driver"
	"fmt"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgtype"
)

// The formats of values on the wire. Bytes go as they are, everything else as
// text.
const (
	asText   int16 = 0
	asBinary int16 = 1
)

func format(oid uint32) int16 {
	if oid == pgtype.ByteaOID {
		return asBinary
	}
	return asText
}

// encode is a value as PostgreSQL reads it; nil is NULL. What no text of
// PostgreSQL can hold, a NUL or broken UTF-8, becomes U+FFFD.
func encode(v driver.Value, oid uint32) ([]byte, error) {
	switch v := v.(type) {
	case nil:
		return nil, nil
	case int64:
		return strconv.AppendInt(nil, v, 10), nil
	case bool:
		if v {
			return []byte{'1'}, nil
		}
		return []byte{'0'}, nil
	case string:
		if oid == pgtype.ByteaOID {
			return []byte(v), nil
		}
		return []byte(strings.ReplaceAll(strings.ToValidUTF8(v, "\uFFFD"), "\x00", "\uFFFD")), nil
	case []byte:
		if v == nil {
			return nil, nil
		}
		return v, nil
	}
	return nil, fmt.Errorf("a value of type %T cannot be stored", v)
}

// decode is a value as SQLite would give it: whole numbers, also those that a
// sum yields, and truth values as int64.
func decode(raw []byte, oid uint32) (driver.Value, error) {
	if raw == nil {
		return nil, nil
	}
	switch oid {
	case pgtype.Int8OID, pgtype.Int4OID, pgtype.Int2OID, pgtype.NumericOID:
		n, err := strconv.ParseInt(string(raw), 10, 64)
		if err != nil {
			return nil, fmt.Errorf("a whole number of 64 bits expected, found %q", raw)
		}
		return n, nil
	case pgtype.BoolOID:
		if string(raw) == "t" {
			return int64(1), nil
		}
		return int64(0), nil
	case pgtype.ByteaOID:
		return bytes.Clone(raw), nil
	}
	return string(raw), nil
}
