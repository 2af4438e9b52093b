package reports

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/umsrecon/umsrecon/reconcile"
)

// rowReader reads the rows of one sheet.
type rowReader struct {
	places   map[string]int // of the columns, by Chinese heading; nil: not found yet
	keys     []lineColumn
	from1904 bool                             // how this file counts days
	shown    func(column int) (string, error) // how the cell of the present row looks, columns counted from 0
}

// read returns false for a row in which nobody has written anything, and for
// totals. faults are those of the row's cells, by column counted from 0.
func (r rowReader) read(cells []string, faults map[int]string) (Filled, bool) {
	cell := func(head string) string {
		if i := r.places[head]; i < len(cells) {
			return strings.TrimSpace(cells[i])
		}
		return ""
	}
	f := Filled{keys: map[string]string{}, Entry: reconcile.Entry{
		CaseID: cell(headCase), Version: cell(headVersion), Reviewer: cell(headReviewer),
		Decision: reconcile.Decision{Note: cell(headNote), By: cell(headBy)},
	}}
	written, errCells := "", error(nil)
	for _, head := range handHeads {
		written += cell(head)
		if why, is := faults[r.places[head]]; is {
			errCells = joined(errCells, fmt.Errorf("%s: %s", head, why))
		}
	}
	for _, head := range []string{headNote, headBy, headReviewer} {
		errCells = joined(errCells, r.notDate(head, cell(head)))
	}
	if written == "" && errCells == nil {
		return f, false
	}
	var errOutcome, errReview, errOn, errKeys error
	f.Entry.Decision.Remedy, errOutcome = remedyOf(cell(headOutcome))
	f.Entry.Review, errReview = reviewOf(cell(headJudge))
	f.Entry.Decision.On, errOn = r.day(cell(headOn))
	for _, c := range r.keys {
		text, err := r.plain(cell(c.head), c.look)
		if err != nil {
			errKeys = errors.Join(errKeys, fmt.Errorf("%w: %s: %w", ErrKeyEdited, c.head, err))
		}
		f.keys[c.head] = text
	}
	if f.Entry.CaseID == "" {
		f.Err = ErrNoCaseID
		return f, true
	}
	if f.Err = errCells; f.Err == nil {
		f.Err = joined(errOutcome, errReview, errOn, errKeys)
	}
	return f, true
}

// notDate refuses a date where a text belongs: what was typed became a number
// that nobody would know again.
func (r rowReader) notDate(head, text string) error {
	if v, err := strconv.ParseFloat(text, 64); err != nil || v < 0 {
		return nil
	}
	seen, err := r.shown(r.places[head])
	if err == nil && seen != text && strings.ContainsAny(seen, "/:-年月日时") {
		err = errors.New(faultDate)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", head, err)
	}
	return nil
}

// joined is all the errors on one line; nil when there is none.
func joined(errs ...error) error {
	var all error
	for _, err := range errs {
		switch {
		case all == nil:
			all = err
		case err != nil:
			all = fmt.Errorf("%w; %w", all, err)
		}
	}
	return all
}

func remedyOf(word string) (reconcile.Remedy, error) {
	if word == "" {
		return reconcile.Remedy{}, nil
	}
	for _, r := range reconcile.Remedies {
		if strings.EqualFold(word, EN.say(r.ZH)) {
			return r, nil
		}
	}
	if r, is := reconcile.ParseRemedy(word); is {
		return r, nil
	}
	return reconcile.Remedy{}, fmt.Errorf("%s: %q is not in the list: %s", headOutcome, word, strings.Join(outcomes, "、"))
}

// reviewWords are the words of the drop-down.
var reviewWords = map[string]reconcile.Review{"": "", "同意": reconcile.ReviewApproved, "驳回": reconcile.ReviewRejected}

func reviewOf(word string) (reconcile.Review, error) {
	for zh, r := range reviewWords {
		if word == zh || strings.EqualFold(word, EN.say(zh)) {
			return r, nil
		}
	}
	return "", fmt.Errorf("%s: %q is not in the list: %s", headJudge, word, strings.Join(reviews, "、"))
}

// plain is a cell as the program writes values: amounts in yuan with two
// decimals, days as 2006-01-02, words as they are.
func (r rowReader) plain(text string, l look) (string, error) {
	switch {
	case text == "":
		return "", nil
	case l.format == formatMoney:
		return yuanText(text)
	case l.format == formatDay:
		d, err := r.day(text)
		return d.String(), err
	}
	return text, nil
}

// yuanText reads an amount that a spreadsheet may have stored as
// 19.899999999999999; what is not whole fen within a millionth of a yuan was
// not written by us. A float tells a millionth up to a thousand million; what is
// more has to be written as it is.
func yuanText(text string) (string, error) {
	plain := strings.ReplaceAll(text, ",", "")
	v, err := strconv.ParseFloat(plain, 64)
	_, exponent, _ := strings.Cut(strings.ToLower(plain), "e")
	if err != nil || strings.Trim(plain, "0123456789.+-eE") != "" || len(exponent) > 4 {
		return text, fmt.Errorf("%q is not an amount", text)
	}
	if math.Abs(v) > 1e9 {
		exact, err := reconcile.ParseYuan(strings.TrimPrefix(plain, "-"))
		if err != nil {
			return text, fmt.Errorf("%q is not an amount", text)
		}
		if v < 0 {
			exact = -exact
		}
		return exact.Yuan(), nil
	}
	fen := math.Round(v * 100)
	if math.Abs(v-fen/100) > 1e-6 {
		return text, fmt.Errorf("%q is not whole fen", text)
	}
	return reconcile.Fen(fen).Yuan(), nil
}

// day reads a date cell, or a date that was typed as text; empty is none.
func (r rowReader) day(text string) (reconcile.Day, error) {
	if text == "" {
		return 0, nil
	}
	if v, err := strconv.ParseFloat(text, 64); err == nil && v >= 1 && v < 1_000_000 {
		d := epoch + reconcile.Day(v) // the time of day does not matter
		if r.from1904 {
			d += 1462
		}
		return d, nil
	}
	typed := strings.NewReplacer("/", "-", ".", "-", "年", "-", "月", "-", "日", "").Replace(text)
	parts := strings.Split(typed, "-")
	for i, p := range parts {
		if len(p) == 1 {
			parts[i] = "0" + p
		}
	}
	d, err := reconcile.ParseDay(strings.Join(parts, "-"))
	if err != nil {
		return 0, fmt.Errorf("%q is not a date", text)
	}
	return d, nil
}
