package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/umsrecon/umsrecon/chinaums"
	"github.com/umsrecon/umsrecon/reconcile"
	"github.com/umsrecon/umsrecon/reconcile/gateway"
	"github.com/umsrecon/umsrecon/store"
)

func (a *app) noticesCommand() *cobra.Command {
	return group("notices", "notices that the platform sent: import and list", a.importCommand(), a.listNoticesCommand())
}

func (a *app) importCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "import FILE…",
		Short: "take in notices that the merchant's own server kept, one form-encoded or JSON body a line (- is stdin)",
		Long: "import checks the signature of every notice as the receiver does. Contract notices are not signed: those in a\n" +
			"file are taken as they are, so give only what your server received on its secret path. A notice that was\n" +
			"stored before is counted, not stored again. It ends with 3 when a line could not be read or verified.\n\n" + exitHelp,
		Args: cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, files []string) error {
			cfg, err := a.load(NeedMerchant, NeedDatabase, NeedNotices, NeedNoticeKey)
			if err != nil {
				return err
			}
			db, err := store.Open(c.Context(), cfg.Path(cfg.Database))
			if err != nil {
				return err
			}
			defer db.Close()
			return a.importNotices(c.Context(), cfg, db, files)
		},
	}
}

func (a *app) importNotices(ctx context.Context, cfg *Config, db *store.DB, files []string) error {
	bad := false
	for _, name := range files {
		i := &noticeImport{app: a, cfg: cfg, db: db, name: name, kept: map[store.Kept]int{}}
		err := i.file(ctx)
		fmt.Fprintf(a.stdout, "%s: %d lines: %d new, %d repeated, %d changed, %d unverified, %d unreadable\n", name, i.lines,
			i.kept[store.KeptNew], i.kept[store.KeptRepeated], i.kept[store.KeptChanged], i.kept[store.KeptUnverified], i.unreadable)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		bad = bad || i.unreadable > 0 || i.kept[store.KeptUnverified] > 0
	}
	if bad {
		return &exitError{code: exitDiscrepant}
	}
	return nil
}

const (
	importBatch = 500     // notices of one transaction
	maxNotice   = 1 << 20 // bytes of a line
)

// noticeImport is one file being taken in.
type noticeImport struct {
	*app
	cfg        *Config
	db         *store.DB
	name       string
	lines      int
	unreadable int
	kept       map[store.Kept]int
	batch      []reconcile.Notice
	from       []int // the lines of the batch
}

func (i *noticeImport) file(ctx context.Context) error {
	var in io.Reader = i.stdin
	if i.name != "-" {
		f, err := os.Open(i.name)
		if err != nil {
			return withoutPath(err)
		}
		defer f.Close()
		in = f
	}
	lines := bufio.NewReaderSize(in, 64<<10)
	for {
		line, tooLong, err := readLine(lines)
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if len(line) > 0 || err == nil {
			i.lines++
		}
		switch text := bytes.TrimSpace(bytes.TrimPrefix(line, []byte("\uFEFF"))); {
		case tooLong:
			i.complain(i.lines, fmt.Sprintf("is longer than %d bytes", maxNotice))
		case len(text) > 0:
			i.line(text)
		}
		if len(i.batch) == importBatch || err != nil {
			if saveErr := i.save(ctx); saveErr != nil || err != nil {
				return saveErr
			}
		}
	}
}

// readLine reads one line without its end. One that is too long is read to its
// end and not kept.
func readLine(r *bufio.Reader) (line []byte, tooLong bool, err error) {
	for {
		part, err := r.ReadSlice('\n')
		if line = append(line, part...); len(line) > maxNotice {
			line, tooLong = line[:1], true
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return line, tooLong, err
		}
	}
}

func (i *noticeImport) line(text []byte) {
	n, err := chinaums.ParseNotice("", text)
	if err != nil {
		i.complain(i.lines, err.Error())
		return
	}
	r := chinaums.Received{Notice: n, Verified: true, At: i.clock.Now(), Path: reconcile.ImportPath}
	if err := i.verify(n); err != nil {
		r.Verified, r.Why = false, err.Error()
	}
	i.batch, i.from = append(i.batch, gateway.Notice(r)), append(i.from, i.lines)
}

func (i *noticeImport) verify(n chinaums.Notice) error {
	key, ours := i.cfg.noticeKey(n.MID)
	switch {
	case !ours:
		return fmt.Errorf("merchant %q is not one of ours", n.MID)
	case n.Kind == chinaums.NoticeContract:
		return nil
	}
	return n.Verify(key, i.cfg.Notices.AllowMD5)
}

func (i *noticeImport) complain(line int, why string) {
	i.unreadable++
	fmt.Fprintf(i.stderr, "%s line %d: %s\n", i.name, line, plain(why))
}

// save commits the batch and tells of what is not as it should be.
func (i *noticeImport) save(ctx context.Context) error {
	kept, err := i.db.SaveNotices(ctx, i.batch)
	if err != nil {
		return err
	}
	for n, k := range kept {
		i.kept[k]++
		notice := i.batch[n]
		switch {
		case k == store.KeptUnverified, notice.Why != "":
			fmt.Fprintf(i.stderr, "%s line %d: %s: notice %q: %s\n", i.name, i.from[n], k, plain(notice.ID), plain(notice.Why))
		case k == store.KeptChanged:
			fmt.Fprintf(i.stderr, "%s line %d: notice %q was stored before with other content\n", i.name, i.from[n], plain(notice.ID))
		}
	}
	i.batch, i.from = i.batch[:0], i.from[:0]
	return nil
}

func (a *app) listNoticesCommand() *cobra.Command {
	var date, mid, format string
	c := &cobra.Command{
		Use:   "list",
		Short: "list notices by arrival, unverified ones too",
		Args:  cobra.NoArgs,
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
