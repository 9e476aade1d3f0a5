package tck_test

import (
	"context"
	"encoding/binary"
	"errors"
	"testing"
	"time"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/hostabi"
	"github.com/siogw/siogw/hostabi/tck"
	"github.com/siogw/siogw/internal/pluginkit"
	"github.com/siogw/siogw/internal/strictjson"
	"github.com/siogw/siogw/internal/wasmtest"
	"github.com/siogw/siogw/plugins/wasm"
)

// FuzzAnswer: whatever place a guest gives, with whatever bytes there, the host makes a whole verdict of it or an error, and
// the next call is served. The guest takes its answer from its view: eight bytes of place, and the bytes.
func FuzzAnswer(f *testing.F) {
	ctx := context.Background()
	rt, err := hostabi.NewRuntime(ctx, hostabi.RuntimeOptions{})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = rt.Close(ctx) })
	m := base("", "local.get 0 i64.load 0")
	m.Imports = []wasmtest.Import{imported("log")}
	mod, err := rt.Compile(ctx, m.Binary())
	if err != nil {
		f.Fatal(err)
	}
	p, err := hostabi.NewPool(mod, hostabi.PoolOptions{Size: 1, Memory: 1 << 20, Timeout: 10 * time.Second})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = p.Close(ctx) })
	suite, err := tck.Cases()
	if err != nil {
		f.Fatal(err)
	}
	for _, h := range hostCases() {
		if d := h.m.Data; h.Clause > "ABI-5" && h.Clause < "ABI-6" && len(d) < 4000 {
			f.Add(uint64(bufferAt+8)<<32|uint64(len(d)), []byte(d))
		}
	}
	f.Add(uint64(1), []byte(suite.Cases[0].Name))
	f.Add(^uint64(0), []byte{})
	f.Fuzz(func(t *testing.T, place uint64, answer []byte) {
		if len(answer) > 60_000 {
			return
		}
		in, err := pluginkit.Message([]byte(`["hello",{"_placeholder":true,"num":0}]`), []byte("x"))
		if err != nil {
			t.Fatal(err)
		}
		res, err := p.Decide(ctx, append(binary.LittleEndian.AppendUint64(nil, place), answer...))
		at, n := place>>32, place&0xffffffff
		if lies := place != 0 && (at == 0 || n == 0 || at+n > 2<<16); lies != errors.Is(err, hostabi.ErrABI) {
			t.Fatalf("%#x: %v", place, err)
		}
		if err == nil {
			whole(t, in, res)
		}
		if res, err := p.Decide(ctx, make([]byte, 8)); err != nil || res.Verdict != nil {
			t.Fatalf("afterwards: %q %v", res.Verdict, err)
		}
	})
}

func whole(t *testing.T, in *engine.Input, res hostabi.Result) {
	v, err := wasm.ReadResult(in, res, nil)
	if err != nil {
		return
	}
	if v.Effect < engine.Allow || v.Effect > engine.Abstain || v.Effect == engine.Deny && v.Transforms() {
		t.Errorf("%q: %v", res.Verdict, v.Effect)
	}
	for _, part := range [][]byte{v.Args, v.Auth, v.Labels, v.Custom, v.Data} {
		if part != nil && strictjson.Scan(part, strictjson.Limits{Depth: wasm.MaxDepth}) != nil {
			t.Errorf("%q is not strict JSON", part)
		}
	}
}
