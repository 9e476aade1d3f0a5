package app

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/gateway"
	"github.com/siogw/siogw/internal/config"
)

func TestMain(m *testing.M) {
	beProgram()
	goleak.VerifyTestMain(m,
		goleak.IgnoreTopFunction("github.com/golang/glog.(*fileSink).flushDaemon"),
		// net/http lingers half a second over a refused body, longer than goleak is patient.
		goleak.IgnoreAnyFunction("net/http.(*conn).closeWriteAndWait"))
}

func parse(t *testing.T, dir, yaml string) *config.Config {
	t.Helper()
	cfg, err := config.Parse("siogw.yaml", dir, []byte(yaml))
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

const least = "upstream: { url: http://127.0.0.1:3000 }\n"

// TestOptionsAreAllSet gives every key a value other than zero, and looks for an option that stayed zero.
func TestOptionsAreAllSet(t *testing.T) {
	cfg := parse(t, "", `
upstream: { url: http://127.0.0.1:3000, passthrough: true }
upstreams: [{ urls: [http://127.0.0.1:3001], match: { host: a.example } }]
trusted_proxies: [10.0.0.0/8]
origins: [https://a.example]
parser: msgpack
compression: { enabled: true }
event_loop: epoll
limits: { send_buffer: 1MiB, attachment_bytes: 1MiB, events: { per_event: { message: 10/s } } }
origin_required: true
session: { cookie: io }
responses: [{ action: ban }]
identity: { required: true, jwt: { secret: 0123456789abcdef0123456789abcdef }, upstream: { auth: exchange, event: e } }
rooms: { join: [{ event: a }], leave: [{ event: b }], target: [{ event: a }] }
deny: { ack: false }
`)
	o := options(cfg)
	old := options(parse(t, "", "eio3: true\nupstream: { url: 'http://h', translate: true }\n")) // where msgpack is not
	o.EIO3, o.Translate = old.EIO3, old.Translate
	o.Portable = options(parse(t, "", "event_loop: off\nupstream: { url: 'http://h' }\n")).Portable
	for _, v := range []any{o.Fixed, o.Rules, o.Front, o.Limits, o.Limits.HTTP, o.Limits.Sessions, o.Limits.Traffic, o.Limits.Unfinished, o.Rooms, o.Deny, o.Compression} {
		v := reflect.ValueOf(v)
		for i := range v.NumField() {
			switch name := v.Type().Field(i).Name; name {
			case "Engine", "Verifier", "Tell", "Log", "Logger", "Shields", "Release": // made by assemble
			default:
				if v.Field(i).IsZero() {
					t.Errorf("%s.%s is not set", v.Type(), name)
				}
			}
		}
	}
	if r := o.Rooms.Join[0]; r != (gateway.RoomRule{Namespace: "/", Event: "a", Room: "/args/0"}) {
		t.Errorf("room rule %+v", r)
	}
}

func TestWarnings(t *testing.T) {
	const key = "identity: { required: true, jwt: { secret: 0123456789abcdef0123456789abcdef } }\n"
	const policy = "policy: { paths: [p] }\n"
	for _, tt := range []struct {
		yaml string
		want []string // how they begin
	}{
		{"", []string{"NOTHING IS AUTHORIZED: no policy", "NOBODY IS AUTHENTICATED"}},
		{key + policy, nil},
		{"identity: { required: false, jwt: { secret: 0123456789abcdef0123456789abcde } }\n" + policy, []string{"WEAK SECRET: identity.jwt.secret has 31 bytes"}},
		{"identity: { required: true, issuers: [{ issuer: a, secret: abcd }] }\n" + policy, []string{"WEAK SECRET: identity.issuers.0.secret has 4 bytes"}},
		{"identity: { jwt: { secret: 0123456789abcdef0123456789abcdef } }\n" + policy, []string{"ANONYMOUS CLIENTS ARE LET IN"}},
		{"identity: { required: true, jwt: { jwks: 'http://h/' }, fetch: { insecure: true } }\n" + policy, []string{"KEYS ARE FETCHED OVER PLAIN HTTP"}},
		{"identity: { required: true, on_expiry: ignore, jwt: { jwks: k.json } }\n" + policy, []string{"EXPIRED IDENTITIES LIVE ON"}},
		{"identity: { required: true, jwt: { secret: 0123456789abcdef0123456789abcdef }, upstream: { auth: exchange } }\n" + policy, []string{"THE UPSTREAM'S TOKENS ARE SIGNED BY A KEY OF THIS PROCESS ALONE"}},
		{"identity: { required: true, jwt: { secret: 0123456789abcdef0123456789abcdef }, upstream: { auth: exchange, keys: [k] } }\n" + policy, nil},
		{key + "policy: { paths: [p], mode: off }", []string{"NOTHING IS AUTHORIZED: policy.mode is off"}},
		{key + "policy: { paths: [p], mode: monitor }", []string{"NOTHING IS DENIED BY POLICY"}},
		{key + policy + "listen: 0.0.0.0:8080", []string{"PLAIN HTTP on 0.0.0.0:8080"}},
		{key + policy + "listen: :8080", []string{"PLAIN HTTP on :8080"}},
		{key + policy + "listen: '[::1]:8080'", nil},
		{key + policy + "listen: localhost:8080", nil},
		{key + policy + "listen: 0.0.0.0:8080\ntls: { cert_file: c, key_file: k }", nil},
		{key + policy + "admin: { listen: 0.0.0.0:9090 }", []string{"THE ADMIN LISTENER IS OPEN"}},
		{key + policy + "admin: { listen: '' }", nil},
	} {
		got := Warnings(parse(t, "", least+tt.yaml))
		fine := len(got) == len(tt.want)
		for i := range min(len(got), len(tt.want)) {
			fine = fine && strings.HasPrefix(got[i], tt.want[i])
		}
		if !fine {
			t.Errorf("%s: %q", tt.yaml, got)
		}
	}
}

func build(t *testing.T, yaml string, o Options) *App {
	t.Helper()
	a, err := New(t.Context(), parse(t, t.TempDir(), yaml), o)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func scrape(t *testing.T, h http.Handler, path string) (int, string) {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
	return w.Code, w.Body.String()
}

func TestMetrics(t *testing.T) {
	var log bytes.Buffer
	a := build(t, least, Options{Stdout: &log, Version: "v1.2.3"})
	in := &engine.Input{Kind: engine.Event, Direction: engine.In}
	deny := engine.Refuse(engine.CodeMalformed, "")
	broken := engine.Decision{Effect: engine.Allow, Args: []byte("[]"), Steps: []engine.Step{
		{Plugin: "p", Verdict: engine.Failed(engine.CodePluginTimeout, errors.New("late"))}}}
	for range 3 {
		a.counts.Decision(in, &deny)
	}
	a.counts.Decision(in, &broken)
	a.counts.Decision(&engine.Input{Kind: engine.Disconnect, Direction: engine.In}, &engine.Decision{Effect: engine.Allow})
	_, body := scrape(t, a.Admin(), "/metrics")
	for _, want := range []string{
		`siogw_decisions_total{code="300",direction="in",effect="deny",kind="event",transformed="false"} 3`,
		`siogw_decisions_total{code="0",direction="in",effect="allow",kind="event",transformed="true"} 1`,
		`siogw_plugin_errors_total{code="112",plugin="p"} 1`,
		`siogw_sessions_open 0`,
		`siogw_sessions_opened_total 0`,
		`siogw_packets_total{direction="out"} 0`,
		`siogw_decision_log_dropped_total 0`,
		`siogw_decision_seconds_total 0`,
		`siogw_build_info{version="v1.2.3"} 1`,
		`go_goroutines`,
	} {
		if !strings.Contains(body, want) {
			t.Errorf("lacks %s", want)
		}
	}
	if strings.Contains(body, `kind="disconnect"`) {
		t.Error("the end of a session counts as a decision")
	}
	if err := a.Stop(context.Background()); err != nil {
		t.Error(err)
	}
	if n := strings.Count(log.String(), "\n"); n != 5 {
		t.Errorf("%d lines in the log", n)
	}
}

func TestReady(t *testing.T) {
	upstream := httptest.NewServer(http.NotFoundHandler())
	a := build(t, "upstream: { url: '"+upstream.URL+"' }\ndecision_log: { output: none }\n", Options{})
	admin := a.Admin()
	if code, body := scrape(t, admin, "/readyz"); code != 200 || body != "ok\n" {
		t.Errorf("%d %q", code, body)
	}
	upstream.Close()
	if code, body := scrape(t, admin, "/readyz"); code != 503 || !strings.HasPrefix(body, "upstream unreachable") {
		t.Errorf("%d %q", code, body)
	}
	if err := a.Stop(context.Background()); err != nil {
		t.Error(err)
	}
	if code, body := scrape(t, admin, "/readyz"); code != 503 || body != "draining\n" {
		t.Errorf("%d %q", code, body)
	}
	if code, body := scrape(t, admin, "/healthz"); code != 200 || body != "ok\n" {
		t.Errorf("%d %q", code, body)
	}
}
