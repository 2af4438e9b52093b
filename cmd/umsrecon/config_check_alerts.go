package main

import (
	"fmt"
	"net"
	netmail "net/mail"
	"net/url"

	"github.com/umsrecon/umsrecon/reports/alert"
)

func (d *decoder) checkAlerts(a Alerts) {
	d.notNegative("alerts.silence", a.Silence)
	for i, r := range a.Recipients {
		path := fmt.Sprintf("alerts.recipients[%d]", i)
		d.required(path, "channel", "when")
		d.oneOf(path+".channel", r.Channel, "wecom", "dingtalk", "feishu", "webhook", "mail")
		d.must(path+".when", len(r.When) > 0, "names no condition")
		for j, w := range r.When {
			var words []string
			for _, known := range alert.Whens {
				words = append(words, string(known))
			}
			d.oneOf(fmt.Sprintf("%s.when[%d]", path, j), string(w), words...)
		}
		if r.Channel == "mail" {
			d.checkMail(path, r)
		} else {
			d.checkRobot(path, r)
		}
	}
}

// required adds a fault for each key that the file does not have.
func (d *decoder) required(path string, keys ...string) {
	for _, k := range keys {
		if _, written := d.written[path+"."+k]; !written && !d.written[path].unfit {
			d.wrong(path+"."+k, "is missing")
		}
	}
}

// foreign adds a fault for each key that belongs to another channel.
func (d *decoder) foreign(path, channel string, keys ...string) {
	for _, k := range keys {
		if _, written := d.written[path+"."+k]; written {
			d.wrong(path+"."+k, "does not belong to the channel %s", channel)
		}
	}
}

func (d *decoder) checkRobot(path string, r Recipient) {
	d.required(path, "url")
	d.foreign(path, r.Channel, "host", "port", "tls", "user", "password", "from", "addresses", "attach")
	if r.Channel != "dingtalk" && r.Channel != "feishu" {
		d.foreign(path, r.Channel, "secret")
	}
	d.checkSecretURL(path+".url", r.URL.Reveal())
}

func (d *decoder) checkMail(path string, r Recipient) {
	d.required(path, "host", "from", "addresses")
	d.foreign(path, "mail", "url", "secret")
	d.between(path+".port", r.Port, 0, 65535)
	d.oneOf(path+".tls", r.TLS, "implicit", "starttls", "none")
	d.must(path+".tls", r.TLS != "none" || loopbackHost(r.Host), "sends mail in the clear; that is for this machine only")
	d.must(path+".tls", r.Port != 0, "needs a port")
	d.must(path+".host", r.Host != "", "must not be empty")
	d.must(path+".from", isAddress(r.From), "must be a mail address")
	d.must(path+".addresses", len(r.Addresses) > 0, "names nobody")
	for i, a := range r.Addresses {
		d.must(fmt.Sprintf("%s.addresses[%d]", path, i), isAddress(a), "must be a mail address")
	}
	if r.User != "" {
		d.required(path, "password")
	}
}

func isAddress(s string) bool {
	_, err := netmail.ParseAddress(s)
	return err == nil
}

// checkSecretURL repeats nothing of the URL; empty is not looked at.
func (d *decoder) checkSecretURL(path, text string) {
	u, err := url.Parse(text)
	switch {
	case text == "":
	case err != nil || u.Opaque != "" || u.Hostname() == "" || u.Scheme != "http" && u.Scheme != "https":
		d.must(path, false, "must be a URL that begins with https://")
	case u.Scheme == "http" && !loopbackHost(u.Hostname()):
		d.must(path, false, "must be https; plain http goes to this machine only")
	}
}

func (d *decoder) checkMonitor(m Monitor) {
	d.checkSecretURL("monitor.ping", m.Ping.Reveal())
	if m.Listen != "" {
		host, port, err := net.SplitHostPort(m.Listen)
		d.must("monitor.listen", err == nil && loopbackHost(host) && validPort(port, false), `must be host:port on this machine such as "127.0.0.1:9180", or empty`)
	}
}
