package reconcile

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

func readyDay() Standing {
	return Standing{Day: thursday, Run: &Summary{RunID: "r1", Status: RunComplete}}
}

func TestCloseDay(t *testing.T) {
	grave := []Case{{ID: "D1", Severity: S1, Code: AmountBillLess}, {ID: "D2", Severity: S2, Code: AmountBillMore}}
	for name, c := range map[string]struct {
		change   func(*Standing)
		by, note string
		accepted []string
		want     error
	}{
		"a quiet day":                            {func(*Standing) {}, "Zhang", "", nil, nil},
		"nobody signs":                           {func(*Standing) {}, " ", "", nil, ErrNobody},
		"never run":                              {func(s *Standing) { s.Run = nil }, "Zhang", "", nil, ErrNoRunOfDay},
		"only other days' orders are unverified": {func(s *Standing) { s.Run.Status = RunIncomplete }, "Zhang", "", nil, nil},
		"unverified orders":                      {func(s *Standing) { s.Unverified = 1 }, "Zhang", "", nil, ErrDayUnproven},
		"judged by old answers":                  {func(s *Standing) { s.Run.NoQuery = true }, "Zhang", "", nil, ErrDayUnproven},
		"no ledger":                              {func(s *Standing) { s.Run.LedgerEmpty = true }, "Zhang", "", nil, ErrDayUnproven},
		"a run is under way":                     {func(s *Standing) { s.Latest = RunRunning }, "Zhang", "", nil, ErrDayUnfinished},
		"a run was interrupted":                  {func(s *Standing) { s.Latest = RunInterrupted }, "Zhang", "", nil, ErrDayUnfinished},
		"the newest run failed":                  {func(s *Standing) { s.Latest = RunFailed }, "Zhang", "", nil, nil},
		"a grave case":                           {func(s *Standing) { s.Grave = grave }, "Zhang", "", nil, ErrNotReady},
		"one of two accepted":                    {func(s *Standing) { s.Grave = grave }, "Zhang", "known", []string{"D1"}, ErrNotReady},
		"both accepted":                          {func(s *Standing) { s.Grave = grave }, "Zhang", "known", []string{"D2", "D1"}, nil},
		"both accepted, without a word":          {func(s *Standing) { s.Grave = grave }, "Zhang", "", []string{"D2", "D1"}, ErrNoNote},
		"accepted by the beginning of the id":    {func(s *Standing) { s.Grave = []Case{{ID: "D1234", Severity: S1}} }, "Zhang", "known", []string{"D123"}, nil},
		"accepted by too little of it":           {func(s *Standing) { s.Grave = []Case{{ID: "D1234", Severity: S1}} }, "Zhang", "known", []string{"D12"}, ErrNotReady},
		"accepted by what two begin with":        {func(s *Standing) { s.Grave = []Case{{ID: "D1234"}, {ID: "D1235"}} }, "Zhang", "known", []string{"D123"}, ErrNotReady},
		"accepted what is none":                  {func(*Standing) {}, "Zhang", "known", []string{"D9"}, ErrNotReady},
		"closed already":                         {func(s *Standing) { s.Last = &SignOff{Closed: true, RunID: "r1"} }, "Li", "", nil, ErrDayClosed},
		"closed, and run again":                  {func(s *Standing) { s.Last = &SignOff{Closed: true, RunID: "r0"} }, "Li", "", nil, nil},
		"closed, and opened again":               {func(s *Standing) { s.Last = &SignOff{RunID: "r1"} }, "Li", "", nil, nil},
		"incomplete, then restated and complete": {func(s *Standing) { s.Last = &SignOff{RunID: "r0"} }, "Li", "", nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			s := readyDay()
			c.change(&s)
			got, err := CloseDay(s, Decision{By: c.by, Note: c.note, User: "root", At: nightly}, c.accepted)
			if c.want != nil {
				require.ErrorIs(t, err, c.want)
				return
			}
			require.NoError(t, err)
			require.Equal(t, SignOff{Day: thursday, Closed: true, At: nightly, By: c.by, User: "root", Note: c.note, RunID: "r1", Accepted: got.Accepted}, got)
			require.Len(t, got.Accepted, len(c.accepted))
			for i, id := range got.Accepted {
				require.Contains(t, id, c.accepted[i])
			}
		})
	}
}

func TestReopenDay(t *testing.T) {
	s := readyDay()
	_, err := ReopenDay(s, Decision{By: "Li", Note: "why"})
	require.ErrorIs(t, err, ErrDayOpen)
	s.Last = &SignOff{Closed: true, By: "Zhang", RunID: "r1"}
	_, err = ReopenDay(s, Decision{By: " ZHANG ", Note: "why"})
	require.ErrorIs(t, err, ErrSamePerson)
	_, err = ReopenDay(s, Decision{By: "Li"})
	require.ErrorIs(t, err, ErrNoNote)
	_, err = ReopenDay(s, Decision{Note: "why"})
	require.ErrorIs(t, err, ErrNobody)
	got, err := ReopenDay(s, Decision{By: "Li", Note: "why", At: nightly})
	require.NoError(t, err)
	require.Equal(t, SignOff{Day: thursday, At: nightly, By: "Li", Note: "why", RunID: "r1"}, got)
	s.Last = &got
	_, err = ReopenDay(s, Decision{By: "Wang", Note: "why"})
	require.ErrorIs(t, err, ErrDayOpen)
}

func TestWhatMoved(t *testing.T) {
	kinds := func(matched, discrepant int64, ums Fen) map[Kind]*KindTotals {
		k := newKindTotals()
		k.Classes[Matched], k.Classes[Discrepant] = Sum{matched, 100}, Sum{discrepant, 0}
		k.UMS = Sum{1, ums}
		return map[Kind]*KindTotals{Payment: k}
	}
	was := Summary{Kinds: kinds(2, 0, 1908), Codes: map[Code]Sum{}}
	is := Summary{Kinds: kinds(1, 1, 1907), Codes: map[Code]Sum{AmountBillLess: {1, 1}}}
	require.Empty(t, WhatMoved(was, was))
	require.Equal(t, []Moved{
		{"payment discrepant", Sum{0, 0}, Sum{1, 0}}, {"payment matched", Sum{2, 100}, Sum{1, 100}}, {"payment UMS", Sum{1, 1908}, Sum{1, 1907}},
		{"AMOUNT_BILL_LESS", Sum{}, Sum{1, 1}},
	}, WhatMoved(was, is))
	require.Len(t, WhatMoved(Summary{}, is), 4, "there was nothing of the kind")
}

func TestSettleDateOfASignedDay(t *testing.T) {
	s := agreed19()
	s.pay.FirstSettleDay = thursday
	require.Equal(t, S3, s.judge()[0].Findings[0].Severity)
	s.pay.SignedOff = true
	require.Equal(t, S2, s.judge()[0].Findings[0].Severity)
}

// What other days carry into a run says nothing about its day.
func TestWhatMovedOfTheDayItself(t *testing.T) {
	run := func(carried, own Fen) (s Summary) {
		s.OwnCodes = map[Code]Sum{}
		for i, amount := range []Fen{carried, own} {
			k := Key{BillKey: BillKey{BillNo: "B"}}
			v := Verdict{Key: k, Class: Matched, Ledger: amount, UMS: amount, Facts: Facts{LedgerPaid: true, BillPaid: true}}
			v.Findings = []Finding{{Code: SettleBeforePay, Severity: S3, Ledger: Some(amount)}}
			require.NoError(t, s.Count(v, Order{Key: k, Amount: amount}, Bill{}, i == 0))
		}
		return s
	}
	require.Empty(t, WhatMoved(run(100, 7), run(300, 7)))
	require.Equal(t, []Moved{
		{"payment matched", Sum{1, 7}, Sum{1, 8}}, {"payment ledger", Sum{1, 7}, Sum{1, 8}}, {"payment UMS", Sum{1, 7}, Sum{1, 8}},
		{"SETTLE_BEFORE_PAY", Sum{1, 7}, Sum{1, 8}},
	}, WhatMoved(run(100, 7), run(300, 8)))
}

// TestCloseDayNamesTheFirst: of many cases that stand against it the first ten
// are named, and how many more there are.
func TestCloseDayNamesTheFirst(t *testing.T) {
	for n, want := range map[int]string{
		1:  "a case is neither resolved nor accepted: D0 S1 BILL_NOT_FOUND",
		2:  "2 cases are neither resolved nor accepted: D0 S1 BILL_NOT_FOUND, D1 S1 BILL_NOT_FOUND",
		44: "D9 S1 BILL_NOT_FOUND, and 34 more",
	} {
		s := Standing{Day: 1, Run: &Summary{RunID: "r", Status: RunComplete}}
		for i := range n {
			s.Grave = append(s.Grave, Case{ID: "D" + strconv.Itoa(i), Severity: S1, Code: BillNotFound, State: StateOpen})
		}
		_, err := CloseDay(s, Decision{By: "x"}, nil)
		require.ErrorIs(t, err, ErrNotReady)
		require.Regexp(t, want+"$", err.Error())
	}
}
