package main

import (
	"bytes"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

const addressWithPassword = "postgres://ums:pa55%2Fw0rd@db.example:5433/recon?search_path=ums"

func TestALocationIsShownWithoutItsPassword(t *testing.T) {
	c := defaults()
	c.Database = addressWithPassword
	require.Equal(t, addressWithPassword, c.database())
	require.Equal(t, "postgres://db.example:5433/recon", fmt.Sprint(c.Database))
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		require.NotContains(t, fmt.Sprintf(verb, c.Database), "pa55", verb)
		require.NotContains(t, fmt.Sprintf(verb, c), "pa55", verb)
	}
	var out bytes.Buffer
	m := &masker{}
	m.learn(&c)
	log := slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{ReplaceAttr: m.attr}))
	log.Error("x", "database", c.Database, "error", fmt.Errorf("at %s with pa55/w0rd", addressWithPassword))
	require.NotContains(t, out.String(), "pa55")

	c.Database = "umsrecon.db"
	require.Equal(t, "umsrecon.db", fmt.Sprint(c.Database))
	require.Empty(t, c.Database.secrets())
}

func TestAnAddressStandsInAFileThatNotEverybodyReads(t *testing.T) {
	path := writeConfig(t, "database: file:address")
	address := filepath.Join(filepath.Dir(path), "address")
	require.NoError(t, os.WriteFile(address, []byte(addressWithPassword+"\n"), 0o600))
	c, err := Load(path, noEnvironment, NeedDatabase)
	require.NoError(t, err)
	require.Equal(t, addressWithPassword, c.database())
	require.NoError(t, os.Chmod(address, 0o644))
	_, err = Load(path, noEnvironment, NeedDatabase)
	require.ErrorContains(t, err, "file:address is open to every user")
	require.NotContains(t, err.Error(), "pa55")
}
