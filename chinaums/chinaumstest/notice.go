package chinaumstest

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"time"

	"github.com/umsrecon/umsrecon/chinaums"
)

// BillNotice is the notice of a bill's payment as the platform sends it:
// billPayment stands in it as JSON text.
func BillNotice(id string, b Bill) map[string]string {
	params := map[string]string{
		"notifyId": id, "mid": b.MID, "tid": b.TID, "instMid": b.InstMID, "billNo": b.BillNo, "billDate": b.BillDate,
		"billStatus": b.BillStatus, "billDesc": b.BillDesc, "totalAmount": string(b.TotalAmount), "createTime": b.CreateTime,
		"merName": b.MerName, "memberId": b.MemberID, "billQRCode": b.BillQRCode,
	}
	if b.BillPayment != nil {
		params["billPayment"] = string(compact(b.BillPayment))
	}
	return params
}

// DeductionNotice is the notice of a deduction (deduction-notice page): flat,
// and without any key of the bill.
func DeductionNotice(id string, b Bill) map[string]string {
	var f Flow
	if b.BillPayment != nil {
		f = *b.BillPayment
	}
	return map[string]string{
		"notifyId": id, "mid": b.MID, "tid": b.TID, "totalAmount": string(b.TotalAmount), "buyerPayAmount": string(f.BuyerPayAmount),
		"invoiceAmount": string(f.InvoiceAmount), "couponAmount": string(f.CouponAmount), "merOrderId": f.MerOrderID, "seqId": f.PaySeqID,
		"targetOrderId": f.TargetOrderID, "targetSys": f.TargetSys, "status": f.Status, "payTime": f.PayTime, "settleDate": f.SettleDate,
		"buyerId": f.BuyerID, "buyerUsername": f.BuyerUsername, "cardAttr": b.CardAttr,
	}
}

// ContractNotice is the notice that a user opened or closed a contract
// (contract-notice page), with the authorisation code of the contract.
func ContractNotice(id, mid, code string, open bool, at time.Time) []byte {
	event, status := "PAYSCORE.USER_OPEN_SERVICE", "USER_OPEN_SERVICE"
	if !open {
		event, status = "PAYSCORE.USER_CLOSE_SERVICE", "USER_CLOSE_SERVICE"
	}
	at = at.In(beijing)
	return compact(map[string]any{
		"id": id, "createTime": at.Format(time.RFC3339), "eventType": event, "summary": "授权变更",
		"resource": map[string]string{
			"mid": mid, "serviceId": "500001", "openId": "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o", "userServiceStatus": status,
			"openorcloseTime": at.Format("20060102150405"), "authorizationCode": code,
		},
	})
}

// Sign adds what the platform adds to a notice: a parameter that no page names,
// whose name and value follow from the id, the signType unless it is empty, and
// the signature: MD5 without a signType.
func Sign(params map[string]string, key chinaums.Secret, signType string) map[string]string {
	signed := maps.Clone(params)
	salt := sha256.Sum256([]byte(params["notifyId"]))
	signed["x"+hex.EncodeToString(salt[:1])] = hex.EncodeToString(salt[1:3])
	if signType != "" {
		signed["signType"] = signType
	}
	sign := chinaums.NoticeMD5
	if signType == "SHA256" {
		sign = chinaums.NoticeSHA256
	}
	signed["sign"] = sign(chinaums.NoticeText(signed), key)
	return signed
}

// compact is JSON as the platform writes it, on one line.
func compact(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(v) // structs and maps of strings always can
	return bytes.TrimSpace(b.Bytes())
}
