package app

import (
	"context"
	"strings"
	"testing"

	"github.com/siogw/siogw/engine"
)

// TestMonitor: what is only watched denies nothing; the log's steps say what it would have done, and it is counted.
func TestMonitor(t *testing.T) {
	dir := folder(t, map[string]string{"c.yaml": contractFile, "p.rego": "package siogw.authz\n\ndeny contains \"never\"\n"})
	var log lines
	a, err := New(t.Context(), parse(t, dir, least+`
policy: { paths: [p.rego], mode: monitor }
contract: { files: [c.yaml], mode: monitor }
plugins: [{ name: watch, source: std:injection, mode: monitor, timeout: 10s, config: { threshold: 3 } }]
`), Options{Stdout: &log})
	if err != nil {
		t.Fatal(err)
	}
	in := &engine.Input{Kind: engine.Event, Direction: engine.In, Namespace: "/", Event: "a", Args: []byte(`[1, "' OR 1=1 --"]`), Session: samples()[0].Session}
	d := a.current.Load().judge.Engine.Decide(t.Context(), in)
	if d.Effect != engine.Allow || d.Transformed() || len(d.Steps) != 3 {
		t.Errorf("%+v", d)
	}
	a.counts.Decision(in, &d)
	_, metrics := scrape(t, a.Admin(), "/metrics")
	for _, want := range []string{`siogw_monitored_denials_total{code="120",plugin="contract"} 1`, `siogw_monitored_denials_total{code="100",plugin="policy"} 1`,
		`siogw_monitored_denials_total{code="110",plugin="watch"} 1`, `effect="allow"`} {
		if !strings.Contains(metrics, want) {
			t.Errorf("lacks %s", want)
		}
	}
	if err := a.Stop(context.Background()); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`{"plugin":"contract","mode":"monitor","effect":"deny","code":120`, `{"plugin":"policy","mode":"monitor","effect":"deny","code":100`,
		`{"plugin":"watch","mode":"monitor","effect":"deny"`, `"bytes":0`} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("lacks %s\n%s", want, log.String())
		}
	}
}
