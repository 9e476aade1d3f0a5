package interop

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestHarness gives the driver what must fail: a harness that cannot fail proves nothing.
func TestHarness(t *testing.T) {
	require(t)
	t.Parallel()
	up := startServer(t, nil)
	driver := start(t, ".", "node", "driver.cjs")
	in := json.NewEncoder(driver.stdin)
	type steps []map[string]map[string]any
	connect := map[string]map[string]any{"connect": {}}
	echo := func(args ...any) map[string]map[string]any {
		return map[string]map[string]any{"emit": {"event": "echo", "args": args, "ack": []any{1}}}
	}
	for name, c := range map[string]struct {
		steps steps
		want  string
	}{
		"good":           {steps{connect, echo(1)}, ""},
		"wrong ack":      {steps{connect, echo(2)}, "ack of echo: got [2], want [1]"},
		"wrong bytes":    {steps{connect, echo(map[string]any{"$b64": "AQ=="})}, `ack of echo: got [{"$b64":"AQ=="}], want [1]`},
		"no verb":        {steps{{"fly": {}}}, "no verb fly"},
		"no key":         {steps{{"connect": {"where": "/"}}}, "connect has no key where"},
		"no client":      {steps{{"leave": {"as": "b"}}}, "no client b"},
		"left over":      {steps{connect, {"emit": {"event": "say", "args": []any{"x"}, "ack": []any{"said"}}}}, "left over at a"},
		"not refused":    {steps{{"connect": {"error": map[string]any{"message": "no"}}}}, `want {"$sub":{"was":"connect_error","message":"no"}}`},
		"refused":        {steps{{"connect": {"namespace": "/nowhere"}}}, `want {"$sub":{"was":"connect"}}`},
		"ack that comes": {steps{connect, {"emit": {"event": "echo", "no_ack": true}}}, "ack of echo"},
		"unseen, seen":   {steps{connect, echo(1), {"unseen": {"log": []any{map[string]any{"event": "echo"}}}}}, "the server saw"},
		"status":         {steps{{"http": {"path": "/", "status": 200}}}, "got 404, want 200"},
		"not quiet":      {steps{connect, {"emit": {"event": "say", "args": []any{"x"}}}, {"quiet": {}}}, "events: got"},
		"order":          {steps{connect, {"emit": {"event": "count", "args": []any{5}}}, {"up": {"n": 3}}}, `"ordered":false`},
		"flood":          {steps{connect, {"flood": {"event": "echo", "n": 5, "ok": []int{1, 2}, "denied": "never"}}}, "5 of 5 passed"},
	} {
		t.Run(name, func(t *testing.T) {
			if err := in.Encode(job{"4", "websocket", "", up.url, up.control, c.steps, nil}); err != nil {
				t.Fatal(err)
			}
			var r result
			if err := driver.readJSON(&r); err != nil {
				t.Fatal(err)
			}
			if r.OK != (c.want == "") || !strings.Contains(r.Error, c.want) {
				t.Errorf("got %+v, want %q", r, c.want)
			}
		})
	}
}

// TestCounted: metrics that went up by less, or by more, are noticed, and labels are told apart.
func TestCounted(t *testing.T) {
	require(t)
	t.Parallel()
	up := startServer(t, nil)
	asked := 0
	admin := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/metrics" {
			w.WriteHeader(http.StatusConflict)
			return
		}
		fmt.Fprintf(w, "# HELP x y\nx{a=\"1\",b=\"q\\\"{}\"} %d\nx{a=\"2\"} 1e3\ny %d\n", 10+asked, asked)
		asked = 2
	}))
	defer admin.Close()
	driver := start(t, ".", "node", "driver.cjs")
	in := json.NewEncoder(driver.stdin)
	counted := func(metric map[string]any) map[string]any {
		return map[string]any{"counted": map[string]any{"metrics": []any{metric}}}
	}
	for _, c := range []struct {
		step map[string]any
		want string
	}{
		{counted(map[string]any{"name": "x", "labels": map[string]any{"b": `q\"{}`}, "up": 2}), ""},
		{counted(map[string]any{"name": "y", "up": 2}), ""},
		{counted(map[string]any{"name": "x", "up": 1}), `"got":2`},
		{counted(map[string]any{"name": "x", "labels": map[string]any{"a": "2"}, "up": 0}), ""},
		{map[string]any{"reauthorize": map[string]any{}}, "/reauthorize: 409"},
		{map[string]any{"change": map[string]any{"files": map[string]any{"f": "text"}, "by": "hand"}}, "no way to change hand"},
	} {
		asked = 0
		dir := t.TempDir()
		if err := in.Encode(job{"4", "websocket", "", up.url, up.control, []any{c.step}, &running{Dir: dir, Admin: admin.URL}}); err != nil {
			t.Fatal(err)
		}
		var r result
		if err := driver.readJSON(&r); err != nil {
			t.Fatal(err)
		}
		if r.OK != (c.want == "") || !strings.Contains(r.Error, c.want) {
			t.Errorf("%v: got %+v, want %q", c.step, r, c.want)
		}
	}
}

func TestMatches(t *testing.T) {
	line := map[string]any{"kind": "event", "code": 100.0, "reason": "no <b>", "session": map[string]any{"id": "x", "ip": "::1"}}
	for _, c := range []struct {
		want map[string]any
		ok   bool
	}{
		{map[string]any{}, true},
		{map[string]any{"kind": "event", "code": 100}, true},
		{map[string]any{"code": 101}, false},
		{map[string]any{"code": "100"}, false},
		{map[string]any{"session": map[string]any{"ip": "::1"}}, true},
		{map[string]any{"session": map[string]any{"ip": "::2"}}, false},
		{map[string]any{"kind": map[string]any{"x": 1}}, false},
		{map[string]any{"reason": map[string]any{"$re": "^no"}}, true},
		{map[string]any{"reason": map[string]any{"$re": "^yes"}}, false},
		{map[string]any{"room": map[string]any{"$absent": true}}, true},
		{map[string]any{"kind": map[string]any{"$absent": true}}, false},
		{map[string]any{"room": "r"}, false},
	} {
		if got := matches(c.want, line); got != c.ok {
			t.Errorf("%v matches: %v", c.want, got)
		}
	}
}

func TestDecisionLog(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	first := `{"kind":"connect","session":{"id":"s"}}` + "\n" + `{"kind":"event","event":"a"}` + "\n" +
		`{"kind":"event","event":"b"}` + "\n" + `{"kind":"disconnect","session":{"id":"s"}}` + "\n"
	if err := os.WriteFile(path, []byte(first+`{"kind":"event","event":"c"}`+"\n"+`{"half`), 0o600); err != nil {
		t.Fatal(err)
	}
	l := &decisionLog{path: path}
	lines, err := l.read()
	if err != nil || len(lines) != 5 {
		t.Fatalf("%d lines, %v", len(lines), err)
	}
	a, b := map[string]any{"event": "a"}, map[string]any{"event": "b"}
	if got := firstMissing(lines, []map[string]any{a, b}); got != -1 {
		t.Errorf("in order: %d is missing", got)
	}
	if got := firstMissing(lines, []map[string]any{b, a}); got != 1 {
		t.Errorf("out of order: %d is missing", got)
	}
	if err := l.check(nil, []map[string]any{b}); err == nil {
		t.Error("what was not to be decided was not noticed")
	}
	if open := openSessions(lines); len(open) != 0 {
		t.Errorf("open: %v", open)
	}
	left := map[string]any{"kind": "disconnect", "namespace": "/", "session": map[string]any{"id": "s"}}
	if open := openSessions(append(lines[:3:3], left)); !open["s"] {
		t.Errorf("open: %v", open)
	}
}

func TestLoadScenarioRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"about: x":                                      "without steps",
		"steps: [{a: {}}]":                              "about is missing",
		"about: x\nsteps: [{a: {}, b: 1}]":              "step 0 has 2 verbs",
		"about: x\nabuot: y\nsteps: [{}]":               "field abuot not found",
		"about: x\nclients: [\"9\"]\nsteps: [{a: {}}]":  `no client "9"`,
		"about: x\ntransports: [tcp]\nsteps: [{a: {}}]": `no transport "tcp"`,
		"about: x\nparsers: [cbor]\nsteps: [{a: {}}]":   `no parser "cbor"`,
	} {
		path := filepath.Join(t.TempDir(), "s.yaml")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := loadScenario(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q gave %v, want %q", text, err, want)
		}
	}
}
