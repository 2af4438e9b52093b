package reports

import (
	"fmt"
	"strings"

	"github.com/umsrecon/umsrecon/reconcile"
)

// Discrepancies writes the workbook of a ledger day to path, over what is
// there (see Place). On any error the path is as it was.
func Discrepancies(path string, d DayReport, o Options) error {
	b := newBook(o, o.Language.say("银联商务对账差异")+" "+d.Summary.Day.String())
	defer b.file.Close()
	today := o.today(d.Summary)
	info := b.infoLine(b.say("对账日"), d.Summary.Day.String())
	page := b.summarySheet()
	page.summary(d.Summary, b.lists(d, info, today))
	b.legend(d.Summary)
	if err := b.save(path); err != nil {
		return fmt.Errorf("workbook %q: %w", path, err)
	}
	return nil
}

// infoLine is the second row of every sheet: whose, of when, in what unit.
func (b *book) infoLine(what, value string) string {
	return strings.Join([]string{
		b.say("商户") + b.say("：") + b.Merchant,
		what + b.say("：") + value,
		b.say("生成时间") + b.say("：") + b.MadeAt.In(reconcile.Beijing).Format("2006-01-02 15:04:05"),
		b.say("单位：元"),
	}, "    ")
}
