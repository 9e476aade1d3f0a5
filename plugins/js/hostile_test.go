package js_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/plugins/wasm"
)

// hostile are plugins that do what they should not when the first argument is true, and the reason that this is
// denied with.
var hostile = map[string]struct {
	code string
	want []engine.Code // one of them
}{
	"spins":                    {`while (true) {}`, []engine.Code{engine.CodePluginTimeout}},
	"spins and catches":        {`while (true) { try { while (true) {} } catch {} finally { continue } }`, []engine.Code{engine.CodePluginTimeout}},
	"spins in a job":           {`const again = () => Promise.resolve().then(again); again()`, []engine.Code{engine.CodePluginTimeout}},
	"spins in a getter":        {`return { get effect() { for (;;); } }`, []engine.Code{engine.CodePluginTimeout}},
	"backtracks":               {`/^(a+)+$/.test('a'.repeat(40) + '!')`, []engine.Code{engine.CodePluginTimeout}},
	"repeats":                  {`return { labels: { n: 'x'.repeat(1e9).length } }`, []engine.Code{engine.CodePluginMemory, engine.CodePluginError}},
	"allocates":                {`const all = []; for (;;) all.push(new Array(1000).fill({}))`, []engine.Code{engine.CodePluginMemory, engine.CodePluginTimeout}},
	"allocates and catches":    {`let all = []; for (;;) try { for (;;) all.push('y'.repeat(1000) + all.length) } catch { all = [] }`, []engine.Code{engine.CodePluginMemory, engine.CodePluginTimeout}},
	"allocates buffers":        {`const all = []; for (;;) all.push(new Uint8Array(1 << 20))`, []engine.Code{engine.CodePluginMemory}},
	"recurses":                 {`const f = () => f() + 1; f()`, []engine.Code{engine.CodePluginError}},
	"recurses and catches":     {`const f = () => { try { return f() + 1 } catch { return f() } }; f()`, []engine.Code{engine.CodePluginError, engine.CodePluginTimeout}},
	"recurses in JSON":         {`let o = {}; for (let i = 0; i < 1e5; i++) o = { o }; JSON.stringify(o)`, []engine.Code{engine.CodePluginError, engine.CodePluginMemory, engine.CodePluginTimeout}},
	"parses a bomb":            {`JSON.parse('['.repeat(1e6))`, []engine.Code{engine.CodePluginError, engine.CodePluginMemory, engine.CodePluginTimeout}},
	"parses a wide one":        {`JSON.parse('[' + '{},'.repeat(1e6) + '1]')`, []engine.Code{engine.CodePluginMemory, engine.CodePluginTimeout, engine.CodePluginError}},
	"sorts without end":        {`const a = new Array(1e5).fill(1); for (;;) a.sort(() => 1)`, []engine.Code{engine.CodePluginTimeout, engine.CodePluginMemory}},
	"raises a great power":     {`let n = 7n; for (;;) n = n ** 9n`, []engine.Code{engine.CodePluginTimeout, engine.CodePluginMemory, engine.CodePluginError}},
	"logs without end":         {`for (;;) siogw.log('again')`, []engine.Code{engine.CodePluginTimeout}},
	"counts without end":       {`for (;;) siogw.counter('again')`, []engine.Code{engine.CodePluginError}},
	"labels without end":       {`for (let i = 0; ; i++) siogw.label('l' + i, i)`, []engine.Code{engine.CodePluginError}},
	"answers much":             {`return { labels: { t: 'x'.repeat(5e6) } }`, []engine.Code{engine.CodePluginError, engine.CodePluginMemory, engine.CodePluginTimeout}},
	"breaks what it runs on":   {`for (const k of Object.getOwnPropertyNames(globalThis)) try { globalThis[k] = undefined } catch {}; for (const P of [Object, Array, String, Function, Error]) for (const k of Object.getOwnPropertyNames(P.prototype)) try { P.prototype[k] = undefined } catch {}; nothing.there`, []engine.Code{engine.CodePluginError}},
	"throws what throws":       {`throw { get stack() { throw 1 }, toString() { throw 2 } }`, []engine.Code{engine.CodePluginError}},
	"lies about its exception": {`const e = new Error('x'); Object.defineProperty(e, 'stack', { get() { for (;;); } }); throw e`, []engine.Code{engine.CodePluginTimeout}},
}

// TestHostile: each is contained within its time and memory, and the plugin goes on with the next packet. It prints how
// long each took.
func TestHostile(t *testing.T) {
	for name, c := range hostile {
		t.Run(name, func(t *testing.T) {
			limit := 200 * time.Millisecond
			if !slices.Contains(c.want, engine.CodePluginTimeout) { // what else ends it, a machine under load must let it reach
				limit = time.Minute
			}
			p := mustLoad(t, argsView+"export default (args, siogw) => {\nif (args[0]) {\n"+c.code+"\n}\n}", wasm.Options{Timeout: limit, Size: 1, Memory: 16 << 20})
			ctx := context.Background()
			for range 2 {
				start := time.Now()
				v := p.Decide(ctx, event(`[true]`))
				t.Logf("%v: %.150s", time.Since(start).Round(100*time.Microsecond), told(v))
				if v.Err == nil || v.Effect == engine.Allow || !slices.Contains(c.want, v.Code) {
					t.Errorf("code %d: %.200s, want one of %v", v.Code, told(v), c.want)
				}
				if v = decideSoon(p, `[false]`); v.Effect != engine.Allow {
					t.Fatalf("afterwards: %s", told(v))
				}
			}
		})
	}
}

// decideSoon asks again where a machine under load let the time of a harmless call pass.
func decideSoon(p *wasm.Plugin, args string) (v engine.Verdict) {
	for range 20 {
		if v = p.Decide(context.Background(), event(args)); v.Code != engine.CodePluginTimeout {
			return v
		}
	}
	return v
}

// TestHostileStart: a program that does not come to an end is not loaded.
func TestHostileStart(t *testing.T) {
	for source, want := range map[string]string{
		"const all = []; for (;;) all.push(new Uint8Array(1 << 20)); export default () => {}": "out of memory",
		"const f = () => f() + 1; f(); export default () => {}":                               "trapped",
	} {
		if _, err := load(t, source, wasm.Options{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", source, err)
		}
	}
}

// TestPrototypes: no input reaches a prototype, of this call or a later one.
func TestPrototypes(t *testing.T) {
	p := mustLoad(t, argsView+`export default ([a]) => {
		const { b } = a;
		const found = [({}).polluted, [].polluted, ''.polluted, Object.getPrototypeOf(a) === Object.prototype, Object.hasOwn(a, '__proto__')];
		for (const k of Object.keys(a)) if (typeof a[k] === 'object' && a[k] !== null) b?.[k];
		return { labels: { found } };
	}`, wasm.Options{Size: 1})
	const clean = `allow labels={"found":[null,null,null,true,`
	for args, own := range map[string]string{
		`[{"__proto__":{"polluted":1}}]`:                                 "true",
		`[{"__proto__":null}]`:                                           "true",
		`[{"constructor":{"prototype":{"polluted":1}},"b":{}}]`:          "false",
		`[{"\u005f_proto__":{"polluted":1}}]`:                            "true",
		`[{"toString":1,"hasOwnProperty":1,"then":1,"b":{"then":null}}]`: "false",
		`[{}]`: "false",
	} {
		for range 2 {
			if got := told(p.Decide(context.Background(), event(args))); got != clean+own+"]}" {
				t.Errorf("%s: %s", args, got)
			}
		}
	}
}
