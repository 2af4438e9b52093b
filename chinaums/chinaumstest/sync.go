package chinaumstest

import (
	"maps"
	"time"

	"github.com/umsrecon/umsrecon/chinaums"
)

// syncFields are those of order/sync.
var syncFields = []field{
	{"fenOrderId", true, 32, text}, {"mid", true, 32, text}, {"serviceId", true, 32, text},
	{"type", true, 32, text}, {"detail", true, maxRequest, nested},
}

var detailFields = []field{{"paidTime", true, 64, text}}

func readSync(body []byte, now time.Time, c Config) (query, *refusal) {
	q, fault := readFields(body, syncFields)
	switch {
	case fault != nil:
		return q, fault
	case q["type"] != "Order_Paid":
		return q, badRequest("type is not Order_Paid")
	}
	detail := []byte(q["detail"])
	if inString, isText := text(detail); isText != c.DetailAsText {
		return q, badRequest("detail is not written as it is to be: as an object, or as a string")
	} else if isText {
		detail = []byte(inString)
	}
	inner, fault := readFields(detail, detailFields)
	if fault != nil {
		return q, fault
	}
	maps.Copy(q, inner)
	return q, checkPaidTime(q["paidTime"], now)
}

func checkPaidTime(s string, now time.Time) *refusal {
	paid, err := chinaums.ParsePaidTime(s)
	if err != nil {
		return badRequest("paidTime is neither yyyyMMddHHmmss nor yyyyMMdd")
	}
	if chinaums.CheckPaidTime(paid, now, time.Time{}, time.Time{}) != nil {
		return badRequest("paidTime is more than 60 seconds ahead")
	}
	return nil
}

// sync takes a paid order in.
func (g *Gateway) sync(asked request, now time.Time) reply {
	if !g.serves(asked.MID) {
		return business("NO_MERCHANT", "商户不存在", asked.Question, now)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.synced[asked.FenOrderID]++
	return business("SUCCESS", "成功", asked.Question, now)
}

// Synced is how often a pay score order was taken in.
func (g *Gateway) Synced(fenOrderID string) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.synced[fenOrderID]
}
