package main

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/umsrecon/umsrecon/reconcile"
	"github.com/umsrecon/umsrecon/reconcile/ledger"
)

var noEnvironment = environment(nil)

// writeConfig writes a configuration into a folder of its own.
func writeConfig(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config.yaml")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	return path
}

func TestDefaultsPassTheirOwnChecks(t *testing.T) {
	c, err := Load(writeConfig(t, "cutoff: 00:00\n"), fullEnvironment, EverySection...)
	require.NoError(t, err)
	want := defaults()
	want.dir = c.dir
	want.Gateway.AppID, want.Gateway.AppKey = c.Gateway.AppID, c.Gateway.AppKey
	require.Equal(t, &want, c)
	require.Equal(t, "test-app", c.Gateway.AppID)

	_, err = Load(writeConfig(t, "cutoff: 00:00\n"), noEnvironment, NeedGateway)
	require.ErrorContains(t, err, "config.yaml: gateway.app_key: env:UMS_APP_KEY is not set")
}

func TestSettings(t *testing.T) {
	c, err := Load(writeConfig(t, "cutoff: 04:00"), noEnvironment)
	require.NoError(t, err)
	want := reconcile.DefaultSettings()
	want.Calendar.Cutoff = 4 * time.Hour
	got := c.Settings()
	require.Empty(t, got.Recheck)
	require.Empty(t, got.Calendar.Holidays)
	require.Empty(t, got.Calendar.ExtraWorkdays)
	got.Recheck, got.Calendar.Holidays, got.Calendar.ExtraWorkdays = nil, nil, nil
	require.Equal(t, want, got)

	c, err = Load(writeConfig(t, `
cutoff: 22:58
rules: {amount_basis: buyer_pay, tolerance: 1, lookback: 2d, stale_after: 5d, recheck: [7d, 30d], pay_window: 1h,
  ledger_grace: 2h, settle_grace: 3, refund_grace: 4d, notice_grace: 5m, amount_identity: true, double_payment: false, one_case_from: 50,
  holidays: [2026-10-01], extra_workdays: [20261010]}
statement: {path: "s/{date}.csv", fee_tolerance: 2}
settlement: {mode: full, fees: [{target_sys: WXPay, rate_ppm: 3800}]}`), noEnvironment)
	require.NoError(t, err)
	require.Equal(t, reconcile.Settings{
		Calendar: reconcile.Calendar{
			Cutoff:        22*time.Hour + 58*time.Minute,
			Holidays:      map[reconcile.Day]bool{reconcile.MakeDay(2026, 10, 1): true},
			ExtraWorkdays: map[reconcile.Day]bool{reconcile.MakeDay(2026, 10, 10): true},
		},
		AmountBasis: reconcile.BasisBuyerPay, Tolerance: 1, Lookback: 2, StaleAfter: 5, Recheck: []int{7, 30},
		PayWindow: time.Hour, LedgerGrace: 2 * time.Hour, SettleGrace: 3, RefundGrace: 96 * time.Hour,
		NoticeGrace: 5 * time.Minute, CheckIdentity: true, OneCaseFrom: 50,
		Statements: true, FeeTolerance: 2, Terms: reconcile.SettleTerms{
			Mode: reconcile.SettleFull, CouponFunder: reconcile.FunderPlatform, AllianceFunder: reconcile.FunderPlatform, FeeBase: reconcile.BasisBillTotal,
			Rates: []reconcile.FeeRate{{TargetSys: "WXPay", RatePPM: 3800}},
		},
	}, c.Settings())
}

// What a merchant has agreed with UMS is in the configuration, each for itself.
func TestSettleTerms(t *testing.T) {
	silent := reconcile.DefaultSettleTerms()
	for setting, change := range map[string]func(*reconcile.SettleTerms){
		"settlement: {mode: net}":                     func(*reconcile.SettleTerms) {},
		"settlement: {mode: full}":                    func(s *reconcile.SettleTerms) { s.Mode = reconcile.SettleFull },
		"settlement: {coupon_funder: merchant}":       func(s *reconcile.SettleTerms) { s.CouponFunder = reconcile.FunderMerchant },
		"settlement: {alliance_funder: merchant}":     func(s *reconcile.SettleTerms) { s.AllianceFunder = reconcile.FunderMerchant },
		"settlement: {fee_base: payment_total}":       func(s *reconcile.SettleTerms) { s.FeeBase = reconcile.BasisPaymentTotal },
		"settlement: {fee_base: buyer_pay}":           func(s *reconcile.SettleTerms) { s.FeeBase = reconcile.BasisBuyerPay },
		"settlement: {refunds_return_fees: true}":     func(s *reconcile.SettleTerms) { s.RefundsReturnFees = true },
		"settlement: {fees: [{rate_ppm: 1, cap: 2}]}": func(s *reconcile.SettleTerms) { s.Rates = []reconcile.FeeRate{{RatePPM: 1, Cap: 2}} },
	} {
		c, err := Load(writeConfig(t, setting), noEnvironment)
		require.NoError(t, err, setting)
		want := silent
		change(&want)
		require.Equal(t, want, c.Settings().Terms, setting)
	}
}

func TestStatementTypes(t *testing.T) {
	c, err := Load(writeConfig(t, "statement: {types: {refund: [退款, 消费]}}"), noEnvironment)
	require.NoError(t, err)
	require.Equal(t, map[reconcile.Kind][]string{reconcile.Payment: {"支付"}, reconcile.Refund: {"退款", "消费"}}, c.Statement.Types, "a default yields to what is written")
	require.Equal(t, []string{"支付", "消费"}, defaults().Statement.Types[reconcile.Payment])
	none, err := c.statements()
	require.NoError(t, err)
	require.Empty(t, none)
	require.False(t, c.Settings().Statements)
}

func TestMerchants(t *testing.T) {
	const common = `
gateway: {app_id: common, app_key: key}
ledger: {path: common.csv, amount_unit: yuan, columns: {bill_no: 账单号}}
notices: {key: notice}
`
	c, err := Load(writeConfig(t, common+`merchant: {mid: m, tid: "00000001"}`), noEnvironment)
	require.NoError(t, err)
	require.Equal(t, []Merchant{{
		Terminal: Terminal{"m", "00000001", "QRPAYDEFAULT"}, AppID: "common", AppKey: newSecret("key"),
		NoticeKey: newSecret("notice"), Ledger: &c.Ledger,
	}}, c.Merchants())

	c, err = Load(writeConfig(t, common+`merchants:
  - {mid: a}
  - {mid: b, tid: T, inst_mid: X, app_id: own, app_key: own-key, notice_key: own-notice,
     ledger: {path: b.csv, columns: {status: 状态}, statuses: {paid: [OK]}}}
`), noEnvironment)
	require.NoError(t, err)
	got := c.Merchants()
	require.Len(t, got, 2)
	require.Equal(t, Merchant{
		Terminal: Terminal{MID: "a", InstMID: "QRPAYDEFAULT"}, AppID: "common", AppKey: newSecret("key"),
		NoticeKey: newSecret("notice"), Ledger: &c.Ledger,
	}, got[0])
	require.Equal(t, Terminal{"b", "T", "X"}, got[1].Terminal)
	require.Equal(t, []string{"own", "own-key", "own-notice"}, []string{got[1].AppID, got[1].AppKey.Reveal(), got[1].NoticeKey.Reveal()})
	require.Equal(t, "b.csv", got[1].Ledger.Pattern)
	require.Equal(t, "yuan", got[1].Ledger.AmountUnit)
	require.Equal(t, map[string]string{"bill_no": "账单号", "status": "状态"}, got[1].Ledger.Columns)
	require.Equal(t, []string{"OK"}, got[1].Ledger.Statuses[reconcile.Paid])
	require.Equal(t, []string{"CLOSED"}, got[1].Ledger.Statuses[reconcile.Closed])
	require.Equal(t, map[string]string{"bill_no": "账单号"}, c.Ledger.Columns, "the top-level ledger is its own")
	require.Equal(t, ledger.DefaultStatuses(), c.Ledger.Statuses)
}

func TestMerchantsOwnKeysMakeTheCommonOnesNeedless(t *testing.T) {
	const own = `{mid: a, app_id: own, app_key: own-key, notice_key: own-notice}`
	const listen = "notices: {listen: \"127.0.0.1:80\"}\nmerchants:\n  - "
	_, err := Load(writeConfig(t, listen+own), noEnvironment, EverySection...)
	require.NoError(t, err)
	_, err = Load(writeConfig(t, listen+own+"\n  - {mid: b, app_id: own}"), noEnvironment, EverySection...)
	require.ErrorContains(t, err, "gateway.app_key: env:UMS_APP_KEY is not set")
	require.ErrorContains(t, err, "notices.key: env:UMS_NOTICE_KEY is not set")
	require.NotContains(t, err.Error(), "app_id")
}

func TestPaths(t *testing.T) {
	path := writeConfig(t, "database: ../x.db")
	c, err := Load(path, noEnvironment)
	require.NoError(t, err)
	require.Equal(t, filepath.Dir(path), c.Dir())
	require.Equal(t, filepath.Join(filepath.Dir(filepath.Dir(path)), "x.db"), c.database())
	absolute := filepath.Join(t.TempDir(), "y.db")
	require.Equal(t, absolute, c.Path(absolute))

	t.Chdir(filepath.Dir(path))
	c, err = Load("config.yaml", noEnvironment)
	require.NoError(t, err)
	require.True(t, filepath.IsAbs(c.Dir()))
}

func TestConfigPath(t *testing.T) {
	set := environment(map[string]string{"UMSRECON_CONFIG": "/etc/umsrecon.yaml"})
	require.Equal(t, "flag.yaml", configPath("flag.yaml", set))
	require.Equal(t, "/etc/umsrecon.yaml", configPath("", set))
	require.Equal(t, "config.yaml", configPath("", environment(map[string]string{"UMSRECON_CONFIG": ""})))
	require.Equal(t, "config.yaml", configPath("", noEnvironment))
}

func TestLoadUnreadableFile(t *testing.T) {
	dir := t.TempDir()
	large := filepath.Join(dir, "large.yaml")
	require.NoError(t, os.WriteFile(large, bytes.Repeat([]byte("#\n"), maxConfig/2+1), 0o600))
	for name, c := range map[string]struct{ path, says string }{
		"missing":   {filepath.Join(dir, "none.yaml"), "none.yaml: does not exist; try: umsrecon config example > config.yaml"},
		"directory": {dir, ": is a directory"},
		"too large": {large, "large.yaml: is larger than 1024 KiB"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Load(c.path, noEnvironment)
			require.ErrorContains(t, err, c.says)
			var config *ConfigError
			require.ErrorAs(t, err, &config)
		})
	}
	_, err := Load(filepath.Join(dir, "none.yaml"), noEnvironment)
	require.ErrorIs(t, err, fs.ErrNotExist)
}

// A source is like the ledger that lists it in what it does not name.
func TestSourcesInherit(t *testing.T) {
	c, err := Load(writeConfig(t, `
ledger:
  amount_unit: yuan
  columns: {bill_no: 账单号, status: 状态}
  sources: [{path: pay.csv}, {name: r, path: back.csv, amount_unit: fen, columns: {status: 退款状态}, may_be_empty: true}]
merchants:
  - {mid: "1", ledger: {path: own.csv}}
  - {mid: "2", ledger: {encoding: utf-8, sources: [{path: a.jsonl, format: jsonl}]}}
  - {mid: "3"}
`), fullEnvironment, EverySection...)
	require.NoError(t, err)
	each := c.Ledger.Each()
	require.Equal(t, []string{"pay.csv", "back.csv"}, []string{each[0].Pattern, each[1].Pattern})
	require.Equal(t, []string{"yuan", "fen"}, []string{each[0].AmountUnit, each[1].AmountUnit})
	require.Equal(t, map[string]string{"bill_no": "账单号", "status": "状态"}, each[0].Columns)
	require.Equal(t, map[string]string{"bill_no": "账单号", "status": "退款状态"}, each[1].Columns)
	require.True(t, each[1].MayBeEmpty)
	require.False(t, each[0].MayBeEmpty)

	all := c.Merchants()
	own := all[0].Ledger.Each()
	require.Len(t, own, 1, "a ledger that names a path means it")
	require.Equal(t, "own.csv", own[0].Pattern)
	theirs := all[1].Ledger.Each()
	require.Equal(t, []string{"jsonl", "utf-8", "yuan"}, []string{theirs[0].Format, theirs[0].Encoding, theirs[0].AmountUnit})
	books, err := c.books(wallClock{})
	require.NoError(t, err)
	var scopes []string
	for _, b := range books {
		scopes = append(scopes, b.Scope(1))
	}
	require.Equal(t, []string{"1:own.csv", "2:a.jsonl", "pay.csv", "back.csv"}, scopes)
	require.Equal(t, "pay.csv, r back.csv", c.Ledger.places())
}
