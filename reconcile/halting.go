package reconcile

import "context"

// Halting asks and tells through g until a merchant's credentials are refused
// three times in a row, or UMS fails to answer twenty times in a row; what
// comes after is not asked, and told why. Other merchants go on.
func Halting(g SendingGateway) SendingGateway { return &halting{g, newHalt()} }

type halting struct {
	SendingGateway
	halt *halt
}

// Ask asks, or says why it does not.
func (g *halting) Ask(ctx context.Context, k Key) Answer {
	if !g.halt.admit(k.MID) {
		return Answer{Outcome: NotQueried, Message: g.halt.reason(k.MID)}
	}
	a := g.SendingGateway.Ask(ctx, k)
	g.halt.heard(k.MID, a)
	return a
}

// Send tells UMS, or says why it does not.
func (g *halting) Send(ctx context.Context, s Sending) Told {
	if !g.halt.admit(s.Key.MID) {
		return Told{State: SendingIntended, Message: g.halt.reason(s.Key.MID), Halted: true}
	}
	told := g.SendingGateway.Send(ctx, s)
	g.halt.heard(s.Key.MID, told.answer())
	return told
}

// answer is what was told as far as it says how the merchant fares.
func (t Told) answer() Answer {
	a := Answer{Outcome: Found, Message: t.Message}
	switch {
	case t.Rejected:
		a.Outcome = Rejected
	case t.State == SendingIntended, t.State == SendingUnsure && t.Code == "":
		a.Outcome = QueryFailed
	}
	return a
}
