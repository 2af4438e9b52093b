package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/umsrecon/umsrecon/store"
)

const importExits = `Exit codes:
  0    every notice is stored, now or before
  1    error: a file that cannot be read or holds no lines of text, the database; the files behind it are not read
  2    usage or configuration, a key that is not set
  3    done, but lines could not be read or verified
  130  interrupted; what was stored stays, start again`

func (a *app) importCommand() *cobra.Command {
	var format string
	c := &cobra.Command{
		Use:   "import FILE…",
		Short: "take in notices that the merchant's own server kept, one form-encoded or JSON body a line (- is stdin)",
		Long: "import checks the signature of every notice as the receiver does, with notices.key. A notice that was stored\n" +
			"before is counted, not stored again. One whose signature does not hold is kept apart, as a forgery may be; but\n" +
			"where not one signature of a file holds, the key or the file is wrong, and none of them is stored. Contract\n" +
			"notices are not signed: those in a file are taken as they are, so give only what your server received on its\n" +
			"secret path.",
		Args: cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, files []string) error {
			if err := checkFormat(format); err != nil {
				return err
			}
			cfg, err := a.load(NeedMerchant, NeedDatabase, NeedNotices, NeedNoticeKey)
			if err != nil {
				return err
			}
			db, err := store.Open(c.Context(), cfg.database())
			if err != nil {
				return err
			}
			defer db.Close()
			done, err := a.importNotices(c.Context(), cfg, db, files)
			done.print(a, format)
			return err
		},
	}
	formatFlag(c, &format)
	return c
}

// imported is what `notices import --format json` prints.
type imported struct {
	Files    []importedFile `json:"files"`
	Warnings []string       `json:"warnings"`
}

// importedFile counts the lines of a file that are not blank: each is stored,
// repeated, unverified or unreadable.
type importedFile struct {
	File       string          `json:"file"`
	Lines      int             `json:"lines"`      // blank ones too
	Read       int             `json:"read"`       // notices: stored, repeated and unverified
	Stored     int             `json:"stored"`     // for the first time
	Changed    int             `json:"changed"`    // of those stored: other content under an id that was there
	Repeated   int             `json:"repeated"`   // stored before
	Unverified int             `json:"unverified"` // never evidence
	Unreadable int             `json:"unreadable"` // no notices
	Refused    string          `json:"refused"`    // why nothing was taken from the file, and what to check; empty: something was
	Problems   []importProblem `json:"problems"`   // by line, the first thousand
	Untold     int             `json:"untold"`     // problems beyond those
	Error      string          `json:"error"`      // what ended the import; empty: nothing did
}

type importProblem struct {
	Line     int    `json:"line"`
	What     string `json:"what"` // unverified, unreadable, changed or, where the notice is good but a field of it is not, field
	NotifyID string `json:"notify_id"`
	Why      string `json:"why"`
}

// importNotices takes in one file after the other. An error ends it; done is
// what came of the files until then.
func (a *app) importNotices(ctx context.Context, cfg *Config, db *store.DB, files []string) (done imported, err error) {
	done.Warnings = []string{}
	for _, name := range files {
		i := &noticeImport{app: a, cfg: cfg, db: db, done: importedFile{File: name, Problems: []importProblem{}}}
		if err = i.file(ctx); err != nil {
			err = fmt.Errorf("%s: %w", name, err)
			i.done.Error = plain(err.Error())
		}
		done.Files = append(done.Files, i.done)
		if err != nil {
			break
		}
	}
	sum := done.sum()
	if sum.Stored+sum.Repeated > 0 && !cfg.Settings().ExpectNotices {
		done.Warnings = append(done.Warnings, notExpected)
	}
	if err == nil && sum.Unverified+sum.Unreadable > 0 {
		err = &exitError{code: exitDiscrepant}
	}
	return done, err
}

func (d imported) sum() (all importedFile) {
	for _, f := range d.Files {
		all.Stored += f.Stored
		all.Repeated += f.Repeated
		all.Unverified += f.Unverified
		all.Unreadable += f.Unreadable
	}
	return all
}

func (d imported) print(a *app, format string) {
	for _, f := range d.Files {
		if f.Untold > 0 {
			fmt.Fprintf(a.stderr, "%s: and %d lines more\n", f.File, f.Untold)
		}
		if f.Refused != "" {
			fmt.Fprintf(a.stderr, "%s: %s\n", f.File, f.Refused)
		}
		if format == "text" && (f.Lines > 0 || f.Error == "") {
			fmt.Fprintf(a.stdout, "%s: %d lines: %d new, %d repeated, %d changed, %d unverified, %d unreadable\n",
				f.File, f.Lines, f.Stored-f.Changed, f.Repeated, f.Changed, f.Unverified, f.Unreadable)
		}
	}
	for _, w := range d.Warnings {
		fmt.Fprintln(a.stderr, "warning: "+w)
	}
	if format == "json" {
		printJSON(a.stdout, d)
	}
}
