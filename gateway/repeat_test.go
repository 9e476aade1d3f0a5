package gateway_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/engineio"
	"github.com/siogw/siogw/gateway"
	"github.com/siogw/siogw/hostabi"
	"github.com/siogw/siogw/internal/rooms"
	"github.com/siogw/siogw/internal/shields"
	"github.com/siogw/siogw/internal/strictjson"
	"github.com/siogw/siogw/internal/wasmtest"
	"github.com/siogw/siogw/plugins/contract"
	"github.com/siogw/siogw/plugins/rego"
	"github.com/siogw/siogw/plugins/wasm"
)

// heard is an end of a session that keeps all it was sent.
type heard struct{ all []string }

func (h *heard) Send(p engineio.Packet) bool {
	h.all = append(h.all, fmt.Sprintf("%v %s", p.Binary, anyID.ReplaceAll(p.Data, []byte("ID"))))
	return true
}

var anyID = regexp.MustCompile(`[0-9a-z]{26}`)

func (*heard) Flush()                {}
func (*heard) Pause()                {}
func (*heard) Resume()               {}
func (*heard) Close(engineio.Reason) {}

// named verifies a token that is the name, which says the role.
type named struct{}

func (named) Verify(c gateway.Credentials) (*engine.Identity, *engine.Denial) {
	raw, ok := strictjson.Pointer(c.Auth, "/token")
	if !ok {
		return nil, nil
	}
	id := &engine.Identity{Authenticated: true, Sub: strictjson.String(raw), Roles: []string{"member"}}
	for _, role := range []string{"guest", "staff"} {
		if strings.HasPrefix(id.Sub, role) {
			id.Roles = []string{role}
		}
	}
	return id, nil
}

// emitPolicy asks about the identity, rooms, arguments and what a plugin said, and changes some emits for some.
const emitPolicy = `package siogw.authz
allow if input.kind != "emit"
allow if not input.room
allow if input.room in input.session.rooms
allow if input.args[0].open
deny contains "own" if { input.kind == "emit"; input.args[0].from == input.identity.sub }
deny contains "score" if { input.kind == "emit"; input.event == "other"; input.plugins.first.score > 1 }
transform := [{"op": "replace", "path": "/args/0/text", "value": "<i>hidden</i>"}] if {
	input.kind == "emit"
	"guest" in input.identity.roles
	input.args[0].secret
}
transform := [{"op": "add", "path": "/args/0/staff", "value": true}] if {
	input.kind == "emit"
	"staff" in input.identity.roles
	input.args[0].secret
}
deny contains "bad" if { input.kind == "event"; input.event == "say"; input.args[0].bad }
deny contains "long" if { input.kind == "event"; input.bytes > 60; "guest" in input.identity.roles }
deny contains "kept" if { input.kind == "ack"; input.event == "ask"; "guest" in input.identity.roles; input.args[0].secret }
transform := [{"op": "add", "path": "/args/0/by", "value": input.identity.sub}] if {
	input.kind in {"event", "ack"}
	"staff" in input.identity.roles
	input.args[0].secret
}`

const emitContract = `namespaces:
  /: { in: { say: { args: [{ type: object, properties: { text: { type: string } } }], ack: optional, ack_args: [{ type: object }] } }, out: { message: [{ type: object, properties: { text: { type: string } } }], told: [string] } }
`

// labels says how often "!" stands in the arguments.
func labels(in *engine.Input) engine.Verdict {
	n := strings.Count(string(in.Args), "!")
	return engine.Verdict{Effect: engine.Abstain, Labels: fmt.Appendf(nil, `{"score":%d}`, n)}
}

// lasting is a judge whose verdicts follow from the arguments.
type lasting struct{ judge }

func (lasting) Depends(dst []byte, _ *engine.Input) ([]byte, bool) { return dst, true }

// emitStages gives plugins whose decisions together do not last, for the first one's sake.
func emitStages(t testing.TB, policy string, guest engine.Plugin) (all []engine.Stage) {
	dir := t.TempDir()
	files := map[string]string{"policy.rego": policy, "contract.yaml": emitContract}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	o := rego.Options{Paths: []string{filepath.Join(dir, "policy.rego")}, Timeout: time.Minute}
	o.Memo.Bytes = rego.DefaultMemoBytes
	p, err := rego.Load(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	c, err := contract.Load(contract.Options{Files: []string{filepath.Join(dir, "contract.yaml")}, AllowUnknown: true})
	if err != nil {
		t.Fatal(err)
	}
	return []engine.Stage{{Name: "contract", Phase: engine.Contract, Plugin: c}, {Name: "first", Phase: engine.BeforePolicy, Plugin: judge(labels)},
		{Name: "policy", Phase: engine.Policy, Plugin: p},
		{Name: "clean", Phase: engine.AfterPolicy, Plugin: guest, Match: engine.Match{Kinds: []engine.Kind{engine.Emit, engine.Event, engine.Ack}, Events: []string{"message", "say"}}}}
}

// cleaner is a pure guest that puts another text in the place of the first.
func cleaner(t *testing.T) engine.Plugin {
	rt, err := hostabi.NewRuntime(t.Context(), hostabi.RuntimeOptions{})
	if err != nil {
		t.Fatal(err)
	}
	const verdict = `{"effect":"allow","strings":{"0":"cleaned"}}`
	m := wasmtest.Module{Data: verdict, Memory: "\x00\x03", Funcs: []wasmtest.Func{
		{Export: "siogw_alloc", Params: "i", Results: "i", Code: "i32.const 131072"},
		{Export: "siogw_decide", Params: "ii", Results: "l", Code: fmt.Sprintf("i64.const %d", 8<<32|len(verdict))}}}
	p, err := wasm.Load(t.Context(), rt, wasm.Options{Name: "clean", Wasm: m.Binary(), Manifest: []byte(`{"abi":1,"view":"strings","pure":true}`),
		Timeout: time.Minute, Memo: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = p.Close(context.Background()), rt.Close(context.Background()) })
	return p
}

// crowd is a gateway with sessions between ends that are not on a network.
type crowd struct {
	*gateway.Gateway
	log      record
	down, up []engineio.Handler
	clients  []*heard
	servers  []*heard
	repeated int // decisions that told has found
}

func emitRules(t testing.TB, stages []engine.Stage, repeats int) gateway.Rules {
	e, err := engine.New(stages...)
	if err != nil {
		t.Fatal(err)
	}
	rule := func(event, room string) []rooms.Rule { return []rooms.Rule{{Namespace: "/", Event: event, Room: room}} }
	return gateway.Rules{Engine: e, Verifier: named{}, Limits: gateway.Limits{Broadcasts: repeats, Repeats: repeats, Rooms: 3},
		Rooms: gateway.Rooms{Rules: rooms.Rules{Join: rule("join", "/args/0"), Leave: rule("leave", "/args/0"),
			Target: rule("message", "/args/0/room"), Joined: rule("told", "/args/0")}}}
}

func newCrowd(t testing.TB, r gateway.Rules, names ...string) *crowd {
	to, _ := url.Parse("http://127.0.0.1:1")
	c := &crowd{}
	var err error
	if c.Gateway, err = gateway.New(gateway.Options{Fixed: gateway.Fixed{Path: "/socket.io/", Upstream: to, Portable: true, Log: &c.log}, Rules: r}); err != nil {
		t.Fatal(err)
	}
	for i, name := range names {
		c.clients, c.servers = append(c.clients, &heard{}), append(c.servers, &heard{})
		down, up := c.Wire(c.clients[i], c.servers[i])
		c.down, c.up = append(c.down, down), append(c.up, up)
		hand(down, `0{"token":"`+name+`"}`)
		hand(up, `0{"sid":"y"}`)
		hand(down, `0/chat,{"token":"`+name+`"}`)
		hand(up, `0/chat,{"sid":"z"}`)
	}
	return c
}

func hand(to engineio.Handler, text string) {
	to.Packet(engineio.Packet{Type: engineio.Message, Binary: strings.HasPrefix(text, "binary"), Data: []byte(text)})
	to.PassEnd()
}

// told gives the decisions, without what differs from one to the next.
func (c *crowd) told() (lines []string) {
	for _, e := range c.log.entries {
		if e.d.Repeated {
			c.repeated++
		}
		line := fmt.Sprintf("%v %q %q %s room %q ack %v %d bytes: %v %d by %s, %s", e.in.Kind, e.in.Namespace, e.in.Event, e.in.Args, e.in.Room, e.in.Ack,
			e.in.Bytes, e.d.Effect, e.d.Code, e.d.By, e.d.Args)
		for i := range e.d.Steps {
			v := &e.d.Steps[i].Verdict
			line += fmt.Sprintf("; %s %v %d %s %s %q", e.d.Steps[i].Plugin, v.Effect, v.Code, v.Args, v.Labels, v.Rules)
		}
		lines = append(lines, line)
	}
	return lines
}

// emits are what a server may send: much alike, and some of it wrong.
func emits() (all []string) {
	for _, room := range []string{`"a"`, `"b"`, "7"} {
		for _, more := range []string{`"text":"hi"`, `"text":"<b>hi</b>"`, `"text":"hi","open":true`, `"text":"<b>x</b>","secret":true,"open":true`, `"text":1`,
			`"text":"hi","from":"ann","open":true`, `"text":"hi","from":"bob","open":true`, `"text":"\u003cscript>x\u003c/script>y","open":true`,
			`"text":"hi","_placeholder":true`, `"text":"hi","text":"ho"`} {
			for _, head := range []string{`2["message",`, `27["message",`, `2["other",`, `2/chat,["message",`} {
				all = append(all, head+`{"room":`+room+`,`+more+`}]`)
			}
		}
	}
	return append(all, `2["other","!"]`, `2["other","!!"]`, `2["told","c"]`, `2["told","d"]`, `2["told",1]`, `2["message"]`, `2["message",`, `2["connect"]`, `30["x"]`)
}

// says and answers are with an id, for which N stands.
var says = []string{`2N["say",{"text":"hi"}]`, `2["say",{"text":"hi"}]`, `2N["say",{"text":1}]`, `2N["say",{"bad":true}]`, `2N["say",{"text":"a","secret":true}]`,
	`2N["ask",{"secret":true}]`, `2N["ask",1]`, `2/chat,N["ask",1]`, `2N["join","b"]`, `2N["say",{"text":"<b>hi</b>"}]`, `2N["say",{"text":"a","text":"b"}]`,
	`3N["ok"]`, `3N[{"secret":true}]`, `3N[]`, `3N[`, `2N["ask",{"message":"hello, this is a text of some length"}]`}

var answers = []string{`3N["ok"]`, `3N[{"secret":true}]`, `3N[{"text":"hi"}]`, `3N[{}]`, `3/chat,N["ok"]`, `3N[]`, `3N[1`, `30N["ok"]`, `3["ok"]`}

func numberIn(r *rand.Rand, text string) string {
	n := r.IntN(4)
	if r.IntN(4) == 0 {
		n += 10
	}
	return strings.Replace(text, "N", fmt.Sprint(n), 1)
}

// pick gives the next thing to happen: to whom, from which side, and what.
func pick(r *rand.Rand, pool []string, n int) (who int, down bool, text string) {
	who = r.IntN(n)
	switch r.IntN(12) {
	case 0:
		return who, true, `2["join","` + []string{"a", "b", "c", "d"}[r.IntN(4)] + `"]`
	case 1:
		return who, true, `2["leave","` + []string{"a", "b"}[r.IntN(2)] + `"]`
	case 2, 3, 4: // a client asks and answers,
		return who, true, numberIn(r, says[r.IntN(len(says))])
	case 5, 6: // and the server does
		return who, false, numberIn(r, answers[r.IntN(len(answers))])
	}
	return who, false, pool[r.IntN(len(pool))]
}

// Whether packets are known or not, every client and server gets the same bytes in the same order, and every decision is the same.
func TestRepeatsChangeNothing(t *testing.T) {
	guest := cleaner(t)
	t.Run("one by one", func(t *testing.T) { oneByOne(t, guest, judge(labels)) })
	t.Run("one by one, lasting", func(t *testing.T) { oneByOne(t, guest, lasting{labels}) })
	t.Run("at a time", func(t *testing.T) { atATime(t, guest) })
}

func oneByOne(t *testing.T, guest, first engine.Plugin) {
	stages := emitStages(t, emitPolicy, guest)
	other := emitStages(t, strings.Replace(emitPolicy, `input.room in input.session.rooms`, `input.room == "b"`, 1), guest)
	stages[1].Plugin, other[1].Plugin = first, first
	_, lasts := first.(engine.Lasting)
	names := []string{"ann", "bob", "guest1", "guest2", "staff1"}
	for seed := range uint64(4) {
		with, without := newCrowd(t, emitRules(t, stages, 4<<20), names...), newCrowd(t, emitRules(t, stages, 0), names...)
		r := rand.New(rand.NewPCG(seed, 1))
		all := emits()
		r.Shuffle(len(all), func(i, k int) { all[i], all[k] = all[k], all[i] })
		for i := range 6000 {
			if i == 3000 {
				for _, c := range []struct {
					*crowd
					bytes int
				}{{with, 4 << 20}, {without, 0}} {
					rules := emitRules(t, other, c.bytes)
					rules.Reauthorize.Off = true
					if err := c.Swap(rules); err != nil {
						t.Fatal(err)
					}
				}
			}
			pool := all[i/100%3*len(all)/3:]
			who, down, text := pick(r, pool[:len(all)/3], len(names))
			for _, c := range []*crowd{with, without} {
				if down {
					hand(c.down[who], text)
				} else {
					hand(c.up[who], text)
				}
			}
		}
		for i := range names {
			if got, want := with.clients[i].all, without.clients[i].all; !slices.Equal(got, want) {
				t.Fatalf("seed %d: %s got %d packets, and %d without: %s", seed, names[i], len(got), len(want), firstDifference(got, want))
			}
			if got, want := with.servers[i].all, without.servers[i].all; !slices.Equal(got, want) {
				t.Fatalf("seed %d: the server of %s got %d packets, and %d without: %s", seed, names[i], len(got), len(want), firstDifference(got, want))
			}
		}
		if got, want := with.told(), without.told(); !slices.Equal(got, want) {
			t.Fatalf("seed %d: %s", seed, firstDifference(got, want))
		}
		if st, none := with.Stats(), without.Stats(); st.Shared < 1000 || st.Repeated < 300 || none.Shared+none.Repeated != 0 {
			t.Errorf("%d of %d were known, and %d of clients; %d where none should be", st.Shared, st.PacketsOut, st.Repeated, none.Shared+none.Repeated)
		}
		if with.repeated > 0 != lasts || lasts && with.repeated < 1000 || without.repeated > 0 {
			t.Errorf("%d decisions were repeated, and %d where no packet is known", with.repeated, without.repeated)
		}
	}
}

func firstDifference(a, b []string) string {
	for i := range max(len(a), len(b)) {
		switch {
		case i >= len(a):
			return "nothing\nbut " + b[i]
		case i >= len(b):
			return a[i] + "\nbut nothing"
		case a[i] != b[i]:
			return a[i] + "\nbut " + b[i]
		}
	}
	return "none"
}

// atATime: sessions that get the same at the same time get what they would one by one.
func atATime(t *testing.T, guest engine.Plugin) {
	stages := emitStages(t, emitPolicy, guest)
	names := []string{"ann", "bob", "guest1", "staff1"}
	with, without := newCrowd(t, emitRules(t, stages, 4<<20), names...), newCrowd(t, emitRules(t, stages, 0), names...)
	all := emits()
	var wg sync.WaitGroup
	for i := range names {
		wg.Go(func() {
			for range 10 {
				for _, text := range all {
					hand(with.up[i], text)
				}
			}
		})
		for range 10 {
			for _, text := range all {
				hand(without.up[i], text)
			}
		}
	}
	wg.Wait()
	for i := range names {
		if got, want := with.clients[i].all, without.clients[i].all; !slices.Equal(got, want) {
			t.Errorf("%s: %s", names[i], firstDifference(got, want))
		}
	}
}

// What a shield in monitor mode notes stands in the log of a decision that is repeated, each time.
func TestRepeatedAndNoted(t *testing.T) {
	const id = "CVE-2024-38355"
	set, err := shields.New(shields.Options{Overrides: map[string]engine.Mode{id: engine.Monitor}})
	if err != nil {
		t.Fatal(err)
	}
	r := emitRules(t, []engine.Stage{{Name: "all", Phase: engine.Policy, Plugin: lasting{func(*engine.Input) engine.Verdict { return engine.Verdict{Effect: engine.Allow} }}}}, 4<<20)
	r.Shields = set
	c := newCrowd(t, r, "ann")
	for range 5 {
		hand(c.down[0], `2["error"]`)
	}
	events := c.log.of(engine.Event)
	for i, e := range events {
		if steps := e.d.Steps; e.d.Repeated != (i > 1) || e.d.Made != nil || len(steps) != 2 || steps[1].Verdict.Code != engine.CodeShield {
			t.Errorf("%d: %+v", i, e.d)
		}
	}
	if len(events) != 5 || hits(t, set, id) != 5 || len(c.servers[0].all) != 7 {
		t.Errorf("%d decisions, %d hits, the server got %q", len(events), hits(t, set, id), c.servers[0].all)
	}
}
