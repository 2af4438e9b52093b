package main

import (
	"fmt"
	"time"

	"github.com/robfig/cron/v3"
)

// nextNight is the first instant after now at which the cron line is due, in
// the configuration's time zone. The error is about a line that is not one or
// never comes.
func (c *Config) nextNight(now time.Time) (next time.Time, err error) {
	defer func() { // the parser panics on some lines that are not ones
		if recover() != nil {
			err = fmt.Errorf("schedule.cron: %q is not a cron line", c.Schedule.Cron)
		}
	}()
	line, err := cron.ParseStandard(c.Schedule.Cron)
	if err != nil {
		return time.Time{}, fmt.Errorf("schedule.cron: %w", err)
	}
	if next = line.Next(now.In(c.Timezone)); next.IsZero() {
		return time.Time{}, fmt.Errorf("schedule.cron: %q never comes", c.Schedule.Cron)
	}
	return next, nil
}

// sleepStep bounds one sleep: a machine that was suspended, or whose clock was
// set, is noticed within it.
const sleepStep = 30 * time.Second
