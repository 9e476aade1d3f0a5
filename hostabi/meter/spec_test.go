package meter_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/siogw/siogw/hostabi/meter"
)

// The WebAssembly specification's own test suite, as wazero carries it: JSON scripts beside binary modules.
type script struct {
	Commands []struct {
		Type, Name, Filename, As string
		ModuleType               string `json:"module_type"`
		Line                     int
		Action                   struct {
			Type, Module, Field string
			Args                []specValue
		}
	}
}

type specValue struct {
	Type     string
	LaneType string `json:"lane_type"`
	Value    any
}

func specDir(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/tetratelabs/wazero").Output()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(strings.TrimSpace(string(out)), "internal/integration_test/spectest")
}

// world is one runtime that plays a script.
type world struct {
	rt      wazero.Runtime
	metered bool
	named   map[string]api.Module
	last    api.Module
}

func newWorld(t *testing.T, spectest []byte, metered bool) *world {
	ctx := context.Background()
	w := &world{rt: wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfig()), metered: metered, named: map[string]api.Module{}}
	t.Cleanup(func() { _ = w.rt.Close(ctx) })
	l := []api.ValueType{api.ValueTypeI64}
	r := &runner{t: t, slice: 1 << 20, max: math.MaxInt}
	_, err := w.rt.NewHostModuleBuilder(meter.HookModule).NewFunctionBuilder().
		WithGoModuleFunction(api.GoModuleFunc(r.hook), l, l).Export(meter.HookName).Instantiate(ctx)
	if err == nil {
		_, err = w.rt.Instantiate(ctx, spectest)
	}
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) load(wasm []byte, as string) (api.Module, error) {
	if w.metered {
		out, _, err := meter.Rewrite(wasm, meter.Options{})
		if err != nil {
			return nil, err
		}
		wasm = out
	}
	return w.rt.InstantiateWithConfig(context.Background(), wasm, wazero.NewModuleConfig().WithName(as).WithStartFunctions())
}

func (w *world) invoke(module, field string, args []uint64) ([]uint64, error) {
	m := w.last
	if module != "" {
		m = w.named[module]
	}
	if m == nil {
		return nil, fmt.Errorf("no module")
	}
	f := m.ExportedFunction(field)
	if f == nil {
		return nil, fmt.Errorf("no function")
	}
	if depth, ok := m.ExportedGlobal(meter.DepthExport).(api.MutableGlobal); ok {
		depth.Set(1 << 20) // scripts go on after a trap, which gives no stack back
	}
	return f.Call(context.Background(), args...)
}

func (v specValue) words() []uint64 {
	if v.Type != "v128" {
		return []uint64{v.word(v.Value, v.Type)}
	}
	width := map[string]int{"i8": 8, "i16": 16, "i32": 32, "f32": 32, "i64": 64, "f64": 64}[v.LaneType]
	var out [2]uint64
	for i, lane := range v.Value.([]any) {
		at := i * width
		out[at/64] |= v.word(lane, v.LaneType) << (at % 64)
	}
	return out[:]
}

func (v specValue) word(value any, _ string) uint64 {
	s, _ := value.(string)
	if s == "null" {
		return 0
	}
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil {
		signed, _ := strconv.ParseInt(s, 10, 64)
		n = uint64(signed)
	}
	if v.Type == "externref" {
		n++ // 0 is wazero's null
	}
	return n
}

// TestSpecification plays every script twice, metered and not. What one refuses the other refuses, and
// every call gives the same bits or the same trap.
func TestSpecification(t *testing.T) {
	dir := specDir(t)
	spectest, err := os.ReadFile(filepath.Join(dir, "testdata/spectest.wasm"))
	if err != nil {
		t.Fatal(err)
	}
	scripts, _ := filepath.Glob(filepath.Join(dir, "v2/testdata/*.json"))
	if len(scripts) < 100 {
		t.Fatalf("%d scripts", len(scripts))
	}
	total := 0
	for _, path := range scripts {
		name := strings.TrimSuffix(filepath.Base(path), ".json")
		if testing.Short() && strings.HasPrefix(name, "simd") {
			continue
		}
		t.Run(name, func(t *testing.T) {
			n := play(t, path, newWorld(t, spectest, false), newWorld(t, spectest, true))
			total += n
		})
	}
	t.Logf("%d commands in %d scripts", total, len(scripts))
}

func play(t *testing.T, path string, plain, metered *world) (n int) {
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var s script
	if err := json.Unmarshal(raw, &s); err != nil {
		t.Fatal(err)
	}
	for i, c := range s.Commands {
		where := fmt.Sprintf("line %d, %s", c.Line, c.Type)
		switch c.Type {
		case "module", "assert_invalid", "assert_malformed", "assert_unlinkable", "assert_uninstantiable", "assert_trap", "assert_return", "action", "assert_exhaustion":
			n++
		}
		if c.Filename != "" && strings.HasSuffix(c.Filename, ".wasm") {
			wasm, err := os.ReadFile(filepath.Join(filepath.Dir(path), c.Filename))
			if err != nil {
				t.Fatal(err)
			}
			as := ""
			if i+1 < len(s.Commands) && s.Commands[i+1].Type == "register" {
				as = s.Commands[i+1].As
			}
			a, errA := plain.load(wasm, as)
			b, errB := metered.load(wasm, as)
			if (errA == nil) != (errB == nil) {
				t.Errorf("%s: plain %v, metered %v", where, errA, errB)
			}
			if c.Type == "module" && errA == nil && errB == nil {
				plain.last, metered.last = a, b
				if c.Name != "" {
					plain.named[c.Name], metered.named[c.Name] = a, b
				}
			}
			continue
		}
		if c.Action.Type != "invoke" {
			continue
		}
		var args []uint64
		for _, v := range c.Action.Args {
			args = append(args, v.words()...)
		}
		a, errA := plain.invoke(c.Action.Module, c.Action.Field, args)
		b, errB := metered.invoke(c.Action.Module, c.Action.Field, args)
		if (errA == nil) != (errB == nil) || c.Type != "assert_exhaustion" && firstLine(errA) != firstLine(errB) {
			t.Errorf("%s: plain %.100v, metered %.100v", where, errA, errB)
		}
		if errA == nil && !slices.Equal(a, b) && !references(plain.last, c.Action.Field) {
			t.Errorf("%s: plain %v, metered %v", where, a, b)
		}
	}
	return n
}

// references reports whether a function gives references, which are addresses.
func references(m api.Module, field string) bool {
	f := m.ExportedFunction(field)
	return f != nil && slices.ContainsFunc(f.Definition().ResultTypes(), func(t api.ValueType) bool { return t != 0x7f && t != 0x7e && t != 0x7d && t != 0x7c && t != 0x7b })
}

func firstLine(err error) string {
	if err == nil {
		return ""
	}
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}
