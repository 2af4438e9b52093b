package chinaumstest

// fieldFaults change single fields of an answer. Those about amounts, status
// and payment touch a SUCCESS alone.
var fieldFaults = []misbehaviour{
	named("wrong-echo", "Names another billNo than the one asked about.", func(a *reply) {
		if no, ok := a.fields["billNo"].(string); ok {
			a.fields["billNo"] = no[:len(no)-1] + string('0'+(no[len(no)-1]+1)%10)
		}
	}),
	onSuccess("numbers", "Writes amounts as JSON numbers.", func(f map[string]any) { numbers(f) }),
	onSuccess("nonsense-amount", "Writes an amount that is no number.", func(f map[string]any) { total(f, "nineteen") }),
	onSuccess("fraction-amount", "Writes an amount with decimals.", func(f map[string]any) { total(f, "19.08") }),
	onSuccess("negative-amount", "Writes an amount with a sign.", func(f map[string]any) { total(f, "-1908") }),
	onSuccess("impossible-date", "Settles on the 30th of February.", func(f map[string]any) {
		if p := payment(f); p != nil {
			p["settleDate"] = "2026-02-30"
		}
	}),
	onSuccess("missing-status", "Leaves billStatus out.", func(f map[string]any) { delete(f, "billStatus") }),
	onSuccess("missing-payment", "Leaves billPayment out, and a completion's block.", func(f map[string]any) {
		delete(f, "billPayment")
		delete(f, "authedBillPayment")
	}),
	onSuccess("missing-echo", "Leaves tid out.", func(f map[string]any) { delete(f, "tid") }),
	onSuccess("missing-code", "Leaves the code out.", func(f map[string]any) { delete(f, "errCode"); delete(f, "respCode") }),
	onSuccess("case-twin", "Adds a field whose name differs by case alone.", func(f map[string]any) { f["TotalAmount"] = "1"; f["totalamount"] = "1" }),
	onSuccess("regress", "Calls a bill UNPAID that was paid.", func(f map[string]any) {
		f["billStatus"] = "UNPAID"
		delete(f, "billPayment")
	}),
	onSuccess("errmsg-on-success", "Sets errMsg beside SUCCESS.", func(f map[string]any) { f["errMsg"] = "查询成功" }),
	onSuccess("stamp-spelling", "Spells responseTimeStamp as responseTimestamp, or the other way round.", func(f map[string]any) { respell(f) }),
	onSuccess("trailing-blank", "Writes enumerations with a trailing blank.", func(f map[string]any) { blank(f) }),
}

func onSuccess(name, sentence string, change func(map[string]any)) misbehaviour {
	return named(name, sentence, func(a *reply) {
		if a.fields["errCode"] == "SUCCESS" || a.fields["respCode"] == "SUCCESS" || a.fields["errCode"] == tokenIssued {
			change(a.fields)
		}
	})
}

// payment is the block of the flow that the answer is about; nil: it has none.
func payment(fields map[string]any) map[string]any {
	for _, name := range []string{"billPayment", "authedBillPayment"} {
		if p, ok := fields[name].(map[string]any); ok {
			return p
		}
	}
	return nil
}

// total replaces the outer totalAmount; of a completion, which has none, that
// of its block.
func total(fields map[string]any, value string) {
	_, outer := fields["totalAmount"]
	if p := payment(fields); !outer && p != nil {
		fields = p
	}
	fields["totalAmount"] = value
}

func respell(fields map[string]any) {
	one, other := "responseTimeStamp", "responseTimestamp"
	if _, there := fields[one]; !there {
		one, other = other, one
	}
	if value, there := fields[one]; there {
		fields[other] = value
		delete(fields, one)
	}
}

// blank adds a blank to enumerations, at every depth.
func blank(fields map[string]any) {
	for name, value := range fields {
		switch v := value.(type) {
		case map[string]any:
			blank(v)
		case string:
			switch name {
			case "errCode", "respCode", "billStatus", "secureStatus", "status", "targetSys", "cardAttr":
				fields[name] = v + " "
			}
		}
	}
}
