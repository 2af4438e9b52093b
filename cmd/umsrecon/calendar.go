package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

// clock is hour and minute of a time of day.
func (t TimeOfDay) clock() (hour, minute int) {
	return int(time.Duration(t).Hours()), int(time.Duration(t).Minutes()) % 60
}

// calendar is the cron line in systemd's words. Cron comes when either of two
// days fits, systemd when both do: then there are two lines.
func (c *Config) calendar() ([]string, error) {
	if _, err := c.nextNight(time.Now()); err != nil {
		return nil, usage("%w", err)
	}
	schedule, err := cron.ParseStandard(c.Schedule.Cron)
	if err != nil {
		return nil, err
	}
	s, ok := schedule.(*cron.SpecSchedule)
	if !ok {
		return nil, usage("schedule.cron: %q has no time of day", c.Schedule.Cron)
	}
	days, weekdays := numbers(s.Dom, 1, 31), weekdayNames(s.Dow)
	line := func(weekdays, days string) string {
		return fmt.Sprintf("%s*-%s-%s %s:%s:00 %s", weekdays, numbers(s.Month, 1, 12), days, numbers(s.Hour, 0, 23), numbers(s.Minute, 0, 59), c.Timezone)
	}
	if days != "*" && weekdays != "" {
		return []string{line("", days), line(weekdays, "*")}, nil
	}
	return []string{line(weekdays, days)}, nil
}

func (c *Config) retryCalendar() (lines []string) {
	for _, at := range c.Schedule.RetryAt {
		h, m := at.clock()
		lines = append(lines, fmt.Sprintf("*-*-* %02d:%02d:00 %s", h, m, c.Timezone))
	}
	return lines
}

// retryCron is the same as cron lines, one for all that share a minute.
func (c *Config) retryCron() (lines []string) {
	var minutes []int
	hours := map[int][]string{}
	for _, at := range c.Schedule.RetryAt {
		h, m := at.clock()
		if hours[m] == nil {
			minutes = append(minutes, m)
		}
		hours[m] = append(hours[m], strconv.Itoa(h))
	}
	for _, m := range minutes {
		lines = append(lines, fmt.Sprintf("%d %s * * *", m, strings.Join(hours[m], ",")))
	}
	return lines
}

// numbers lists the bits that are set; "*" when all are.
func numbers(bits uint64, from, to int) string {
	var all []string
	for n := from; n <= to; n++ {
		if bits&(1<<n) != 0 {
			all = append(all, fmt.Sprintf("%02d", n))
		}
	}
	if len(all) == to-from+1 {
		return "*"
	}
	return strings.Join(all, ",")
}

// weekdayNames is empty when every day fits.
func weekdayNames(bits uint64) string {
	var all []string
	for d := time.Sunday; d <= time.Saturday; d++ {
		if bits&(1<<d) != 0 {
			all = append(all, d.String()[:3])
		}
	}
	if len(all) == 7 {
		return ""
	}
	return strings.Join(all, ",") + " "
}
