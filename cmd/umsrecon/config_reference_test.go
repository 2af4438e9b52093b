package main

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/umsrecon/umsrecon/reconcile"
)

func TestReferences(t *testing.T) {
	path := writeConfig(t, `
timezone: env:ZONE
merchant: {mid: env:MID}
gateway: {app_id: file:id, app_key: file:keys/key, requests_per_second: env:RATE, timeout: env:TIMEOUT}
ledger: {columns: {bill_no: file:heading}, statuses: {paid: env:PAID}}
database: file:/dev/null
rules: {tolerance: env:TOLERANCE, double_payment: env:FALSE, holidays: file:holidays, recheck: ["env:AGE"]}
`)
	dir := filepath.Dir(path)
	require.NoError(t, os.Mkdir(filepath.Join(dir, "keys"), 0o700))
	for name, text := range map[string]string{
		"id": "the-id\n", "keys/key": "the-key\r\n", "heading": "账单号", "holidays": "2026-10-01\n2026-10-02\n\n",
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	env := environment(map[string]string{
		"ZONE": "UTC", "MID": "898340149000005", "RATE": "0.5", "TIMEOUT": "3s", "PAID": "OK, 成功", "TOLERANCE": "7",
		"FALSE": "false", "AGE": "7d",
	})
	c, err := Load(path, env, NeedMerchant, NeedGateway, NeedLedger, NeedRules)
	require.NoError(t, err)
	require.Equal(t, "UTC", c.Timezone.String())
	require.Equal(t, "898340149000005", c.Merchant.MID)
	require.Equal(t, "the-id", c.Gateway.AppID)
	require.Equal(t, "the-key", c.Gateway.AppKey.Reveal())
	require.InDelta(t, 0.5, c.Gateway.RequestsPerSecond, 0)
	require.Equal(t, "账单号", c.Ledger.Columns["bill_no"])
	require.Equal(t, []string{"OK", "成功"}, c.Ledger.Statuses[reconcile.Paid])
	require.Equal(t, reconcile.Fen(7), c.Rules.Tolerance)
	require.False(t, c.Rules.DoublePayment)
	require.Equal(t, []Days{7}, c.Rules.Recheck)
	require.Equal(t, []reconcile.Day{reconcile.MakeDay(2026, 10, 1), reconcile.MakeDay(2026, 10, 2)}, c.Rules.Holidays)
	require.Equal(t, defaults().Database, c.Database, "not needed, so it stays as it is by default")
}

// TestNeedlessReferences: what no section needs is neither read nor missed,
// and every section misses its own.
func TestNeedlessReferences(t *testing.T) {
	written := map[Section]string{
		NeedMerchant:   "merchant: {mid: env:UNSET}",
		NeedGateway:    "gateway: {concurrency: env:UNSET, app_id: a, app_key: b}",
		NeedLedger:     "ledger: {path: env:UNSET}",
		NeedDatabase:   "database: env:UNSET",
		NeedReports:    "reports: {dir: env:UNSET}",
		NeedRules:      "rules: {tolerance: env:UNSET}",
		NeedSettlement: "settlement: {fees: [{rate_ppm: env:UNSET}]}",
		NeedSchedule:   "schedule: {cron: env:UNSET}",
		NeedNotices:    "notices: {path: env:UNSET}",
		NeedNoticeKey:  "notices: {key: env:UNSET}",
		NeedPayScore:   "pay_score: {service_id: env:UNSET}",
		NeedAlerts:     "alerts: {recipients: [{channel: wecom, url: env:UNSET, when: [always]}]}",
		NeedMonitor:    "monitor: {metrics_file: env:UNSET}",
		NeedPing:       "monitor: {ping: env:UNSET}",
	}
	for section, text := range written {
		t.Run(string(section), func(t *testing.T) {
			path := writeConfig(t, text)
			var others []Section
			for s := range written {
				// These two need credentials, which are not set here.
				if s != section && s != NeedGateway && s != NeedNoticeKey {
					others = append(others, s)
				}
			}
			_, err := Load(path, noEnvironment, others...)
			require.NoError(t, err)
			_, err = Load(path, noEnvironment, section)
			require.ErrorContains(t, err, "env:UNSET is not set")
		})
	}
	_, err := Load(writeConfig(t, "timezone: env:UNSET"), noEnvironment)
	require.ErrorContains(t, err, "timezone: env:UNSET is not set")
}

func TestKeyFileOpenToEverybody(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no modes there")
	}
	path := writeConfig(t, "gateway: {app_id: file:key, app_key: file:key}")
	key := filepath.Join(filepath.Dir(path), "key")
	require.NoError(t, os.WriteFile(key, []byte("s3cr3t"), 0o600))
	for mode, refused := range map[os.FileMode]bool{0o600: false, 0o640: false, 0o644: true, 0o604: true, 0o602: true} {
		require.NoError(t, os.Chmod(key, mode))
		_, err := Load(path, noEnvironment, NeedGateway)
		if !refused {
			require.NoError(t, err, mode)
			continue
		}
		require.ErrorContains(t, err, "config.yaml:1: gateway.app_key: file:key is open to every user; try: chmod o-rwx \""+key+"\"")
		require.NotContains(t, err.Error(), "app_id", "that is no secret")
		require.NotContains(t, err.Error(), "s3cr3t")
	}
}

func TestUnfitReferencedFiles(t *testing.T) {
	path := writeConfig(t, "gateway: {app_id: a, app_key: file:key}")
	key := filepath.Join(filepath.Dir(path), "key")
	for name, c := range map[string]struct{ text, says string }{
		"empty":         {"\n", "file:key is empty"},
		"two lines":     {"s3cr3t\ns3cr3t\n", "must be one line"},
		"blank at end":  {"s3cr3t \n", "must have no blanks"},
		"two newlines":  {"s3cr3t\n\n", "must be one line"},
		"control":       {"s3cr3t\x00", "no control characters"},
		"far too large": {strings.Repeat("s3cr3t", 20_000), "file:key: is larger than 64 KiB"},
	} {
		t.Run(name, func(t *testing.T) {
			require.NoError(t, os.WriteFile(key, []byte(c.text), 0o600))
			_, err := Load(path, noEnvironment, NeedGateway)
			require.ErrorContains(t, err, c.says)
			require.NotContains(t, err.Error(), "s3cr3t")
		})
	}
}

// TestNoticesThatARunExpects: what `run` and `report` go by is what `serve` does,
// also where a reference says it; the key is only the receiver's.
func TestNoticesThatARunExpects(t *testing.T) {
	path := writeConfig(t, "notices: {listen: env:LISTEN, contract_path: env:CONTRACTS}")
	lookup := func(name string) (string, bool) {
		text, found := map[string]string{"LISTEN": "127.0.0.1:8090", "CONTRACTS": "/ums/a-long-secret-word-0123456789", "UMS_APP_ID": "a", "UMS_APP_KEY": "k"}[name]
		return text, found
	}
	c, err := Load(path, lookup, runNeeds(nightOptions{})...)
	require.NoError(t, err)
	require.True(t, c.Settings().ExpectNotices)
	require.True(t, c.Settings().ContractNotices)
	_, err = Load(path, lookup, EverySection...)
	require.ErrorContains(t, err, "notices.key")

	c, err = Load(writeConfig(t, "timezone: Asia/Shanghai"), lookup, runNeeds(nightOptions{})...)
	require.NoError(t, err)
	require.False(t, c.Settings().ExpectNotices)
	require.False(t, c.Settings().ContractNotices)
}
