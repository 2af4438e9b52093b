package ledger

import (
	"errors"
	"regexp"
	"strings"
	"time"
	"unicode"

	"github.com/umsrecon/umsrecon/reconcile"
)

// Every reader of a cell returns what is wrong with it; no Words: nothing.

// asciiBlanks are what may stand around an amount, a date or a time.
const asciiBlanks = " \t"

// amount reads a cell in the unit of the ledger. The value is not empty.
func (u Unit) amount(value string) (reconcile.Fen, reconcile.Words) {
	parse := reconcile.ParseFen
	if u == Yuan {
		parse = reconcile.ParseYuan
	}
	f, err := parse(value)
	if err != nil {
		return 0, u.wrong(value, err)
	}
	return f, reconcile.Words{}
}

// amountFaults name what merchants' exports do to amounts; the first that
// fits is told.
var amountFaults = []struct {
	zh, en string
	fits   func(string) bool
}{
	{"金额 %s 含括号", "amount %s is in brackets", has("()（）")},
	{"金额 %s 含货币符号", "amount %s carries a currency mark", currency},
	{"金额 %s 含全角字符", "amount %s has full-width characters", hasWide},
	{"金额 %s 为科学计数法", "amount %s is in scientific notation", exponential},
	{"金额 %s 带正负号", "amount %s has a sign", signed},
	{"金额 %s 含千分位分隔符", "amount %s has a thousands separator", grouped},
	{"金额 %s 用逗号作小数点", "amount %s has a comma for its decimal point", decimalComma},
	{"金额 %s 含空白", "amount %s holds a blank", func(s string) bool { return strings.IndexFunc(s, invisible) >= 0 }},
}

// currency recognises marks and the names that stand before or behind a number.
func currency(s string) bool {
	word := strings.ToUpper(strings.Trim(s, "0123456789., \t"))
	return strings.ContainsAny(s, "¥￥元$圆") || word == "RMB" || word == "CNY"
}

var (
	groupedForm      = regexp.MustCompile(`^[0-9]{1,3}([,' ’][0-9]{3,4})+(\.[0-9]*)?$`)
	decimalCommaForm = regexp.MustCompile(`^[0-9]+,[0-9]{1,2}$`)
)

func grouped(s string) bool      { return groupedForm.MatchString(s) }
func decimalComma(s string) bool { return decimalCommaForm.MatchString(s) }

func has(chars string) func(string) bool {
	return func(s string) bool { return strings.ContainsAny(s, chars) }
}

// signed recognises a sign before or behind (19.08-), not the dashes of a date.
func signed(s string) bool {
	bare := strings.Trim(s, "+-−")
	return bare != s && bare != ""
}

// exponential recognises 1e3, not every word with an e (None).
func exponential(s string) bool {
	mantissa, exponent, ok := cutExponent(strings.TrimLeft(s, "+-"))
	return ok && digits(strings.Replace(mantissa, ".", "", 1)) && digits(strings.TrimLeft(exponent, "+-"))
}

func hasWide(s string) bool { return strings.IndexFunc(s, wide) >= 0 }

// wide says whether r is the full-width twin of an ASCII character.
func wide(r rune) bool { return r >= '！' && r <= '～' }

func (u Unit) wrong(value string, err error) reconcile.Words {
	quoted := shown(value)
	for _, f := range amountFaults {
		if f.fits(value) {
			return u.wanted(say(f.zh, f.en, quoted))
		}
	}
	_, yuanErr := reconcile.ParseYuan(value)
	switch {
	case errors.Is(err, reconcile.ErrAmountRange):
		return say("金额 %s 超出范围（最大 %s 元）", "amount %s is out of range, the largest is %s yuan", quoted, reconcile.MaxFen.Yuan())
	case u == Fen && strings.Contains(value, ".") && yuanErr == nil:
		return say("金额 %s 有小数，而单位设为分（试试 amount_unit: yuan）", "amount %s has decimals though the unit is fen (try: amount_unit: yuan)", quoted)
	case u == Fen && len(value) > 1 && value[0] == '0' && yuanErr == nil:
		return u.wanted(say("金额 %s 有前导零", "amount %s has a leading zero", quoted))
	case u == Yuan && finer(value):
		return u.wanted(say("金额 %s 精确到分以下", "amount %s is finer than one fen", quoted))
	}
	return u.wanted(say("金额 %s 不是数字", "amount %s is not a number", quoted))
}

// wanted adds how an amount is to be written.
func (u Unit) wanted(w reconcile.Words) reconcile.Words {
	if u == Yuan {
		return reconcile.Words{ZH: w.ZH + "，应写作 12.34（元）", EN: w.EN + "; write yuan like 12.34"}
	}
	return reconcile.Words{ZH: w.ZH + "，应写作 1234（分）", EN: w.EN + "; write fen like 1234"}
}

// finer says whether a value would be yuan but for its third decimal.
func finer(value string) bool {
	whole, part, _ := strings.Cut(value, ".")
	_, err := reconcile.ParseYuan(whole)
	return err == nil && len(part) > 2 && strings.Trim(part, "0123456789") == ""
}

// earliest keeps out the zero dates that databases export.
var earliest = reconcile.MakeDay(1970, 1, 1)

func date(value string) (reconcile.Day, reconcile.Words) {
	d, err := reconcile.ParseDay(value)
	if err == nil && d >= earliest {
		return d, reconcile.Words{}
	}
	if why := spoiltDate(value); why.EN != "" {
		return 0, why
	}
	return 0, say("日期 %s 无效，应为 2006-01-02 或 20060102", "date %s is not a date such as 2006-01-02 or 20060102", shown(value))
}

func instant(value string, zone *time.Location) (time.Time, reconcile.Words) {
	t, err := time.ParseInLocation(time.DateTime, value, zone)
	if err != nil {
		t, err = time.Parse(time.RFC3339, value)
	}
	if err == nil && t.Unix() >= 0 {
		return t.In(reconcile.Beijing), reconcile.Words{}
	}
	if why := spoiltTime(value, zone); why.EN != "" {
		return time.Time{}, why
	}
	return time.Time{}, say("时间 %s 无效，应为 2006-01-02 15:04:05 或 RFC 3339", "time %s is not a time such as 2006-01-02 15:04:05, or RFC 3339", shown(value))
}

// maxText bounds a text cell, in bytes.
const maxText = 1024

// plain checks a text that umsrecon carries along and does not interpret.
func plain(value string) reconcile.Words {
	if strings.IndexFunc(value, unicode.IsControl) >= 0 {
		return say("%s 含控制字符", "%s holds control characters", shown(value))
	}
	if len(value) > maxText {
		return say("%s 过长（%d 字节）", "%s is too long (%d bytes)", shown(value), len(value))
	}
	return reconcile.Words{}
}
