package store

import (
	"bytes"
	"compress/flate"
	"database/sql/driver"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"sync"

	quick "github.com/klauspost/compress/flate"
)

// body is what UMS said, word for word; nil is NULL. It is kept compressed
// against words that its answers are made of, to about a fifth: behind a byte
// that JSON never begins with stand the CRC-32 (IEEE) of the text and a DEFLATE
// stream (RFC 1951) with bodyWords as its preset dictionary. Earlier versions
// wrote, behind another byte, the stream alone, or the text itself.
type body []byte

const (
	packedAlone = 0x01
	packedBody  = 0x02
	sumLength   = 4
)

// bodyWords must never change: what was packed with it is read with it. What is
// likeliest stands last.
const bodyWords = `UNKNOWNREFUNDCLOSEDUNPAIDNO_ORDERNEW_ORDERWAIT_BUYER_PAYTRADE_CLOSEDTRADE_REFUNDPARTLY_COMPLETEDALL_COMPLETEDUNCOMPLETED` +
	`"secureStatus":"completeAmount":"memo":"goods":"goodsTradeNo":"bankInfo":"bankCardNo":"cardAttr":"CREDIT_CARD","refundOrderId":"authedOrderId":"` +
	`"authedBillPayment":{"refundBillPayment":{"billBizType":"refund","discountAmount":"0","invoiceAmount":"merOrderId":"refundAmount":"` +
	`ACPJDPayUnionPayAlipay 2.0WXPay{"billDate":"2026-01-0","billNo":"3194260","billPayment":{"billBizType":"bills","buyerCashPayAmt":"","buyerId":"***",` +
	`"buyerPayAmount":"","buyerUsername":"***","couponAmount":"0","discountAmount":"0","invoiceAmount":"","merOrderId":"3194260","paySeqId":"","payTime":"2026-01-0 ",` +
	`"settleDate":"2026-01-0","status":"TRADE_SUCCESS","targetOrderId":"4200000","targetSys":"WXPay","totalAmount":""},"billStatus":"PAID","cardAttr":"DEBIT_CARD",` +
	`"createTime":"2026-01-0 ","errCode":"SUCCESS","errMsg":"","instMid":"QRPAYDEFAULT","mid":"898","responseTimeStamp":"2026-01-0 ","tid":"0000000","totalAmount":"`

// packers are writers of klauspost's flate, which take a third of the time of
// the standard library's: that has half a megabyte to clear for each body.
var packers = sync.Pool{New: func() any {
	w, err := quick.NewWriterDict(io.Discard, packLevel, []byte(bodyWords))
	if err != nil {
		panic(err) // of a level that does not exist
	}
	return w
}}

const packLevel = 3

func (b body) Value() (driver.Value, error) {
	if b == nil {
		return nil, nil
	}
	w := packers.Get().(*quick.Writer)
	defer packers.Put(w)
	packed := bytes.NewBuffer(make([]byte, 0, len(b)/2+16))
	packed.Write(binary.BigEndian.AppendUint32([]byte{packedBody}, crc32.ChecksumIEEE(b)))
	w.Reset(packed)
	if _, err := w.Write(b); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return packed.Bytes(), nil
}

func (b *body) Scan(src any) error {
	kept, ok := src.([]byte)
	switch {
	case src == nil:
		*b = nil
		return nil
	case !ok:
		return fmt.Errorf("body: bytes expected, found %T", src)
	case len(kept) > sumLength && kept[0] == packedBody:
		return b.unpack(kept[1+sumLength:], kept[1:1+sumLength])
	case len(kept) > 0 && kept[0] == packedAlone:
		return b.unpack(kept[1:], nil)
	}
	*b = bytes.Clone(kept)
	return nil
}

func (b *body) unpack(stream, sum []byte) error {
	text, err := io.ReadAll(flate.NewReaderDict(bytes.NewReader(stream), []byte(bodyWords)))
	if err == nil && sum != nil && crc32.ChecksumIEEE(text) != binary.BigEndian.Uint32(sum) {
		err = errors.New("its checksum is another")
	}
	if err != nil {
		return fmt.Errorf("body: %w: %w", ErrDamaged, err)
	}
	*b = text
	return nil
}
