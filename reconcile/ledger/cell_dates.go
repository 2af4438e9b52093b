package ledger

import (
	"strconv"
	"strings"
	"time"

	"github.com/umsrecon/umsrecon/reconcile"
)

// spoiltDate names what spreadsheets do to dates; no Words: none of it. The
// date is not taken: 46345 may as well be a number that slipped a column.
func spoiltDate(value string) reconcile.Words {
	if hasWide(value) {
		return say("日期 %s 含全角字符", "date %s has full-width characters", shown(value))
	}
	if _, ok := serialTime(value, false); ok {
		return say("日期 %s 是表格软件的日期序号，导出前请将该列设为文本 2006-01-02", "date %s is the serial number of a spreadsheet; format the column as 2006-01-02 before exporting", shown(value))
	}
	if _, err := time.Parse("2006/1/2", value); err == nil {
		return say("日期 %s 用了斜杠，应为 2006-01-02 或 20060102", "date %s has slashes, and not the form 2006-01-02 or 20060102", shown(value))
	}
	return reconcile.Words{}
}

// spoiltTime does the same for times.
func spoiltTime(value string, zone *time.Location) reconcile.Words {
	if hasWide(value) {
		return say("时间 %s 含全角字符", "time %s has full-width characters", shown(value))
	}
	if _, ok := serialTime(value, false); ok {
		return say("时间 %s 是表格软件的日期序号，导出前请将该列设为文本 2006-01-02 15:04:05", "time %s is the serial number of a spreadsheet; format the column as 2006-01-02 15:04:05 before exporting", shown(value))
	}
	if _, err := time.ParseInLocation("2006-01-02 15:04", value, zone); err == nil {
		return say("时间 %s 没有秒，应为 2006-01-02 15:04:05", "time %s has no seconds, and not the form 2006-01-02 15:04:05", shown(value))
	}
	day, _, _ := strings.Cut(value, " ")
	if _, err := time.Parse("2006/1/2", day); err == nil {
		return say("时间 %s 用了斜杠，应为 2006-01-02 15:04:05", "time %s has slashes, and not the form 2006-01-02 15:04:05", shown(value))
	}
	return reconcile.Words{}
}

// The serial numbers of 1970-01-01 and 2100-01-01 in workbooks that count
// from 1900; those that count from 1904 are offset1904 behind.
const (
	firstSerial = 25569
	lastSerial  = 73051
	offset1904  = 1462
)

// serialTime reads the number by which a workbook stores a date or time: days,
// and the time of day as a fraction, to the nearest second. It is in no zone.
func serialTime(value string, from1904 bool) (time.Time, bool) {
	whole, fraction, _ := strings.Cut(value, ".")
	if len(whole) != 5 || !digits(whole) || fraction != "" && !digits(fraction) {
		return time.Time{}, false
	}
	n, err := strconv.ParseFloat(value, 64)
	if from1904 {
		n += offset1904
	}
	if err != nil || n < firstSerial || n >= lastSerial {
		return time.Time{}, false
	}
	return time.Unix(int64((n-firstSerial)*86400+0.5), 0).UTC(), true
}
