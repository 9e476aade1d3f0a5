package rego

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/open-policy-agent/opa/v1/rego"
)

const authzAndLogs = `package siogw.authz

allow if input.event in data.events
`

func loadWithLogs(t *testing.T, logs string, rules ...string) (*Policy, error) {
	t.Helper()
	files := fstest.MapFS{"authz.rego": {Data: []byte(authzAndLogs)}, "data.json": {Data: []byte(`{"events":["chat"],"secret":["/input/room"]}`)},
		"log.rego": {Data: []byte(logs)}}
	return Load(t.Context(), Options{Files: files, LogRules: rules})
}

func TestLogRules(t *testing.T) {
	p, err := loadWithLogs(t, `package system.log

import data.siogw.authz
import data.siogw.lib.rbac

mask contains p if some p in data.secret
mask contains "/input/args" if input.input.args == "***"
mask contains "/input/session/ip" if input.input.session.rooms[_] == "x"
drop if authz.allow with input as input.input
`)
	if err != nil {
		t.Fatal(err)
	}
	r, err := p.LogRules(t.Context())
	if err != nil || r.Data["events"] == nil {
		t.Fatalf("%v, %v", r, err)
	}
	for query, want := range map[string]int{"data.system.log.mask[_]": 1, "data.system.log.drop": 1} {
		got, err := rego.New(rego.Query(query), rego.Compiler(r.Compiler), rego.Store(p.store), rego.Transaction(p.txn),
			rego.Input(map[string]any{"input": map[string]any{"event": "chat"}})).Eval(t.Context())
		if err != nil || len(got) != want {
			t.Errorf("%s: %v, %v", query, got, err)
		}
	}
}

func TestNoLogRules(t *testing.T) {
	p, err := loadWithLogs(t, "package other\n\nx if input.event == \"x\"\n")
	if err != nil {
		t.Fatal(err)
	}
	if r, err := p.LogRules(t.Context()); r != nil || err != nil {
		t.Errorf("%v, %v", r, err)
	}
}

// TestLogRulesAreChecked holds rules for OPA's decision logs against an event of these, and others against the packet.
func TestLogRulesAreChecked(t *testing.T) {
	for logs, want := range map[string]string{
		"package system.log\n\nmask contains \"/input/room\" if input.input.sesion.ip == \"\"": "log.rego:3:",
		"package system.log\n\nmask contains \"/input/room\" if input.session.ip == \"\"":      "is an event of OPA's decision logs",
		"package system.log.lib\n\nx if input.input.evnt == \"\"":                              "log.rego:3:",
		"package own\n\nmask contains \"/input/room\" if input.input.evnt == \"\"":             "log.rego:3:",
		"package own\n\nmask contains \"/input/room\" if input.input.event == \"\"":            "",
		"package ownother\n\nx if input.input.event == \"\"":                                   "log.rego:3:",
		"package system.log\n\ndrop if input.result.code == \"spam\"":                          "",
		"package system.log\n\ndrop if input.result.cod == \"spam\"":                           "log.rego:3:",
		"package system.log\n\ndrop if input.trace_id == \"\"":                                 "",
		"package system.log\n\ndrop if input.input.args[0].anything == input.input.auth.x":     "",
		"package system.log\n\ndrop if http.send({\"url\": \"http://127.0.0.1\"})":             "are refused in policies",
		"package system.log\n\nevents := 1\n":                                                  "",
		"package secret\n\nevents := 1\n":                                                      "conflicting rule",
	} {
		_, err := loadWithLogs(t, logs, "/own/mask", "/system/log/drop", "/drop")
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v, want %q", logs, err, want)
		}
	}
}

// TestUnitsOfLogRules runs tests of rules for OPA's decision logs beside those of the policy.
func TestUnitsOfLogRules(t *testing.T) {
	const tests = `package system.log_test

import data.siogw.authz
import data.system.log

test_mask if log.mask == {"/input/room"} with input as {"input": {"event": "x"}}

test_hidden if log.hidden("x")

test_allow if authz.allow with input as {"event": "chat"}
`
	logs := "package system.log\n\nmask contains \"/input/room\" if input.input.event == \"x\"\n\nhidden(e) if e == \"x\"\n"
	results, _ := unitsOf(t, tests, fstest.MapFS{"authz.rego": {Data: []byte(authzAndLogs)}, "log.rego": {Data: []byte(logs)},
		"data.json": {Data: []byte(`{"events":["chat"]}`)}}, UnitOptions{})
	for _, r := range results {
		if r.Failed || r.Err != nil {
			t.Errorf("%s: %v %s", r.Name, r.Err, r.Output)
		}
	}
	if len(results) != 3 {
		t.Errorf("%d tests", len(results))
	}
	for _, bad := range []fstest.MapFS{
		{"authz.rego": {Data: []byte(authzAndLogs)}, "log.rego": {Data: []byte(strings.Replace(logs, "input.input", "input", 1))}},
		{"authz.rego": {Data: []byte(strings.Replace(authzAndLogs, "input.event", "input.evnt", 1))}, "log.rego": {Data: []byte(logs)}},
	} {
		if _, err := RunUnits(t.Context(), UnitOptions{Options: Options{Files: bad}}); err == nil || !strings.Contains(err.Error(), "undefined ref: input.ev") {
			t.Errorf("a wrong path of the input passes: %v", err)
		}
	}
}
