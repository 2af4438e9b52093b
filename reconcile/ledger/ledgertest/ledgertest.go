// Package ledgertest starts real database servers for tests, from the
// binaries that are installed, in folders of their own. A test that has no
// such binary is skipped, with a word.
package ledgertest

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Password is that of every server's user, umsrecon.
const Password = "s3cr3t-d4tab4se"

// patience is how long a server may take to start.
const patience = 60 * time.Second

// MariaDB starts a server with an empty database, shop, and returns the DSN
// of its owner. required: without the binaries the test fails.
func MariaDB(t testing.TB, required bool) string {
	t.Helper()
	s := newServer(t, required, []string{"mysql", "nobody"}, "mariadbd", "mariadb-install-db", "mariadb")
	data := filepath.Join(s.dir, "data")
	s.run("", "mariadb-install-db", "--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db", "--datadir="+data)
	socket := filepath.Join(s.dir, "socket")
	s.start("mariadbd", "--no-defaults", "--datadir="+data, "--socket="+socket, "--bind-address=127.0.0.1",
		fmt.Sprintf("--port=%d", s.port), "--pid-file="+filepath.Join(s.dir, "pid"), "--innodb-flush-log-at-trx-commit=0", "--skip-log-bin")
	s.await(func() bool { return true })
	s.run("CREATE DATABASE shop CHARACTER SET utf8mb4; CREATE USER umsrecon@'%' IDENTIFIED BY '"+Password+"'; GRANT ALL ON shop.* TO umsrecon@'%';",
		"mariadb", "--no-defaults", "--user=root", "--socket="+socket)
	return fmt.Sprintf("umsrecon:%s@tcp(127.0.0.1:%d)/shop", Password, s.port)
}

// Postgres is MariaDB for PostgreSQL.
func Postgres(t testing.TB, required bool) string {
	t.Helper()
	address, _ := PostgresThatRestarts(t, required)
	return address
}

// PostgresThatRestarts is Postgres for a test that has the server fall over and
// get up again: restart returns when it takes connections.
func PostgresThatRestarts(t testing.TB, required bool) (address string, restart func()) {
	t.Helper()
	s := newServer(t, required, []string{"postgres", "nobody"}, "postgres", "initdb", "pg_isready")
	data, secret := filepath.Join(s.dir, "data"), filepath.Join(s.dir, "secret")
	s.write(secret, Password)
	s.run("", "initdb", "--pgdata="+data, "--username=umsrecon", "--pwfile="+secret, "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync")
	begin := func() (end func()) {
		end = s.start("postgres", "-D", data, "-k", s.dir, "-h", "127.0.0.1", "-p", fmt.Sprint(s.port), "-F")
		s.await(func() bool { // it takes connections, and refuses them, while it starts
			return s.command("pg_isready", "-h", "127.0.0.1", "-p", fmt.Sprint(s.port)).Run() == nil
		})
		return end
	}
	end := begin()
	return fmt.Sprintf("postgres://umsrecon:%s@127.0.0.1:%d/postgres?sslmode=disable", Password, s.port), func() {
		end()
		end = begin()
	}
}

// server is one that runs as a user of its own, because servers refuse to run
// as root.
type server struct {
	t        testing.TB
	dir      string
	port     int
	account  account
	binaries map[string]string
	ended    chan error // of the server, with its log
	log      *os.File
}

func newServer(t testing.TB, required bool, accounts []string, binaries ...string) *server {
	t.Helper()
	s := &server{t: t, binaries: map[string]string{}}
	for _, name := range binaries {
		path := find(name)
		if path == "" && required {
			t.Fatalf("%s is not installed, and it is required here", name)
		}
		if path == "" {
			t.Skipf("%s is not installed: not tested here", name)
		}
		s.binaries[name] = path
	}
	var err error
	if s.account, err = accountFor(accounts); err != nil {
		t.Fatal(err)
	}
	// Not t.TempDir: its parents are closed to other users, and its name is
	// too long for a socket.
	if s.dir, err = os.MkdirTemp("", "umsdb"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(s.dir) })
	s.own(s.dir)
	s.port = freePort(t)
	return s
}

// find looks where Debian keeps the programs of PostgreSQL, too.
func find(name string) string {
	if path, err := exec.LookPath(name); err == nil {
		return path
	}
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/" + name) // the pattern is sound
	found = append(found, "/usr/sbin/"+name)
	slices.Reverse(found)
	for _, path := range found {
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			return path
		}
	}
	return ""
}

func freePort(t testing.TB) int {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

func (s *server) write(path, text string) {
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
	s.own(path)
}

func (s *server) own(path string) {
	if err := s.account.own(path); err != nil {
		s.t.Fatal(err)
	}
}

func (s *server) command(name string, args ...string) *exec.Cmd {
	c := exec.Command(s.binaries[name], args...)
	c.Dir = s.dir
	// Temporary tables of two servers in one folder take each other's names.
	c.Env = append(c.Environ(), "TMPDIR="+s.dir)
	s.account.runAs(c)
	return c
}

func (s *server) run(stdin, name string, args ...string) {
	s.t.Helper()
	c := s.command(name, args...)
	if stdin != "" {
		path := filepath.Join(s.dir, "stdin")
		s.write(path, stdin)
		in, err := os.Open(path)
		if err != nil {
			s.t.Fatal(err)
		}
		defer in.Close()
		c.Stdin = in
	}
	if out, err := c.CombinedOutput(); err != nil {
		s.t.Fatalf("%s: %v\n%s", name, err, out)
	}
}

// start returns what ends the server as a fall of the machine would, but for its
// disk; it may be called again and again.
func (s *server) start(name string, args ...string) (end func()) {
	s.t.Helper()
	log, err := os.CreateTemp(s.dir, "log")
	if err != nil {
		s.t.Fatal(err)
	}
	c := s.command(name, args...)
	c.Stdout, c.Stderr = log, log
	if err := c.Start(); err != nil {
		s.t.Fatal(err)
	}
	ended := make(chan error, 1)
	s.log, s.ended = log, ended
	go func() { ended <- c.Wait() }()
	end = sync.OnceFunc(func() {
		if name == "postgres" { // killed, it leaves others of its kind behind
			_ = c.Process.Signal(syscall.SIGQUIT)
		} else {
			_ = c.Process.Kill() // its data go anyway
		}
		select {
		case <-ended:
		case <-time.After(patience):
			_ = c.Process.Kill()
			<-ended
		}
		log.Close()
	})
	s.t.Cleanup(end)
	return end
}

// await waits until the server takes connections and is ready.
func (s *server) await(ready func() bool) {
	s.t.Helper()
	for range int(patience / (50 * time.Millisecond)) {
		c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", s.port))
		if err == nil {
			c.Close()
			if ready() {
				return
			}
		}
		select {
		case err := <-s.ended:
			s.ended <- err
			s.t.Fatalf("the server ended: %v\n%s", err, s.said())
		case <-time.After(50 * time.Millisecond):
		}
	}
	s.t.Fatalf("the server does not answer after %s\n%s", patience, s.said())
}

func (s *server) said() string {
	text, err := os.ReadFile(s.log.Name())
	if err != nil {
		return err.Error()
	}
	return string(text)
}
