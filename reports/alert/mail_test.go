package alert

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net"
	"net/http/httptest"
	"net/mail"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// smtpServer is a mail server for one letter at a time, on loopback.
type smtpServer struct {
	port     int
	roots    *x509.CertPool
	starttls *tls.Config // nil: not offered
	letters  chan string
	talk     chan string // everything that was said to it
}

const mailUser, mailPassword = "robot@example.com", "marked-mail-password"

// serveMail starts one; its certificate is that of the tests of net/http.
func serveMail(t *testing.T, implicit, starttls bool) *smtpServer {
	web := httptest.NewTLSServer(nil)
	t.Cleanup(web.Close)
	config := &tls.Config{Certificates: web.TLS.Certificates}
	s := &smtpServer{roots: x509.NewCertPool(), letters: make(chan string, 1), talk: make(chan string, 100)}
	s.roots.AddCert(web.Certificate())
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s.port = listener.Addr().(*net.TCPAddr).Port
	if implicit {
		listener = tls.NewListener(listener, config)
	} else if starttls {
		s.starttls = config
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			s.serve(conn)
		}
	}()
	return s
}

func (s *smtpServer) serve(conn net.Conn) {
	defer conn.Close()
	lines := bufio.NewReader(conn)
	say := func(format string, args ...any) { fmt.Fprintf(conn, format+"\r\n", args...) }
	say("220 mail.example.com ready")
	right := base64.StdEncoding.EncodeToString([]byte("\x00" + mailUser + "\x00" + mailPassword))
	_, secure := conn.(*tls.Conn)
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			return
		}
		line = strings.TrimSpace(line)
		s.talk <- line
		switch verb, rest, _ := strings.Cut(line, " "); strings.ToUpper(verb) {
		case "EHLO":
			if s.starttls != nil && !secure {
				say("250-mail.example.com\r\n250 STARTTLS")
				continue
			}
			say("250-mail.example.com\r\n250-8BITMIME\r\n250 AUTH PLAIN")
		case "STARTTLS":
			say("220 go on")
			c := tls.Server(conn, s.starttls)
			conn, lines, secure = c, bufio.NewReader(c), true
		case "AUTH":
			if rest != "PLAIN "+right {
				say("535 5.7.8 not %s", rest)
				continue
			}
			say("235 ok")
		case "DATA":
			say("354 go on")
			var letter strings.Builder
			for {
				line, err := lines.ReadString('\n')
				if err != nil || line == ".\r\n" {
					break
				}
				letter.WriteString(strings.TrimPrefix(line, "."))
			}
			s.letters <- letter.String()
			say("250 taken")
		case "QUIT":
			say("221 bye")
			return
		default:
			say("250 ok")
		}
	}
}

func (s *smtpServer) options(way TLS) MailOptions {
	return MailOptions{
		Host: "127.0.0.1", Port: s.port, TLS: way, User: mailUser, Password: mailPassword, Roots: s.roots, Attach: true,
		From: "umsrecon <robot@example.com>", To: []string{"finance@example.com", "财务 <cai@example.com>"},
	}
}

// TestMail sends a real letter with workbooks over each kind of TLS, and reads
// it as a mail program would.
func TestMail(t *testing.T) {
	book := filepath.Join(t.TempDir(), "对账差异-2026-11-19.xlsx")
	content := bytes.Repeat([]byte("PK\x03\x04工作簿"), 3000)
	require.NoError(t, os.WriteFile(book, content, 0o600))
	for _, way := range []TLS{Implicit, StartTLS} {
		t.Run(string(way), func(t *testing.T) {
			s := serveMail(t, way == Implicit, way == StartTLS)
			m := Message{Title: "银商对账 2026-11-19：有差异", Text: "已平 214\n.差异 2", Files: []string{book}}
			require.NoError(t, NewMail(s.options(way)).Send(t.Context(), m, now))

			letter, err := mail.ReadMessage(strings.NewReader(<-s.letters))
			require.NoError(t, err)
			decoder := new(mime.WordDecoder)
			subject, err := decoder.DecodeHeader(letter.Header.Get("Subject"))
			require.NoError(t, err)
			require.Equal(t, m.Title, subject)
			at, err := letter.Header.Date()
			require.NoError(t, err)
			require.True(t, at.Equal(now))
			to, err := letter.Header.AddressList("To")
			require.NoError(t, err)
			require.Len(t, to, 2)

			_, params, err := mime.ParseMediaType(letter.Header.Get("Content-Type"))
			require.NoError(t, err)
			parts := multipart.NewReader(letter.Body, params["boundary"])
			text, err := parts.NextPart() // quoted-printable is undone by it
			require.NoError(t, err)
			body, err := io.ReadAll(text)
			require.NoError(t, err)
			require.Equal(t, m.Text, strings.ReplaceAll(strings.TrimSpace(string(body)), "\r\n", "\n"))
			file, err := parts.NextPart()
			require.NoError(t, err)
			name, err := decoder.DecodeHeader(file.FileName())
			require.NoError(t, err)
			require.Equal(t, filepath.Base(book), name)
			got, err := io.ReadAll(base64.NewDecoder(base64.StdEncoding, file))
			require.NoError(t, err)
			require.Equal(t, content, got)
		})
	}
}

// TestMailShowsThePage: a program that shows HTML gets the page of the last run
// with the text above it, whether files are attached or not; others the text.
func TestMailShowsThePage(t *testing.T) {
	dir := t.TempDir()
	first, last := filepath.Join(dir, "a.html"), filepath.Join(dir, "b.html")
	require.NoError(t, os.WriteFile(first, []byte("<html><body>\n<h1>first night</h1></body></html>"), 0o600))
	require.NoError(t, os.WriteFile(last, []byte("<html><body>\n<h1>对账汇总</h1></body></html>"), 0o600))
	for _, attach := range []bool{true, false} {
		s := serveMail(t, true, false)
		o := s.options(Implicit)
		o.Attach = attach
		m := Message{Title: "x", Text: "失败：<台账>", Files: []string{first, last}}
		require.NoError(t, NewMail(o).Send(t.Context(), m, now))
		letter, err := mail.ReadMessage(strings.NewReader(<-s.letters))
		require.NoError(t, err)
		kind, params, err := mime.ParseMediaType(letter.Header.Get("Content-Type"))
		require.NoError(t, err)
		body := letter.Body
		if attach {
			require.Equal(t, "multipart/mixed", kind)
			part, err := multipart.NewReader(body, params["boundary"]).NextPart()
			require.NoError(t, err)
			kind, params, err = mime.ParseMediaType(part.Header.Get("Content-Type"))
			require.NoError(t, err)
			body = part
		}
		require.Equal(t, "multipart/alternative", kind)
		parts, texts := multipart.NewReader(body, params["boundary"]), []string{}
		for part, err := parts.NextPart(); err == nil; part, err = parts.NextPart() {
			text, err := io.ReadAll(part)
			require.NoError(t, err)
			texts = append(texts, part.Header.Get("Content-Type")+"\n"+string(text))
		}
		require.Len(t, texts, 2)
		require.Contains(t, texts[0], "text/plain")
		require.Contains(t, texts[0], "失败：<台账>")
		require.Contains(t, texts[1], "text/html")
		require.Regexp(t, `(?s)<body>.*失败：&lt;台账&gt;.*<h1>对账汇总</h1>`, texts[1])
		require.NotContains(t, texts[1], "first night")
	}
}

func TestMailWithoutFiles(t *testing.T) {
	s := serveMail(t, true, false)
	o := s.options(Implicit)
	o.Attach = false
	require.NoError(t, NewMail(o).Send(t.Context(), Message{Title: "x", Text: "y", Files: []string{"/not/there.xlsx", "/not/there.html"}}, now))
	require.NotContains(t, <-s.letters, "there.xlsx")
}

// TestMailThatIsNotSent: no word of the password leaves, and none is sent where
// the line is not secure.
func TestMailThatIsNotSent(t *testing.T) {
	s := serveMail(t, true, false)
	o := s.options(Implicit)
	o.Password = "marked-wrong"
	err := NewMail(o).Send(t.Context(), Message{Title: "x"}, now)
	require.ErrorContains(t, err, "535")
	require.NotContains(t, err.Error(), "marked")
	require.NotContains(t, err.Error(), base64.StdEncoding.EncodeToString([]byte("\x00"+mailUser+"\x00marked-wrong")))
	require.NotContains(t, fmt.Sprintf("%v %+v %#v", NewMail(o), *NewMail(o), NewMail(o)), "marked")

	o = s.options(Implicit)
	o.Roots = x509.NewCertPool()
	require.ErrorContains(t, NewMail(o).Send(t.Context(), Message{Title: "x"}, now), "certificate")

	bare := serveMail(t, false, false)
	require.ErrorContains(t, NewMail(bare.options(StartTLS)).Send(t.Context(), Message{Title: "x"}, now), "STARTTLS")
	for len(bare.talk) > 0 {
		require.NotContains(t, <-bare.talk, "AUTH")
	}

	o = s.options(Implicit)
	o.From = "no address"
	require.ErrorContains(t, NewMail(o).Send(t.Context(), Message{Title: "x"}, now), "mail: ")
	o = s.options(Implicit)
	require.ErrorContains(t, NewMail(o).Send(t.Context(), Message{Title: "x", Files: []string{"/not/there.xlsx"}}, now), "no such file")
}

func TestUnreachable(t *testing.T) {
	require.True(t, unreachable(fmt.Errorf("x: %w", &net.OpError{Op: "dial"})))
	require.False(t, unreachable(&net.OpError{Op: "read"}))
	require.False(t, unreachable(nil))
}
