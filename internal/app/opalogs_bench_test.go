package app

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/internal/config"
)

// BenchmarkOPALogs is what a decision costs by the memo and by the evaluator, without OPA's decision logs, with them, and
// with rules that mask: in CPU time of the whole process, in which the service is that they are uploaded to.
func BenchmarkOPALogs(b *testing.B) {
	const logs = "\nopa: { services: { control: { url: %q } }, decision_logs: { service: control, reporting: { min_delay_seconds: 1, max_delay_seconds: 1 } } }"
	const masks = "package system.log\n\nmask contains \"/input/session/ip\"\ndrop if input.input.event == \"typing\"\n"
	for _, own := range []string{"none", os.DevNull} {
		for _, c := range []struct{ name, opa, rules string }{{"off", "", ""}, {"on", logs, ""}, {"masked", logs, masks}} {
			b.Run("own="+filepath.Base(own)+"/opa="+c.name, func(b *testing.B) {
				opa := c.opa
				if opa != "" {
					opa = fmt.Sprintf(opa, sink(b))
				}
				a := logging(b, own, opa, c.rules)
				in := &engine.Input{Kind: engine.Event, Direction: engine.In, Namespace: "/", Event: "message", Time: time.Now(),
					Args:     json.RawMessage(`[{"room":"general","text":"hi there, are you coming to the party tonight?"}]`),
					Identity: &engine.Identity{Authenticated: true, Sub: "u1", Roles: []string{"member"}}, Session: &engine.Session{ID: "s", IP: "127.0.0.1", Transport: "websocket"}}
				to, from, n := a.decisions(), processTime(b), uint64(0)
				for b.Loop() {
					d := a.current.Load().judge.Engine.Decide(b.Context(), in)
					to.Decision(in, &d)
					if n++; n%2000 == 0 { // what waits has bounds
						a.workedOff(b, n)
					}
				}
				a.workedOff(b, n)
				b.ReportMetric(float64(processTime(b)-from)/float64(b.N), "cpu-ns/op")
				if counts := a.logCounts(); counts["decision_logs_dropped_queue_full"] > 0 {
					b.Errorf("%v", counts)
				}
			})
		}
	}
}

// sink is a service that reads what is uploaded.
func sink(b *testing.B) string {
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) }))
	b.Cleanup(srv.Close)
	return srv.URL
}

// logging is an App with a policy and these logs.
func logging(b *testing.B, own, opa, rules string) *App {
	b.Helper()
	dir := b.TempDir()
	files := map[string]string{"authz.rego": "package siogw.authz\n\nallow if \"member\" in input.identity.roles\n", "log.rego": rules}
	paths := "authz.rego"
	if rules != "" {
		paths += ", log.rego"
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			b.Fatal(err)
		}
	}
	cfg, err := config.Parse("siogw.yaml", dir, []byte("upstream: { url: 'http://127.0.0.1:1' }\nadmin: { listen: '' }\ndecision_log: { output: "+own+
		" }\npolicy: { paths: ["+paths+"] }"+opa))
	if err != nil {
		b.Fatal(err)
	}
	a, err := New(b.Context(), cfg, Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := a.close(context.Background()); err != nil {
			b.Error(err)
		}
	})
	return a
}

func (a *App) logCounts() map[string]uint64 {
	if a.agent == nil {
		return nil
	}
	return a.agent.LogCounts()
}

// workedOff waits till OPA has taken n decisions.
func (a *App) workedOff(b *testing.B, n uint64) {
	for late := time.Now().Add(time.Minute); a.agent != nil && a.logCounts()["decision_logs_taken"] < n; time.Sleep(time.Millisecond) {
		if time.Now().After(late) {
			b.Fatalf("%v after %d decisions", a.logCounts(), n)
		}
	}
}

// processTime is the CPU time of this process, in nanoseconds.
func processTime(b *testing.B) int64 {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return u.Utime.Nano() + u.Stime.Nano()
}
