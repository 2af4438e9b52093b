package main

import (
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/umsrecon/umsrecon"
	"github.com/umsrecon/umsrecon/reconcile"
)

func TestExampleConfigNeedsNothingToLoad(t *testing.T) {
	path := writeConfig(t, string(umsrecon.ExampleConfig))
	c, err := Load(path, noEnvironment)
	require.NoError(t, err)
	require.True(t, c.Gateway.AppKey.IsZero())

	c, err = Load(path, fullEnvironment, EverySection...)
	require.NoError(t, err)
	require.Equal(t, "test-app", c.Gateway.AppID)
	require.Equal(t, "s3cr3t-app", c.Gateway.AppKey.Reveal())
	require.True(t, c.Notices.Key.IsZero(), "there is no receiver")

	c, err = Load(path, fullEnvironment, NeedNoticeKey)
	require.NoError(t, err)
	require.Equal(t, "s3cr3t-notice", c.Notices.Key.Reveal())

	_, err = Load(path, noEnvironment, NeedGateway)
	require.ErrorContains(t, err, "gateway.app_id: env:UMS_APP_ID is not set\n")
	require.ErrorContains(t, err, "gateway.app_key: env:UMS_APP_KEY is not set")
}

// TestExampleConfigShowsDefaults holds every value of the example against
// defaults. What the example must show though it is no default stands here.
func TestExampleConfigShowsDefaults(t *testing.T) {
	shownOnly := map[string]any{"merchant.mid": "898340149000005", "merchant.tid": "00000001"}

	c, err := Load(writeConfig(t, string(umsrecon.ExampleConfig)), noEnvironment)
	require.NoError(t, err)
	got, want := map[string]any{}, map[string]any{}
	leaves(reflect.ValueOf(*c), "", got)
	leaves(reflect.ValueOf(defaults()), "", want)
	for path, shown := range shownOnly {
		require.Equal(t, shown, got[path], path)
		require.Zero(t, want[path], path)
		delete(got, path)
		delete(want, path)
	}
	require.Equal(t, want, got)
	require.Equal(t, reconcile.DefaultSettings().Lookback, c.Settings().Lookback)

	for path, ref := range defaultReferences {
		key := path[strings.LastIndexByte(path, '.')+1:]
		require.Regexp(t, `(?m)^  `+key+`: `+ref+`( |$)`, string(umsrecon.ExampleConfig), path)
	}
}

// leaves collects the values below v that are not structs.
func leaves(v reflect.Value, path string, into map[string]any) {
	if isScalar(v.Type()) || v.Kind() != reflect.Struct {
		into[path] = v.Interface()
		return
	}
	for _, f := range keysOf(v.Type()) {
		leaves(v.FieldByIndex(f.index), keyPath(path, f.key), into)
	}
}

// unfolded is the example with its commented samples in force.
func unfolded(example string) string {
	head, merchants, _ := strings.Cut(example, "# merchants:\n")
	merchants = regexp.MustCompile(`(?m)^# `).ReplaceAllString(merchants, "")
	head = regexp.MustCompile(`(?s)\nmerchant:\n.*?\n\n`).ReplaceAllString(head, "\n\n")
	for _, key := range []string{"columns", "sources", "fees", "recipients"} {
		head = regexp.MustCompile(`(?m)^  `+key+`: .*$`).ReplaceAllString(head, "")
		head = strings.Replace(head, "  #   "+key+": ", "  "+key+": ", 1)
	}
	return head + "merchants:\n" + merchants
}

func TestExampleConfigSamplesLoad(t *testing.T) {
	path := writeConfig(t, unfolded(string(umsrecon.ExampleConfig)))
	c, err := Load(path, noEnvironment)
	require.NoError(t, err)
	require.Len(t, c.Merchants(), 1)
	require.Equal(t, "账单号", c.Ledger.Columns["bill_no"])
	require.Equal(t, []Fee{{TargetSys: "WXPay", RatePPM: 3800}}, c.Settlement.Fees)
	require.Equal(t, "ledger/1/orders-{date}.csv", c.Merchants()[0].Ledger.Pattern)
}

func TestExampleConfigHasEveryKey(t *testing.T) {
	stands := map[string]bool{}
	for _, text := range []string{string(umsrecon.ExampleConfig), unfolded(string(umsrecon.ExampleConfig))} {
		root, faults := parseYAML([]byte(text))
		require.Empty(t, faults)
		pathsOf(root, "", stands)
	}
	for _, path := range knownPaths(reflect.TypeFor[Config](), "") {
		require.True(t, stands[path], "config.example.yaml has no %s", path)
	}
	for _, column := range ledgerColumns {
		require.Contains(t, string(umsrecon.ExampleConfig), column)
	}
}

func pathsOf(n *node, path string, into map[string]bool) {
	into[path] = true
	for _, item := range n.items {
		pathsOf(item, path, into)
	}
	for _, p := range n.pairs {
		pathsOf(p.value, keyPath(path, p.key), into)
	}
}

func knownPaths(t reflect.Type, path string) []string {
	if isScalar(t) || t.Kind() == reflect.Map || t == reflect.TypeFor[*Ledger]() || t == reflect.TypeFor[[]LedgerSource]() {
		return []string{path}
	}
	if t.Kind() == reflect.Slice {
		return knownPaths(t.Elem(), path)
	}
	var all []string
	for _, f := range keysOf(t) {
		all = append(all, knownPaths(t.FieldByIndex(f.index).Type, keyPath(path, f.key))...)
	}
	return all
}
