package main

import (
	"time"

	"github.com/umsrecon/umsrecon/reconcile"
	"github.com/umsrecon/umsrecon/reconcile/ledger"
)

// defaults is the configuration where the file is silent.
func defaults() Config {
	return Config{
		Timezone: china,
		Merchant: Terminal{InstMID: defaultInstMID},
		Gateway: Gateway{
			BaseURL:           "https://api-mop.chinaums.com",
			Auth:              "body-sig",
			TokenHeader:       "plain",
			RequestsPerSecond: 2,
			Concurrency:       8,
			Timeout:           15 * time.Second,
			Lease:             30 * time.Second,
			MaxAttempts:       4,
		},
		Ledger: Ledger{LedgerSource: LedgerSource{
			Format:     "csv",
			Pattern:    "ledger/orders-{date}.csv",
			Encoding:   "auto",
			AmountUnit: "fen",
			Columns:    map[string]string{},
			Statuses:   ledger.DefaultStatuses(),
			Timeout:    10 * time.Minute,
			Wait:       2 * time.Minute,
			Control:    Control{Totals: Totals{SumOf: "total_amount"}},
		}},
		Statement: Statement{
			Format:       "csv",
			Encoding:     "auto",
			AmountUnit:   "yuan",
			Columns:      map[string]string{},
			Types:        map[reconcile.Kind][]string{reconcile.Payment: {"支付", "消费"}, reconcile.Refund: {"退款", "退货"}},
			Control:      Totals{SumOf: "amount"},
			FeeTolerance: 1,
		},
		Database:   "umsrecon.db",
		Reports:    Reports{Dir: "reports", Language: "zh"},
		Rules:      defaultRules(),
		Settlement: Settlement{Mode: "net", CouponFunder: "platform", AllianceFunder: "platform", FeeBase: reconcile.BasisBillTotal},
		Schedule:   Schedule{Cron: "30 2 * * *", CatchUp: 7, RetryAt: []TimeOfDay{fiveOClock, eightOClock}, RetryFor: 20 * time.Hour},
		Notices:    Notices{Path: "/ums/notice", AllowMD5: true},
		PayScore:   PayScore{Detail: "object", Success: []string{"SUCCESS", "0000"}},
		Alerts:     Alerts{Silence: 26 * time.Hour},
	}
}

const (
	fiveOClock  = TimeOfDay(5 * time.Hour)
	eightOClock = TimeOfDay(8 * time.Hour)
)

// defaultRules are the domain's defaults under the keys of the file.
func defaultRules() Rules {
	d := reconcile.DefaultSettings()
	return Rules{
		AmountBasis: d.AmountBasis, Tolerance: d.Tolerance, Lookback: Days(d.Lookback), StaleAfter: Days(d.StaleAfter),
		PayWindow: d.PayWindow, LedgerGrace: d.LedgerGrace, SettleGrace: d.SettleGrace, RefundGrace: d.RefundGrace,
		NoticeGrace: d.NoticeGrace, AmountIdentity: d.CheckIdentity, DoublePayment: d.CheckDouble, OneCaseFrom: d.OneCaseFrom,
	}
}

// defaultInstMID is the one value that bills/query (spec: instMid) names.
const defaultInstMID = "QRPAYDEFAULT"

// defaultReferences stand where the file does not give the credentials.
var defaultReferences = map[string]string{
	"gateway.app_id":  "env:UMS_APP_ID",
	"gateway.app_key": "env:UMS_APP_KEY",
	"notices.key":     "env:UMS_NOTICE_KEY",
}
