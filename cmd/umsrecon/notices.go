package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/umsrecon/umsrecon/reconcile"
	"github.com/umsrecon/umsrecon/store"
)

func (a *app) noticesCommand() *cobra.Command {
	return group("notices", "notices that the platform sent: import and list", a.importCommand(), a.listNoticesCommand())
}

const listExits = `Exit codes:
  0    done, whether there are notices or none
  1    error: there is no database yet, or it cannot be read
  2    usage or configuration
  130  interrupted`

func (a *app) listNoticesCommand() *cobra.Command {
	var date, mid, format string
	c := &cobra.Command{
		Use:   "list",
		Short: "list notices by arrival, unverified ones too",
		Long: "list shows what was received and imported, the first first: when, kind, merchant, order, status, amount and id,\n" +
			"and whether the signature held.",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := checkFormat(format); err != nil {
				return err
			}
			day, err := dayFlag("date", date, 0)
			if err != nil {
				return err
			}
			cfg, err := a.load(NeedDatabase)
			if err != nil {
				return err
			}
			return a.withStore(c, cfg, func(db *store.DB) error {
				return a.listNotices(c.Context(), db, store.NoticeFilter{Day: day, MID: mid}, format)
			})
		},
	}
	c.Flags().StringVar(&date, "date", "", "received on this day in Beijing, 2006-01-02")
	c.Flags().StringVar(&mid, "mid", "", "of this merchant")
	formatFlag(c, &format)
	return c
}

// noticeJSON is a notice as `notices list --format json` prints it; amounts are
// fen, null where it states none.
type noticeJSON struct {
	ID         string               `json:"notify_id"`
	Kind       reconcile.NoticeKind `json:"kind"` // empty: it could not be read
	MID        string               `json:"mid"`
	BillDate   *reconcile.Day       `json:"bill_date"`
	BillNo     *string              `json:"bill_no"`
	MerOrderID string               `json:"mer_order_id"`
	Status     string               `json:"status"`
	Total      reconcile.Amount     `json:"total_amount"`
	SettleDate *reconcile.Day       `json:"settle_date"`
	Verified   bool                 `json:"verified"`
	ReceivedAt string               `json:"received_at"`

	BillStatus string `json:"bill_status,omitempty"`
	Path       string `json:"path"`
	Repeats    int64  `json:"repeats"`
	LastAt     string `json:"last_at"`
	ContractID string `json:"contract_id,omitempty"`
	Why        string `json:"why,omitempty"` // why it is not verified, or which field could not be read
}

func noticeAsJSON(n reconcile.Notice) noticeJSON {
	out := noticeJSON{
		ID: n.ID, Kind: n.Kind, MID: n.MID, MerOrderID: n.MerOrderID, Status: n.Status, Total: n.Total, Verified: n.Verified,
		ReceivedAt: rfc3339(n.ReceivedAt), BillStatus: n.BillStatus, Path: n.Path, Repeats: n.Repeats, LastAt: rfc3339(n.LastAt),
		ContractID: n.ContractID, Why: n.Why,
	}
	if n.BillNo != "" {
		out.BillNo = &n.BillNo
	}
	if n.BillDay != 0 {
		out.BillDate = &n.BillDay
	}
	if n.SettleDay != 0 {
		out.SettleDate = &n.SettleDay
	}
	return out
}

func (a *app) listNotices(ctx context.Context, db *store.DB, f store.NoticeFilter, format string) error {
	all := []noticeJSON{}
	for n, err := range db.Notices(ctx, f) {
		if err != nil {
			return err
		}
		if format == "json" {
			all = append(all, noticeAsJSON(n))
			continue
		}
		a.printNotice(n)
	}
	if format == "json" {
		printJSON(a.stdout, all)
	}
	return nil
}

func (a *app) printNotice(n reconcile.Notice) {
	about := n.BillNo
	if about == "" {
		about = n.MerOrderID + n.ContractID
	}
	word := "verified"
	if !n.Verified {
		word = "NOT VERIFIED"
	}
	if n.Repeats > 0 {
		word += fmt.Sprintf(", %d repeats", n.Repeats)
	}
	line := fmt.Sprintf("%s  %-9s %-15s %-32s %-14s %12s  %s  %s  %s", timeText(n.ReceivedAt), kindText(n), n.MID, about, n.Status, n.Total.Yuan(), n.ID, word, n.Why)
	fmt.Fprintln(a.stdout, plain(strings.TrimSpace(line)))
}

func kindText(n reconcile.Notice) string {
	if n.Kind == "" {
		return "unread"
	}
	return string(n.Kind)
}
