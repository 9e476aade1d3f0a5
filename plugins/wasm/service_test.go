package wasm_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/hostabi"
	"github.com/siogw/siogw/internal/backoff"
	"github.com/siogw/siogw/internal/kv"
	"github.com/siogw/siogw/internal/wasmtest"
	"github.com/siogw/siogw/plugins/wasm"
)

// counting is a guest that gives the number of its call as the score, after what code does. Its tenth verdict is no JSON.
func counting(code string) wasmtest.Module {
	const verdict = `{"effect":"allow","score":0}`
	m := answering(verdict)
	at := 8 + strings.Index(verdict, "0}")
	m.Imports = []wasmtest.Import{{Module: "siogw", Name: "log", Params: "iii"}, {Module: "siogw", Name: "counter", Params: "iil"},
		{Module: "siogw", Name: "label", Params: "iiii"}}
	m.Funcs[1].Code = fmt.Sprintf("%s i32.const %d i32.const %d i32.load8_u 0 i32.const 1 i32.add i32.store8 0 ", code, at, at) + m.Funcs[1].Code
	return m
}

func scores(p *wasm.Plugin, args ...string) (out []string) {
	for _, a := range args {
		v := p.Decide(context.Background(), message(a))
		if v.Err != nil {
			out = append(out, "error")
			continue
		}
		out = append(out, strings.TrimSuffix(strings.TrimPrefix(string(v.Labels), `{"score":`), "}"))
	}
	return out
}

// TestMemo: a pure guest is asked once about the same bytes, unless it logged something. What it counted is counted
// again.
func TestMemo(t *testing.T) {
	const args = `{"abi":1,"view":"args","pure":true}`
	for name, c := range map[string]struct {
		manifest, code string
		memo           int64
		want           string
		counted        int64
	}{
		"pure":            {args, "", 1 << 20, "1 2 1 2 3", 0},
		"not pure":        {`{"abi":1,"view":"args"}`, "", 1 << 20, "1 2 3 4 5", 0},
		"no memo":         {args, "", 0, "1 2 3 4 5", 0},
		"the whole input": {`{"abi":1,"view":"input","pure":true}`, "", 1 << 20, "1 2 3 4 5", 0},
		"it logs":         {args, "i32.const 1 i32.const 8 i32.const 4 call 0", 1 << 20, "1 2 3 4 5", 0},
		"it counts":       {args, "i32.const 10 i32.const 6 i64.const 2 call 1", 1 << 20, "1 2 1 2 3", 10},
	} {
		p, err := load(t, counting(c.code), wasm.Options{Manifest: []byte(c.manifest), Memo: c.memo})
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(scores(p, `[1]`, `[2]`, `[1]`, `[2]`, `[3]`), " "); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
		sum := int64(0)
		for _, n := range p.Counters() {
			sum += n
		}
		if sum != c.counted {
			t.Errorf("%s: it counted %d, want %d", name, sum, c.counted)
		}
	}
}

// TestMemoKeepsNoErrors: what failed is asked again, what did not is kept.
func TestMemoKeepsNoErrors(t *testing.T) {
	p, err := load(t, counting(""), wasm.Options{Manifest: []byte(`{"abi":1,"view":"args","pure":true}`), Memo: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 9 {
		scores(p, fmt.Sprintf("[%d]", i))
	}
	if got := strings.Join(scores(p, `["x"]`, `["x"]`, `[8]`), " "); got != "error error 9" || p.Memo().Entries != 9 {
		t.Errorf("%s, %d entries", got, p.Memo().Entries)
	}
}

// TestMemoReadsAnew: the same answer to the same view changes packets that differ in what the view does not show.
func TestMemoReadsAnew(t *testing.T) {
	p, err := load(t, answering(`{"effect":"allow","attachments":{"1":"aGk="},"labels":{"a":1}}`),
		wasm.Options{Manifest: []byte(`{"abi":1,"view":"attachments","prefix":1,"pure":true}`), Memo: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	for _, first := range []string{"abc", "axx"} {
		v := p.Decide(context.Background(), binary2(first))
		if v.Err != nil || string(v.Attachments[0].Data) != first || string(v.Attachments[1].Data) != "hi" {
			t.Errorf("%s: %v %v", first, v.Attachments, v.Err)
		}
		v.Attachments[1].Data[0] = 'H'
	}
	if st := p.Memo(); st.Hits != 1 || st.Entries != 1 {
		t.Errorf("%+v", st)
	}
	if v := p.Decide(context.Background(), binary2("a..")); string(v.Attachments[1].Data) != "hi" {
		t.Errorf("what was kept is now %s", v.Attachments[1].Data)
	}
}

// TestOutOfService: a guest that keeps failing is not asked, says so, and one trial brings it back.
func TestOutOfService(t *testing.T) {
	m := answering("")
	m.Funcs[1].Code = "local.get 1 i32.const 5 i32.gt_u if - unreachable end i64.const 0"
	var out bytes.Buffer
	tally := &wasm.Tally{}
	p, err := load(t, m, wasm.Options{Manifest: []byte(`{"abi":1,"view":"args"}`), Tally: tally, Logger: slog.New(slog.NewTextHandler(&out, nil)),
		Backoff: backoff.Options{Failures: 3, Window: time.Hour, Pause: 50 * time.Millisecond, MaxPause: time.Hour}})
	if err != nil {
		t.Fatal(err)
	}
	ask := func(args, ip string) engine.Code {
		in := message(args)
		in.Session = &engine.Session{IP: ip}
		return p.Decide(context.Background(), in).Code
	}
	const bad, good = `["too long"]`, `[1]`
	for range 2 {
		if got := []engine.Code{ask(bad, "a"), ask(bad, "a"), ask(good, "b")}; !slices.Equal(got, []engine.Code{111, 111, 0}) {
			t.Fatalf("out of service too early: %v", got)
		}
	}
	for range 3 {
		if c := ask(bad, "a"); c != engine.CodePluginError {
			t.Fatalf("code %d", c)
		}
	}
	if c := ask(good, "b"); c != engine.CodePluginBackoff || p.InService() || tally.Outs() != 1 || tally.Refused() != 1 {
		t.Errorf("after the third in a row: code %d, %d times out, %d refused", c, tally.Outs(), tally.Refused())
	}
	for deadline := time.Now().Add(20 * time.Second); ask(good, "b") != 0; {
		if time.Now().After(deadline) {
			t.Fatal("it does not come back")
		}
		time.Sleep(5 * time.Millisecond)
	}
	if text := out.String(); !p.InService() || !strings.Contains(text, `msg="plugin is out of service" plugin=test pause=50ms`) ||
		!strings.Contains(text, `msg="plugin is in service again" plugin=test`) {
		t.Errorf("in service: %v\n%s", p.InService(), text)
	}
}

// TestCallersDoNotCount: a caller that gives up says nothing of the guest.
func TestCallersDoNotCount(t *testing.T) {
	m := answering("")
	m.Funcs[1].Code = "local.get 1 i32.const 5 i32.gt_u if - loop - br 0 end end i64.const 0"
	p, err := load(t, m, wasm.Options{Manifest: []byte(`{"abi":1,"view":"args"}`), Timeout: time.Minute, Backoff: backoff.Options{Failures: 1, Window: time.Hour, Pause: time.Hour, MaxPause: time.Hour}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if v := p.Decide(ctx, message(`["too long"]`)); v.Code != engine.CodePluginTimeout {
		t.Fatal(v.Err)
	}
	if v := p.Decide(context.Background(), message(`[1]`)); v.Err != nil {
		t.Error(v.Err)
	}
}

func TestCapabilities(t *testing.T) {
	m := answering(`{"effect":"allow"}`)
	m.Imports = []wasmtest.Import{{Module: "siogw", Name: "kv_delete", Params: "ii", Results: "i"}}
	for name, c := range map[string]struct {
		manifest string
		granted  hostabi.Capability
		want     string
	}{
		"asked for and granted":     {`{"abi":1,"capabilities":["kv"]}`, hostabi.KV, ""},
		"more is granted":           {`{"abi":1,"capabilities":["kv"]}`, hostabi.KV | hostabi.Clock, ""},
		"not granted":               {`{"abi":1,"capabilities":["kv"]}`, hostabi.Clock, "capability kv is asked for and not granted"},
		"not asked for":             {`{"abi":1}`, hostabi.KV, "imports functions of the capability kv, which its manifest does not ask for"},
		"asked for another":         {`{"abi":1,"capabilities":["clock"]}`, hostabi.KV | hostabi.Clock, "does not ask for"},
		"asked for, not imported":   {`{"abi":1,"capabilities":["kv","random"]}`, hostabi.KV, "capability random is asked for"},
		"pure with a capability":    {`{"abi":1,"view":"args","pure":true,"capabilities":["kv"]}`, hostabi.KV, "pure: what depends on kv"},
		"a lifetime that is none":   {`{"abi":1,"capabilities":["kv"],"lifetime":"day"}`, hostabi.KV, `no lifetime "day"`},
		"a capability that is none": {`{"abi":1,"capabilities":["net"]}`, hostabi.KV, `no capability "net"`},
	} {
		p, err := load(t, m, wasm.Options{Manifest: []byte(c.manifest), Granted: c.granted, Store: kv.New(kv.Limits{})})
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
		if strings.HasSuffix(c.want, "not granted") && !errors.Is(err, wasm.ErrNotGranted) {
			t.Errorf("%s: %v is not ErrNotGranted", name, err)
		}
		if err == nil {
			p.EndSession("nobody")
		}
	}
}

// TestLogIsLimited: a guest that logs without end fills no disk.
func TestLogIsLimited(t *testing.T) {
	m := answering("")
	m.Imports = []wasmtest.Import{{Module: "siogw", Name: "log", Params: "iii"}}
	m.Funcs[1].Code = strings.Repeat("i32.const 1 i32.const 8 i32.const 5 call 0 ", 20) + "i64.const 0"
	var out bytes.Buffer
	tally := &wasm.Tally{}
	p, err := load(t, m, wasm.Options{Tally: tally, Logger: slog.New(slog.NewTextHandler(&out, nil))})
	if err != nil {
		t.Fatal(err)
	}
	const calls = 200
	start := time.Now()
	for range calls {
		p.Decide(context.Background(), message("[]"))
	}
	written, most := strings.Count(out.String(), "\n"), 200+int(time.Since(start).Seconds()*100)+1
	if written < 200 || written > most || written+int(tally.DroppedLines()) != calls*hostabi.MaxLogs {
		t.Errorf("%d lines, at most %d; %d dropped", written, most, tally.DroppedLines())
	}
}

// TestTallyGoesOn: what one plugin counted, the next of its name counts on.
func TestTallyGoesOn(t *testing.T) {
	tally := &wasm.Tally{}
	for range 2 {
		p, err := load(t, counting("i32.const 10 i32.const 6 i64.const 3 call 1"), wasm.Options{Tally: tally})
		if err != nil {
			t.Fatal(err)
		}
		p.Decide(context.Background(), message("[]"))
	}
	if n := tally.Counters()["effect"]; n != 6 {
		t.Errorf("%d in %v", n, tally.Counters())
	}
}

// BenchmarkMemo is a decision that is kept.
func BenchmarkMemo(b *testing.B) {
	p, err := load(b, counting(""), wasm.Options{Manifest: []byte(`{"abi":1,"view":"strings","pure":true}`), Memo: 1 << 20})
	if err != nil {
		b.Fatal(err)
	}
	in := message(`[{"room":"general","text":"hi there, are you coming to the party tonight?"}]`)
	b.ReportAllocs()
	for b.Loop() {
		p.Decide(context.Background(), in)
	}
}
