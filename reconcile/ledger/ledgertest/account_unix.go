//go:build unix

package ledgertest

import (
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"strconv"
	"syscall"
)

// account is who a server runs as; the zero account is whoever runs the test.
type account struct {
	other    bool
	uid, gid int
}

// accountFor is the first user there is of names when root runs the test.
func accountFor(names []string) (account, error) {
	if os.Getuid() != 0 {
		return account{}, nil
	}
	for _, name := range names {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, uidErr := strconv.Atoi(u.Uid)
		gid, gidErr := strconv.Atoi(u.Gid)
		if uidErr == nil && gidErr == nil {
			return account{true, uid, gid}, nil
		}
	}
	return account{}, fmt.Errorf("root runs the test, and there is no user of %q to run a server as", names)
}

func (a account) own(path string) error {
	if !a.other {
		return nil
	}
	return os.Chown(path, a.uid, a.gid)
}

func (a account) runAs(c *exec.Cmd) {
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if a.other {
		c.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(a.uid), Gid: uint32(a.gid)}
	}
}
