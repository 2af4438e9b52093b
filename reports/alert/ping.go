package alert

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
)

// Stage is what a watchdog in the manner of healthchecks.io is told.
type Stage string

// The stages: a run began, it was complete, it was not.
const (
	Started   Stage = "/start"
	Succeeded Stage = ""
	Failed    Stage = "/fail"
)

// Ping calls URL/start, URL, or URL/fail. Its error does not hold the URL.
func Ping(ctx context.Context, target string, stage Stage) error {
	u, err := url.Parse(target)
	if err != nil {
		return fmt.Errorf("ping: the URL is not one")
	}
	status, _, err := post(ctx, newClient(), u.JoinPath(string(stage)).String(), nil)
	switch {
	case err != nil:
		return fmt.Errorf("ping: %w", err)
	case status != http.StatusOK:
		return fmt.Errorf("ping: HTTP %d", status)
	}
	return nil
}
