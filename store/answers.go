package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"github.com/umsrecon/umsrecon/reconcile"
)

// SaveAnswers commits answers; only then do they count. The error matches
// ErrNoOrder when a key was never loaded.
func (db *DB) SaveAnswers(ctx context.Context, runID string, answers []reconcile.Answered) error {
	err := db.write(ctx, func(t *tx) error {
		for _, a := range answers {
			if err := saveAnswer(t, runID, a); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("save answers: %w", err)
	}
	return nil
}

const (
	orderID = "SELECT order_id FROM orders" + byKey

	keepAnswer = "UPDATE orders SET last_answer_id = ? WHERE order_id = ?"

	keepTrustworthy = `UPDATE orders SET last_answer_id = ?1, answer_id = ?1,
  first_settle_day = coalesce(first_settle_day, ?2), first_paid_at = coalesce(first_paid_at, ?3) WHERE order_id = ?4`
)

func saveAnswer(t *tx, runID string, a reconcile.Answered) error {
	id, err := findOrderID(t, a.Key)
	if err != nil {
		return err
	}
	if a.Answer.Outcome != reconcile.Found {
		a.Answer.Bill = reconcile.Bill{}
	}
	flow := flowOf(&a.Answer.Bill, a.Key.Kind())
	answer, err := t.insert("answer_id", insertAnswer, storedAnswer(&a.Answer, flow, runID, id).pointers()...)
	if err != nil {
		return err
	}
	if !a.Answer.Trustworthy() {
		return t.exec(keepAnswer, answer, id)
	}
	settle, paid := firsts(a.Answer.Bill, a.Key.Kind())
	return t.exec(keepTrustworthy, answer, settle, paid, id)
}

func storedAnswer(a *reconcile.Answer, flow *reconcile.Flow, runID string, order int64) columns {
	return append(answerColumns(a, flow), column{"run_id", runID}, column{"order_id", order}, column{"body", body(a.Raw)})
}

var insertAnswer = storedAnswer(&reconcile.Answer{}, &reconcile.Flow{}, "", 0).insertInto("answers")

func findOrderID(t *tx, k reconcile.Key) (id int64, err error) {
	err = t.row(orderID, keyColumns(&k).pointers()...).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, fmt.Errorf("%w: bill %q of %s", ErrNoOrder, k.BillNo, k.BillDay)
	}
	return id, err
}

// firsts are the settle date of the block that the order is about, and when
// the bill was paid. An unpaid bill can carry a settle date that means nothing.
func firsts(b reconcile.Bill, k reconcile.Kind) (settle date, paid instant) {
	if b.Paid() {
		settle, paid = date(b.Payment.SettleDay), instant(b.Payment.PaidAt)
	}
	if k != reconcile.Payment {
		settle = date(flowOf(&b, k).SettleDay)
	}
	return settle, paid
}

// Answers lists everything that UMS was asked about an order, oldest first,
// with the bodies as they are kept: personal fields masked. The error matches
// ErrNoOrder when the key was never loaded.
func (db *DB) Answers(ctx context.Context, k reconcile.Key) ([]reconcile.Answer, error) {
	var answers []reconcile.Answer
	err := db.read(ctx, func(t *tx) error {
		id, err := findOrderID(t, k)
		if err != nil {
			return err
		}
		return t.each(answersOf, []any{id}, func(row scanner) error {
			var a reconcile.Answer
			var flow reconcile.Flow
			err := row.Scan(append(answerColumns(&a, &flow).pointers(), (*body)(&a.Raw))...)
			*flowOf(&a.Bill, k.Kind()) = flow
			answers = append(answers, a)
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("answers: %w", err)
	}
	return answers, nil
}

var answersOf = "SELECT " + answerList("a") + ", a.body FROM answers AS a WHERE a.order_id = ? ORDER BY a.answer_id"

func answerList(table string) string {
	return answerColumns(&reconcile.Answer{}, &reconcile.Flow{}).list(table)
}

func orderList(table string) string { return orderColumns(&reconcile.Order{}).list(table) }

func caseList(table string) string { return caseColumns(&reconcile.Case{}).list(table) }

// answerScan is an answer being read; it is none when nothing was joined.
type answerScan struct {
	answer reconcile.Answer
	flow   reconcile.Flow
}

func (a *answerScan) pointers() []any {
	return slices.Clip(answerColumns(&a.answer, &a.flow).pointers())
}

func (a *answerScan) about(k reconcile.Kind) *reconcile.Answer {
	if a.answer.Outcome == "" {
		return nil
	}
	answer := a.answer
	*flowOf(&answer.Bill, k) = a.flow
	return &answer
}
