package pluginkit

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/siogw/siogw/hostabi"
	"github.com/siogw/siogw/internal/wasmtest"
)

// answering is a guest that gives verdict to everything.
func answering(verdict string) wasmtest.Module {
	return wasmtest.Module{Data: verdict, Memory: "\x00\x03", Funcs: []wasmtest.Func{
		{Export: "siogw_alloc", Params: "i", Results: "i", Code: "i32.const 131072"},
		{Export: "siogw_decide", Params: "ii", Results: "l", Code: fmt.Sprintf("i64.const %d", 8<<32|len(verdict))},
	}}
}

func module(m wasmtest.Module) *Module { return &Module{Name: "test", Wasm: m.Binary()} }

func TestMinimal(t *testing.T) {
	m := wasmtest.Module{Funcs: []wasmtest.Func{
		{Export: "siogw_alloc", Params: "i", Results: "i", Code: "local.get 0 i32.const 65535 i32.add i32.const 65536 i32.div_u memory.grow i32.const 16 i32.shl"},
		{Export: "siogw_decide", Params: "ii", Results: "l", Code: "i64.const 0"},
	}}
	if !bytes.Equal(m.Binary(), minimal) {
		t.Errorf("it is %q", m.Binary())
	}
	long, err := Message([]byte(`["` + strings.Repeat("x", 1<<20) + `"]`))
	if err != nil {
		t.Fatal(err)
	}
	g, err := Load(context.Background(), &Module{Name: "minimal", Wasm: minimal}, Options{Timeout: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close(context.Background())
	if a := g.Judge(context.Background(), long); a.Effect != "allow" || a.Error != "" || a.Memory < 1<<20 {
		t.Errorf("a long packet: %+v", a)
	}
}

// TestMeasure: a bench gives figures, and none of a guest that fails.
func TestMeasure(t *testing.T) {
	in, err := Message([]byte(`["x"]`))
	if err != nil {
		t.Fatal(err)
	}
	b, err := Measure(context.Background(), module(answering(`{"effect":"deny"}`)), in, Options{Timeout: time.Second}, 5*time.Millisecond)
	if err != nil || b.NS <= 0 || b.Minimal <= 0 || b.Ratio <= 0 || b.Calls == 0 || b.Fuel <= 0 || b.Memory != 3<<16 || b.Effect != "deny" {
		t.Errorf("%+v %v", b, err)
	}
	m := answering("")
	m.Funcs[1].Code = "loop - br 0 end i64.const 0"
	if _, err := Measure(context.Background(), module(m), in, Options{Timeout: time.Millisecond}, 5*time.Millisecond); !errors.Is(err, hostabi.ErrTimeout) {
		t.Errorf("a guest that spins: %v", err)
	}
}

func TestOpen(t *testing.T) {
	m, err := Open("std:html-sanitizer")
	if err != nil || m.Name != "html-sanitizer" || m.Manifest == nil || len(m.SHA256()) != 64 {
		t.Errorf("%v", err)
	}
	for _, source := range []string{"std:", "std:nothing", "nowhere.wasm", ".", "guest_test.go"} {
		if _, err := Open(source); err == nil {
			t.Errorf("%s is opened", source)
		}
	}
}
