//go:build !unix

package ledgertest

import "os/exec"

// account is whoever runs the test.
type account struct{}

func accountFor([]string) (account, error) { return account{}, nil }
func (account) own(string) error           { return nil }
func (account) runAs(*exec.Cmd)            {}
