package reconcile

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// stated adds the statement of the settle date with the line of the payment.
func (s *scene) stated(mod ...func(*StatementLine)) {
	s.set.Statements = true
	s.flow().PaySeqID, s.flow().MerOrderID = "S", "M"
	s.covers = []StatementCover{{Day: thursday + 1, File: "statement.csv"}}
	l := StatementLine{MID: "m", Kind: Payment, Reference: "S", MerOrderID: "M", Amount: 1908, Fee: Some(7), Net: Some(1901), SettleDay: thursday + 1, Source: Source{File: "statement.csv", Line: 2}}
	for _, m := range mod {
		m(&l)
	}
	s.lines = append(s.lines, l)
}

// unread makes the line of the payment one that is not understood.
func (s *scene) unread() {
	l := s.lines[0]
	s.lines = nil
	s.bad = append(s.bad, BadRow{Source: l.Source, Raw: "S,M", Names: LineNames{MID: l.MID, Kind: l.Kind, Reference: l.Reference, MerOrderID: l.MerOrderID}})
}

// refunded adds a refund that is done, with the references of its payment.
func (s *scene) refunded(amount Fen) *Subject {
	r := s.refund(Success, "SUCCESS")
	r.Order.Amount, r.Answer.Bill.Refund.Total, r.Answer.Bill.Refund.PaySeqID = amount, Some(amount), "S"
	s.shows("REFUND")
	s.pay.Order.Status = PartRefunded
	return r
}

func refundLine(amount Fen) func(*StatementLine) {
	return func(l *StatementLine) {
		l.Kind, l.Amount, l.Fee, l.Net = Refund, amount, Some(0), Some(-amount)
	}
}

func init() {
	rate := func(s *scene, ppm int64) { s.set.Terms.Rates = []FeeRate{{RatePPM: ppm}} }
	for code, p := range map[Code]polarity{
		StatementMissing: {
			fires: func(s *scene) { s.stated(); s.lines = nil },
			close: func(s *scene) { s.stated(); s.lines, s.covers = nil, nil }, // not read yet
		},
		StatementWaiting: {
			fires: func(s *scene) { s.stated(); s.unread() },
			close: func(s *scene) { s.stated(); s.unread(); s.bad[0].Names.MID = "another" },
		},
		StatementOnly: {
			fires: func(s *scene) { s.stated(); s.stated() },
			close: func(s *scene) { s.stated(); s.refunded(900); s.stated(refundLine(900)) },
		},
		StatementAmountMismatch: {
			fires: func(s *scene) { s.stated(func(l *StatementLine) { l.Amount, l.Net = 1907, Some(1900) }) },
			close: func(s *scene) {
				s.set.AmountBasis, s.pay.Order.Amount = BasisPaymentTotal, 1900
				s.flow().Total = Some(1900)
				s.stated(func(l *StatementLine) { l.Amount, l.Net = 1900, Some(1893) })
			},
		},
		FeeMismatch: {
			fires: func(s *scene) { s.stated(); rate(s, 4800) }, // 9 fen
			close: func(s *scene) { s.stated(); rate(s, 4200) }, // 8 fen, within the tolerance of 1
		},
	} {
		polarities[code] = p
	}
}

func TestStatementSeverities(t *testing.T) {
	for name, c := range map[string]struct {
		put  func(*scene)
		on   int
		want Severity
	}{
		"pays less":       {func(s *scene) { s.stated(func(l *StatementLine) { l.Amount, l.Net = 1907, Some(1900) }) }, 0, S1},
		"pays more":       {func(s *scene) { s.stated(func(l *StatementLine) { l.Amount, l.Net = 1909, Some(1902) }) }, 0, S2},
		"takes back more": {func(s *scene) { s.stated(); s.refunded(900); s.stated(refundLine(901)) }, 1, S1},
		"takes back less": {func(s *scene) { s.stated(); s.refunded(900); s.stated(refundLine(899)) }, 1, S2},
	} {
		t.Run(name, func(t *testing.T) {
			s := agreed19()
			c.put(s)
			v := s.judge()[c.on]
			require.Equal(t, []Code{StatementAmountMismatch}, codes(v))
			require.Equal(t, c.want, v.Findings[0].Severity)
			require.Equal(t, Fen(1), v.Stake(v.Findings[0]))
			require.Equal(t, Discrepant, v.Class)
			require.False(t, v.Final, "it is looked at until it agrees")
		})
	}
}

func TestFeeHoldsItsOwnNetAmount(t *testing.T) {
	s := agreed19()
	s.stated(func(l *StatementLine) { l.Net = Some(1900) })
	require.Equal(t, []Code{FeeMismatch}, codes(s.judge()[0]))

	s = agreed19()
	s.stated(func(l *StatementLine) { l.Net = Amount{} })
	require.Equal(t, Matched, s.judge()[0].Class)
	require.False(t, s.judge()[0].Facts.FeeAgrees, "nothing to compare it with is no agreement")
}

// A statement says nothing where it is not configured, nor of what is not to be
// settled yet.
func TestWhatAStatementNeedNotHave(t *testing.T) {
	for name, put := range map[string]func(*scene){
		"not configured": func(s *scene) { s.stated(); s.lines, s.set.Statements = nil, false },
		"settles tomorrow": func(s *scene) {
			s.stated()
			s.lines = nil
			s.flow().SettleDay = thursday + 2
			s.covers[0].Day = thursday + 2
		},
		"a guarantee":              func(s *scene) { s.stated(); s.lines = nil; s.bill().SecureStatus = SecureUncompleted },
		"unpaid":                   func(s *scene) { s.stated(); s.lines = nil; s.shows("UNPAID") },
		"another settle date read": func(s *scene) { s.stated(); s.lines = nil; s.covers[0].Day = thursday },
	} {
		t.Run(name, func(t *testing.T) {
			s := agreed19()
			put(s)
			require.NotContains(t, codes(s.judge()[0]), StatementMissing)
		})
	}
}

// A line that is not understood excuses one block at most, by what could be read
// of it, and what it excuses is neither missing nor final.
func TestABadLineExcusesOneBlock(t *testing.T) {
	for name, c := range map[string]struct {
		put  func(*scene)
		want [][]Code // of the payment, of its refund
	}{
		"by reference":                {func(s *scene) { s.bad[0].Names.MerOrderID = "" }, [][]Code{{StatementWaiting}, {StatementMissing}}},
		"by merchant order number":    {func(s *scene) { s.bad[0].Names.Reference = "X" }, [][]Code{{StatementWaiting}, {StatementMissing}}},
		"of a kind that is not known": {func(s *scene) { s.bad[0].Names.Kind = "" }, [][]Code{{StatementWaiting}, {StatementMissing}}},
		"of the refund":               {func(s *scene) { s.bad[0].Names.Kind = Refund }, [][]Code{{StatementMissing}, {StatementWaiting}}},
		"of neither":                  {func(s *scene) { s.bad[0].Names = LineNames{MID: "m", Reference: "X"} }, [][]Code{{StatementMissing}, {StatementMissing}}},
		"that names nothing":          {func(s *scene) { s.bad[0].Names = LineNames{} }, [][]Code{{StatementMissing}, {StatementMissing}}},
		"beside a good one":           {func(s *scene) { s.stated(); s.bad[0].Names.Kind = Payment }, [][]Code{nil, {StatementMissing}}},
		"where nothing was read":      {func(s *scene) { s.covers = nil }, [][]Code{{StatementWaiting}, nil}},
	} {
		t.Run(name, func(t *testing.T) {
			s := agreed19()
			s.stated()
			s.refunded(900)
			s.unread()
			c.put(s)
			for i, v := range s.judge() {
				require.Equal(t, c.want[i], append([]Code(nil), codes(v)...), "%d", i)
				require.Equal(t, c.want[i] == nil, v.Class == Matched)
				require.False(t, v.Final && c.want[i] != nil)
			}
		})
	}
}

// The statement settles what UMS refunded under ids that the ledger does not
// know, up to what was left of the bill.
func TestRefundsUnderUnknownIDs(t *testing.T) {
	s := agreed19()
	s.shows("REFUND in full")
	s.stated()
	s.stated(refundLine(1000))
	s.stated(refundLine(908))
	require.NotContains(t, codes(s.judge()[0]), StatementOnly)
	s.stated(refundLine(1))
	require.Contains(t, codes(s.judge()[0]), StatementOnly, "more than was paid")
}

// Two lines of one reference are told apart by type and amount, whatever their
// order, and each goes to one block.
func TestPairing(t *testing.T) {
	s := agreed19()
	s.stated(refundLine(300))
	s.stated(refundLine(200))
	s.stated()
	s.refunded(200)
	s.refunded(300)
	for range 2 {
		p := pair(s.family(), s.set.Calendar)
		require.Empty(t, p.left)
		require.Len(t, p.settled, 3)
		for i, l := range p.settled {
			require.Equal(t, l.amount().Fen, p.lines[i].Amount)
			require.Equal(t, l.Kind, p.lines[i].Kind)
		}
		s.lines[0], s.lines[2] = s.lines[2], s.lines[0]
	}
}

func TestSettlementTakesTheFeeOfTheStatement(t *testing.T) {
	s := agreed19()
	s.set.Terms.Rates = []FeeRate{{RatePPM: 6000}}
	books := NewSettlement(s.set.Terms)
	s.flow().TargetSys = "WXPay"
	add := func() SettleFigures {
		f, err := books.Add(SettleLines(s.family(), s.set.Calendar)[0])
		require.NoError(t, err)
		return f
	}
	f := add()
	require.Equal(t, SettleFigures{Payment: Some(1908), Coupon: Some(108), BuyerPay: Some(1800), Alliance: Some(0), Fee: Some(11), Net: 1908, Payable: 1897}, f)
	s.stated()
	f = add()
	require.True(t, f.Stated)
	require.Equal(t, []any{Some(7), Fen(1901)}, []any{f.Fee, f.Payable})
	s.lines[0].Fee = Amount{}
	require.Equal(t, Some(7), add().Fee, "what net says")
	sum, err := books.Sum(func(Channel) bool { return true })
	require.NoError(t, err)
	require.Equal(t, Sum{3, 25}, sum.Fee)
	require.Equal(t, Sum{2, 14}, sum.StatedFee)
	require.Equal(t, Sum{2, 3802}, sum.StatedPayable)
}

func TestDaysConcerned(t *testing.T) {
	for name, c := range map[string]struct{ settle, paid, from, to Day }{
		"Friday":                 {thursday + 1, 0, thursday, thursday},
		"Monday":                 {thursday + 4, 0, thursday + 1, thursday + 3},
		"paid before":            {thursday + 1, thursday - 5, thursday - 5, thursday},
		"paid on the day itself": {thursday + 1, thursday + 1, thursday, thursday + 1},
	} {
		from, to := DaysConcerned(c.settle, c.paid, Calendar{})
		require.Equal(t, []Day{c.from, c.to}, []Day{from, to}, name)
	}
}

// A settle date adds up bill by bill; what explains a difference explains all
// of it, and sums that do not fit are an error.
func TestSettleTotalsAreExplained(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		total := &SettleTotal{MID: "m", Day: thursday + 1, Known: true}
		sums := settleSums{set: DefaultSettings(), of: map[settleDate]*SettleTotal{{"m", thursday + 1}: total}}
		for range rapid.IntRange(0, 4).Draw(t, "bills") {
			s := agreed19()
			s.stated()
			s.lines = nil
			s.flow().SettleDay = thursday + Day(rapid.IntRange(1, 2).Draw(t, "settles"))
			if rapid.Bool().Draw(t, "refund") {
				s.refunded(900)
			}
			for range rapid.IntRange(0, 3).Draw(t, "lines") {
				s.stated(func(l *StatementLine) {
					if rapid.Bool().Draw(t, "refund line") {
						refundLine(900)(l)
					}
					l.Amount -= Fen(rapid.IntRange(0, 1).Draw(t, "less"))
					l.SettleDay = thursday + Day(rapid.IntRange(1, 2).Draw(t, "day"))
				})
			}
			for _, l := range s.lines {
				side := map[Kind]*Sum{Payment: &total.Payments, Refund: &total.Refunds}[l.Kind]
				if l.SettleDay == total.Day {
					require.NoError(t, side.Add(l.Amount))
				}
			}
			require.NoError(t, sums.family(s.family()))
		}
		stated, bills := total.Payments.Fen-total.Refunds.Fen, total.Bills.Fen-total.BillRefunds.Fen
		require.Equal(t, stated-bills, total.Surplus.Fen+total.Differing.Fen+total.Otherwhere.Fen-total.Missing.Fen)
		require.NotContains(t, total.finding().Reason.EN+total.finding().Reason.ZH, "%!")
	})
	sums := settleSums{set: DefaultSettings(), of: map[settleDate]*SettleTotal{{"m", thursday + 1}: {Bills: Sum{1, math.MaxInt64}}}}
	s := agreed19()
	s.stated()
	require.ErrorIs(t, sums.family(s.family()), ErrOverflow)
}

// anyStatement draws lines about the scene's bill.
func (s *scene) anyStatement(t *rapid.T) {
	if s.pay.Answer.Outcome != Found || !rapid.Bool().Draw(t, "statement") {
		return
	}
	for range rapid.IntRange(0, 3).Draw(t, "lines") {
		s.stated(func(l *StatementLine) {
			l.Kind = rapid.SampledFrom([]Kind{Payment, Refund}).Draw(t, "line")
			l.Amount = Fen(rapid.SampledFrom([]int{900, 1907, 1908}).Draw(t, "stated"))
			l.PaidAt = nightly.Add(time.Duration(len(s.lines)) * time.Minute)
		})
	}
}
