package reconcile

import (
	"errors"
	"fmt"
)

var (
	// ErrAmountRange is returned by ParseFen and ParseYuan when an amount
	// exceeds MaxFen.
	ErrAmountRange = errors.New("amount is out of range")

	// ErrOverflow is returned by Add when a sum leaves int64.
	ErrOverflow = errors.New("sum of amounts overflows")

	// ErrBooksOpen is returned by Job.Run when classes, bridge or
	// roll-forward do not add up; nothing of the run is published.
	ErrBooksOpen = errors.New("the figures of the run do not add up")

	// ErrDecidedMeanwhile is matched by what Publication.Case returns when
	// somebody has moved the case since it was read.
	ErrDecidedMeanwhile = errors.New("somebody has decided about it meanwhile")

	// ErrNoLedger is matched by what Ledger.Read returns when the source of
	// the day does not exist.
	ErrNoLedger = errors.New("the ledger is not there")

	// ErrUnreadable is matched by what Ledger.Read returns when a source is
	// there and cannot be understood at all: no heading, columns missing, not
	// text.
	ErrUnreadable = errors.New("the ledger cannot be read")

	// ErrHeadless is matched by what Ledger.Read returns, with the Load, when
	// the source holds nothing at all, not even a heading. Beside days that
	// hold orders that is an empty ledger; alone it is an error.
	ErrHeadless = errors.New("the ledger is empty, it has not even a header")

	// ErrInterrupted is returned by Job.Run when its context ends while it
	// asks; what was answered is committed, and the run can be taken up again.
	ErrInterrupted = errors.New("interrupted")

	// ErrOtherSending is returned by Sender.Send when the same completion or
	// pay-score order is stored with other figures.
	ErrOtherSending = errors.New("it is stored with other figures")

	// ErrHistory is matched by what Job.Run returns for a day whose orders may
	// have been taken away.
	ErrHistory = errors.New("is history")

	// ErrUnsure is returned by Sender.Send when it is not known whether UMS
	// did it.
	ErrUnsure = errors.New("it is not known whether UMS did it")

	// ErrSendRefused is returned by Sender.Send when UMS said no.
	ErrSendRefused = errors.New("UMS refused it")

	// ErrOtherAmount is returned by Sender.Send when UMS has completed another
	// amount.
	ErrOtherAmount = errors.New("UMS has completed another amount")

	// ErrBlocked is returned by Sender.Send when a completion must not be sent
	// beside the others of its bill, or is more than the bill.
	ErrBlocked = errors.New("it must not be sent")

	// ErrDoubtFirst is an ErrBlocked: what is left of the bill is not known.
	ErrDoubtFirst = fmt.Errorf("%w while another completion of the bill is in doubt", ErrBlocked)

	// ErrMaybeSame is an ErrBlocked: the bill has a completion under an id that
	// the ledger does not have.
	ErrMaybeSame = fmt.Errorf("%w beside one that may be the same", ErrBlocked)

	// ErrNotAsked is returned by Sender.Send when UMS was not or could not be
	// asked, before anything was sent, whether it has it already; nothing was
	// sent.
	ErrNotAsked = errors.New("UMS could not be asked")

	// ErrNotSent is returned by Sender.Send when nothing was sent.
	ErrNotSent = errors.New("nothing was sent")
)

// History is why what lies before a day is neither run nor written again.
func History(what string, horizon Day) error {
	return fmt.Errorf("%s %w: orders of the months before %s were taken away (keep.orders), so that it cannot be run or written again; "+
		"its cases and their events, the figures of its runs, its sign-off, and the workbooks that were written then are still there", what, ErrHistory, horizon.Month())
}
