package main

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// manCommand prints the manual page umsrecon(1), for packages.
func (a *app) manCommand() *cobra.Command {
	return &cobra.Command{
		Use: "man", Short: "print the manual page", Hidden: true, Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			_, err := fmt.Fprint(a.stdout, manual(c.Root()))
			return err
		},
	}
}

// manual is the whole program as a page for man(1), from the help of its
// commands.
func manual(root *cobra.Command) string {
	var b strings.Builder
	fmt.Fprintf(&b, ".TH UMSRECON 1 \"\" \"umsrecon %s\" \"User Commands\"\n", roff(versionText()))
	fmt.Fprintf(&b, ".SH NAME\numsrecon \\- %s\n.SH SYNOPSIS\n.B umsrecon\n[\\fB\\-c\\fR \\fIconfig.yaml\\fR] \\fICOMMAND\\fR\n", roff(root.Short))
	fmt.Fprintf(&b, ".SH DESCRIPTION\n%s\n.SH OPTIONS\n%s.SH COMMANDS\n", paragraphs(root.Long), options(root.PersistentFlags()))
	for _, c := range root.Commands() {
		describe(&b, c)
	}
	b.WriteString(".SH FILES\n.TP\n\\fIconfig.yaml\\fR\n$UMSRECON_CONFIG, else in the folder it is called from; umsrecon config example prints one.\n")
	return b.String()
}

func describe(b *strings.Builder, c *cobra.Command) {
	if c.Hidden || c.Name() == "help" {
		return
	}
	if c.HasSubCommands() {
		for _, below := range c.Commands() {
			describe(b, below)
		}
		return
	}
	text, _, _ := strings.Cut(cmp.Or(c.Long, c.Short), "\n\n"+exitHelp)
	fmt.Fprintf(b, ".SS %s\n%s\n%s", roff(strings.TrimSpace(strings.TrimSuffix(c.UseLine(), "[flags]"))), paragraphs(text), options(c.LocalNonPersistentFlags()))
}

func options(flags *pflag.FlagSet) string {
	var b strings.Builder
	flags.VisitAll(func(f *pflag.Flag) {
		name := "--" + f.Name
		if f.Shorthand != "" {
			name = "-" + f.Shorthand + ", " + name
		}
		kind, usage := pflag.UnquoteUsage(f)
		fmt.Fprintf(&b, ".TP\n\\fB%s\\fR %s\n%s\n", roff(name), roff(kind), roff(usage))
	})
	return b.String()
}

// paragraphs keeps lines that are set in, such as the exit codes, as they are.
func paragraphs(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if strings.HasPrefix(line, "  ") {
			b.WriteString(".br\n")
		}
		if line == "" {
			b.WriteString(".PP\n")
			continue
		}
		b.WriteString(roff(strings.TrimSpace(line)) + "\n")
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// roff is a text in which nothing is an instruction.
func roff(s string) string {
	s = strings.NewReplacer(`\`, `\e`, "-", `\-`).Replace(s)
	if strings.HasPrefix(s, ".") || strings.HasPrefix(s, "'") {
		s = `\&` + s
	}
	return s
}
