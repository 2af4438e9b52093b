package ledger

import (
	"strings"
	"unicode"

	"github.com/umsrecon/umsrecon/reconcile"
)

// maxIdent bounds an identifier. The vendor's own limits contradict each
// other (28, 31, 32 for billNo), so this is only what no number reaches.
const maxIdent = 128

// damages are what spreadsheets and hands do to identifiers; the first that
// fits is told.
var damages = []struct {
	zh, en string
	fits   func(string) bool
}{
	{"%s 被表格软件改成了科学计数法，末尾数字已丢失，请将该列以文本导出", "%s was turned into scientific notation by a spreadsheet; its digits are lost, export the column as text", scientific},
	{"%s 第 15 位以后全为零，数字已被表格软件丢失，请将该列以文本导出", "%s has nothing but zeros behind its 15th digit; a spreadsheet has lost its digits, export the column as text", rounded},
	{"%s 被表格软件改成了小数，请将该列以文本导出", "%s was turned into a decimal number by a spreadsheet; export the column as text", decimal},
	{"%s 是表格软件的错误值，请从原系统重新导出", "%s is an error value of a spreadsheet; export it again from where it came", func(s string) bool { return strings.HasPrefix(s, "#") }},
	{"%s 是表格软件的逻辑值，不是编号，请从原系统重新导出", "%s is a logical value of a spreadsheet and no number; export it again from where it came", logical},
	{"%s 被写成了表格公式，请去掉 = 与引号", "%s is written as a spreadsheet formula; leave out the = and the quotes", func(s string) bool { return strings.HasPrefix(s, "=") }},
	{"%s 含反引号或撇号，请去掉", "%s holds a backtick or an apostrophe; leave it out", has("`'‘’´＇")},
	{"%s 含全角字符，请改为半角", "%s has full-width characters; write ASCII ones", hasWide},
	{"%s 首尾有多余空白，请去掉", "%s has stray blanks around it; leave them out", func(s string) bool { return strings.TrimFunc(s, invisible) != s }},
	{"%s 中间有空白，请去掉", "%s has a blank inside; leave it out", func(s string) bool { return strings.IndexFunc(s, invisible) >= 0 }},
}

// ident checks an identifier as it stands in its cell, untrimmed and not
// empty. damaged: a spreadsheet or a hand has destroyed it.
func ident(c column, value string, n nature) (why reconcile.Words, damaged bool) {
	if n.number && len(value) > exactDigits && digits(value) {
		return say("%s 以数字存储，只有前 15 位可靠，请改存为文本", "%s is stored as a number, of which only 15 digits can be relied on; store it as text", shown(value)), true
	}
	if sane(value) && len(value) <= maxIdent {
		if c == colTID && len(value) < 8 && digits(value) {
			return say("终端号 %s 不足 8 位，前导零已丢失，请将该列以文本导出", "tid %s is shorter than 8 digits; its leading zeros are lost, export the column as text", shown(value)), true
		}
		return reconcile.Words{}, false
	}
	for _, d := range damages {
		if d.fits(value) {
			return say(d.zh, d.en, shown(value)), true
		}
	}
	if len(value) > maxIdent {
		return say("%s 过长（%d 字节）", "%s is too long (%d bytes)", shown(value), len(value)), false
	}
	return say("%s 含编号中不应出现的字符", "%s holds characters that no identifier has", shown(value)), false
}

// sane says whether nothing about an identifier calls for a closer look.
func sane(s string) bool {
	for i := range len(s) {
		if b := s[i]; b <= ' ' || b >= 0x7f || b == '"' || b == '\'' || b == '`' || (b == '=' || b == '#') && i == 0 {
			return false
		}
	}
	return !scientific(s) && !rounded(s) && !decimal(s) && !logical(s)
}

// logical recognises what spreadsheets make of a tick or of a comparison.
func logical(s string) bool { return strings.EqualFold(s, "true") || strings.EqualFold(s, "false") }

// scientific recognises 3.19E+17. It takes a sign or a decimal point before
// the exponent: a bill number such as 12E42023071912562344830889 is legitimate.
func scientific(s string) bool {
	mantissa, exponent, ok := cutExponent(strings.TrimLeft(s, "+-"))
	if !ok {
		return false
	}
	whole, part, dotted := strings.Cut(mantissa, ".")
	unsigned := strings.TrimLeft(exponent, "+-")
	if !digits(whole) || dotted && !digits(part) || !digits(unsigned) {
		return false
	}
	return dotted || unsigned != exponent || s[0] == '-' || s[0] == '+'
}

func cutExponent(s string) (mantissa, exponent string, ok bool) {
	i := strings.IndexAny(s, "eE")
	if i < 0 {
		return "", "", false
	}
	return s[:i], s[i+1:], true
}

// rounded recognises a number of 20 digits and more that ends in zeros from
// the 16th on: 15 are what a spreadsheet keeps. In a shorter one a few zeros
// at the end prove nothing.
func rounded(s string) bool {
	return len(s) >= 20 && digits(s) && strings.Trim(s[15:], "0") == ""
}

// decimal recognises 1000001.0, a number that went through a float.
func decimal(s string) bool {
	whole, part, dotted := strings.Cut(s, ".")
	return dotted && digits(whole) && strings.Trim(part, "0") == ""
}

func digits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// invisible are blanks of every kind, and the marks of no width that are
// copied along with a number.
func invisible(r rune) bool {
	return unicode.IsSpace(r) || r >= '\u200b' && r <= '\u200f' || r == '\u2060' || r == '\ufeff' || r == '\u00ad'
}
