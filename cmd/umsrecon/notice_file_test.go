package main

import (
	"bufio"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestNoticeFilesThatAreNone(t *testing.T) {
	for text, want := range map[string]string{
		"\xff\xfen\x00o\x00":      "is UTF-16",
		"\xfe\xff\x00n\x00o":      "is UTF-16",
		"n\x00o\x00":              "is UTF-16 or no text",
		"\x1f\x8b\x08":            "is compressed",
		"PK\x03\x04":              "is a workbook",
		"[":                       "is a JSON array",
		"\uFEFF [\r\n {\"a\": 1}": "is a JSON array",
		"[]":                      "is a JSON array",
		"{\r\n\"a\": 1}":          "is JSON of several lines",
		"":                        "",
		"{\"a\": 1}\n{\"a\": 2}":  "",
		"\uFEFFa=1&b=2":           "",
		"[2026-01-05] a=1":        "",
	} {
		err := checkNoticeFile(bufio.NewReader(strings.NewReader(text)))
		if want == "" {
			require.NoError(t, err, "%q", text)
			continue
		}
		require.ErrorContains(t, err, want, "%q", text)
	}
}
