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
//
// On a server others may save theirs at the same time. The answer to a question
// that this process holds no more is not kept: somebody else asks.
func (db *DB) SaveAnswers(ctx context.Context, runID string, answers []reconcile.Answered) error {
	err := db.beside(ctx, func(t *tx) error {
		s := newSaving(t, runID)
		keep := s.save
		if t.postgres {
			keep = s.saveOnServer
		}
		for _, a := range answers {
			if err := keep(a); err != nil {
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

// saving writes one answer after the other. What its statements are given is
// made once, and points to the answer that is written.
type saving struct {
	*tx
	key          reconcile.Key
	answer       reconcile.Answer
	flow         reconcile.Flow
	order        int64
	find, insert []any
	lease        string
	settle       date
	paid         instant
	trustworthy  flag
	atOnce       []any // of a server
}

func newSaving(t *tx, runID string) *saving {
	s := &saving{tx: t}
	s.find = keyColumns(&s.key).pointers()
	s.insert = s.columns(runID).pointers()
	if t.postgres {
		s.atOnce = slices.Concat(s.find, []any{&s.lease}, s.answerOnly(runID).pointers(), []any{&s.trustworthy, &s.settle, &s.paid})
	}
	return s
}

func (s *saving) columns(runID string) columns {
	return append(s.answerOnly(runID), column{"order_id", &s.order})
}

func (s *saving) answerOnly(runID string) columns {
	return append(answerColumns(&s.answer, &s.flow), column{"run_id", runID}, column{"body", (*body)(&s.answer.Raw)})
}

var insertAnswer = new(saving).columns("").insertInto("answers")

func (s *saving) take(a reconcile.Answered) {
	kind := a.Key.Kind()
	s.key, s.answer, s.lease = a.Key, a.Answer, a.Lease
	if s.answer.Outcome != reconcile.Found {
		s.answer.Bill = reconcile.Bill{}
	}
	s.flow = *flowOf(&s.answer.Bill, kind)
	s.settle, s.paid = firsts(s.answer.Bill, kind)
	s.trustworthy = flag(s.answer.Trustworthy())
}

func (s *saving) save(a reconcile.Answered) (err error) {
	s.take(a)
	if s.order, err = orderIDOf(s.tx, s.key, s.find); err != nil {
		return err
	}
	answer, err := s.tx.insert("answer_id", insertAnswer, s.insert...)
	if err != nil {
		return err
	}
	if !s.trustworthy {
		return s.exec(keepAnswer, answer, s.order)
	}
	return s.exec(keepTrustworthy, answer, s.settle, s.paid, s.order)
}

func findOrderID(t *tx, k reconcile.Key) (int64, error) {
	return orderIDOf(t, k, keyColumns(&k).pointers())
}

// orderIDOf is given the key also as arguments.
func orderIDOf(t *tx, k reconcile.Key, args []any) (id int64, err error) {
	err = t.row(orderID, args...).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, noOrder(k)
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
