package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/umsrecon/umsrecon/reconcile"
)

// text is what would be sent.
func (p planned) text() string {
	s := p.sending
	text := fmt.Sprintf("completion %s: bill %s of %s, mid %s, tid %s, authorisation %s, %s yuan",
		s.Key.CompletionID, s.Key.BillNo, s.Key.BillDay, s.Key.MID, s.Key.TID, s.AuthCode, s.Amount.Yuan())
	if s.Kind == reconcile.SendSync {
		text = fmt.Sprintf("pay-score order %s: mid %s, service %s, paid at %s", s.FenOrderID, s.Key.MID, s.ServiceID, timeText(s.PaidAt))
	}
	switch {
	case p.refused != "" || p.err != nil:
		text += "; NOT SENT: " + p.detail()
	case p.sending.State == reconcile.SendingDone:
		text += "; not sent: UMS has it already"
	}
	return text
}

// sentJSON is what came of a sending; amounts are fen.
type sentJSON struct {
	Kind       reconcile.SendingKind  `json:"kind"`
	State      reconcile.SendingState `json:"state"` // intended, not_asked, unsure, done, refused
	MID        string                 `json:"mid"`
	BillNo     string                 `json:"bill_no,omitempty"`
	BillDate   string                 `json:"bill_date,omitempty"`
	AuthedID   string                 `json:"authed_order_id,omitempty"`
	Amount     reconcile.Fen          `json:"amount,omitempty"`
	FenOrderID string                 `json:"fen_order_id,omitempty"`
	ServiceID  string                 `json:"service_id,omitempty"`
	PaidAt     string                 `json:"paid_at,omitempty"`
	Attempts   int                    `json:"attempts"` // times it was sent, over all runs
	Detail     string                 `json:"detail,omitempty"`
}

func (p planned) json() sentJSON {
	s := p.sending
	out := sentJSON{
		Kind: s.Kind, State: s.State, MID: s.Key.MID, BillNo: s.Key.BillNo, BillDate: s.Key.BillDay.String(), AuthedID: s.Key.CompletionID,
		Amount: s.Amount, FenOrderID: s.FenOrderID, ServiceID: s.ServiceID, Attempts: s.Attempts, Detail: p.detail(),
	}
	if !s.PaidAt.IsZero() {
		out.PaidAt = rfc3339(s.PaidAt)
	}
	switch {
	case errors.Is(p.err, reconcile.ErrUnsure):
		out.State = reconcile.SendingUnsure
	case errors.Is(p.err, reconcile.ErrNotAsked):
		out.State = notAsked
	case out.State == "":
		out.State = reconcile.SendingIntended
	}
	return out
}

// notAsked is printed of what was not sent because UMS could not be asked first
// whether it has it.
const notAsked reconcile.SendingState = "not_asked"

func (p planned) detail() string {
	switch {
	case p.refused != "":
		return p.refused
	case p.err == nil:
		return p.sending.Message
	}
	return p.err.Error() + p.hint()
}

// hint says how to try again.
func (p planned) hint() string {
	switch {
	case errors.Is(p.err, reconcile.ErrUnsure) && p.sending.Kind == reconcile.SendSync:
		return "; try: the same command with --again, once somebody has seen that UMS does not have it"
	case errors.Is(p.err, reconcile.ErrUnsure):
		return "; try: the same command again, two minutes later"
	case errors.Is(p.err, reconcile.ErrDoubtFirst):
		return "; try: umsrecon preauth complete --date with the day of that one, which asks UMS about it"
	case errors.Is(p.err, reconcile.ErrMaybeSame):
		return "; try: --authed-order-id, if it is one more"
	case errors.Is(p.err, reconcile.ErrNotAsked), errors.Is(p.err, reconcile.ErrNotSent):
		return "; try: the same command again"
	}
	return ""
}

func (a *app) printSent(plans []planned, format string) {
	if format == "json" {
		all := []sentJSON{}
		for _, p := range plans {
			all = append(all, p.json())
		}
		printJSON(a.stdout, all)
		return
	}
	for _, p := range plans {
		j := p.json()
		fmt.Fprintln(a.stdout, plain(strings.TrimSpace(fmt.Sprintf("%-9s %s%s  %s", j.State, j.AuthedID, j.FenOrderID, j.Detail))))
	}
	if len(plans) == 0 {
		fmt.Fprintln(a.stdout, "nothing is due")
	}
}
