package umsrecon_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// licenceMarks tell a licence by words of its text.
var licenceMarks = []struct{ name, words string }{
	{"MPL-2.0", "Mozilla Public License Version 2.0"},
	{"Apache-2.0", "Apache License Version 2.0"},
	{"BSD-3-Clause", "Redistribution and use in source and binary forms, with or without modification, are permitted provided that the following conditions are met"},
	{"MIT", "Permission is hereby granted, free of charge, to any person obtaining a copy"},
}

// licenceOf is the licence that the file LICENSE of a module holds; empty: none
// that is known, or there is no such file.
func licenceOf(dir string) string {
	names, _ := filepath.Glob(filepath.Join(dir, "LICENSE*")) // the pattern is a good one
	names = slices.DeleteFunc(names, func(name string) bool {
		return !slices.Contains([]string{"LICENSE", "LICENSE.txt", "LICENSE.md"}, filepath.Base(name))
	})
	for _, name := range names {
		text, _ := os.ReadFile(name) // one that cannot be read is not known
		words := strings.NewReplacer(",", "", ".", "").Replace(strings.Join(strings.Fields(string(text)), " "))
		for _, m := range licenceMarks {
			if strings.Contains(words, strings.NewReplacer(",", "", ".", "").Replace(m.words)) {
				return m.name
			}
		}
	}
	return ""
}

type goModule struct {
	Path, Dir      string
	Main, Indirect bool
}

// modulesOf are the modules that the program and its tests are built from.
func modulesOf(t *testing.T) []goModule {
	out, err := exec.Command("go", "list", "-deps", "-test", "-json=Module", "./...").Output()
	require.NoError(t, err)
	var modules []goModule
	for d := json.NewDecoder(strings.NewReader(string(out))); d.More(); {
		var p struct{ Module *goModule }
		require.NoError(t, d.Decode(&p))
		if p.Module != nil && !p.Module.Main && !slices.Contains(modules, *p.Module) {
			modules = append(modules, *p.Module)
		}
	}
	return modules
}

// TestSupply: every module has a licence that is known, and every one that this
// program asks for itself stands in .ci/licences with its licence and the
// reason for it.
func TestSupply(t *testing.T) {
	text, err := os.ReadFile(".ci/licences")
	require.NoError(t, err)
	listed := map[string]string{}
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		require.Greater(t, len(fields), 2, "%q has no reason", line)
		listed[fields[0]] = fields[1]
	}
	direct, count := map[string]string{}, map[string]int{}
	for _, m := range modulesOf(t) {
		licence := licenceOf(m.Dir)
		require.NotEmpty(t, licence, "%s has no licence that is known", m.Path)
		count[licence]++
		if !m.Indirect {
			direct[m.Path] = licence
		}
	}
	require.Equal(t, listed, direct, ".ci/licences against go.mod")
	t.Log(count)
}

func TestLicenceOfAnUnknownOne(t *testing.T) {
	dir := t.TempDir()
	require.Empty(t, licenceOf(dir))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "LICENSE"), []byte("All rights reserved."), 0o600))
	require.Empty(t, licenceOf(dir))
}
