package reconcile

import (
	"context"
	"errors"
	"fmt"
)

// statements reads the statements of the settle dates that bills name, and
// finds the bills that their lines are about. What was read before is read
// again only where something is open, and then only when it has changed.
func (n *night) statements(ctx context.Context) error {
	if len(n.Statements) == 0 {
		return nil
	}
	days, err := n.Store.StatementDays(ctx, n.scope, DayOf(n.scope.Now))
	if err != nil {
		return err
	}
	read := map[string]bool{}
	for _, day := range days {
		for _, s := range n.Statements {
			if scope := s.Scope(day.Day); !read[scope] {
				read[scope] = true
				if err := n.statementOf(ctx, s, day); err != nil {
					return err
				}
			}
		}
	}
	return n.Store.TieStatements(ctx, n.scope)
}

// statementOf reads one statement. That it is not there is said; that it cannot
// be read makes the run incomplete, and costs it nothing else.
func (n *night) statementOf(ctx context.Context, s Statement, day StatementDay) error {
	scope := s.Scope(day.Day)
	known, load, err := n.Store.StatementRead(ctx, scope)
	if err != nil || known != "" && !day.Again {
		return err
	}
	fingerprint, err := s.Fingerprint(ctx, day.Day)
	switch {
	case err != nil:
	case fingerprint == known:
		load.Unchanged = true
	default:
		load, err = n.Store.LoadStatement(ctx, n.sum.RunID, scope, fingerprint, n.Clock.Now(), func(w StatementWriter) (Load, error) {
			return readStatement(ctx, s, day.Day, w)
		})
	}
	switch {
	case errors.Is(err, ErrNoLedger):
		load, err = Load{Scope: scope, Day: day.Day, Missing: true}, nil
	case errors.Is(err, ErrUnreadable) || errors.Is(err, ErrHeadless):
		n.unread = true
		n.alarm(words("对账单 %s 未能读取：%v", "%s could not be read: %v", scope, err))
		return nil
	}
	if err != nil {
		return err
	}
	n.sum.Statements = append(n.sum.Statements, load)
	if !load.Unchanged {
		n.sum.Invalid += load.Invalid
	}
	n.controls(load)
	if load.Duplicates > 0 {
		n.alarm(words("对账单 %s 有 %d 行重复，只计一次", "%s has %d duplicate lines, each counted once", scope, load.Duplicates))
	}
	return nil
}

// brokenLines are how many lines that name no bill make a statement broken;
// fewer may be totals that nobody has configured.
const brokenLines = 5

// readStatement refuses a statement of whose lines more than half, and not just
// a few, name no bill: it is broken as a whole, and what it lacks says nothing
// about any bill.
func readStatement(ctx context.Context, s Statement, day Day, w StatementWriter) (Load, error) {
	var nameless int64
	var first BadRow
	load, err := s.Read(ctx, day, w.Line, func(r BadRow) error {
		if r.Names.Reference == "" && r.Names.MerOrderID == "" {
			if nameless++; nameless == 1 {
				first = r
			}
		}
		return w.BadRow(r)
	})
	if err == nil && nameless >= brokenLines && 2*nameless > load.Rows {
		err = broken(fmt.Sprintf("%d of its %d lines name no bill; the first is %s line %d, column %q: %s",
			nameless, load.Rows, first.File, first.Line, first.Column, first.Reason.EN))
	}
	return load, err
}

// broken says what is wrong with a statement as a whole; it matches ErrUnreadable.
type broken string

func (b broken) Error() string        { return string(b) }
func (b broken) Is(target error) bool { return target == ErrUnreadable }

// statement opens, moves and clears the cases of statements that no order
// carries: of lines, and of the totals of settle dates.
func (b *book) statement() error {
	if !b.Settings.Statements {
		return nil
	}
	totals, err := b.out.SettleTotals(b.scope)
	if err != nil {
		return err
	}
	mapping := map[settleDate]bool{}
	for i := range totals {
		t := &totals[i]
		if !t.foreign() {
			continue
		}
		t.Stands = b.Settings.OneCaseFrom > 0 && t.Alone.Count >= int64(b.Settings.OneCaseFrom)
		mapping[settleDate{t.MID, t.Day}] = t.Stands
		b.alarmOf(t.MID, words("商户 %[1]s 清算日 %[2]s 的对账单 %[3]s：%[4]d 行不属于任何账单，疑为 statement.columns 的参考号、商户订单号或商户号列有误，或台账不全",
			"mid %[1]s, settle date %[2]s, statement %[3]s: %[4]d lines belong to no bill; the columns reference, mer_order_id or mid of statement.columns look wrong, or the ledger is not whole",
			t.MID, t.Day, t.File, t.Alone.Count))
	}
	err = b.out.StatementLines(b.scope, func(n StatementSighting) error {
		if n.Case == nil && len(n.Lines) > 0 && mapping[settleDate{n.Lines[0].MID, n.Lines[0].SettleDay}] {
			return nil // the case of the settle date stands for it
		}
		return b.statementLine(n)
	})
	if err != nil {
		return err
	}
	return b.settleTotals(totals)
}

// statementLine leaves a case as it stands while the books do not tell whether
// the line is anybody's.
func (b *book) statementLine(n StatementSighting) error {
	if len(n.Lines) > 0 && !n.Placed && !n.Looked {
		b.stillPending(n.Case)
		return nil
	}
	s := Sighting{CaseID: n.CaseID, Today: b.today, KeepOpen: b.sum.Systemic}
	s.Verdict = Verdict{Class: Discrepant, Facts: Facts{NoSurplus: len(n.Lines) == 0, Appeared: n.Appeared}}
	if f, found := n.finding(); found {
		s.Finding, s.Verdict.Findings = &f, []Finding{f}
		s.Verdict.Key.MID, s.Order.LedgerDay = n.Lines[0].MID, n.Lines[0].ledgerDay(b.Settings.Calendar)
	}
	_, err := b.alone(n.Case, s)
	return err
}

// settleTotals adds up what the bills say of settle dates, and holds the sums of
// the statements against it.
func (b *book) settleTotals(totals []SettleTotal) error {
	sums := settleSums{set: b.Settings, of: map[settleDate]*SettleTotal{}}
	var days []Day
	for i := range totals {
		if t := &totals[i]; t.Known {
			sums.of[settleDate{t.MID, t.Day}] = t
			days = append(days, t.Day)
		}
	}
	if err := b.out.Settling(days, sums.family); err != nil || sums.err != nil {
		return errors.Join(err, sums.err)
	}
	for _, t := range totals {
		if err := b.settleTotal(t); err != nil {
			return err
		}
	}
	return nil
}

func (b *book) settleTotal(t SettleTotal) error {
	if !t.Known || t.Doubt || t.awaits() {
		b.stillPending(t.Case)
		return nil
	}
	s := Sighting{CaseID: settleTotalID(t.MID, t.Day), Today: b.today, KeepOpen: b.sum.Systemic}
	s.Order.LedgerDay = t.Day
	s.Verdict = Verdict{Class: Discrepant, Key: Key{BillKey: BillKey{MID: t.MID}}, Facts: Facts{TotalsAgree: t.agrees()}}
	if !t.agrees() {
		f := t.finding()
		s.Finding, s.Verdict.Findings = &f, []Finding{f}
	}
	now, err := b.alone(t.Case, s)
	if err != nil || !t.agrees() || now.State.Pending() {
		return err
	}
	return b.out.TotalsAgree(t.MID, t.Day)
}

// alone moves a case that no order carries, and returns it as it stands.
func (b *book) alone(before *Case, s Sighting) (Case, error) {
	if err := b.found(s, before); err != nil {
		return Case{}, err
	}
	now, err := b.move(before, s)
	if err == nil {
		b.stillPending(&now)
	}
	return now, err
}

func (b *book) stillPending(c *Case) {
	if c != nil && c.State.Pending() {
		b.sum.Pending++
	}
}
