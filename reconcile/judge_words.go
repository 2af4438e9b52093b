package reconcile

import (
	"regexp"
	"strings"
)

// inChinese puts what the code says in English about answers and notices into
// Chinese; what the vendor says, and what is not listed, stays as it is.
func inChinese(s string) string {
	s = chinese.Replace(s)
	for _, p := range chinesePatterns {
		s = p.english.ReplaceAllString(s, p.chinese)
	}
	return s
}

var chinese = strings.NewReplacer(
	"request budget of the run (gateway.max_requests_per_run) is used up", "本次运行的请求额度（max_requests_per_run）已用完",
	"the request budget is used up", "请求额度（max_requests_per_run）已用完",
	"the time for asking was over", "查询时限（deadline）已到",
	"no stored answer, and this run does not ask", "没有已存的应答，本次运行不查询",
	"the answer is malformed: ", "", // the code's name says it
	"the answer is about another bill: ", "",
	"the body is not JSON", "内容不是 JSON",
	"the body is cut off", "内容不完整",
	"the body is too large", "内容过大",
	"it is not a JSON object", "不是 JSON 对象",
	" is not a string", " 不是字符串",
	" is not a whole number of digits alone: ", " 不是纯数字的整数：",
	"the platform is not available", "平台不可用",
	"the platform rejected the request", "平台拒绝了请求",
	"stopped before an answer came", "尚未得到应答即已停止",
	"the signature does not hold: ", "", // the code's name says it
	"it was made with another key or of other content", "密钥或内容不一致",
	"there is no key to check it with", "没有可用于验签的通讯密钥",
	"MD5 is not allowed", "配置不允许 MD5",
	"contract notices are not signed", "签约通知没有签名",
)

var chinesePatterns = []struct {
	english *regexp.Regexp
	chinese string
}{
	{regexp.MustCompile(`merchant (\S+) was stopped after (\d+) refusals in a row: `), "商户 $1 连续 $2 次被拒，已停止查询："},
	{regexp.MustCompile(`the asking was stopped after (\d+) orders in a row without an answer: `), "连续 $1 笔没有应答，已停止查询："},
	{regexp.MustCompile(`(\w+) is ("[^"]*"), asked was ("[^"]*")`), "$1 为 $2，查询的是 $3"},
	{regexp.MustCompile(`("[^"]*") stands in it twice`), "$1 重复出现"},
}
