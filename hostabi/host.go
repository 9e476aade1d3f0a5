package hostabi

import (
	"context"
	"fmt"
	"strings"

	"github.com/tetratelabs/wazero/api"

	"github.com/siogw/siogw/hostabi/meter"
)

// Sink receives what guests say beside their verdicts. It is called from many goroutines and does not wait.
type Sink interface {
	// Log is a line of text, at most MaxLog bytes of any content, at one of the four levels.
	Log(level int, text string)
	// Count adds delta to a counter. The number of names is not bounded here.
	Count(name string, delta int64)
}

type nowhere struct{}

func (nowhere) Log(int, string)     {}
func (nowhere) Count(string, int64) {}

// Label is something that a guest told of its input, beside the verdict.
type Label struct {
	Key   string
	Value []byte // as the guest wrote it; JSON is expected and not checked
}

// Count is what a guest added to a counter.
type Count struct {
	Name  string
	Delta int64
}

// instanceKey finds the instance in the context that its guest's functions run under.
type instanceKey struct{}

func instanceOf(ctx context.Context) *instance { return ctx.Value(instanceKey{}).(*instance) }

// hook is called by the metered code when a slice of fuel is used up.
func hook(ctx context.Context, _ api.Module, stack []uint64) {
	left := int64(stack[0])
	if left == meter.StackExhausted {
		panic(errStack)
	}
	stack[0] = uint64(instanceOf(ctx).refuel(left))
}

// hostModule is the module that guests import the host's functions from.
const hostModule = "siogw"

type hostFunc struct {
	params, results string // as valueTypes reads them
	needs           Capability
	call            api.GoModuleFunc
}

// hostFuncs are the imports of module siogw, ABI.md section 6.
var hostFuncs = map[string]hostFunc{
	"log":       {"iii", "", 0, hostLog},
	"label":     {"iiii", "", 0, hostLabel},
	"counter":   {"iil", "", 0, hostCounter},
	"kv_get":    {"iiii", "i", KV, hostKVGet},
	"kv_set":    {"iiiil", "i", KV, hostKVSet},
	"kv_delete": {"ii", "i", KV, hostKVDelete},
	"kv_add":    {"iilli", "i", KV, hostKVAdd},
	"time_ms":   {"", "l", Clock, hostTime},
	"random":    {"ii", "", Random, hostRandom},
}

// typ gives the signature as meter writes it.
func (f *hostFunc) typ() string {
	return meter.FuncType{Params: meterTypes(f.params), Results: meterTypes(f.results)}.String()
}

func meterTypes(s string) []meter.ValueType { return asMeter(valueTypes(s)) }

func asMeter(types []api.ValueType) (out []meter.ValueType) {
	for _, t := range types {
		out = append(out, meter.ValueType(t))
	}
	return out
}

// anyLength is the limit of a length that memory bounds alone.
const anyLength = 1<<32 - 1

func valueTypes(s string) (out []api.ValueType) {
	for _, c := range s {
		t := api.ValueTypeI32
		if c == 'l' {
			t = api.ValueTypeI64
		}
		out = append(out, t)
	}
	return out
}

func hostLog(ctx context.Context, mod api.Module, stack []uint64) {
	i := instanceOf(ctx)
	text := read(mod, stack[1], stack[2], "log text", anyLength)
	if i.logs++; i.logs <= MaxLogs {
		level := min(max(int(int32(stack[0])), LevelDebug), LevelError)
		i.sink.Log(level, string(text[:min(len(text), MaxLog)]))
	}
}

func hostLabel(ctx context.Context, mod api.Module, stack []uint64) {
	i := instanceOf(ctx)
	key := read(mod, stack[0], stack[1], "label key", MaxLabelKey)
	value := read(mod, stack[2], stack[3], "label value", MaxLabelValue)
	if len(i.labels) == MaxLabels {
		panic(fmt.Errorf("%w: more than %d labels", ErrABI, MaxLabels))
	}
	i.labels = append(i.labels, Label{Key: string(key), Value: append([]byte(nil), value...)})
}

func hostCounter(ctx context.Context, mod api.Module, stack []uint64) {
	i := instanceOf(ctx)
	name := string(read(mod, stack[0], stack[1], "counter name", MaxCounterName))
	if len(i.counts) == MaxCounts {
		panic(fmt.Errorf("%w: more than %d counts", ErrABI, MaxCounts))
	}
	if name == "" || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789_") != "" {
		panic(fmt.Errorf("%w: counter name %.70q", ErrABI, name))
	}
	i.counts = append(i.counts, Count{name, int64(stack[2])})
	i.sink.Count(name, int64(stack[2]))
}

// read gives the guest's bytes at ptr, valid until it runs on, or ends the call.
func read(mod api.Module, ptr, n uint64, what string, limit uint32) []byte {
	p, l := uint32(ptr), uint32(n)
	if l > limit {
		panic(fmt.Errorf("%w: a %s of %d bytes, more than %d", ErrABI, what, l, limit))
	}
	b, ok := mod.Memory().Read(p, l)
	if !ok {
		panic(fmt.Errorf("%w: %s at %#x+%d is outside of memory", ErrABI, what, p, l))
	}
	return b
}
