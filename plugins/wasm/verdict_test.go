package wasm_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/internal/wasmtest"
	"github.com/siogw/siogw/plugins/wasm"
)

// answering is a guest that gives the same verdict to everything.
func answering(verdict string) wasmtest.Module {
	return wasmtest.Module{Data: verdict, Memory: "\x00\x03", Funcs: []wasmtest.Func{
		{Export: "siogw_alloc", Params: "i", Results: "i", Code: "i32.const 131072"},
		{Export: "siogw_decide", Params: "ii", Results: "l", Code: fmt.Sprintf("i64.const %d", 8<<32|len(verdict))},
	}}
}

// echoing is a guest that labels each packet with the view that it got, which has to be JSON.
func echoing() wasmtest.Module {
	return wasmtest.Module{Data: "view", Memory: "\x00\x03",
		Imports: []wasmtest.Import{{Module: "siogw", Name: "label", Params: "iiii"}}, Funcs: []wasmtest.Func{
			{Export: "siogw_alloc", Params: "i", Results: "i", Code: "i32.const 131072"},
			{Export: "siogw_decide", Params: "ii", Results: "l", Code: "i32.const 8 i32.const 4 local.get 0 local.get 1 call 0 i64.const 0"}}}
}

func load(t testing.TB, m wasmtest.Module, opt wasm.Options) (*wasm.Plugin, error) {
	t.Helper()
	opt.Name, opt.Wasm, opt.Size = "test", m.Binary(), 1
	if opt.Timeout == 0 {
		opt.Timeout = time.Second
	}
	p, err := wasm.Load(context.Background(), rt, opt)
	if err != nil {
		return nil, err
	}
	t.Cleanup(func() {
		if err := p.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return p, nil
}

func decide(t *testing.T, verdict string, in *engine.Input) engine.Verdict {
	t.Helper()
	p, err := load(t, answering(verdict), wasm.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return p.Decide(context.Background(), in)
}

func TestVerdicts(t *testing.T) {
	for verdict, want := range map[string]string{
		`{"effect":"allow"}`:   "allow args= auth= labels=",
		`{"effect":"abstain"}`: "abstain args= auth= labels=",
		`{"effect":"deny"}`:    "deny 110 args= auth= labels=",
		`{"effect":"deny","code":"spam","reason":"no \"links\"","data":{"max":1}}`: `deny 110 "spam" no "links" {"max":1} args= auth= labels=`,
		`{"effect":"deny","code":7}`:                                           "deny 110 7 args= auth= labels=",
		`{"effect":"allow","args":["new"]}`:                                    `allow args=["new"] auth= labels=`,
		`{"effect":"allow","auth":{"a":1}}`:                                    `allow args= auth={"a":1} labels=`,
		`{"effect":"allow","strings":{"1":"\u00e9"}}`:                          `allow args=["a",{"b":"é"}] auth= labels=`,
		`{"effect":"allow","strings":{}}`:                                      `allow args=["a",{"b":"c"}] auth= labels=`,
		`{"effect":"allow","patch":[{"op":"remove","path":"/args/0"}]}`:        `allow args=[{"b":"c"}] auth= labels=`,
		`{"effect":"allow","patch":[{"op":"add","path":"/auth/x","value":2}]}`: `allow args= auth={"t":1,"x":2} labels=`,
		`{"effect":"allow","labels":{"k":[1]},"score":3.5}`:                    `allow args= auth= labels={"k":[1],"score":3.5}`,
		` {"effect":"abstain","score":1} `:                                     `abstain args= auth= labels={"score":1}`,
	} {
		in := message(`["a",{"b":"c"}]`)
		in.Auth = []byte(`{"t":1}`)
		v := decide(t, verdict, in)
		got := v.Effect.String()
		if v.Effect == engine.Deny {
			got += fmt.Sprintf(" %d %s %s %s", v.Code, v.Custom, v.Reason, v.Data)
		}
		got += fmt.Sprintf(" args=%s auth=%s labels=%s", v.Args, v.Auth, v.Labels)
		if got = strings.Join(strings.Fields(got), " "); got != want || v.Err != nil {
			t.Errorf("%s:\n got %s %v\nwant %s", verdict, got, v.Err, want)
		}
	}
}

func TestBadVerdicts(t *testing.T) {
	for _, verdict := range []string{
		"garbage", "null", "[]", "{}", `"allow"`, "\xff", `{"effect":"allow"`, `{"effect":"allow"}}`,
		`{"effect":"maybe"}`, `{"effect":1}`, `{"effect":""}`, `{"effect":"allow","effect":"allow"}`,
		`{"effect":"allow","more":1}`, `{"effect":"allow","code":1}`, `{"effect":"allow","reason":"x"}`, `{"effect":"abstain","data":1}`,
		`{"effect":"deny","args":[]}`, `{"effect":"deny","auth":{}}`, `{"effect":"deny","strings":{}}`,
		`{"effect":"deny","code":[]}`, `{"effect":"deny","code":null}`, `{"effect":"deny","reason":1}`,
		`{"effect":"deny","code":"` + strings.Repeat("x", 127) + `"}`, `{"effect":"deny","reason":"` + strings.Repeat("x", 1023) + `"}`,
		`{"effect":"allow","args":{}}`, `{"effect":"allow","args":[{"__proto__":1}]}`, `{"effect":"allow","args":` + strings.Repeat("[", 33) + strings.Repeat("]", 33) + `}`,
		`{"effect":"allow","args":[],"strings":{}}`, `{"effect":"allow","args":[],"patch":[]}`, `{"effect":"allow","auth":{},"patch":[]}`,
		`{"effect":"allow","strings":[]}`, `{"effect":"allow","strings":{"2":"x"}}`, `{"effect":"allow","strings":{"-1":"x"}}`,
		`{"effect":"allow","strings":{"01":"x"}}`, `{"effect":"allow","strings":{"0":1}}`, `{"effect":"allow","strings":{"99999999999999999999":"x"}}`,
		`{"effect":"allow","auth":{}}`, `{"effect":"allow","patch":[{"op":"remove","path":"/event"}]}`, `{"effect":"allow","patch":{}}`,
		`{"effect":"allow","labels":[]}`, `{"effect":"allow","score":"1"}`, `{"effect":"allow","score":1,"labels":{"score":2}}`,
		`{"effect":"allow","labels":{"k":"` + strings.Repeat("x", 16<<10) + `"}}`,
	} {
		v := decide(t, verdict, message(`["a",{"b":"c"}]`))
		if v.Err == nil || v.Effect != engine.Deny || v.Args != nil || v.Code != engine.CodePluginError && v.Code != engine.CodeTransform {
			t.Errorf("%.60s: %v %d %v", verdict, v.Effect, v.Code, v.Err)
		}
	}
}

func TestCodes(t *testing.T) {
	for code, want := range map[string]engine.Code{
		"loop - br 0 end i64.const 0":                engine.CodePluginTimeout,
		"i32.const 100 memory.grow drop unreachable": engine.CodePluginMemory,
		"unreachable":                  engine.CodePluginError,
		"i64.const 0x7fffffff00000001": engine.CodePluginError,
		"i32.const 1 i32.const 0 i32.div_u drop i64.const 0": engine.CodePluginError,
	} {
		m := answering("")
		m.Funcs[1].Code = code
		p, err := load(t, m, wasm.Options{Memory: 4 * 65536, Timeout: 10 * time.Millisecond})
		if err != nil {
			t.Fatal(err)
		}
		if v := p.Decide(context.Background(), message("[]")); v.Code != want || v.Err == nil || v.Effect != engine.Deny {
			t.Errorf("%s: %v %d %v", code, v.Effect, v.Code, v.Err)
		}
	}
}

func TestViews(t *testing.T) {
	in := message(`["a",{"b":"c"}]`)
	for manifest, want := range map[string]string{
		`{"abi":1,"view":"args"}`: `["a",{"b":"c"}]`,
		`{"abi":1,"view":"fields","fields":["/args/1/b","/event","/nothing","/args/0"]}`: `["c","message",null,"a"]`,
	} {
		p, err := load(t, echoing(), wasm.Options{Manifest: []byte(manifest)})
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if v := p.Decide(context.Background(), in); string(v.Labels) != `{"view":`+want+`}` {
				t.Errorf("%s: %s %v", manifest, v.Labels, v.Err)
			}
		}
	}
	m := echoing()
	m.Custom = map[string]string{"siogw.manifest": `{"abi":1,"view":"args"}`}
	p, err := load(t, m, wasm.Options{})
	if err != nil || p.Manifest().View != wasm.ViewArgs {
		t.Fatalf("the manifest in the module: %v", err)
	}
	if v := p.Decide(context.Background(), &engine.Input{Kind: engine.Handshake}); string(v.Labels) != `{"view":[]}` {
		t.Errorf("args of a handshake: %s %v", v.Labels, v.Err)
	}
	if p, err = load(t, echoing(), wasm.Options{}); err != nil {
		t.Fatal(err)
	}
	if v := p.Decide(context.Background(), in); !strings.HasPrefix(string(v.Labels), `{"view":{"version":"siogw/v1","kind":"event"`) {
		t.Errorf("the input view: %s %v", v.Labels, v.Err)
	}
}

// TestStringsView compares byte for byte with the example of ABI.md, section 4.
func TestStringsView(t *testing.T) {
	want := binary.LittleEndian.AppendUint32(nil, 2)
	for _, s := range []string{"bob", "hé"} {
		want = append(binary.LittleEndian.AppendUint32(want, uint32(len(s))), s...)
	}
	// The guest compares the view with its data, byte by byte, and denies when they differ.
	m := answering(string(want))
	m.Funcs[1].Locals = "i"
	m.Funcs[1].Code = fmt.Sprintf(`local.get 1 i32.const %d i32.eq i32.eqz if - unreachable end
		loop - local.get 0 local.get 2 i32.add i32.load8_u 0 local.get 2 i32.load8_u 8 i32.eq i32.eqz if - unreachable end
		local.get 2 i32.const 1 i32.add local.tee 2 i32.const %d i32.lt_u br_if 0 end i64.const 0`, len(want), len(want))
	p, err := load(t, m, wasm.Options{Manifest: []byte(`{"abi":1,"view":"strings"}`)})
	if err != nil {
		t.Fatal(err)
	}
	for args, same := range map[string]bool{`[{"to":"bob","text":"h\u00e9"},1]`: true, `[{"to":"bob","text":"he"},1]`: false} {
		if v := p.Decide(context.Background(), message(args)); (v.Err == nil) != same {
			t.Errorf("%s: %v", args, v.Err)
		}
	}
}

func TestManifests(t *testing.T) {
	for _, manifest := range []string{
		"", "x", "[]", "{}", `{"abi":2}`, `{"abi":1,"view":"all"}`, `{"abi":1,"more":1}`, `{"abi":1,"abi":1}`, `{"abi":1} {}`,
		`{"abi":1,"view":"fields"}`, `{"abi":1,"fields":["/a"]}`, `{"abi":1,"view":"fields","fields":["a"]}`,
		`{"abi":1,"kinds":["evnt"]}`, `{"abi":1,"kinds":["disconnect"]}`, `{"abi":1,"capabilities":["net"]}`,
		`{"abi":1,"name":"` + strings.Repeat("x", 64<<10) + `"}`,
	} {
		if _, err := load(t, echoing(), wasm.Options{Manifest: []byte(manifest)}); err == nil || !strings.Contains(err.Error(), "plugin test: manifest") {
			t.Errorf("%.60s: %v", manifest, err)
		}
	}
	for _, config := range []string{`{"fields":["a"]}`, `{"fields":1}`, `{"fields":["/a"]}`, `{`} {
		if _, err := load(t, echoing(), wasm.Options{Config: []byte(config)}); err == nil || !strings.Contains(err.Error(), "config") {
			t.Errorf("config %s: %v", config, err)
		}
	}
}
