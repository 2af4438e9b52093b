package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/stretchr/testify/require"
)

// says FILE [PRINTED]: stdout, or the file PRINTED, is one JSON document and
// nothing else, and all that stands in FILE stands in it, too; "…" is any text
// that is not empty. Other fields may be there.
func says(ts *testscript.TestScript, _ bool, args []string) {
	want, err := oneDocument(ts.ReadFile(args[0]))
	if err != nil {
		ts.Fatalf("%s: %v", args[0], err)
	}
	printed := append(args, "stdout")[1]
	got, err := oneDocument(ts.ReadFile(printed))
	if err != nil {
		ts.Fatalf("%s: %v", printed, err)
	}
	ts.Check(contains(got, want, printed))
}

func oneDocument(text string) (v any, err error) {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, fmt.Errorf("something stands behind the document")
	}
	return v, nil
}

// contains says where got lacks something of want.
func contains(got, want any, path string) error {
	switch want := want.(type) {
	case map[string]any:
		object, ok := got.(map[string]any)
		if !ok {
			return fmt.Errorf("%s is no object: %v", path, got)
		}
		for name, value := range want {
			if _, there := object[name]; !there {
				return fmt.Errorf("%s has no %q", path, name)
			}
			if err := contains(object[name], value, path+"."+name); err != nil {
				return err
			}
		}
		return nil
	case []any:
		list, ok := got.([]any)
		if !ok || len(list) != len(want) {
			return fmt.Errorf("%s is not an array of %d: %v", path, len(want), got)
		}
		for i := range want {
			if err := contains(list[i], want[i], fmt.Sprintf("%s[%d]", path, i)); err != nil {
				return err
			}
		}
		return nil
	}
	if text, ok := got.(string); got == want || want == "…" && ok && text != "" {
		return nil
	}
	return fmt.Errorf("%s is %#v, want %#v", path, got, want)
}

func TestContains(t *testing.T) {
	for _, c := range []struct{ got, want, wrong string }{
		{got: `{"a":1,"b":2}`, want: `{"a":1}`},
		{got: `{"a":"x"}`, want: `{"a":"…"}`},
		{got: `{"a":[1,{"b":null}]}`, want: `{"a":[1,{"b":null}]}`},
		{got: `{"b":2}`, want: `{"a":1}`, wrong: `it has no "a"`},
		{got: `{"a":"1"}`, want: `{"a":1}`, wrong: "it.a is"},
		{got: `{"a":1}`, want: `{"a":"…"}`, wrong: "it.a is"},
		{got: `{"a":""}`, want: `{"a":"…"}`, wrong: "it.a is"},
		{got: `{"a":[1,2]}`, want: `{"a":[1]}`, wrong: "it.a is not an array of 1"},
		{got: `[]`, want: `{}`, wrong: "it is no object"},
		{got: `{"a":0}`, want: `{"a":null}`, wrong: "it.a is"},
	} {
		got, err := oneDocument(c.got)
		require.NoError(t, err)
		want, err := oneDocument(c.want)
		require.NoError(t, err)
		if err := contains(got, want, "it"); c.wrong == "" {
			require.NoError(t, err, c.got)
		} else {
			require.ErrorContains(t, err, c.wrong)
		}
	}
	_, err := oneDocument(`{} {}`)
	require.ErrorContains(t, err, "behind the document")
}

// same FILE FILE [FIELD…]: two JSON documents are equal, but for fields of
// these names wherever they stand.
func same(ts *testscript.TestScript, _ bool, args []string) {
	var texts []string
	for _, name := range args[:2] {
		v, err := oneDocument(ts.ReadFile(name))
		if err != nil {
			ts.Fatalf("%s: %v", name, err)
		}
		text, err := json.MarshalIndent(without(v, args[2:]), "", " ")
		ts.Check(err)
		texts = append(texts, string(text))
	}
	if texts[0] != texts[1] {
		ts.Fatalf("%s and %s differ:\n%s\n---\n%s", args[0], args[1], texts[0], texts[1])
	}
}

func without(v any, fields []string) any {
	switch v := v.(type) {
	case map[string]any:
		for _, name := range fields {
			delete(v, name)
		}
		for name := range v {
			v[name] = without(v[name], fields)
		}
	case []any:
		for i := range v {
			v[i] = without(v[i], fields)
		}
	}
	return v
}
