package ledger

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/umsrecon/umsrecon/reconcile"
)

// nature is what a format says of a cell beside its text; the zero nature,
// that of a text file, says nothing.
type nature struct {
	number            bool // it is stored as a number
	serials, from1904 bool // as in record
	stored            storage
}

// storage is how SQLite or a workbook keeps a value, where that calls for a
// closer look.
type storage byte

const (
	storedReal    storage = 'r' // a binary fraction
	storedBlob    storage = 'b'
	storedDate    storage = 'd' // a number that is shown as a date or a time
	storedFormula storage = 'f' // whose value was not saved with it; the cell looks empty
)

// unsaved is what is wrong with a cell that holds a formula alone.
var unsaved = say("是公式，文件中没有保存其计算结果；请用表格软件打开并另存", "holds a formula whose value was not saved; open the file in a spreadsheet program and save it")

// strayDate is what is wrong with a date where none belongs: what was typed may
// have been another thing.
func strayDate(cell string) reconcile.Words {
	return say("是以数字 %s 存储的日期或时间，该列不应为日期；请将该列设为文本（金额设为数值）后重新填入", "holds a date or time, stored as %s, in a column that holds none; format the column as text, or as a number for an amount, and enter it again", shown(cell))
}

func (rec record) nature(at int) nature {
	n := nature{number: at < len(rec.numbers) && rec.numbers[at], serials: rec.serials, from1904: rec.from1904}
	if at < len(rec.stored) {
		n.stored = rec.stored[at]
	}
	return n
}

// exactDigits is how many digits of a number survive in a spreadsheet.
const exactDigits = 15

// amountOf is amount for a cell that may be stored as a binary fraction:
// 19.899999999999999 is how a workbook keeps 19.90.
func (u Unit) amountOf(value string, n nature) (reconcile.Fen, reconcile.Words) {
	if !n.number || !n.serials || len(value) <= exactDigits {
		return u.amount(value)
	}
	f, err := strconv.ParseFloat(value, 64)
	if u == Yuan {
		f *= 100
	}
	whole := math.Round(f)
	if err != nil || math.Abs(f-whole) > 1e-4 || math.Abs(whole) > float64(reconcile.MaxFen) || whole < 0 {
		return u.amount(value)
	}
	return reconcile.Fen(whole), reconcile.Words{}
}

// minused is amountOf with a minus before it, as sums and the refunds of
// statements have it.
func (u Unit) minused(value string, n nature) (reconcile.Fen, reconcile.Words) {
	bare, minus := strings.CutPrefix(value, "-")
	f, why := u.amountOf(bare, n)
	if minus {
		f = -f
	}
	return f, why
}

// dateOf is date for a cell that may hold a serial number by right.
func dateOf(value string, n nature) (reconcile.Day, reconcile.Words) {
	if n.serials {
		if t, ok := serialTime(value, n.from1904); ok && t.Hour()+t.Minute()+t.Second() == 0 {
			return reconcile.MakeDay(t.Year(), t.Month(), t.Day()), reconcile.Words{}
		}
	}
	return date(value)
}

// instantOf is instant for a cell that may hold a serial number by right.
func instantOf(value string, zone *time.Location, n nature) (time.Time, reconcile.Words) {
	if n.serials {
		if t, ok := serialTime(value, n.from1904); ok {
			value = t.Format(time.DateTime)
		}
	}
	return instant(value, zone)
}
