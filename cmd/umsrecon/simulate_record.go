package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/umsrecon/umsrecon/chinaums/chinaumstest"
)

// record appends the requests that the simulator saw to a file.
type record struct {
	file *os.File
	err  error // the first of writing
}

// recorded is a line of it.
type recorded struct {
	At            time.Time `json:"at"`
	Op            string    `json:"op,omitempty"` // empty: bills/query
	MID           string    `json:"mid"`
	BillDate      string    `json:"bill_date"`
	BillNo        string    `json:"bill_no"`
	RefundOrderID string    `json:"refund_order_id,omitempty"`
	AuthedOrderID string    `json:"authed_order_id,omitempty"`
	Refusal       string    `json:"refusal,omitempty"`
}

func openRecord(path string) (*record, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o640)
	return &record{file: f}, err
}

func (r *record) add(seen chinaumstest.Request) {
	q := seen.Question
	line, _ := json.Marshal(recorded{seen.At, q.Op, q.MID, q.BillDate, q.BillNo, q.RefundOrderID, q.AuthedOrderID, seen.Refusal}) // texts and a time
	if _, err := r.file.Write(append(line, '\n')); r.err == nil {
		r.err = err
	}
}

func (r *record) close() error {
	if err := errors.Join(r.err, r.file.Close()); err != nil {
		return fmt.Errorf("record: %w", err)
	}
	return nil
}
