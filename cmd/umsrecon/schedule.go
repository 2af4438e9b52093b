package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/robfig/cron/v3"
)

// nextNight is the first instant after now at which the cron line is due, in
// the configuration's time zone. The error is about a line that is not one or
// never comes.
func (c *Config) nextNight(now time.Time) (next time.Time, err error) {
	if next, err = nextTime(c.Schedule.Cron, now.In(c.Timezone)); err != nil {
		err = fmt.Errorf("schedule.cron: %q %w", c.Schedule.Cron, err)
	}
	return next, err
}

var (
	errNotCron = errors.New("is not a cron line")
	errNever   = errors.New("never comes")
)

// nextTime is when a cron line comes next, to the zone of now.
func nextTime(spec string, now time.Time) (next time.Time, err error) {
	defer func() { // the parser panics on some lines that are not ones
		if recover() != nil {
			err = errNotCron
		}
	}()
	line, err := cron.ParseStandard(spec)
	if err != nil {
		return time.Time{}, fmt.Errorf("%w: %w", errNotCron, err)
	}
	if next = line.Next(now); next.IsZero() {
		err = errNever
	}
	return next, err
}

// sleepStep bounds one sleep: a machine that was suspended, or whose clock was
// set, is noticed within it.
const sleepStep = 30 * time.Second
