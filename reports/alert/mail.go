package alert

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"html"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/wneessen/go-mail"
)

// TLS is how a mail server is spoken to.
type TLS string

// Implicit is TLS from the first byte, as on port 465; StartTLS asks for it on
// port 587 and goes no further without it; Plain is for this machine alone.
const (
	Implicit TLS = "implicit"
	StartTLS TLS = "starttls"
	Plain    TLS = "none"
)

const (
	mailTimeout  = 30 * time.Second
	longestMail  = 64 << 10 // of text
	mostAttached = 20 << 20 // of all files together
)

// MailOptions says how mail is sent.
type MailOptions struct {
	Host           string
	Port           int // 0: 465 with TLS, then 587 with STARTTLS when there is no connection to it
	TLS            TLS // of Port; empty: implicit on 465, else StartTLS
	User, Password string
	From           string
	To             []string
	Attach         bool           // the files of a message
	Roots          *x509.CertPool // nil: those of the system
}

// Mail is a channel by mail. Its password is in no error and no print of it.
type Mail struct{ o MailOptions }

// NewMail makes a channel.
func NewMail(o MailOptions) *Mail { return &Mail{o} }

func (m Mail) String() string { return "mail" }

// Format keeps what is secret out of every verb.
func (m Mail) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("mail")) }

// Send sends one message to all addresses. Beside the text stands, for programs
// that show HTML, the page of the last run among the message's files.
func (m *Mail) Send(ctx context.Context, message Message, now time.Time) error {
	letter, err := m.letter(message, now)
	if err != nil {
		return m.told(err)
	}
	ways := []way{{m.o.Port, m.o.TLS}}
	if m.o.Port == 0 {
		ways = []way{{465, Implicit}, {587, StartTLS}}
	}
	for _, w := range ways {
		if err = m.by(ctx, w, letter); !unreachable(err) {
			break
		}
	}
	return m.told(err)
}

// way is a door of a mail server.
type way struct {
	port int
	tls  TLS
}

func (m *Mail) by(ctx context.Context, w way, letter *mail.Msg) error {
	options := []mail.Option{
		mail.WithPort(w.port), mail.WithTimeout(mailTimeout),
		mail.WithTLSConfig(&tls.Config{ServerName: m.o.Host, RootCAs: m.o.Roots, MinVersion: tls.VersionTLS12}),
	}
	switch {
	case w.tls == Plain:
		options = append(options, mail.WithTLSPolicy(mail.NoTLS))
	case w.tls == Implicit || w.tls == "" && w.port == 465:
		options = append(options, mail.WithSSL())
	default:
		options = append(options, mail.WithTLSPolicy(mail.TLSMandatory))
	}
	if m.o.User != "" {
		options = append(options, mail.WithSMTPAuth(mail.SMTPAuthAutoDiscover), mail.WithUsername(m.o.User), mail.WithPassword(m.o.Password))
	}
	client, err := mail.NewClient(m.o.Host, options...)
	if err != nil {
		return err
	}
	return client.DialAndSendWithContext(ctx, letter)
}

// unreachable says whether another door is worth a try: nobody was there.
func unreachable(err error) bool {
	var dial *net.OpError
	return errors.As(err, &dial) && dial.Op == "dial"
}

func (m *Mail) letter(message Message, now time.Time) (*mail.Msg, error) {
	letter := mail.NewMsg()
	if err := errors.Join(letter.From(m.o.From), letter.To(m.o.To...)); err != nil {
		return nil, err
	}
	letter.Subject(message.Title)
	letter.SetDateWithValue(now)
	letter.SetMessageID()
	text := cut(message.Text, longestMail) + "\n"
	files, left := message.Files, mostAttached
	if !m.o.Attach {
		files = nil
	}
	for _, path := range files {
		data, err := os.ReadFile(path)
		if err == nil && len(data) <= left {
			err = letter.AttachReader(filepath.Base(path), bytes.NewReader(data))
			left -= len(data)
		} else if err == nil {
			text += filepath.Base(path) + ": 过大，未附 / too large to attach\n"
		}
		if err != nil {
			return nil, err
		}
	}
	letter.SetBodyString(mail.TypeTextPlain, text)
	if page := message.page(text); page != "" {
		letter.AddAlternativeString(mail.TypeTextHTML, page)
	}
	return letter, nil
}

// page is the page of the last run, with the text above it: who reads the one
// does not see the other. Empty when there is none that can be read.
func (m Message) page(text string) string {
	for _, path := range slices.Backward(m.Files) {
		if filepath.Ext(path) != ".html" {
			continue
		}
		data, err := os.ReadFile(path)
		if head, rest, is := strings.Cut(string(data), "<body>"); err == nil && is {
			return head + "<body>\n<p style=\"white-space: pre-wrap\">" + html.EscapeString(text) + "</p>\n" + rest
		}
	}
	return ""
}

// told takes the password out of what the server may have repeated.
func (m *Mail) told(err error) error {
	if err == nil {
		return nil
	}
	text := clean(err.Error())
	if p := m.o.Password; p != "" {
		plain := base64.StdEncoding.EncodeToString([]byte("\x00" + m.o.User + "\x00" + p))
		text = strings.NewReplacer(plain, "***", base64.StdEncoding.EncodeToString([]byte(p)), "***", p, "***").Replace(text)
	}
	return errors.New("mail: " + cut(text, longestReason))
}
