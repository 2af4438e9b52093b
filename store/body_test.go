package store

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// paidBody is an answer as the platform gives it, personal fields masked.
const paidBody = `{"billDate":"2026-11-18","billNo":"31942611181059063092143155","billPayment":{"billBizType":"bills","buyerCashPayAmt":"32476","buyerId":"***","buyerPayAmount":"32476","buyerUsername":"***","couponAmount":"0","discountAmount":"0","invoiceAmount":"32476","merOrderId":"319426111810590630921431550","paySeqId":"00000000031N","payTime":"2026-11-18 19:54:40","settleDate":"2026-11-19","status":"TRADE_SUCCESS","targetOrderId":"4200000500000000000000000031","targetSys":"Alipay 2.0","totalAmount":"32476"},"billStatus":"PAID","cardAttr":"DEBIT_CARD","createTime":"2026-11-18 19:54:00","errCode":"SUCCESS","errMsg":"","instMid":"QRPAYDEFAULT","mid":"898340149000005","responseTimeStamp":"2026-11-19 02:30:00","tid":"00000001","totalAmount":"32476"}`

func packed(t require.TestingT, text []byte) []byte {
	v, err := body(text).Value()
	require.NoError(t, err)
	return v.([]byte)
}

func unpacked(t require.TestingT, kept []byte) []byte {
	var b body
	require.NoError(t, b.Scan(kept))
	return b
}

func TestBodiesAreKeptWordForWord(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.SliceOf(rapid.Byte()).Draw(t, "text")
		require.Equal(t, text, unpacked(t, packed(t, text)))
	})
	for _, text := range []string{"", "\x01", "\x01{}", "\x02", "\x02\x00\x00\x00\x00", paidBody, strings.Repeat(paidBody, 50)} {
		require.Equal(t, text, string(unpacked(t, packed(t, []byte(text)))))
	}
	none, err := body(nil).Value()
	require.NoError(t, err)
	require.Nil(t, none)
}

func TestBodiesAreSmall(t *testing.T) {
	require.Less(t, len(packed(t, []byte(paidBody))), len(paidBody)/4)
}

// TestBodiesOfEarlierVersions are the text itself, or were packed when the words
// were chosen; the words must not change under them.
func TestBodiesOfEarlierVersions(t *testing.T) {
	require.Equal(t, paidBody, string(unpacked(t, []byte(paidBody))))
	require.Equal(t, "HTTP 502 from a proxy", string(unpacked(t, []byte("HTTP 502 from a proxy"))))
	first, err := hex.DecodeString(firstPacked)
	require.NoError(t, err)
	require.Equal(t, paidBody, string(unpacked(t, first)))
}

func TestADamagedBodyIsTold(t *testing.T) {
	cut := packed(t, []byte(paidBody))
	var b body
	require.ErrorIs(t, b.Scan(cut[:len(cut)/2]), ErrDamaged)
	for i := range 8 * (len(cut) - 1) {
		flipped := bytes.Clone(cut)
		flipped[1+i/8] ^= 1 << (i % 8)
		if err := b.Scan(flipped); err == nil {
			require.Equal(t, paidBody, string(b), "what stands behind the end of a stream is nothing")
		} else {
			require.ErrorIs(t, err, ErrDamaged)
		}
	}
	require.Error(t, b.Scan("text"))
}

func TestAnAnswerIsReadBackAsItWasGiven(t *testing.T) {
	db := open(t)
	run := begin(t, db, day)
	load(t, db, run, "a", payment("1"))
	a := paid("1")
	a.Raw = []byte(paidBody)
	save(t, db, run, payment("1").Key, a)
	answers, err := db.Answers(t.Context(), payment("1").Key)
	require.NoError(t, err)
	require.Equal(t, paidBody, string(answers[0].Raw))
	var kept []byte
	require.NoError(t, db.readers.QueryRow("SELECT body FROM answers").Scan(&kept))
	require.False(t, bytes.Contains(kept, []byte("billPayment")))
}

const firstPacked = "01acd4d10dc3200c04d055a2fe47bac37612334437eaee954c484ba1fd48cab78575c7133d2972e6d69b22b911e658049ea842b37dea043349ba2ed5513cef176bcde0dfc0d55b07ea463951ec55897b9780f0deab8cfe267a36cd8a214f72a69ff069c7e6e3083fd0bebe8c4e6e497d99ef7bc01075ddb128a81e91ec97e9286e42ca82b2bac11d5534ba25e9badc1ecf0100"
