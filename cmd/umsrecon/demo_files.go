package main

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/text/encoding/simplifiedchinese"

	"github.com/umsrecon/umsrecon/reconcile"
)

// demoFolder makes the folder empty: a new one, or one that an earlier demo
// has marked as its own.
func demoFolder(dir string) (string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	entries, err := os.ReadDir(dir)
	if err != nil && !os.IsNotExist(err) {
		return "", err
	}
	if len(entries) > 0 {
		if _, err := os.Stat(filepath.Join(dir, demoMarker)); err != nil {
			return "", fmt.Errorf("%s holds other files; try: umsrecon demo --dir another-folder", dir)
		}
		if err := os.RemoveAll(dir); err != nil {
			return "", err
		}
	}
	if err := os.MkdirAll(filepath.Join(dir, "ledger"), 0o750); err != nil {
		return "", err
	}
	return dir, os.WriteFile(filepath.Join(dir, demoMarker), []byte("made by umsrecon demo; made anew by the next one\n"), 0o640)
}

const demoConfig = `# Made by umsrecon demo. The gateway was a simulator that ran for the demo only:
# look around with report, runs and discrepancies; run would find nobody there.
merchant: {mid: "%s", tid: "%s", inst_mid: %s}
gateway:
  base_url: %s
  app_id: %s
  app_key: file:app.key
  requests_per_second: 1000
ledger:
  path: ledger/orders-{date}.csv
  amount_unit: yuan
  columns: {%s}
  statuses: {%s}
statement:
  path: statement/{date}.csv
  columns: {reference: 参考号, mer_order_id: 商户订单号, type: 交易类型, paid_at: 交易时间, amount: 交易金额, fee: 手续费, net: 清算金额}
notices: {expected: true, key: file:notice.key, contract_path: file:contract.path}
settlement: {fees: [{target_sys: WXPay, card: "", rate_ppm: 3800, cap: 0}, {target_sys: "Alipay 2.0", card: "", rate_ppm: 3800, cap: 0}, {target_sys: UnionPay, card: "", rate_ppm: 5000, cap: 2000}]}
`

func (s *stage) writeConfig(url string) error {
	var columns, statuses []string
	for _, c := range demoColumns {
		columns = append(columns, c.ours+": "+c.theirs)
	}
	for _, status := range reconcile.Statuses {
		statuses = append(statuses, fmt.Sprintf("%s: [%s]", status, demoStatuses[status]))
	}
	text := fmt.Sprintf(demoConfig, demoMID, demoTID, defaultInstMID, url, demoAppID, strings.Join(columns, ", "), strings.Join(statuses, ", "))
	return errors.Join(
		os.WriteFile(filepath.Join(s.dir, "app.key"), []byte(demoAppKey+"\n"), 0o600),
		os.WriteFile(filepath.Join(s.dir, "notice.key"), []byte(demoNoticeKey+"\n"), 0o600),
		os.WriteFile(filepath.Join(s.dir, "contract.path"), []byte(demoContractPath+"\n"), 0o600),
		os.WriteFile(filepath.Join(s.dir, "config.yaml"), []byte(text), 0o640),
	)
}

// writeLedger writes a day's ledger as merchants have it: GB18030, yuan,
// Chinese headings, with the time at which the books were taken.
func (s *stage) writeLedger(file, day reconcile.Day, rows []*row) error {
	var text bytes.Buffer
	w := csv.NewWriter(&text)
	w.UseCRLF = true
	record := make([]string, len(demoColumns))
	for i, c := range demoColumns {
		record[i] = c.theirs
	}
	_ = w.Write(record) // into memory
	for _, r := range rows {
		for i, c := range demoColumns {
			record[i] = c.cell(r)
		}
		_ = w.Write(record)
	}
	w.Flush()
	gb, err := simplifiedchinese.GB18030.NewEncoder().Bytes(text.Bytes())
	if err != nil {
		return err
	}
	path := filepath.Join(s.dir, "ledger", "orders-"+file.String()+".csv")
	if err := os.WriteFile(path, gb, 0o640); err != nil {
		return err
	}
	return os.Chtimes(path, demoSnapshot(day), demoSnapshot(day))
}
