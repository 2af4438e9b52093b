package chinaums

import (
	"errors"
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestClassifyCodes(t *testing.T) {
	byClass := map[Class][]string{
		ClassAnswer:     {"SUCCESS"},
		ClassNoOrder:    {"NO_ORDER"},
		ClassRetry:      {"TIMEOUT", "NET_ERROR", "INTERNAL_ERROR", "TXN_DISCARDED", "INVALID_RESPONSE", "9200"},
		ClassProcessing: {"ORDER_PROCESSING"},
		ClassRefused: {"INVALID_ORDER", "TARGET_FAIL", "OPERATION_NOT_ALLOWED", "DUP_ORDER", "NO_CROSS_DAY_TRADING",
			"ANYTHING_ELSE", "success", "no_order", "9999", "0000"},
		ClassRejected: {"BAD_REQUEST", "NO_SERVICE", "ABNORMAL_REQUEST_TIME", "1000",
			"BAD_SIGN", "INVALID_MSGSRC", "DENIED_IP", "NO_MERCHANT", "INACTIVE_MERCHANT", "INVLID_MERCHANT_CONFIG"},
	}
	listed := 0
	for class, codes := range byClass {
		for _, code := range codes {
			require.Equal(t, class, Classify(200, code, nil), code)
			if _, ok := classes[code]; ok {
				listed++
			}
		}
	}
	require.Len(t, classes, listed, "a code of the table is not tested")
}

func TestClassifyLayers(t *testing.T) {
	tests := []struct {
		name   string
		status int
		code   string
		err    error
		want   Class
	}{
		{"broken connection", 0, "", errors.New("connection reset"), ClassRetry},
		{"timeout", 0, "", errors.New("timeout"), ClassRetry},
		{"200, body broken off by the network", 200, "", errors.New("reset"), ClassRetry},
		{"200, not JSON", 200, "", errNotJSON, ClassGarbled},
		{"200, cut", 200, "", errCut, ClassGarbled},
		{"200, too large", 200, "", errTooLarge, ClassGarbled},
		{"200, not an object", 200, "", fmt.Errorf("%w: x", ErrMalformed), ClassMalformed},
		{"200, no code", 200, "", nil, ClassMalformed},
		{"429 without a body", 429, "", errNotJSON, ClassRetry},
		{"500 with HTML", 500, "", errNotJSON, ClassRetry},
		{"503", 503, "", nil, ClassRetry},
		{"599", 599, "", nil, ClassRetry},
		{"500 with a cut body", 500, "", errCut, ClassRetry},
		{"500 with an unknown code", 500, "WHATEVER", nil, ClassRetry},
		{"412 9200", http.StatusPreconditionFailed, "9200", nil, ClassRetry},
		{"412 1000", http.StatusPreconditionFailed, "1000", nil, ClassRejected},
		{"412 another code", http.StatusPreconditionFailed, "1001", nil, ClassRejected},
		{"400", 400, "", nil, ClassRejected},
		{"401 with HTML", 401, "", errNotJSON, ClassRejected},
		{"403", 403, "", nil, ClassRejected},
		{"404", 404, "", nil, ClassRejected},
		{"302", 302, "", errNotJSON, ClassRejected},
		{"204", 204, "", errNotJSON, ClassRejected},
		{"401 with a code of ours to retry", 401, "TIMEOUT", nil, ClassRetry},
		{"500 with a code that no retry heals", 500, "BAD_SIGN", nil, ClassRejected},
		{"500 with SUCCESS proves nothing", 500, "SUCCESS", nil, ClassRetry},
		{"404 with NO_ORDER proves nothing", 404, "NO_ORDER", nil, ClassRejected},
		{"400 processing", 400, "ORDER_PROCESSING", nil, ClassProcessing},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			require.Equal(t, test.want, Classify(test.status, test.code, test.err))
		})
	}
}

func TestEveryClassHasAnEnd(t *testing.T) {
	for _, c := range []Class{ClassNoOrder, ClassRetry, ClassGarbled, ClassProcessing, ClassRefused, ClassRejected, ClassMalformed} {
		require.Error(t, c.sentinel(), c)
		require.Equal(t, c == ClassRetry || c == ClassGarbled, c.again(), c)
	}
	require.NoError(t, ClassAnswer.sentinel())
}

func TestEndOfWrite(t *testing.T) {
	byEnd := map[error][]string{
		nil:         {"SUCCESS"},
		ErrNoOrder:  {"NO_ORDER"},
		ErrRefused:  {"INVALID_ORDER", "OPERATION_NOT_ALLOWED", "NO_CROSS_DAY_TRADING"},
		ErrRejected: {"BAD_REQUEST", "NO_SERVICE", "ABNORMAL_REQUEST_TIME", "1000", "BAD_SIGN", "INVALID_MSGSRC", "DENIED_IP", "NO_MERCHANT", "INACTIVE_MERCHANT", "INVLID_MERCHANT_CONFIG"},
		ErrUnsure: {"TIMEOUT", "NET_ERROR", "INTERNAL_ERROR", "TXN_DISCARDED", "INVALID_RESPONSE", "9200", "ORDER_PROCESSING",
			"DUP_ORDER", "TARGET_FAIL", "ANYTHING_ELSE", "success", "0000", "1401", ""},
	}
	tested := 0
	for end, codes := range byEnd {
		for _, code := range codes {
			require.Equal(t, end, endOfWrite(200, code, Classify(200, code, nil)), code)
			for _, status := range []int{429, 500, 503} {
				require.Equal(t, ErrUnsure, endOfWrite(status, code, Classify(status, code, nil)), "%d %s", status, code)
			}
			elsewhere := ErrUnsure
			if end == ErrRejected {
				elsewhere = ErrRejected
			}
			for _, status := range []int{204, 302, 400, 401, 404, 412} {
				require.Equal(t, elsewhere, endOfWrite(status, code, Classify(status, code, nil)), "%d %s", status, code)
			}
			if _, listed := classes[code]; listed {
				tested++
			}
		}
	}
	require.Len(t, classes, tested, "a code of the table is not tested")
	for _, err := range []error{errNotJSON, errCut, errTooLarge, ErrMalformed, errors.New("reset")} {
		for _, status := range []int{0, 200, 302, 403, 429, 500} {
			require.Equal(t, ErrUnsure, endOfWrite(status, "", Classify(status, "", err)), "%d %v", status, err)
		}
	}
}
