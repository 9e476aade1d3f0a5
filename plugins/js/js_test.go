package js_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/hostabi"
	"github.com/siogw/siogw/plugins/js"
	"github.com/siogw/siogw/plugins/wasm"
)

// shared compiles the engine once for all tests: a plugin stays loaded.
var shared = sync.OnceValues(func() (*hostabi.Runtime, error) {
	ctx := context.Background()
	rt, err := hostabi.NewRuntime(ctx, hostabi.RuntimeOptions{})
	if err != nil {
		return nil, err
	}
	module, err := js.Module("kept.js", nil)
	if err != nil {
		return nil, err
	}
	_, err = rt.Compile(ctx, module)
	return rt, err
})

// load loads a plugin of the given source with time enough for a slow machine, unless opt says otherwise.
func load(t testing.TB, source string, opt wasm.Options) (*wasm.Plugin, error) {
	t.Helper()
	ctx := context.Background()
	var err error
	if opt.Wasm, err = js.Module("some/folder/guard.js", []byte(source)); err != nil {
		return nil, err
	}
	if opt.Timeout == 0 {
		opt.Timeout = 10 * time.Second
	}
	opt.Name = "guard"
	rt, err := shared()
	if err != nil {
		return nil, err
	}
	p, err := wasm.Load(ctx, rt, opt)
	if err == nil {
		t.Cleanup(func() {
			if err := p.Close(ctx); err != nil {
				t.Error(err)
			}
		})
	}
	return p, err
}

func mustLoad(t testing.TB, source string, opt wasm.Options) *wasm.Plugin {
	t.Helper()
	p, err := load(t, source, opt)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// event is a chat message with these arguments.
func event(args string) *engine.Input {
	return &engine.Input{Kind: engine.Event, Namespace: "/chat", Event: "message", Args: []byte(args),
		Time: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Session: &engine.Session{ID: "s"}}
}

// told is a verdict in one line.
func told(v engine.Verdict) string {
	out := []string{v.Effect.String()}
	for _, part := range []struct{ name, text string }{{"code", string(v.Custom)}, {"reason", v.Reason}, {"data", string(v.Data)},
		{"args", string(v.Args)}, {"auth", string(v.Auth)}, {"labels", string(v.Labels)}} {
		if part.text != "" {
			out = append(out, part.name+"="+part.text)
		}
	}
	if v.Err != nil {
		out = append(out, "error="+v.Err.Error())
	}
	return strings.Join(out, " ")
}

const argsView = "export const manifest = { view: 'args' };\n"

func TestVerdicts(t *testing.T) {
	for source, want := range map[string]string{
		argsView + `export default () => {}`:                                                                              `allow`,
		argsView + `export default (args, siogw) => siogw.allow()`:                                                        `allow`,
		argsView + `export default (args, siogw) => siogw.abstain()`:                                                      `abstain`,
		argsView + `export default (args, siogw) => siogw.deny('spam', 'no spam', { n: 1 })`:                              `deny code="spam" reason=no spam data={"n":1}`,
		argsView + `export default () => ({ effect: 'deny', code: 422 })`:                                                 `deny code=422`,
		argsView + `export default ([a]) => ({ args: [{ ...a, text: a.text.toUpperCase() }] })`:                           `allow args=[{"text":"HÉ \"😀\""}]`,
		argsView + `export default () => ({ patch: [{ op: 'remove', path: '/args/0/text' }] })`:                           `allow args=[{}]`,
		argsView + `export default () => ({ labels: { a: [1] }, score: 2.5 })`:                                            `allow labels={"a":[1],"score":2.5}`,
		argsView + `export default (args, siogw) => { siogw.label('k', { v: null }) }`:                                    `allow labels={"k":{"v":null}}`,
		`export default (input) => ({ labels: { e: input.event, ns: input.namespace } })`:                                 `allow labels={"e":"message","ns":"/chat"}`,
		`export const manifest = { view: 'strings' }; export default ([s]) => ({ strings: { 0: s.slice(0, 2) } })`:        `allow args=[{"text":"hé"}]`,
		`export const manifest = { view: 'fields', fields: ['/event', '/x'] }; export default (f) => ({ labels: { f } })`: `allow labels={"f":["message",null]}`,
		`export const manifest = { kinds: ['emit'] }; export default () => ({ effect: 'deny' })`:                          `abstain`,
	} {
		p := mustLoad(t, source, wasm.Options{})
		for range 2 {
			if got := told(p.Decide(context.Background(), event(`[{"text":"hé \"😀\""}]`))); got != want {
				t.Errorf("%s\n got %s\nwant %s", source, got, want)
			}
		}
	}
}

func TestAttachments(t *testing.T) {
	p := mustLoad(t, `export const manifest = { view: 'attachments', prefix: 3 };
		export default (all) => ({ labels: { seen: all.map((a) => [a.bytes, ...a.data]) }, attachments: { 0: new Uint8Array([1, 2, 255]), 2: null } })`, wasm.Options{})
	in := event(`[{"_placeholder":true,"num":0},{"_placeholder":true,"num":1},{"_placeholder":true,"num":2}]`)
	for _, text := range []string{"abcdef", "", "gh"} {
		in.Attachments = append(in.Attachments, engine.Attachment{Data: []byte(text)})
	}
	v := p.Decide(context.Background(), in)
	if want := `{"seen":[[6,97,98,99],[0],[2,103,104]]}`; v.Err != nil || string(v.Labels) != want {
		t.Errorf("got %s", told(v))
	}
	if len(v.Attachments) == 0 || string(v.Attachments[0].Data) != "\x01\x02\xff" {
		t.Errorf("attachments: %q", v.Attachments)
	}
}

// TestFailures: what the plugin does wrong denies, tells the operator where it was, and the plugin goes on.
func TestFailures(t *testing.T) {
	for source, want := range map[string]string{
		"export default (input) => {\n  return input.nothing.here;\n}":                               "TypeError: cannot read property 'here' of undefined at default (guard.js:2:",
		"function inner() { throw new RangeError('far') }\nexport default () => inner()":             "RangeError: far at inner (guard.js:1:",
		"export default () => { throw 'a text' }":                                                    "thrown: a text",
		"export default () => { throw null }":                                                        "thrown: null",
		"export default () => { throw { toString() { throw 1 } } }":                                  "what cannot be told",
		"export default () => { throw Object.assign(new Error('x'), { name: { toString: null } }) }": "what cannot be told",
		"export default () => { throw Object.assign(new Error('x'), { message: 5 }) }":               "Error: 5 at default (guard.js:1:",
		"export default async () => {}":                                                              "decide is async",
		"export default () => Promise.resolve(1)":                                                    "decide is async",
		"export default () => false":                                                                 "decide gave false",
		"export default () => null":                                                                  "decide gave null",
		"export default () => [1]":                                                                   "decide gave an array",
		"export default () => ({ effect: 'perhaps' })":                                               "effect is missing",
		"export default () => ({ denied: true })":                                                    "unknown key",
		"export default () => ({ labels: { n: 1n } })":                                               "TypeError",
		"export default () => ({ args: [{ __proto__: null, ['__proto__']: 1 }] })":                   "key that reaches a prototype",
		"export default () => ({ get effect() { throw new Error('gotcha') }, code: 1 })":             "gotcha",
		"const o = {}; o.o = o;\nexport default () => ({ labels: o })":                               "circular",
		"export default (i, siogw) => { siogw.counter('Bad Name') }":                                 "counter name",
		"export default (i, siogw) => { siogw.kv.get('x') }":                                         "cannot read property 'get' of undefined",
		"export default () => eval('1')":                                                             "EvalError",
		"export default () => new Function('return 1')()":                                            "EvalError",
		"export default () => (async () => {}).constructor('1')":                                     "EvalError",
		"export default () => setTimeout(() => {}, 1)":                                               "setTimeout is not defined",
		"export default () => import('os').then(() => {})":                                           "decide is async",
	} {
		p := mustLoad(t, source, wasm.Options{})
		for range 2 {
			v := p.Decide(context.Background(), event(`["x"]`))
			if v.Effect == engine.Allow || v.Err == nil || !strings.Contains(v.Err.Error(), want) {
				t.Errorf("%s\n got %s\nwant %s", source, told(v), want)
			}
			if v.Reason != "" && strings.Contains(v.Reason, "guard.js") {
				t.Errorf("the client is told of the source: %q", v.Reason)
			}
		}
	}
}

// TestRefused: what is wrong with the source is told with its place when it is loaded.
func TestRefused(t *testing.T) {
	for source, want := range map[string]string{
		"export default function (":                                        "SyntaxError: ",
		"let a = 1;\nlet b = = 2;\nexport default () => {}":                "guard.js:2:9",
		"export default () => {}\nmissing.thing":                           "ReferenceError: missing is not defined at <anonymous> (guard.js:2:",
		"export const decide = () => {}":                                   "export default: want a function",
		"export default 1":                                                 "export default: want a function",
		"await new Promise(() => {}); export default () => {}":             "a plugin answers at once",
		"import x from './y.js'; export default () => {}":                  "could not load module 'some/folder/y.js'; a plugin is one file",
		"import * as std from 'std'; export default () => {}":              "could not load module 'std'",
		"export const manifest = 1; export default () => {}":               "manifest: want an object",
		"export const manifest = { view: 'all' }; export default () => {}": `no view "all"`,
		"export const configure = 1; export default () => {}":              "configure: want a function",
		"\xff":     "not UTF-8",
		"// \x00x": "NUL at byte 3",
		"":         "export default: want a function",
	} {
		want = strings.Replace(want, "some/folder/", "", 1)
		if _, err := load(t, source, wasm.Options{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %s", source, err, want)
		}
	}
	if _, err := load(t, "export const manifest = { abi: 2 }; export default () => {}", wasm.Options{}); err == nil || !strings.Contains(err.Error(), "speaks 1, not 2") {
		t.Error(err)
	}
	for size, fits := range map[int]bool{js.MaxSource: true, js.MaxSource + 1: false} {
		if _, err := js.Module("x.js", make([]byte, 0, size+1)[:0]); err != nil {
			t.Error(err)
		}
		text := []byte(strings.Repeat(" ", size))
		if _, err := js.Module("x.js", text); (err == nil) != fits {
			t.Errorf("%d bytes: %v", size, err)
		}
	}
}

func TestConfig(t *testing.T) {
	const source = `let words = [];
		export function configure(config) {
			if (!Array.isArray(config?.words)) throw new Error('words: want a list');
			words = config.words;
		}
		export default (input, siogw) => ({ labels: { words, same: siogw.config.words === words } })`
	p := mustLoad(t, source, wasm.Options{Config: []byte(`{"words":["a","é"]}`)})
	if got := told(p.Decide(context.Background(), event(`[]`))); got != `allow labels={"words":["a","é"],"same":true}` {
		t.Error(got)
	}
	for _, config := range []string{`{}`, ``} {
		_, err := load(t, source, wasm.Options{Config: []byte(config)})
		if !errors.Is(err, hostabi.ErrConfig) || !strings.Contains(err.Error(), "words: want a list at configure (guard.js:3:") {
			t.Errorf("%q: %v", config, err)
		}
	}
	if _, err := load(t, "export async function configure() {}\nexport default () => {}", wasm.Options{}); !errors.Is(err, hostabi.ErrConfig) {
		t.Error(err)
	}
}
