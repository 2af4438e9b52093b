package reconcile

import "strings"

// ofAnother stands before bills of other merchants, which come last in a reason:
// what follows is not for the merchant's own eyes.
var ofAnother = Words{ZH: "另一商户的账单", EN: "another merchant's bill"}

// named are the others; those of another merchant than mid with theirs.
func (c Clash) named(mid string) []string {
	names := make([]string, len(c.Others))
	for i, k := range c.Others {
		if names[i] = k.BillDay.String() + "/" + k.BillNo; k.MID != mid {
			names[i] = k.MID + "/" + names[i]
		}
	}
	return names
}

// says tells of a payment reference that stands on other bills, those of the
// merchant itself first.
func (c Clash) says(mid string) Words {
	var own, foreign []string
	for i, name := range c.named(mid) {
		if c.Others[i].MID == mid {
			own = append(own, name)
		} else {
			foreign = append(foreign, name)
		}
	}
	zh, en := strings.Join(own, ", "), strings.Join(own, ", ")
	if len(own) > 0 {
		zh = "账单 " + zh
	}
	if len(own) > 0 && len(foreign) > 0 {
		zh, en = zh+"，", en+", "
	}
	if len(foreign) > 0 {
		zh, en = zh+ofAnother.ZH+" "+strings.Join(foreign, ", "), en+ofAnother.EN+" "+strings.Join(foreign, ", ")
	}
	return words("渠道流水 %[1]s 同时出现在%[2]s", "payment reference %[1]s also stands on %[3]s", c.Reference, zh, en)
}

// ForMerchant is the reason of a case as the merchant itself may read it: it
// names no bill of another one.
func (c Case) ForMerchant() Words {
	switch c.Code {
	case PaymentReferenceReused:
		return Words{ZH: upTo(c.Reason.ZH, ofAnother.ZH), EN: upTo(c.Reason.EN, ofAnother.EN)}
	case ResponseKeyMismatch: // the answer's own words name the bill that it is about
		return AboutAnother()
	}
	return c.Reason
}

// AboutAnother says of an answer that it is about another bill, and not which.
func AboutAnother() Words {
	u := unverifiedWords[WrongKey]
	return Words{ZH: u.zh, EN: u.en}
}

func upTo(text, mark string) string {
	if before, _, found := strings.Cut(text, mark+" "); found {
		return before + mark
	}
	return text
}
