package ledger_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/encoding/simplifiedchinese"

	"github.com/umsrecon/umsrecon/reconcile"
)

func BenchmarkRead(b *testing.B) {
	const rows = 20_000
	var text strings.Builder
	text.WriteString("order_no,bill_no,bill_date,mid,tid,inst_mid,total_amount,status,paid_at,buyer_pay_amount,coupon_amount,settle_date\n")
	for i := range rows {
		fmt.Fprintf(&text, "SO%08d,3194202607191256%010d,2026-11-19,898340149000005,00000001,QRPAYDEFAULT,%d,已支付,2026-11-19 %02d:30:00,%d,0,2026-11-20\n", i, i, i+1, i%24, i+1)
	}
	gb, err := simplifiedchinese.GB18030.NewEncoder().String(text.String())
	require.NoError(b, err)
	for name, text := range map[string]string{"utf-8": text.String(), "gb18030": gb} {
		b.Run(name, func(b *testing.B) {
			books := newBooks(b, source(b, text))
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			n := 0
			for b.Loop() {
				_, err := books.Read(b.Context(), day, func(reconcile.Order, string) error { n++; return nil }, func(reconcile.BadRow) error { return nil })
				require.NoError(b, err)
			}
			require.Equal(b, b.N*rows, n)
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n), "ns/row")
		})
	}
}
