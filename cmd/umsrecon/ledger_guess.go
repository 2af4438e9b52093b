package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/umsrecon/umsrecon/reconcile"
	"github.com/umsrecon/umsrecon/reconcile/ledger"
)

func (a *app) guessCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "guess FILE",
		Short: "propose a ledger: section for a file, to be looked at and pasted into the configuration",
		Long: "guess looks at the first rows of a file: CSV, workbook, JSON lines or SQLite. What it proposes is a guess:\n" +
			"look at it, paste it, and let `umsrecon ledger preview` show what comes of it.",
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			g, err := ledger.GuessFile(c.Context(), args[0])
			if errors.Is(err, fs.ErrNotExist) {
				return fmt.Errorf("%w; try: the path of an export that is there", err)
			}
			if err != nil {
				return err
			}
			fmt.Fprint(a.stdout, section(g, a.fromConfig(args[0])))
			return nil
		},
	}
}

// fromConfig is a path as the configuration would name it.
func (a *app) fromConfig(path string) string {
	dir, err := filepath.Abs(filepath.Dir(configPath(a.configFlag, a.lookupEnv)))
	if err != nil {
		return path
	}
	full, err := filepath.Abs(path)
	if err != nil {
		return path
	}
	if rel, err := filepath.Rel(dir, full); err == nil && filepath.IsLocal(rel) {
		return filepath.ToSlash(rel)
	}
	return full
}

// section is a guess as it stands in a configuration. What a person must
// decide is a comment.
func section(g ledger.Guess, path string) string {
	var out bytes.Buffer
	line := func(format string, values ...any) { fmt.Fprintf(&out, format+"\n", values...) }
	line("ledger:")
	line("  format: %s", g.Format)
	line("  path: %s", quotedYAML(ledger.PatternFor(path)))
	if strings.ContainsAny(path, "{}") {
		line("  # the path holds braces, which mean {date} or {yyyymmdd} here: rename the file")
	}
	if g.Format == ledger.SQLite {
		line("  query: %s", quotedYAML(g.QueryFor()))
	}
	if g.Encoding != "" {
		line("  encoding: %s", g.Encoding)
	}
	if g.Unit != "" {
		line("  amount_unit: %s  # %s", g.Unit, oneLine(g.Units))
	}
	if g.Trailer != "" {
		line("  control: {trailer: %s}", quotedYAML(g.Trailer))
	}
	writeColumns(line, g)
	writeStatuses(line, g)
	for _, d := range g.Doubtful {
		line("  # look at this: %s", oneLine(d))
	}
	if len(g.Unused) > 0 {
		line("  # headings that are not used: %s", oneLine(strings.Join(g.Unused, ", ")))
	}
	return out.String()
}

func writeColumns(line func(string, ...any), g ledger.Guess) {
	if len(g.Columns) > 0 {
		line("  columns:")
	}
	for _, ours := range ledger.Columns() {
		if theirs, ok := g.Columns[ours]; ok {
			line("    %s: %s", ours, quotedYAML(theirs))
		}
	}
	for _, ours := range g.Missing {
		line("  # nothing looks like %s, which is needed: name its heading under columns", ours)
	}
}

func writeStatuses(line func(string, ...any), g ledger.Guess) {
	if len(g.Statuses) > 0 {
		line("  statuses:")
	}
	for _, status := range reconcile.Statuses {
		words := slices.Clone(g.Statuses[status])
		for i := range words {
			words[i] = quotedYAML(words[i])
		}
		if len(words) > 0 {
			line("    %s: [%s]", status, strings.Join(words, ", "))
		}
	}
	for _, word := range g.Unknown {
		line("  # what does the status %s mean? its rows are invalid until it is listed under statuses", oneLine(quotedYAML(word)))
	}
}

// quotedYAML is a text in double quotes, as YAML and JSON have them, or a list of
// texts or numbers.
func quotedYAML(v any) string {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	_ = e.Encode(v) // these always can be
	return strings.TrimSpace(out.String())
}

// oneLine keeps a comment a comment.
func oneLine(text string) string { return plain(text) }
