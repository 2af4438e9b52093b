package reconcile_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/umsrecon/umsrecon/reconcile"
	"github.com/umsrecon/umsrecon/store"
)

// Two bills of a merchant and one of another share a payment reference: the case
// names all of them, what the merchant reads its own alone.
func TestAMerchantReadsNoBillOfAnother(t *testing.T) {
	const other = "898340149000006"
	w := newWorld(t)
	w.row(monday, "B1", "PAID")
	w.row(monday, "B2", "PAID")
	w.rows[monday] = append(w.rows[monday], "FOREIGN,"+monday.String()+",1908,PAID,"+monday.String()+" 10:00:00,"+other+",,\n")
	for _, no := range []string{"B1", "B2", "FOREIGN"} {
		b := w.paid(monday, no)
		if b.BillPayment.PaySeqID = "S9"; no == "FOREIGN" {
			b.MID = other
		}
		w.ums.Put(b)
	}
	w.run(monday)
	read := map[string]reconcile.Words{}
	for l, err := range w.db.Cases(t.Context(), store.Filter{Day: monday}) {
		require.NoError(t, err)
		if l.Case.Code != reconcile.PaymentReferenceReused {
			continue
		}
		read[l.Case.Key.BillNo] = l.Case.ForMerchant()
		foreign := mid
		if l.Case.Key.BillNo != "FOREIGN" {
			foreign = other
		}
		for _, text := range []string{l.Case.Reason.ZH, l.Case.Reason.EN} {
			require.Contains(t, text, foreign+"/", "in the house all is said")
			require.NotContains(t, l.Case.ForMerchant().ZH+l.Case.ForMerchant().EN, foreign)
		}
	}
	require.Equal(t, map[string]reconcile.Words{
		"B1":      {ZH: "渠道流水 paySeqId S9 同时出现在账单 2026-11-16/B2，另一商户的账单", EN: "payment reference paySeqId S9 also stands on 2026-11-16/B2, another merchant's bill"},
		"B2":      {ZH: "渠道流水 paySeqId S9 同时出现在账单 2026-11-16/B1，另一商户的账单", EN: "payment reference paySeqId S9 also stands on 2026-11-16/B1, another merchant's bill"},
		"FOREIGN": {ZH: "渠道流水 paySeqId S9 同时出现在另一商户的账单", EN: "payment reference paySeqId S9 also stands on another merchant's bill"},
	}, read)
}

// Every other reason is the merchant's own as it stands.
func TestAReasonThatNamesNobodyStays(t *testing.T) {
	said := reconcile.Words{ZH: "业务单号 1 另有已付账单 2026-11-16/B2", EN: "order 1 is also paid by 2026-11-16/B2"}
	require.Equal(t, said, reconcile.Case{Code: reconcile.DoublePayment, Reason: said}.ForMerchant())
	require.Equal(t, said, reconcile.Case{Code: reconcile.PaymentReferenceReused, Reason: said}.ForMerchant())
	key := reconcile.Words{ZH: "应答说的是另一张账单：mid is \"898340149000006\"", EN: "the answer is about another bill: mid is \"898340149000006\""}
	require.Equal(t, reconcile.AboutAnother(), reconcile.Case{Code: reconcile.ResponseKeyMismatch, Reason: key}.ForMerchant())
}
