package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestConfigRules holds each rule at its border, on both sides. Configurations
// that are wrong in one go stand in testdata/config.
func TestConfigRules(t *testing.T) {
	const ok = ""
	for config, says := range map[string]string{
		`gateway: {base_url: "https://api-mop.chinaums.com"}`:      ok,
		`gateway: {base_url: "https://api-mop.chinaums.com:8443"}`: ok,
		`gateway: {base_url: "https://[2001:db8::1]"}`:             ok,
		`gateway: {base_url: "http://localhost:1"}`:                ok,
		`gateway: {base_url: "http://127.9.9.9"}`:                  ok,
		`gateway: {base_url: "http://[::1]:65535"}`:                ok,
		`gateway: {base_url: "http://128.0.0.1"}`:                  "must be https",
		`gateway: {base_url: "http://localhost.example.com"}`:      "must be https",
		`gateway: {base_url: "http://127.0.0.1.example.com"}`:      "must be https",
		`gateway: {base_url: "http://localhost@example.com"}`:      "user or password",
		`gateway: {base_url: "https://h/"}`:                        "must end after the host",
		`gateway: {base_url: "https://h?"}`:                        "must end after the host",
		`gateway: {base_url: "https://h#"}`:                        "must end after the host",
		`gateway: {base_url: "https://h?x=1"}`:                     "must end after the host",
		`gateway: {base_url: "https://h:"}`:                        "must name a host",
		`gateway: {base_url: "https://h:0"}`:                       "must name a host",
		`gateway: {base_url: "https://h:65536"}`:                   "must name a host",
		`gateway: {base_url: "https://"}`:                          "must name a host",
		`gateway: {base_url: "https:h"}`:                           "must be a URL",
		`gateway: {base_url: "ftp://h"}`:                           "must be a URL",
		`gateway: {base_url: "h"}`:                                 "must be a URL",
		`gateway: {base_url: ""}`:                                  "must be a URL",
		`gateway: {base_url: "https://a b"}`:                       "must be a URL",

		`gateway: {auth: body-sig}`:                ok,
		`gateway: {auth: body_sig}`:                `must be body-sig or access-token, is "body_sig"; did you mean "body-sig"?`,
		`gateway: {requests_per_second: 0.001}`:    ok,
		`gateway: {requests_per_second: 100000}`:   ok,
		`gateway: {requests_per_second: 100000.1}`: "at most 100000",
		`gateway: {requests_per_second: -1}`:       "more than 0",
		`gateway: {requests_per_second: .nan}`:     "must be a number",
		`gateway: {concurrency: 1}`:                ok,
		`gateway: {concurrency: 1025}`:             "at most 1024",
		`gateway: {max_attempts: 1}`:               ok,
		`gateway: {max_attempts: 0}`:               "at least 1",
		`gateway: {max_requests_per_run: 0}`:       ok,
		`gateway: {timeout: 1ns}`:                  ok,
		`gateway: {timeout: 10m}`:                  ok,
		`gateway: {timeout: 601s}`:                 "must be at most 10m",
		`gateway: {timeout: 2562048h}`:             "must be a duration",
		`gateway: {app_id: a\b}`:                   "printable ASCII",
		`gateway: {app_id: 10037e6f6394}`:          ok,

		`cutoff: 00:00`:           ok,
		`cutoff: 23:59`:           ok,
		`cutoff: "04:00"`:         ok,
		`cutoff: 24:00`:           "must be a time of day",
		`cutoff: 4:00`:            "must be a time of day",
		`cutoff: 04:00:00`:        "must be a time of day",
		`cutoff: 1378`:            "must be a time of day",
		`timezone: UTC`:           ok,
		`timezone: Local`:         "a time zone that this machine knows",
		`timezone: ""`:            "a time zone that this machine knows",
		`timezone: ../etc/passwd`: "a time zone that this machine knows",

		`merchant: {mid: ABCDE1234567890, tid: APR40001}`: ok,
		`merchant: {mid: "", tid: ""}`:                    ok,
		`merchant: {tid: 0000001}`:                        "has lost its leading zeros",
		`merchant: {tid: "000000001"}`:                    "at most 8",
		`merchant: {mid: 8.9834E+14}`:                     "letters and digits",
		`merchant: {mid: ８９８}`:                            "letters and digits",

		`ledger: {path: "a/{date}/{yyyymmdd}-[ab]*.csv"}`:                                                  ok,
		`ledger: {path: "{date"}`:                                                                          "no other braces",
		`ledger: {path: "date}"}`:                                                                          "no other braces",
		`ledger: {path: "{{date}}"}`:                                                                       "no other braces",
		`ledger: {format: tsv}`:                                                                            "must be csv",
		`ledger: {format: jsonl}`:                                                                          ok,
		`ledger: {format: xlsx, sheet: 订单}`:                                                                ok,
		`ledger: {format: sqlite}`:                                                                         "ledger.query: is missing",
		`ledger: {format: sqlite, query: SELECT 1}`:                                                        ok,
		`ledger: {format: mysql, query: SELECT 1}`:                                                         "ledger.dsn: is missing",
		`ledger: {format: mysql, dsn: env:WORD}`:                                                           "ledger.query: is missing",
		`ledger: {format: mysql, dsn: env:WORD, query: "SELECT :day"}`:                                     ok,
		`ledger: {format: mysql, dsn: env:WORD, query: "SELECT :days"}`:                                    `did you mean "day"?`,
		`ledger: {format: mysql, dsn: env:WORD, query: "DELETE FROM a"}`:                                   "must begin with SELECT",
		`ledger: {format: mysql, dsn: env:EMPTY, query: SELECT 1}`:                                         "env:EMPTY is empty",
		`ledger: {format: postgres, dsn: "postgres://u:s3cr3t@h/d", query: SELECT 1}`:                      "must be env:NAME or file:PATH",
		`ledger: {timeout: 0s}`:                                                                            "more than 0s",
		`ledger: {sources: []}`:                                                                            ok,
		`ledger: {sources: [{path: a.csv}, {path: b.csv, columns: {bill_no: 单号}}]}`:                        ok,
		`ledger: {sources: [{path: a.csv}, {path: a.csv}]}`:                                                "is the same source as ledger.sources[0]",
		`ledger: {path: a.csv, sources: [{}, {}]}`:                                                         "is the same source",
		`ledger: {format: mysql, dsn: env:WORD, sources: [{query: SELECT 1}, {query: SELECT 2}]}`:          "is the same source",
		`ledger: {format: mysql, dsn: env:WORD, sources: [{query: SELECT 1}, {name: b, query: SELECT 2}]}`: ok,
		`ledger: {format: mysql, dsn: env:WORD, sources: [{name: a}]}`:                                     "ledger.sources[0].query: is missing",
		`ledger: {sources: [{format: tsv}]}`:                                                               "must be csv",
		`ledger: {sources: [{sources: []}]}`:                                                               "is not a known key",
		`ledger: {sources: [{name: "a b"}]}`:                                                               "letters, digits",
		`ledger: {columns: {order_no: 单号, bill_no: 单号}}`:                                                   ok,
		`ledger: {columns: {账单号: bill_no}}`:                                                                `ours comes first: write bill_no: "账单号"`,
		`ledger: {columns: {billNo: 账单号}}`:                                                                 `did you mean "bill_no"?`,
		`ledger: {statuses: {paid: [PAID], closed: [关闭]}}`:                                                 ok,
		`ledger: {statuses: {paid: [PAID, paid ]}}`:                                                        "means paid already",
		`ledger: {statuses: {success: [PAID]}}`:                                                            ok,
		`ledger: {statuses: {success: [PAID], paid: [已支付]}}`:                                               ok,
		`ledger: {statuses: {success: [ÄB], paid: [äB]}}`:                                                  ok,
		`ledger: {statuses: {payed: [x]}}`:                                                                 `is not a status; did you mean "paid"?`,

		`rules: {one_case_from: 0}`:                                     ok,
		`rules: {one_case_from: 19}`:                                    "0 (never), or 20 or more",
		`rules: {one_case_from: 20}`:                                    ok,
		`rules: {tolerance: 10000000000000}`:                            ok,
		`rules: {tolerance: 10000000000001}`:                            "must be at most",
		`rules: {lookback: 0d}`:                                         "at least 1",
		`rules: {lookback: 1d}`:                                         ok,
		`rules: {lookback: 3661d}`:                                      "at most 3660",
		`rules: {lookback: -1d}`:                                        "at least 1",
		`rules: {stale_after: 0d}`:                                      ok,
		`rules: {settle_grace: 250}`:                                    ok,
		`rules: {settle_grace: -1}`:                                     "at least 0",
		`rules: {pay_window: 0s}`:                                       ok,
		`rules: {pay_window: 0}`:                                        ok,
		`rules: {pay_window: 1h30m}`:                                    ok,
		`rules: {amount_identity: True}`:                                "must be true or false, is True",
		`rules: {amount_identity: on}`:                                  "must be true or false",
		`rules: {holidays: [2026-10-01], extra_workdays: [2026-10-10]}`: ok,
		`rules: {holidays: [20261001], extra_workdays: [2026-10-01]}`:   "stands in holidays, too",

		`settlement: {fees: [{rate_ppm: 0}, {card: T, rate_ppm: 1000000}]}`:                        ok,
		`settlement: {fees: [{rate_ppm: -1}]}`:                                                     "must be 0 to 1000000",
		`settlement: {fees: [{rate_ppm: 1}, {rate_ppm: 2}]}`:                                       "target_sys and card of fees[0]",
		`settlement: {fees: [{target_sys: WXPay, rate_ppm: 1}, {target_sys: wxpay, rate_ppm: 2}]}`: "target_sys and card of fees[0]",
		`schedule: {cron: "@daily"}`:                                                               ok,
		`schedule: {cron: "0,30 1-5 */2 JAN ?"}`:                                                   ok,
		`schedule: {cron: "30 2 31 2 *"}`:                                                          "never comes",
		`schedule: {cron: "30 2 29 2 *"}`:                                                          ok,
		`schedule: {cron: "30 2 31 12 *"}`:                                                         ok,
		`schedule: {cron: "60 2 * * *"}`:                                                           "is not a cron line",
		`schedule: {cron: "*/ 2 * * *"}`:                                                           "is not a cron line",
		`schedule: {cron: "@hourly"}`:                                                              "must be five fields",
		`schedule: {cron: "0 30 2 * * *"}`:                                                         "must be five fields",
		`schedule: {cron: "TZ=UTC 30 2 * * *"}`:                                                    "must not name a time zone",
		`schedule: {cron: "CRON_TZ=UTC 30 2 * * *"}`:                                               "must not name a time zone",
		`schedule: {cron: ""}`:                                                                     "must be five fields",
		`notices: {listen: ":8080", key: k}`:                                                       ok,
		`notices: {listen: "8080", key: k}`:                                                        "must be host:port",
		`notices: {listen: "h:http", key: k}`:                                                      "must be host:port",
		`notices: {path: /a.b/c_d~}`:                                                               ok,
		`notices: {path: /}`:                                                                       "must be a path",
		`notices: {path: /a/}`:                                                                     "must be a path",
		`notices: {path: "/{x}"}`:                                                                  "must be a path",
		`notices: {path: /a/..}`:                                                                   "must be a path",
		`notices: {path: /a/0123456789abcdef, contract_path: /a/0123456789abcdef}`:                 "must differ from notices.path",
		`notices: {contract_path: /ums/0123456789abcdef}`:                                          ok,
		`notices: {contract_path: ""}`:                                                             ok,
		`notices: {contract_path: /ums/0123456789abcde}`:                                           "carries a secret",
		`gateway: {auth: access-token, token_header: quoted}`:                                      ok,
		`gateway: {token_header: bare}`:                                                            "must be plain or quoted",
		`pay_score: {detail: string}`:                                                              "must be object or text",
		`pay_score: {success: []}`:                                                                 "names no code",
		`pay_score: {service_id: "00004000000000000000000000000000"}`:                              ok,
		`pay_score: {service_id: "000040000000000000000000000000001"}`:                             "at most 32",
	} {
		t.Run(config, func(t *testing.T) {
			_, err := Load(writeConfig(t, config), fullEnvironment, EverySection...)
			if says == ok {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, says)
			require.NotContains(t, err.Error(), "\n", "one fault is told once")
			key, _, _ := strings.Cut(config, ":")
			require.ErrorContains(t, err, "config.yaml:1: "+key)
		})
	}
}

func TestDidYouMean(t *testing.T) {
	words := []string{"paid", "unpaid", "closed", "base_url", "app_key", "concurrency"}
	for word, want := range map[string]string{
		"payed": "paid", "Unpaid": "unpaid", "colsed": "closed", "BaseURL": "base_url", "app-key": "app_key",
		"concurency": "concurrency", "zzz": "", "x": "", "": "", "账单号": "", "database": "",
	} {
		if want != "" {
			want = `; did you mean "` + want + `"?`
		}
		require.Equal(t, want, didYouMean(word, words), word)
	}
}
