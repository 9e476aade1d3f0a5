package gateway_test

import (
	"context"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/engineio"
	"github.com/siogw/siogw/gateway"
	"github.com/siogw/siogw/hostabi"
	"github.com/siogw/siogw/plugins/contract"
	"github.com/siogw/siogw/plugins/rego"
	"github.com/siogw/siogw/plugins/std"
	"github.com/siogw/siogw/plugins/wasm"
)

// sink is an end of a session that keeps nothing but a count.
type sink struct{ packets, bytes int }

func (s *sink) Send(p engineio.Packet) bool { s.packets++; s.bytes += len(p.Data); return true }
func (*sink) Flush()                        {}
func (*sink) Pause()                        {}
func (*sink) Resume()                       {}
func (*sink) Close(engineio.Reason)         {}

// member is who every client is.
type member struct{ id engine.Identity }

func (m *member) Verify(gateway.Credentials) (*engine.Identity, *engine.Denial) { return &m.id, nil }

// checks are what a packet meets on its way.
type checks struct {
	policy   string // a file, "" for the baseline, none for a plugin that allows everything
	memo     bool
	contract bool
	wasm     bool
	varying  bool // no two events are the same
	closer   bool // a rule and the guest look at the text itself
	apart    bool // nothing is kept of packets that come again
}

type allows struct{}

func (allows) Decide(context.Context, *engine.Input) engine.Verdict {
	return engine.Verdict{Effect: engine.Allow}
}

const benchPolicy = "../test/bench/policy.rego"

// stages makes the engine's stages of what c says.
func (c *checks) stages(t testing.TB) (all []engine.Stage) {
	add := func(name string, phase engine.Phase, p engine.Plugin, err error) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, engine.Stage{Name: name, Phase: phase, Plugin: p})
	}
	o := rego.Options{Timeout: 250 * time.Millisecond}
	if c.memo {
		o.Memo.Bytes = rego.DefaultMemoBytes
	}
	switch c.policy {
	case "none":
		add("none", engine.Policy, allows{}, nil)
	case "":
		p, err := rego.Baseline(t.Context())
		add("policy", engine.Policy, p, err)
	default:
		if o.Paths = []string{c.policy}; c.closer {
			o.Paths = append(o.Paths, written(t, "closer.rego", closer))
		}
		p, err := rego.Load(t.Context(), o)
		add("policy", engine.Policy, p, err)
	}
	if c.contract {
		p, err := contract.Load(contract.Options{Files: []string{written(t, "contract.yaml", benchContract)}})
		add("contract", engine.Contract, p, err)
	}
	if c.wasm {
		add("sanitize", engine.AfterPolicy, sanitizer(t), nil)
		all[len(all)-1].Match = engine.Match{Kinds: []engine.Kind{engine.Event}, Events: []string{"message"}}
	}
	return all
}

// closer is a rule for which a text's length is not enough.
const closer = `package siogw.authz
deny contains "spam" if { input.event == "message"; contains(input.args[0].text, "buy now") }`

const benchContract = `namespaces: { /: { in: { message: { ack: required, ack_args: [string], args: [
  { type: object, required: [room, text], additionalProperties: false, properties: { room: { type: string, maxLength: 64 }, text: { type: string, maxLength: 2000 } } }] } } } }`

func written(t testing.TB, name, text string) string {
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func sanitizer(t testing.TB) engine.Plugin {
	rt, err := hostabi.NewRuntime(t.Context(), hostabi.RuntimeOptions{})
	if err != nil {
		t.Fatal(err)
	}
	guest, manifest, err := std.Open("html-sanitizer")
	if err != nil {
		t.Fatal(err)
	}
	p, err := wasm.Load(t.Context(), rt, wasm.Options{Name: "sanitize", Wasm: guest, Manifest: manifest, Timeout: time.Minute, Memo: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = p.Close(context.Background()), rt.Close(context.Background()) })
	return p
}

// wire is a connected session with these checks, under the limits that are the configuration's defaults but for their
// height.
type wire struct {
	down, up       engineio.Handler
	client, server sink
	text           []byte
	n              uint64
	varying        bool
	end            string // of each text
}

func newWire(t testing.TB, c checks) *wire { return openWire(t, newBench(t, c), c) }

// newBench makes a gateway with these checks.
func newBench(t testing.TB, c checks) *gateway.Gateway {
	e, err := engine.New(c.stages(t)...)
	if err != nil {
		t.Fatal(err)
	}
	endless := gateway.Rate{Count: 1 << 30, Per: time.Second}
	to, _ := url.Parse("http://127.0.0.1:1")
	o := gateway.Options{Fixed: gateway.Fixed{Path: "/socket.io/", Upstream: to, Portable: true}, Rules: gateway.Rules{Engine: e,
		Verifier: &member{engine.Identity{Authenticated: true, Sub: "u1", Roles: []string{"member"}, Claims: []byte(`{"sub":"u1"}`), Until: time.Now().Add(24 * time.Hour)}},
		Limits:   gateway.Limits{EventsPerSession: endless, EventsPerIdentity: endless, EventBytes: endless, DecisionTime: 1000 * time.Second, Repeats: 4 << 20}}}
	if c.apart {
		o.Limits.Repeats = 0
	}
	g, err := gateway.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func openWire(t testing.TB, g *gateway.Gateway, c checks) *wire {
	w := &wire{varying: c.varying, end: end[c.closer]}
	w.down, w.up = g.Wire(&w.client, &w.server)
	w.pass(w.down, `0{"token":"x"}`)
	w.pass(w.up, `0{"sid":"y"}`)
	w.roundTrip()
	if w.client.packets != 2 || w.server.packets != 2 {
		t.Fatalf("%d packets to the client, %d to the server", w.client.packets, w.server.packets)
	}
	return w
}

func (w *wire) pass(to engineio.Handler, text string) {
	w.text = append(w.text[:0], text...)
	w.send(to)
}

func (w *wire) send(to engineio.Handler) {
	to.Packet(engineio.Packet{Type: engineio.Message, Data: w.text})
	to.PassEnd()
}

// end of a text: with a colon the sanitizer is asked.
var end = map[bool]string{true: " :)"}

// event sends the next event of the client.
func (w *wire) event() {
	w.n++
	w.text = strconv.AppendUint(append(w.text[:0], '2'), w.n, 10)
	w.text = append(w.text, `["message",{"room":"general","text":"hello, how are you all?`...)
	if w.varying {
		w.text = strconv.AppendUint(append(w.text, ' '), w.n, 10)
	}
	w.text = append(append(w.text, w.end...), `"}]`...)
	w.send(w.down)
}

// answer sends the server's ack of it.
func (w *wire) answer() {
	w.text = strconv.AppendUint(append(w.text[:0], '3'), w.n, 10)
	w.text = append(w.text, `["ok"]`...)
	w.send(w.up)
}

func (w *wire) roundTrip() {
	w.event()
	w.answer()
}

var onTheWay = []struct {
	name string
	checks
}{
	{"none", checks{policy: "none"}},
	{"baseline", checks{}},
	{"policy", checks{policy: benchPolicy, memo: true}},
	{"policy, missed", checks{policy: benchPolicy, memo: true, varying: true}},
	{"policy, no memo", checks{policy: benchPolicy}},
	{"policy, contract", checks{policy: benchPolicy, memo: true, contract: true}},
	{"policy, wasm", checks{policy: benchPolicy, memo: true, wasm: true}},
	{"full", checks{policy: benchPolicy, memo: true, contract: true, wasm: true}},
	{"full, apart", checks{policy: benchPolicy, memo: true, contract: true, wasm: true, apart: true}},
	{"full, missed", checks{policy: benchPolicy, memo: true, contract: true, wasm: true, varying: true}},
	{"policy, missed, looked at", checks{policy: benchPolicy, memo: true, varying: true, closer: true}},
	{"full, missed, looked at", checks{policy: benchPolicy, memo: true, contract: true, wasm: true, varying: true, closer: true}},
}

// What an event and its ack cost without the kernel: from the frame's text to the other side's send buffer.
func BenchmarkPacket(b *testing.B) {
	for _, c := range onTheWay {
		b.Run(c.name, func(b *testing.B) {
			w := newWire(b, c.checks)
			b.ReportAllocs()
			runtime.GC()
			from := cpuTime(b)
			for b.Loop() {
				w.roundTrip()
			}
			b.ReportMetric(float64(cpuTime(b)-from)/float64(b.N), "cpu-ns/op")
			if w.client.packets != int(w.n)+1 || w.server.packets != int(w.n)+1 {
				b.Fatalf("of %d events %d were forwarded, and %d acks", w.n, w.server.packets-1, w.client.packets-1)
			}
		})
	}
}

// The same in many sessions, in turns: what each has for itself is in no cache.
func BenchmarkCrowdPacket(b *testing.B) {
	for _, c := range onTheWay {
		b.Run(c.name, func(b *testing.B) {
			g := newBench(b, c.checks)
			crowd := make([]*wire, 1000)
			for i := range crowd {
				crowd[i] = openWire(b, g, c.checks)
			}
			b.ReportAllocs()
			runtime.GC()
			from, n := cpuTime(b), 0
			for b.Loop() {
				crowd[n%len(crowd)].roundTrip()
				n++
			}
			b.ReportMetric(float64(cpuTime(b)-from)/float64(b.N), "cpu-ns/op")
		})
	}
}

// The same, on all processors at a time: what they share costs more then.
func BenchmarkPackets(b *testing.B) {
	for _, c := range onTheWay {
		b.Run(c.name, func(b *testing.B) {
			g := newBench(b, c.checks)
			b.ReportAllocs()
			runtime.GC()
			b.ResetTimer()
			from := cpuTime(b)
			b.RunParallel(func(pb *testing.PB) {
				w := openWire(b, g, c.checks)
				for pb.Next() {
					w.roundTrip()
				}
			})
			b.ReportMetric(float64(cpuTime(b)-from)/float64(b.N), "cpu-ns/op")
		})
	}
}

// cpuTime gives what the process has used in nanoseconds: on a busy machine the clock tells little.
func cpuTime(b *testing.B) int64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return u.Utime.Nano() + u.Stime.Nano()
}
