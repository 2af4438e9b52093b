package ledger_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/encoding/simplifiedchinese"

	"github.com/umsrecon/umsrecon/reconcile"
	"github.com/umsrecon/umsrecon/reconcile/ledger"
)

var (
	day      = reconcile.MakeDay(2026, 11, 19)
	terminal = ledger.Defaults{MID: "898340149000005", TID: "00000001", InstMID: "QRPAYDEFAULT"}
)

// result is everything that one reading has passed on.
type result struct {
	orders []reconcile.Order
	rows   []string
	bad    []reconcile.BadRow
	load   reconcile.Load
}

func readBooks(b *ledger.Books, on reconcile.Day) (r result, err error) {
	r.load, err = b.Read(context.Background(), on,
		func(o reconcile.Order, row string) error {
			r.orders, r.rows = append(r.orders, o), append(r.rows, row)
			if o.Kind() == reconcile.Payment && o.Status != reconcile.Refunded && o.Status != reconcile.PartRefunded && !ledger.Agrees(o, row) {
				return fmt.Errorf("%s does not agree with its fingerprint", o.BillNo)
			}
			return nil
		},
		func(row reconcile.BadRow) error {
			r.bad = append(r.bad, row)
			return nil
		})
	return r, err
}

// source is a ledger of one file that holds the text.
func source(t testing.TB, text string) ledger.Source {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "orders.csv"), []byte(text), 0o600))
	return ledger.Source{Dir: dir, Pattern: "orders.csv", Defaults: terminal}
}

func readSource(t testing.TB, s ledger.Source) (result, error) {
	t.Helper()
	b, err := ledger.New(s)
	require.NoError(t, err)
	return readBooks(b, day)
}

func readText(t testing.TB, text string) result {
	t.Helper()
	r, err := readSource(t, source(t, text))
	require.NoError(t, err)
	return r
}

func lines(rows ...string) string { return strings.Join(rows, "\n") + "\n" }

const plainHeader = "bill_no,bill_date,total_amount,status"

const everyColumn = "order_no,bill_no,bill_date,mid,tid,inst_mid,total_amount,status,paid_at,buyer_pay_amount,coupon_amount,settle_date,mer_order_id,auth_id_resp_cd,contract_id,fen_order_id,service_id,service_start_at,service_end_at,authed_amount"

func TestReadEveryColumn(t *testing.T) {
	r := readText(t, lines(everyColumn,
		"SO-1,319420230719,2026-11-19,898340149000006,T0000002,APPDEFAULT,1908,paid,2026-11-19 22:30:00,954,0,20261120,3194202307190,A1,C1,F1,S1,2026-11-19T00:00:00Z,2026-11-19 10:00:00,900"))
	require.Empty(t, r.bad)
	at := func(s string) time.Time {
		parsed, err := time.ParseInLocation(time.DateTime, s, reconcile.Beijing)
		require.NoError(t, err)
		return parsed
	}
	require.Equal(t, []reconcile.Order{{
		Key: reconcile.Key{BillKey: reconcile.BillKey{
			MID: "898340149000006", TID: "T0000002", InstMID: "APPDEFAULT", BillDay: day, BillNo: "319420230719",
		}},
		LedgerDay: day, OrderNo: "SO-1", Amount: 1908, Status: reconcile.Paid,
		PaidAt: at("2026-11-19 22:30:00"), BuyerPay: reconcile.Some(954), Coupon: reconcile.Some(0),
		SettleDay: day + 1, MerOrderID: "3194202307190", Authed: reconcile.Some(900),
		AuthCode: "A1", ContractID: "C1", FenOrderID: "F1", ServiceID: "S1",
		ServiceStart: at("2026-11-19 08:00:00"), ServiceEnd: at("2026-11-19 10:00:00"),
		Source: reconcile.Source{File: "orders.csv", Line: 2},
	}}, r.orders)
	require.Equal(t, int64(1), r.load.Rows)
}

func TestReadWhatIsNotThereIsAbsent(t *testing.T) {
	r := readText(t, lines(plainHeader+",buyer_pay_amount,paid_at,tid,settle_date,authed_amount", "3194A,2026-11-19,0,UNPAID,,,,,0"))
	require.Empty(t, r.bad)
	o := r.orders[0]
	require.Equal(t, terminal.TID, o.TID)
	require.Equal(t, reconcile.Fen(0), o.Amount)
	require.False(t, o.BuyerPay.Known)
	require.False(t, o.Coupon.Known)
	require.False(t, o.Authed.Known, "exports fill the column with zeros")
	require.True(t, o.PaidAt.IsZero())
	require.Zero(t, o.SettleDay)
}

const chinese = "账单号,账单日期,金额（元）,状态\n3194A,2026-11-19,19.08,已支付\n3194B,20261119,19.8,待付\n"

func chineseSource(t testing.TB, text string) ledger.Source {
	s := source(t, text)
	s.Unit = ledger.Yuan
	s.Columns = map[string]string{"bill_no": "账单号", "bill_date": "账单日期", "total_amount": "金额（元）", "status": "状态"}
	s.Statuses = map[reconcile.Status][]string{reconcile.Unpaid: {"待付"}}
	return s
}

func TestReadEncodings(t *testing.T) {
	gb, err := simplifiedchinese.GB18030.NewEncoder().String(chinese)
	require.NoError(t, err)
	gbMark, err := simplifiedchinese.GB18030.NewEncoder().String("\ufeff" + chinese)
	require.NoError(t, err)
	for name, c := range map[string]struct {
		text   string
		forced ledger.Encoding
	}{
		"utf-8":              {chinese, ledger.Auto},
		"utf-8 forced":       {chinese, ledger.UTF8},
		"utf-8 with mark":    {"\ufeff" + chinese, ledger.Auto},
		"gb18030":            {gb, ledger.Auto},
		"gb18030 forced":     {gb, ledger.GB18030},
		"gb18030 with mark":  {gbMark, ledger.Auto},
		"crlf":               {strings.ReplaceAll(chinese, "\n", "\r\n"), ledger.Auto},
		"lone cr":            {strings.ReplaceAll(chinese, "\n", "\r"), ledger.Auto},
		"no newline at end":  {strings.TrimSuffix(chinese, "\n"), ledger.Auto},
		"blank lines":        {"\n  \n" + strings.ReplaceAll(chinese, "\n", "\n\n,,,\n"), ledger.Auto},
		"semicolons":         {strings.ReplaceAll(chinese, ",", ";"), ledger.Auto},
		"tabs":               {strings.ReplaceAll(chinese, ",", "\t"), ledger.Auto},
		"bars in gb18030":    {strings.ReplaceAll(gb, ",", "|"), ledger.Auto},
		"quoted throughout":  {`"` + strings.ReplaceAll(strings.ReplaceAll(strings.TrimSpace(chinese), ",", `","`), "\n", "\"\n\"") + "\"\n", ledger.Auto},
		"blanks in headings": {strings.Replace(chinese, "状态", " 状态 ", 1), ledger.Auto},
	} {
		t.Run(name, func(t *testing.T) {
			s := chineseSource(t, c.text)
			s.Encoding = c.forced
			r, err := readSource(t, s)
			require.NoError(t, err)
			require.Empty(t, r.bad)
			require.Len(t, r.orders, 2)
			require.Equal(t, reconcile.Fen(1908), r.orders[0].Amount)
			require.Equal(t, reconcile.Fen(1980), r.orders[1].Amount)
			require.Equal(t, reconcile.Unpaid, r.orders[1].Status)
		})
	}
}

// A byte that is wrong costs its row, whichever encoding the others prove.
func TestReadDamagedEncoding(t *testing.T) {
	more := strings.Repeat("3194C,2026-11-19,1.00,已支付\n", 3)
	gb, err := simplifiedchinese.GB18030.NewEncoder().String(chinese + more)
	require.NoError(t, err)
	for name, text := range map[string]string{
		"utf-8":               chinese + "3194D,2026-11-19,1.00,已支\xe4\n" + more,
		"utf-8 with mark":     "\ufeff" + chinese + "3194D,2026-11-19,1.00,\xff\n" + more,
		"gb18030":             gb + "3194D,2026-11-19,1.00,\xd2\n",
		"gb18030, a lone 80":  gb + "3194D,2026-11-19,1.00,\x80\n",
		"gb18030, unassigned": gb + "3194D,2026-11-19,1.00,\xfe\xfe\x84\x31\xa4\x39\n",
	} {
		t.Run(name, func(t *testing.T) {
			r, err := readSource(t, chineseSource(t, text))
			require.NoError(t, err)
			require.Len(t, r.orders, 5)
			require.Len(t, r.bad, 1)
			require.Contains(t, r.bad[0].Reason.EN, "bytes that")
			require.Contains(t, r.bad[0].Raw, "3194D")
		})
	}
}

func TestReadForcedEncodingHolds(t *testing.T) {
	gb, err := simplifiedchinese.GB18030.NewEncoder().String(lines(plainHeader, "3194A,2026-11-19,1,已支付", "3194B,2026-11-19,1,PAID"))
	require.NoError(t, err)
	s := source(t, gb)
	s.Encoding = ledger.UTF8
	r, err := readSource(t, s)
	require.NoError(t, err)
	require.Len(t, r.orders, 1)
	require.Len(t, r.bad, 1)
	require.Equal(t, "holds bytes that utf-8 does not define: export it again, or look at encoding", r.bad[0].Reason.EN)
}

func TestReadRefusesWhatIsNoText(t *testing.T) {
	for name, text := range map[string]string{
		"utf-16 le":            "\xff\xfeb\x00i\x00",
		"utf-16 be":            "\xfe\xff\x00b\x00i",
		"utf-16 without mark":  "b\x00i\x00l\x00l\x00_\x00n\x00o\x00\n\x00",
		"workbook":             "PK\x03\x04\x14\x00",
		"old workbook":         "\xd0\xcf\x11\xe0\xa1\xb1",
		"portable document":    "%PDF-1.7",
		"nul byte in a header": plainHeader + "\x00\n",
	} {
		t.Run(name, func(t *testing.T) {
			_, err := readSource(t, source(t, text))
			require.ErrorIs(t, err, ledger.ErrNotText)
			require.ErrorContains(t, err, "orders.csv")
		})
	}
}

func TestReadEmpty(t *testing.T) {
	for name, text := range map[string]string{"no byte": "", "blank lines": "\n \r\n\n", "mark": "\ufeff", "separators": ",,,\n"} {
		t.Run(name, func(t *testing.T) {
			r, err := readSource(t, source(t, text))
			require.ErrorIs(t, err, reconcile.ErrHeadless)
			require.Zero(t, r.load.Rows)
			require.Equal(t, []string{"orders.csv"}, r.load.Files)
			require.NotEmpty(t, r.load.SHA256)
		})
	}
	r := readText(t, plainHeader)
	require.Zero(t, r.load.Rows, "a header alone is a ledger without rows")
}

func TestReadLoad(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string, at time.Time) {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		require.NoError(t, os.Chtimes(path, at, at))
	}
	older, younger := time.Date(2026, 11, 20, 1, 0, 0, 0, reconcile.Beijing), time.Date(2026, 11, 20, 2, 0, 0, 0, reconcile.Beijing)
	a := lines(plainHeader, "3194A,2026-11-19,1,paid", "3194A,x,1,paid")
	b := lines("bill_no,bill_date,status,total_amount", "3194B,2026-11-19,paid,2")
	write("b-2026-11-19.csv", b, older)
	write("a-2026-11-19.csv", a, younger)
	write("c-2026-11-19.csv", "", older)
	books, err := ledger.New(ledger.Source{Dir: dir, Pattern: "?-{date}.csv", Name: "m1", Defaults: terminal})
	require.NoError(t, err)
	r, err := readBooks(books, day)
	require.NoError(t, err)
	require.Equal(t, reconcile.Load{
		Scope:      "m1:?-2026-11-19.csv",
		Files:      []string{"a-2026-11-19.csv", "b-2026-11-19.csv", "c-2026-11-19.csv"},
		SHA256:     fmt.Sprintf("%x", sha256.Sum256([]byte(a+b))),
		SnapshotAt: older, Taken: []time.Time{younger, older, older}, Day: day, Rows: 3, Invalid: 1, Headless: []string{"c-2026-11-19.csv"},
	}, r.load, "a day's books are as complete as its oldest file")
	require.Equal(t, []string{"3194A", "3194B"}, []string{r.orders[0].BillNo, r.orders[1].BillNo})
	require.Equal(t, "b-2026-11-19.csv", r.orders[1].Source.File)
	_, err = readBooks(books, day+1)
	require.ErrorIs(t, err, reconcile.ErrNoLedger)
	require.ErrorContains(t, err, "?-2026-11-20.csv")

	books, err = ledger.New(ledger.Source{Dir: dir, Pattern: "?-2026-11-19.csv", Defaults: terminal})
	require.NoError(t, err)
	r, err = readBooks(books, day)
	require.NoError(t, err)
	require.Equal(t, younger, r.load.SnapshotAt, "the old files of a source of all days are of old days")
	require.Equal(t, []time.Time{younger, older, older}, r.load.Taken)
	books, err = ledger.New(ledger.Source{Dir: dir, Pattern: "a-{date}.csv", Defaults: terminal})
	require.NoError(t, err)
	r, err = readBooks(books, day)
	require.NoError(t, err)
	require.Equal(t, younger, r.load.SnapshotAt)
	require.Empty(t, r.load.Taken, "there is one file")
}
