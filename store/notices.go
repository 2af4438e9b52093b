package store

import (
	"context"
	"fmt"
	"iter"

	"github.com/umsrecon/umsrecon/reconcile"
)

// Kept says what became of a notice.
type Kept string

// What SaveNotices does with a notice.
const (
	KeptNew        Kept = "new"
	KeptRepeated   Kept = "repeated"   // the same content was stored before
	KeptChanged    Kept = "changed"    // the same id was stored with other content
	KeptUnverified Kept = "unverified" // apart, never evidence
)

// unverifiedRows bounds the rows of notices that are not verified, by day and
// path: who can send anything must not be able to fill the disk.
const unverifiedRows = 100

// SaveNotices commits notices, all of them or none, and says of each what
// became of it.
func (db *DB) SaveNotices(ctx context.Context, notices []reconcile.Notice) ([]Kept, error) {
	kept := make([]Kept, len(notices))
	err := db.write(ctx, func(t *tx) (err error) {
		for i, n := range notices {
			if kept[i], err = saveNotice(t, n); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("save notices: %w", err)
	}
	return kept, nil
}

// saveNotice compares the kind with an expression: of a bare parameter SQLite
// looks whether its value implies the condition of notices_contract_idx, and
// prepares the statement anew for each notice, which doubles its time.
func saveNotice(t *tx, n reconcile.Notice) (Kept, error) {
	if !n.Verified {
		return KeptUnverified, saveUnverified(t, n)
	}
	repeated, err := t.result(`UPDATE notices SET repeats = repeats + 1, last_at = ?
		WHERE kind = CAST(? AS TEXT) AND mid = ? AND notify_id = ? AND digest = ? AND verified = 1`,
		instant(n.ReceivedAt), string(n.Kind), n.MID, n.ID, n.Digest)
	if err != nil {
		return "", err
	}
	if rows, err := repeated.RowsAffected(); err != nil || rows > 0 {
		return KeptRepeated, err
	}
	id, err := insertNotice(t, n)
	if err != nil || n.ID == "" {
		return KeptNew, err
	}
	return markChange(t, n, id)
}

func insertNotice(t *tx, n reconcile.Notice) (int64, error) {
	n.LastAt = n.ReceivedAt
	cols := noticeColumns(&n)
	return t.insert("notice_id", cols.insertInto("notices"), cols.pointers()...)
}

// markChange ties a notice to the first one of its id, where there is one.
func markChange(t *tx, n reconcile.Notice, id int64) (Kept, error) {
	changed, err := t.result(`UPDATE notices SET changes = first.notice_id
		FROM (SELECT min(notice_id) AS notice_id FROM notices WHERE kind = CAST(? AS TEXT) AND mid = ? AND notify_id = ? AND verified = 1) AS first
		WHERE notices.notice_id = ? AND first.notice_id < ?`, string(n.Kind), n.MID, n.ID, id, id)
	if err != nil {
		return "", err
	}
	if rows, err := changed.RowsAffected(); err != nil || rows > 0 {
		return KeptChanged, err
	}
	return KeptNew, nil
}

const unverifiedOfDay = " FROM notices WHERE verified = 0 AND path = ? AND received_at >= ? AND received_at < ?"

// saveUnverified keeps a row, or counts it on the last row of its day and path,
// with what is counted on it.
func saveUnverified(t *tx, n reconcile.Notice) error {
	day := reconcile.DayOf(n.ReceivedAt)
	group := []any{n.Path, instant(day.Start()), instant(day.End())}
	var rows, last int64
	if err := t.row("SELECT count(*), coalesce(max(notice_id), 0)"+unverifiedOfDay, group...).Scan(&rows, &last); err != nil {
		return err
	}
	if rows < unverifiedRows {
		_, err := insertNotice(t, n)
		return err
	}
	return t.exec("UPDATE notices SET repeats = repeats + 1 + ?, last_at = ? WHERE notice_id = ?", n.Repeats, instant(n.ReceivedAt), last)
}

// NoticeFilter selects notices. Zero fields select everything.
type NoticeFilter struct {
	Day reconcile.Day // Beijing date of the arrival
	MID string
}

// Notices lists notices by arrival, the first first, unverified ones too.
func (db *DB) Notices(ctx context.Context, f NoticeFilter) iter.Seq2[reconcile.Notice, error] {
	query := "SELECT " + noticeList("n") + " FROM notices AS n WHERE (:mid = '' OR n.mid = :mid)"
	if f.Day != 0 {
		query += " AND n.received_at >= :from AND n.received_at < :to"
	}
	args := named{"mid": f.MID, "from": instant(f.Day.Start()), "to": instant(f.Day.End())}
	return stream("notices", func(emit func(reconcile.Notice) error) error {
		return db.read(ctx, func(t *tx) error {
			return t.each(query+" ORDER BY n.received_at, n.notice_id", args.args(), func(row scanner) error {
				var n reconcile.Notice
				if err := row.Scan(noticeColumns(&n).pointers()...); err != nil {
					return err
				}
				return emit(n)
			})
		})
	})
}

// NoticeCount counts rows of notices.
type NoticeCount struct {
	All      int64 // unverified ones too
	Payments int64 // verified, of bills and deductions
}

// CountNotices counts what is stored, by mid as the notices name it.
func (db *DB) CountNotices(ctx context.Context) (map[string]NoticeCount, error) {
	counts := map[string]NoticeCount{}
	err := db.read(ctx, func(t *tx) error {
		const query = "SELECT mid, count(*), count(*) FILTER (WHERE verified = 1 AND kind <> 'contract') FROM notices GROUP BY mid"
		return t.each(query, nil, func(row scanner) error {
			var mid string
			var c NoticeCount
			err := row.Scan((*word)(&mid), &c.All, &c.Payments)
			counts[mid] = c
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("count notices: %w", err)
	}
	return counts, nil
}

// NoticesOf lists the verified notices about the bill of an order, the first
// received first.
func (db *DB) NoticesOf(ctx context.Context, k reconcile.BillKey) ([]reconcile.Notice, error) {
	var found []reconcile.Notice
	err := db.read(ctx, func(t *tx) error {
		return t.each("SELECT "+noticeList("n")+` FROM orders AS o CROSS JOIN notices AS n ON n.order_id = o.order_id
			WHERE o.mid = ? AND o.tid = ? AND o.inst_mid = ? AND o.bill_day = ? AND o.bill_no = ? AND n.verified = 1
			ORDER BY n.received_at, n.notice_id`, billKeyColumns(&k).pointers(), func(row scanner) error {
			var n reconcile.Notice
			err := row.Scan(noticeColumns(&n).pointers()...)
			found = append(found, n)
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("notices of bill %q: %w", k.BillNo, err)
	}
	return found, nil
}

func noticeList(table string) string { return noticeColumns(&reconcile.Notice{}).list(table) }

func noticeColumns(n *reconcile.Notice) columns {
	return columns{
		{"kind", (*word)(&n.Kind)},
		{"mid", (*word)(&n.MID)},
		{"notify_id", (*word)(&n.ID)},
		{"digest", (*word)(&n.Digest)},
		{"verified", (*flag)(&n.Verified)},
		{"why", (*word)(&n.Why)},
		{"path", (*word)(&n.Path)},
		{"received_at", (*instant)(&n.ReceivedAt)},
		{"last_at", (*instant)(&n.LastAt)},
		{"repeats", (*whole)(&n.Repeats)},
		{"body", &n.Raw},
		{"tid", (*word)(&n.TID)},
		{"inst_mid", (*word)(&n.InstMID)},
		{"bill_day", (*date)(&n.BillDay)},
		{"bill_no", (*word)(&n.BillNo)},
		{"bill_status", (*text)(&n.BillStatus)},
		{"status", (*text)(&n.Status)},
		{"mer_order_id", (*word)(&n.MerOrderID)},
		{"pay_seq_id", (*word)(&n.PaySeqID)},
		{"target_order_id", (*word)(&n.TargetOrderID)},
		{"target_sys", (*text)(&n.TargetSys)},
		{"total_fen", (*amount)(&n.Total)},
		{"pay_total_fen", (*amount)(&n.PaymentTotal)},
		{"buyer_fen", (*amount)(&n.BuyerPay)},
		{"coupon_fen", (*amount)(&n.Coupon)},
		{"refund_fen", (*amount)(&n.Refund)},
		{"pay_at", (*instant)(&n.PaidAt)},
		{"settle_day", (*date)(&n.SettleDay)},
		{"contract_id", (*word)(&n.ContractID)},
		{"signed_at", (*instant)(&n.ContractSigned)},
		{"ends_at", (*instant)(&n.ContractEnds)},
		{"service_id", (*word)(&n.ServiceID)},
		{"contract_open", (*flag)(&n.ContractOpen)},
		{"contract_at", (*instant)(&n.ContractAt)},
	}
}
