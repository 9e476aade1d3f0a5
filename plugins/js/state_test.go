package js_test

import (
	"context"
	"log/slog"
	"strings"
	"testing"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/hostabi"
	"github.com/siogw/siogw/internal/kv"
	"github.com/siogw/siogw/plugins/wasm"
)

// TestLifetime: variables last as long as the manifest says, even where they are hidden in a prototype.
func TestLifetime(t *testing.T) {
	for lifetime, want := range map[string]string{"shared": "123", "session": "112", "call": "111"} {
		p := mustLoad(t, `export const manifest = { lifetime: '`+lifetime+`' };
			export default () => { Object.prototype.n = (({}).n ?? 0) + 1; return { labels: { n: ({}).n } } }`, wasm.Options{Size: 1})
		got := ""
		for _, session := range []string{"a", "b", "a"} {
			in := event(`[]`)
			in.Session = &engine.Session{ID: session}
			got += strings.Trim(told(p.Decide(context.Background(), in)), `alow ebs={"n:}`)
		}
		if got != want {
			t.Errorf("%s: %s, want %s", lifetime, got, want)
		}
	}
}

func TestCapabilities(t *testing.T) {
	const source = `export const manifest = { view: 'args', capabilities: ['kv', 'clock', 'random'] };
		export default ([a], { kv }) => {
			const before = kv.get('k');
			kv.set('k', a + '✓', 60000);
			const labels = { before, now: kv.get('k'), sum: kv.add('n', 40) + kv.add('n', 2, 1000), gone: kv.delete('k'), again: kv.delete('k'), time: new Date().toISOString() };
			const errors = [() => kv.get(''), () => kv.set('x', 'y'.repeat(65537)), () => { kv.set('t', 'abc'); kv.add('t') }];
			labels.errors = errors.map((f) => { try { return f() } catch (e) { return e.message } });
			labels.chance = Math.random() !== Math.random() && Math.random() < 1;
			labels.large = (kv.set('l', 'z'.repeat(5000)), kv.get('l').length);
			return { labels };
		}`
	p := mustLoad(t, source, wasm.Options{Granted: hostabi.KV | hostabi.Clock | hostabi.Random, Store: kv.New(kv.Limits{}), Size: 1})
	want := `allow labels={"now":"é✓","sum":82,"gone":true,"again":false,"time":"2026-01-02T03:04:05.000Z",` +
		`"errors":["kv.get: key or value too long, or no key","kv.set: key or value too long, or no key","kv.add: the value is no number"],"chance":true,"large":5000}`
	if got := told(p.Decide(context.Background(), event(`["é"]`))); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
	if _, err := load(t, source, wasm.Options{}); err == nil || !strings.Contains(err.Error(), "not granted") {
		t.Errorf("without a grant: %v", err)
	}
}

// TestNoClock: without the capability there is no time but the input's, and chance is the same everywhere.
func TestNoClock(t *testing.T) {
	for source, want := range map[string]string{
		argsView + `export default () => ({ labels: { t: [Date.now(), new Date().getTime(), new Date(7).getTime()] } })`:          `{"t":[0,0,7]}`,
		`export default () => ({ labels: { t: [Date.now(), new Date().toISOString(), typeof performance] } })`:                    `{"t":[1767323045000,"2026-01-02T03:04:05.000Z","undefined"]}`,
		`class Later extends Date {}; export default () => ({ labels: { t: [new Later() instanceof Date, Date.UTC(1970, 0)] } })`: `{"t":[true,0]}`,
	} {
		p := mustLoad(t, source, wasm.Options{Size: 1})
		if got := told(p.Decide(context.Background(), event(`[]`))); got != "allow labels="+want {
			t.Errorf("%s: %s", source, got)
		}
	}
	const chance = argsView + `export default () => ({ labels: { r: Math.random() } })`
	one, other := mustLoad(t, chance, wasm.Options{Size: 1}), mustLoad(t, chance, wasm.Options{Size: 1})
	if a, b := told(one.Decide(context.Background(), event(`[]`))), told(other.Decide(context.Background(), event(`[]`))); a != b {
		t.Errorf("%s and %s", a, b)
	}
}

func TestLogs(t *testing.T) {
	var b strings.Builder
	p := mustLoad(t, argsView+`export default (args, siogw) => {
		console.log('text', 1, null, undefined, { a: [1n < 2] }, Symbol.iterator);
		siogw.warn(new TypeError('odd'));
		siogw.counter('seen'); siogw.counter('seen', 2);
	}`, wasm.Options{Logger: slog.New(slog.NewTextHandler(&b, nil)), Size: 1})
	if v := p.Decide(context.Background(), event(`[]`)); v.Err != nil {
		t.Fatal(v.Err)
	}
	for _, want := range []string{`level=INFO msg="text 1 null undefined {\"a\":[true]} Symbol(Symbol.iterator)" plugin=guard`, `level=WARN msg="TypeError: odd at default (guard.js:4:`} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("%s is not in %s", want, b.String())
		}
	}
	if n := p.Counters()["seen"]; n != 3 {
		t.Errorf("counted %d", n)
	}
}
