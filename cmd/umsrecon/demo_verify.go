package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/umsrecon/umsrecon/reconcile"
	"github.com/umsrecon/umsrecon/store"
)

// verify holds what was found against the labels: each under its code and in
// its state, and nothing that is not labelled.
func (s *stage) verify(ctx context.Context, cfg *Config) error {
	db, err := store.Open(ctx, cfg.database())
	if err != nil {
		return err
	}
	defer db.Close()
	found, err := foundLabels(db.Cases(ctx, store.Filter{}))
	if err != nil {
		return err
	}
	wanted := map[string][]string{}
	for _, x := range s.sales {
		maps.Copy(wanted, x.labels)
	}
	wrong := compareLabels(wanted, found)
	labels := 0
	for _, codes := range wanted {
		labels += len(codes)
	}
	if len(wrong) > 0 {
		return fmt.Errorf("the demo checked itself and is not content:\n  %s", strings.Join(wrong, "\n  "))
	}
	fmt.Fprintf(s.stdout, "Self-check: %d faults were put into the sample under %d labels of %d codes; every one was found under its code,\n"+
		"and nothing else was found on the other orders.\n", len(demoFaults)+len(demoSecondFaults), labels, len(labelledCodes(wanted)))
	return nil
}

func foundLabels(lines reconcile.Lines) (map[string][]string, error) {
	found := map[string][]string{}
	for l, err := range lines {
		if err != nil {
			return nil, err
		}
		k := l.Case.Key
		subject := k.BillNo + k.RefundID + k.CompletionID
		if l.Notice != nil && !l.Notice.Verified {
			subject = "notices of " + l.Case.LedgerDay.String()
		}
		if l.Row != nil {
			orderNo, _, _ := strings.Cut(l.Row.Raw, ",")
			subject = "row " + orderNo
		}
		switch {
		case l.Statement != nil:
			subject = "statement " + l.Statement.Reference
		case l.Case.Code == reconcile.SettleTotalMismatch:
			subject = "settle date " + l.Case.LedgerDay.String()
		}
		found[subject] = append(found[subject], fmt.Sprintf("%s %s", l.Case.Code, l.Case.State))
	}
	return found, nil
}

// compareLabels says where the two differ, in a fixed order.
func compareLabels(wanted, found map[string][]string) []string {
	var wrong []string
	subjects := maps.Clone(wanted)
	maps.Copy(subjects, found)
	for _, subject := range slices.Sorted(maps.Keys(subjects)) {
		w, f := slices.Sorted(slices.Values(wanted[subject])), slices.Sorted(slices.Values(found[subject]))
		if !slices.Equal(w, f) {
			wrong = append(wrong, fmt.Sprintf("%s: put in %v, found %v", subject, w, f))
		}
	}
	return wrong
}

func labelledCodes(wanted map[string][]string) map[string]bool {
	codes := map[string]bool{}
	for _, labels := range wanted {
		for _, label := range labels {
			code, _, _ := strings.Cut(label, " ")
			codes[code] = true
		}
	}
	return codes
}
