package main

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// help is what a command's help has behind its own text: the exit codes that it
// can return, and how it is called, a line each.
type help struct{ exits, examples string }

const (
	readExits = `Exit codes:
  0    done
  1    error: there is no database yet, or it cannot be read
  2    usage or configuration`

	caseExits = `Exit codes:
  0    done
  1    error: no such case, it does not stand so that this could be done, or the database
  2    usage or configuration, an outcome or a name that is missing`

	dayExits = `Exit codes:
  0    done
  1    refused, for the reason that is printed, or the database
  2    usage or configuration, a name or a reason that is missing`

	wordExits = `Exit codes:
  0    done
  2    usage`
)

// helps by command, without the program's name.
var helps = map[string]help{
	"run": {exitHelp, `umsrecon run
umsrecon run --date 2026-11-19
umsrecon run --from 2026-11-01 --to 2026-11-07 --format json
umsrecon run --due`},
	"work":  {workExits, "umsrecon -c /etc/umsrecon/config.yaml work\numsrecon work --once --wait 2h"},
	"serve": {serveExits, "umsrecon -c /etc/umsrecon/config.yaml serve"},
	"check": {`Exit codes:
  0    everything is ok, or a WARNING
  1    something is NOT OK
  2    usage or configuration, a column that is not there
  4    UMS gives no trustworthy answer, nights are late, or the ledger does not hold what it says of itself
  5    a run holds the database
  130  interrupted
(The highest of them.)`, "umsrecon check\numsrecon check --date 2026-11-19 --send"},
	"report": {`Exit codes:
  0    written
  1    error: no run of the day published, the database, a folder that cannot be written
  2    usage or configuration
  130  interrupted`, "umsrecon report --date 2026-11-19\numsrecon report --month 2026-11 --out /tmp"},
	"bill query": {`Exit codes:
  0    UMS answered, also that it has no such bill
  1    error
  2    usage or configuration
  4    UMS gave no trustworthy answer
  130  interrupted`, "umsrecon bill query --bill-no 31940000201700002 --bill-date 2026-11-19 --format json"},
	"ledger preview": {`Exit codes:
  0    every row that it shows is good
  1    error: ledger missing or unreadable
  2    usage or configuration, a column that is not there
  3    a row that it shows is bad
  4    a run would be incomplete for what the source says of itself
  130  interrupted`, "umsrecon ledger preview --date 2026-11-19 --limit 50"},
	"ledger guess": {`Exit codes:
  0    a section is proposed
  1    error: a file that cannot be read
  2    usage
  130  interrupted`, "umsrecon ledger guess orders-2026-11-19.csv"},
	"discrepancies list":    {readExits, "umsrecon discrepancies list --date 2026-11-19 --state open\numsrecon discrepancies list --format json"},
	"discrepancies show":    {caseExits, "umsrecon discrepancies show D3f2a9b0"},
	"discrepancies resolve": {caseExits, `umsrecon discrepancies resolve D3f2a9b0 --outcome 调账 --note "booked on the 20th" --by 张三`},
	"discrepancies approve": {caseExits, "umsrecon discrepancies approve D3f2a9b0 --by 李四"},
	"discrepancies reject":  {caseExits, `umsrecon discrepancies reject D3f2a9b0 --note "which order?" --by 李四`},
	"discrepancies import": {`Exit codes:
  0    every row is applied, now or before
  1    rows were not applied, each is listed with the reason; or error: the database, a file that cannot be read
  2    usage or configuration, a workbook that is not ours
  130  interrupted`, "umsrecon discrepancies import --dry-run discrepancies-2026-11-19.xlsx\numsrecon discrepancies import discrepancies-2026-11-19.xlsx"},
	"day close":  {dayExits, `umsrecon day close 2026-11-19 --by 张三 --accept D3f2a9b0 --note "UMS corrects it"`},
	"day reopen": {dayExits, `umsrecon day reopen 2026-11-19 --by 李四 --reason "a late export"`},
	"day list":   {readExits, "umsrecon day list"},
	"runs":       {readExits, "umsrecon runs --last 5"},
	"backup": {`Exit codes:
  0    the copy is on the disk
  1    error: no database yet, a file that is there already, a folder that cannot be written
  2    usage or configuration
  130  interrupted`, `umsrecon backup "umsrecon-$(date +%F).db"`},
	"units": {`Exit codes:
  0    done
  1    error: a folder that cannot be written
  2    usage or configuration, a schedule.cron that never comes; for Kubernetes a database that is a file`, "umsrecon -c /etc/umsrecon/config.yaml units\numsrecon -c /etc/umsrecon/config.yaml units --dir /etc/systemd/system\numsrecon units --kubernetes registry.example.com/umsrecon:1.4.0 --workers 4 > umsrecon.yaml"},
	"notices import":   {importExits, "umsrecon notices import notices.log"},
	"notices list":     {listExits, "umsrecon notices list --date 2026-11-19"},
	"preauth complete": {sendExitHelp, "umsrecon preauth complete --date 2026-11-19"},
	"pay-score sync":   {sendExitHelp, "umsrecon pay-score sync --date 2026-11-19 --yes"},
	"config example":   {wordExits, "umsrecon config example > config.yaml"},
	"version":          {wordExits, "umsrecon version"},
	"demo": {`Exit codes:
  0    every labelled fault was found, and nothing else
  1    error, or the self-check failed
  2    usage
  130  interrupted`, "umsrecon demo --dir /tmp/umsrecon-demo"},
	"simulate": {`Exit codes:
  0    stopped by a signal
  1    error: an address it cannot listen at, bills that cannot be read
  2    usage`, "umsrecon simulate --bills bills.json --misbehave http-503=0.1"},
}

// helpful gives each command its exit codes and examples, and says in our words
// what is wrong with its arguments.
func helpful(c *cobra.Command) {
	for _, below := range c.Commands() {
		helpful(below)
	}
	if h, ok := helps[nameOf(c)]; ok {
		c.Long = cmp.Or(c.Long, c.Short) + "\n\n" + h.exits
		c.Example = "  " + strings.ReplaceAll(h.examples, "\n", "\n  ")
	}
	if fits := c.Args; fits != nil {
		c.Args = func(c *cobra.Command, args []string) error {
			if fits(c, args) == nil {
				return nil
			}
			return refused(c, args)
		}
	}
	c.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return usage("%w; try: %s --help", err, c.CommandPath())
	})
}

// nameOf is a command's words without the program's name.
func nameOf(c *cobra.Command) string { return strings.TrimPrefix(c.CommandPath(), "umsrecon ") }

// refused says what a command takes instead of the arguments it got.
func refused(c *cobra.Command, args []string) error {
	if c.HasSubCommands() {
		return usage("unknown command %q; try: %s --help", args[0], c.CommandPath())
	}
	wants := "no arguments"
	if _, named, _ := strings.Cut(c.Use, " "); named != "" && !strings.HasPrefix(named, "-") && !strings.HasPrefix(named, "(") {
		wants = named
	}
	got := "none"
	if len(args) > 0 {
		got = fmt.Sprintf("%q", args)
	}
	return usage("%s takes %s, got %s; try: %s --help", nameOf(c), wants, strings.Trim(got, "[]"), c.CommandPath())
}

// unknown is cobra's complaint about the first word of a command line, on one
// line and with the nearest word.
func unknown(root *cobra.Command, args []string, err error) error {
	for _, word := range args {
		near := root.SuggestionsFor(word)
		if strings.Contains(err.Error(), fmt.Sprintf("unknown command %q", word)) && len(near) > 0 {
			return fmt.Errorf("unknown command %q; try: umsrecon %s, or umsrecon --help", word, near[0])
		}
	}
	first, _, _ := strings.Cut(err.Error(), "\n")
	return fmt.Errorf("%s; try: umsrecon --help", strings.TrimSuffix(first, ` for "umsrecon"`))
}
