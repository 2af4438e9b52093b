package reconcile

import (
	"fmt"
)

// KindTotals holds the figures of one kind of order.
type KindTotals struct {
	Loaded  Sum           `json:"loaded"`
	Classes map[Class]Sum `json:"classes"`
	// Carried is the part of Classes that was carried over from earlier days.
	Carried map[Class]Sum `json:"carried"`
	// Ledger and UMS add up the money that each side says has moved.
	Ledger Sum `json:"ledger"`
	UMS    Sum `json:"ums"`
	// OwnLedger and OwnUMS are the parts of them that are not carried over.
	OwnLedger Sum `json:"own_ledger"`
	OwnUMS    Sum `json:"own_ums"`
	// BuyerPay and Coupon are what UMS states, over the bills that it says are paid.
	BuyerPay       Sum `json:"buyer_pay"`
	Coupon         Sum `json:"coupon"`
	LedgerBuyerPay Sum `json:"ledger_buyer_pay"`
	LedgerCoupon   Sum `json:"ledger_coupon"`
	// BuyerPayBeside and CouponBeside are the parts of BuyerPay and Coupon that
	// the ledger carries a figure for, right or wrong.
	BuyerPayBeside Sum    `json:"buyer_pay_beside"`
	CouponBeside   Sum    `json:"coupon_beside"`
	Bridge         Bridge `json:"bridge"`
}

// Bridge explains UMS − ledger to the fen.
type Bridge struct {
	ByCode     map[Code]Sum `json:"by_code"` // both sides moved money, by the code that carries the difference
	OneSided   Sum          `json:"one_sided"`
	Unverified Sum          `json:"unverified"`
	Waiting    Sum          `json:"waiting"`
}

func newKindTotals() *KindTotals {
	return &KindTotals{Classes: map[Class]Sum{}, Carried: map[Class]Sum{}, Bridge: Bridge{ByCode: map[Code]Sum{}}}
}

func (k *KindTotals) countMoney(t *tally, v Verdict, o Order, b Bill, carried bool) {
	if v.Facts.LedgerPaid {
		t.add(&k.Ledger, v.Ledger)
		if !carried {
			t.add(&k.OwnLedger, v.Ledger)
		}
		t.addKnown(&k.LedgerBuyerPay, o.BuyerPay)
		t.addKnown(&k.LedgerCoupon, o.Coupon)
	}
	if v.Facts.BillPaid {
		flow := b.flow(v.Key.Kind())
		t.add(&k.UMS, v.UMS)
		if !carried {
			t.add(&k.OwnUMS, v.UMS)
		}
		t.addKnown(&k.BuyerPay, flow.BuyerPay)
		t.addKnown(&k.Coupon, flow.Coupon)
		if o.BuyerPay.Known {
			t.addKnown(&k.BuyerPayBeside, flow.BuyerPay)
		}
		if o.Coupon.Known {
			t.addKnown(&k.CouponBeside, flow.Coupon)
		}
	}
}

func (b *Bridge) count(t *tally, v Verdict) {
	d := v.UMS - v.Ledger
	switch {
	case v.Class == Unverified:
		t.add(&b.Unverified, d)
	case d == 0:
	case v.Class == Waiting:
		t.add(&b.Waiting, d)
	case v.OneSided():
		t.add(&b.OneSided, d)
	case v.Carrier != "":
		addTo(t, b.ByCode, v.Carrier, d)
	default:
		t.fail(fmt.Errorf("%w: order %s differs by %s and no finding says why", ErrBooksOpen, v.Key.BillNo, d.Yuan()))
	}
}

func (k *KindTotals) check() error {
	var classes Sum
	for _, s := range k.Classes {
		classes.Count += s.Count
		total, err := classes.Fen.Add(s.Fen)
		if err != nil {
			return err
		}
		classes.Fen = total
	}
	if classes != k.Loaded {
		return fmt.Errorf("classes hold %d orders of %s yuan, loaded were %d of %s",
			classes.Count, classes.Fen.Yuan(), k.Loaded.Count, k.Loaded.Fen.Yuan())
	}
	explained := k.Bridge.OneSided.Fen + k.Bridge.Unverified.Fen + k.Bridge.Waiting.Fen
	for _, s := range k.Bridge.ByCode {
		explained += s.Fen
	}
	if d := k.UMS.Fen - k.Ledger.Fen; d != explained {
		return fmt.Errorf("UMS − ledger is %s yuan, the bridge explains %s", d.Yuan(), explained.Yuan())
	}
	return nil
}
