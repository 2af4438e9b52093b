package reconcile

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Fen is money in whole fen (分), a hundredth of a yuan.
type Fen int64

// MaxFen is the largest amount a single ledger row or bill may carry: a
// hundred billion yuan. It lies far above any payment and far below the end
// of int64, so one absurd amount is refused where it stands and cannot
// overflow the sums of everybody else.
const MaxFen Fen = 10_000_000_000_000

// ParseFen reads a whole, unsigned number of fen such as "1908". Signs,
// decimals, exponents, separators, blanks and leading zeros are errors.
func ParseFen(s string) (Fen, error) {
	if err := digitsOnly(s); err != nil {
		return 0, err
	}
	if len(s) > 1 && s[0] == '0' {
		return 0, fmt.Errorf("amount %q has a leading zero", s)
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || Fen(n) > MaxFen {
		return 0, fmt.Errorf("amount %q: %w", s, ErrAmountRange)
	}
	return Fen(n), nil
}

// ParseYuan reads an unsigned decimal number of yuan such as "19.08", "19.8"
// or "19.080"; digits behind the second decimal must be zero. Signs,
// exponents, separators and currency marks are errors.
func ParseYuan(s string) (Fen, error) {
	whole, part, dotted := strings.Cut(s, ".")
	if err := digitsOnly(whole); err != nil {
		return 0, err
	}
	if dotted {
		if err := digitsOnly(part); err != nil {
			return 0, fmt.Errorf("amount %q: %w", s, err)
		}
	}
	if len(part) > 2 && strings.Trim(part[2:], "0") != "" {
		return 0, fmt.Errorf("amount %q is finer than one fen", s)
	}
	n, err := strconv.ParseInt(whole+(part + "00")[:2], 10, 64)
	if err != nil || Fen(n) > MaxFen {
		return 0, fmt.Errorf("amount %q: %w", s, ErrAmountRange)
	}
	return Fen(n), nil
}

func digitsOnly(s string) error {
	if s == "" {
		return errors.New("amount has no digits")
	}
	for _, r := range s {
		if r < '0' || r > '9' {
			return fmt.Errorf("amount %q: %q is not a digit", s, r)
		}
	}
	return nil
}

// Yuan renders f in yuan with two decimals, computed from fen: "-0.01".
func (f Fen) Yuan() string {
	sign, n := "", uint64(f)
	if f < 0 {
		sign, n = "-", -n
	}
	return fmt.Sprintf("%s%d.%02d", sign, n/100, n%100)
}

// Abs is f without its sign.
func (f Fen) Abs() Fen {
	if f < 0 {
		return -f
	}
	return f
}

// Add returns f + g, or ErrOverflow.
func (f Fen) Add(g Fen) (Fen, error) {
	s := f + g
	if (g > 0 && s < f) || (g < 0 && s > f) {
		return 0, ErrOverflow
	}
	return s, nil
}

// Amount is money that a side may or may not have stated. Absent is not zero:
// the zero Amount is absent.
type Amount struct {
	Fen   Fen
	Known bool
}

// Some is a stated amount.
func Some(f Fen) Amount { return Amount{Fen: f, Known: true} }

// Minus is a − b, absent unless both are stated.
func (a Amount) Minus(b Amount) Amount {
	if !a.Known || !b.Known {
		return Amount{}
	}
	return Some(a.Fen - b.Fen)
}

// Differs says whether both sides stated an amount and they disagree.
func (a Amount) Differs(b Amount) bool { return a.Known && b.Known && a.Fen != b.Fen }

// Yuan renders the amount in yuan, or "–" when it is absent.
func (a Amount) Yuan() string {
	if !a.Known {
		return "–"
	}
	return a.Fen.Yuan()
}

// MarshalJSON writes whole fen, or null.
func (a Amount) MarshalJSON() ([]byte, error) {
	if !a.Known {
		return []byte("null"), nil
	}
	return strconv.AppendInt(nil, int64(a.Fen), 10), nil
}

// UnmarshalJSON reads what MarshalJSON writes.
func (a *Amount) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		*a = Amount{}
		return nil
	}
	n, err := strconv.ParseInt(string(b), 10, 64)
	if err != nil {
		return fmt.Errorf("amount %q: %w", b, err)
	}
	*a = Some(Fen(n))
	return nil
}

// Sum counts amounts and adds them up.
type Sum struct {
	Count int64 `json:"count"`
	Fen   Fen   `json:"fen"`
}

// Add counts one more amount; ErrOverflow leaves the sum as it was.
func (s *Sum) Add(f Fen) error {
	total, err := s.Fen.Add(f)
	if err != nil {
		return err
	}
	s.Count++
	s.Fen = total
	return nil
}

// less is what a sum is more than another, both of amounts above zero.
func (s Sum) less(other Sum) Sum { return Sum{s.Count - other.Count, s.Fen - other.Fen} }
