package main

import (
	"math"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/umsrecon/umsrecon/reconcile"
)

// sortFor is what a scalar of the file must be to become a t. Text may also
// be written as a number: an id keeps its zeros as they stand.
func sortFor(t reflect.Type) scalarSort {
	switch t {
	case reflect.TypeFor[bool]():
		return booleanScalar
	case reflect.TypeFor[int](), reflect.TypeFor[int64](), reflect.TypeFor[float64](), reflect.TypeFor[reconcile.Fen]():
		return numberScalar
	}
	return textScalar
}

// isScalar says whether a t is written as one value.
func isScalar(t reflect.Type) bool {
	switch t {
	case reflect.TypeFor[Secret](), reflect.TypeFor[SecretPath](), reflect.TypeFor[*time.Location]():
		return true
	}
	switch t.Kind() {
	case reflect.Struct, reflect.Map, reflect.Slice, reflect.Pointer:
		return false
	}
	return true
}

var wholeNumber = regexp.MustCompile(`^-?(0|[1-9][0-9]{0,18})$`)

var decimalNumber = regexp.MustCompile(`^-?[0-9]{1,15}(\.[0-9]{1,15})?$`)

// setScalar parses text into v, or says what it must be and leaves v alone.
func setScalar(v reflect.Value, text string) (must string) {
	switch p := v.Addr().Interface().(type) {
	case *Secret:
		*p, must = parseSecret(text)
	case *SecretPath:
		if p.Secret = (Secret{}); text != "" {
			p.Secret, must = parseSecret(text)
		}
	case *Query:
		if strings.ContainsFunc(text, func(r rune) bool { return r != '\n' && r != '\r' && forbidden(r) }) {
			return "must have no control characters but line ends"
		}
		*p = Query(text)
	case **time.Location:
		return parseInto(p, text, parseLocation, "must be Asia/Shanghai, or a time zone that this machine knows (package tzdata, or ZONEINFO)")
	case *time.Duration:
		return parseInto(p, text, parseDuration, "must be a duration such as 15s, 24h or 3d")
	case *Days:
		return parseInto(p, text, parseDays, "must be whole days such as 90d")
	case *TimeOfDay:
		return parseInto(p, text, parseTimeOfDay, "must be a time of day from 00:00 to 23:59")
	case *reconcile.Day:
		return parseInto(p, text, reconcile.ParseDay, "must be a date such as 2026-10-01")
	case *bool:
		must = "must be true or false"
		if text == "true" || text == "false" {
			*p, must = text == "true", ""
		}
	case *float64:
		return parseInto(p, text, parseDecimal, "must be a number such as 2 or 0.5")
	default:
		return setByKind(v, text)
	}
	return must
}

func setByKind(v reflect.Value, text string) (must string) {
	if v.Kind() == reflect.String {
		if strings.ContainsFunc(text, forbidden) {
			return "must be one line without control characters"
		}
		v.SetString(text)
		return ""
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || !wholeNumber.MatchString(text) || v.OverflowInt(n) {
		return "must be a whole number in plain digits"
	}
	v.SetInt(n)
	return ""
}

func parseInto[T any](p *T, text string, parse func(string) (T, error), must string) string {
	v, err := parse(text)
	if err != nil {
		return must
	}
	*p = v
	return ""
}

// parseSecret refuses what only a slip of the pen puts into a key.
func parseSecret(text string) (s Secret, must string) {
	switch {
	case text == "":
		return Secret{}, "must not be empty"
	case strings.ContainsAny(text, "\r\n"):
		return Secret{}, "must be one line"
	case strings.TrimSpace(text) != text || strings.ContainsFunc(text, forbidden):
		return Secret{}, "must have no blanks around it and no control characters"
	}
	return newSecret(text), ""
}

// ofChina are the names of its time, which need no zone database on the machine:
// its offset has been one since 1991.
var ofChina = []string{"Asia/Shanghai", "Asia/Chongqing", "Asia/Harbin", "PRC", "Asia/Hong_Kong", "Asia/Macau", "Asia/Taipei"}

var china = chinaBy(ofChina[0])

func chinaBy(name string) *time.Location { return time.FixedZone(name, 8*60*60) }

// parseLocation refuses Local, which differs from host to host.
func parseLocation(name string) (*time.Location, error) {
	if name == "" || strings.EqualFold(name, "local") {
		return nil, strconv.ErrSyntax
	}
	if slices.Contains(ofChina, name) {
		return chinaBy(name), nil
	}
	return time.LoadLocation(name)
}

func parseDuration(text string) (time.Duration, error) {
	const day = 24 * time.Hour
	if days, err := parseDays(text); err == nil && int64(days) <= math.MaxInt64/int64(day) {
		return time.Duration(days) * day, nil
	}
	return time.ParseDuration(text)
}

func parseDays(text string) (Days, error) {
	digits, isDays := strings.CutSuffix(text, "d")
	if !isDays || len(digits) > 5 || !wholeNumber.MatchString(digits) {
		return 0, strconv.ErrSyntax
	}
	n, err := strconv.Atoi(digits)
	return Days(n), err
}

func parseTimeOfDay(text string) (TimeOfDay, error) {
	t, err := time.Parse("15:04", text)
	if err != nil || len(text) != len("15:04") {
		return 0, strconv.ErrSyntax
	}
	return TimeOfDay(time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute), nil
}

func parseDecimal(text string) (float64, error) {
	if !decimalNumber.MatchString(text) {
		return 0, strconv.ErrSyntax
	}
	return strconv.ParseFloat(text, 64)
}
