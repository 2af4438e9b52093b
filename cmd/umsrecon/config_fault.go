package main

import (
	"fmt"
	"slices"
	"sort"
	"strings"
)

// maxFaults bounds how many faults one configuration is told; the rest are
// counted.
const maxFaults = 100

// ConfigError is what Load returns when the configuration cannot be used: all
// its faults at once. The command ends with exit code 2.
type ConfigError struct {
	File   string // as it was named
	Faults []Fault
	More   int   // faults beyond maxFaults
	Err    error // why the file could not be read; nil when it could
}

// Fault is one thing wrong with a configuration. It never holds the value of
// a secret, nor anything that a reference stands for.
type Fault struct {
	Line    int    // counted from 1; 0: of no line, the key is missing
	Key     string // gateway.concurrency; empty: of the file as a whole
	Message string
}

// Error is a line for each fault: file:line: key: message.
func (e *ConfigError) Error() string {
	var b strings.Builder
	for i, f := range e.Faults {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(e.File)
		if f.Line > 0 {
			fmt.Fprintf(&b, ":%d", f.Line)
		}
		b.WriteString(": ")
		if f.Key != "" {
			b.WriteString(f.Key + ": ")
		}
		b.WriteString(f.Message)
	}
	if e.More > 0 {
		fmt.Fprintf(&b, "\n%s: and %d more faults", e.File, e.More)
	}
	return b.String()
}

// unset says whether a reference names an environment variable that is not
// there, or that is empty.
func (e *ConfigError) unset() bool {
	return slices.ContainsFunc(e.Faults, func(f Fault) bool {
		return strings.HasPrefix(f.Message, "env:") && (strings.HasSuffix(f.Message, notSet) || strings.HasSuffix(f.Message, isEmpty))
	})
}

// Unwrap is why the file could not be read.
func (e *ConfigError) Unwrap() error { return e.Err }

// faultList collects faults.
type faultList []Fault

func (l *faultList) add(line int, key, format string, args ...any) {
	*l = append(*l, Fault{Line: line, Key: key, Message: fmt.Sprintf(format, args...)})
}

// asError is nil when there is no fault. Faults come by line, those of no
// line last; equal lines as they were found.
func (l faultList) asError(file string) error {
	if len(l) == 0 {
		return nil
	}
	sort.SliceStable(l, func(i, j int) bool {
		a, b := l[i].Line, l[j].Line
		return a != 0 && (b == 0 || a < b)
	})
	l = slices.Compact(l)
	told := l[:min(len(l), maxFaults)]
	return &ConfigError{File: file, Faults: told, More: len(l) - len(told)}
}
