package native

import (
	"context"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/siogw/siogw/hostabi"
	"github.com/siogw/siogw/internal/wasmtest"
	"github.com/siogw/siogw/plugins/native/wire"
	"github.com/siogw/siogw/plugins/wasm"
)

const chat = `[{"room":"general","text":"hi there, are you coming to the party tonight?"}]`

// BenchmarkNative is what a decision costs by how many are under way, beside one gRPC call for each and a Wasm guest, all of
// which see the arguments and allow.
func BenchmarkNative(b *testing.B) {
	p := New(start(b, self(b, "serve")), patience, nil)
	ctx := context.Background()
	for _, n := range []int{1, 8, 64} {
		b.Run("stream/"+strconv.Itoa(n), func(b *testing.B) {
			atOnce(b, n, func() error { v := p.Decide(ctx, event(chat)); return v.Err })
		})
	}
	other := start(b, self(b, "garbage")) // which has a unary method, too
	made, err := other.current.Load().client.Client()
	if err != nil {
		b.Fatal(err)
	}
	conn, err := made.Dispense(wire.Name)
	if err != nil {
		b.Fatal(err)
	}
	for _, n := range []int{1, 8, 64} {
		b.Run("unary/"+strconv.Itoa(n), func(b *testing.B) {
			atOnce(b, n, func() error {
				var out wrapperspb.BytesValue
				return conn.(*grpc.ClientConn).Invoke(ctx, "/"+wire.Service+"/Unary", &wrapperspb.BytesValue{Value: []byte(chat)}, &out)
			})
		})
	}
	b.Run("wasm", func(b *testing.B) { benchWasm(b) })
}

// atOnce calls do as often as b wants, n at a time.
func atOnce(b *testing.B, n int, do func() error) {
	var left atomic.Int64
	left.Store(int64(b.N))
	b.ReportAllocs()
	b.ResetTimer()
	var wg sync.WaitGroup
	for range n {
		wg.Go(func() {
			for left.Add(-1) >= 0 {
				if err := do(); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
}

func benchWasm(b *testing.B) {
	ctx := context.Background()
	rt, err := hostabi.NewRuntime(ctx, hostabi.RuntimeOptions{})
	if err != nil {
		b.Fatal(err)
	}
	defer rt.Close(ctx)
	m := wasmtest.Module{Memory: "\x00\x03", Funcs: []wasmtest.Func{
		{Export: "siogw_alloc", Params: "i", Results: "i", Code: "i32.const 131072"},
		{Export: "siogw_decide", Params: "ii", Results: "l", Code: "i64.const 0"}}}
	p, err := wasm.Load(ctx, rt, wasm.Options{Name: "least", Wasm: m.Binary(), Manifest: []byte(`{"abi":1,"view":"args"}`), Timeout: patience})
	if err != nil {
		b.Fatal(err)
	}
	defer p.Close(ctx)
	atOnce(b, 1, func() error { v := p.Decide(ctx, event(chat)); return v.Err })
}
