package rego

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/siogw/siogw/engine"
)

func withMemo(o *Options) { o.Memo.Bytes = 1 << 20 }

func anyInput(o *Options) { o.Schema = []byte("{}") }

func withLib(text string) func(*Options) {
	return func(o *Options) { o.Files.(fstest.MapFS)["lib.rego"] = &fstest.MapFile{Data: []byte(text)} }
}

func with(in *engine.Input, f func(in *engine.Input)) *engine.Input {
	out := *in
	f(&out)
	return &out
}

// pair is two inputs on which a policy must answer differently, and a memo that is wrong would not.
type pair struct {
	rule, text, lib string
	a, b            *engine.Input // a is allowed, b is not
}

func memoPairs() []pair {
	args := func(s string) *engine.Input { return message(s) }
	kind := func(k engine.Kind, s string) *engine.Input {
		return with(message(s), func(in *engine.Input) { in.Kind = k })
	}
	header := func(h map[string]string) *engine.Input {
		return with(message(`[]`), func(in *engine.Input) { in.Session = &engine.Session{Headers: h} })
	}
	roles := func(r ...string) *engine.Input {
		return with(message(`[]`), func(in *engine.Input) { in.Identity = &engine.Identity{Roles: r} })
	}
	auth := func(s string) *engine.Input {
		return with(message(`[]`), func(in *engine.Input) {
			if s != "" {
				in.Auth = []byte(s)
			}
		})
	}
	later := func(d time.Duration) *engine.Input {
		return with(message(`[]`), func(in *engine.Input) { in.Time = in.Time.Add(d) })
	}
	return []pair{
		// 1. What is read is found through every rule; what cannot be told is not remembered.
		{"helper", `allow if h`, "", args(`[1]`), args(`[2]`)},
		{"other package", `allow if data.lib.x.h`, "package lib.x\nh if input.args[0] == 1", args(`[1]`), args(`[2]`)},
		{"dynamic reference", `allow if { some n in ["h", "g"]; data.lib[n] }`, "package lib\nh if input.args[0] == 1\ng if false", args(`[1]`), args(`[2]`)},
		{"virtual document", `allow if { x := data.lib; x.h }`, "package lib\nh if input.args[0] == 1", args(`[1]`), args(`[2]`)},
		{"hidden package", `allow if data.system.lib.h`, "package system.lib\nh if input.args[0] == 1", args(`[1]`), args(`[2]`)},
		{"head of a function", `allow if data.lib.f(1) == 1`, "package lib\nf(x) := input.args[0] if true", args(`[1]`), args(`[2]`)},
		{"argument", `allow if data.lib.f(input.args[0])`, "package lib\nf(x) if x.a == 1", args(`[{"a":1}]`), args(`[{"a":2}]`)},
		{"default function", `allow if data.lib.f(input.args[0]) == 1`, "package lib\nf(x) := 1 if x == 1\ndefault f(_) := 2", args(`[1]`), args(`[2]`)},
		{"else", "allow := false if input.args[0] == 2\nelse := true if input.args[1] == 1", "", args(`[1,1]`), args(`[1,2]`)},
		{"key of a head", `allow if data.lib.p.x`, "package lib\np[input.args[0]] := true if true", args(`["x"]`), args(`["y"]`)},
		{"member of a set", `allow if "x" in data.lib.p`, "package lib\np contains input.args[0]", args(`["x"]`), args(`["y"]`)},
		{"comprehension", `allow if count([1 | input.args[0] == 1]) == 1`, "", args(`[1]`), args(`[2]`)},
		{"every", `allow if every x in [1] { x == input.args[0] }`, "", args(`[1]`), args(`[2]`)},
		{"template", `allow if $"{input.args[0]}" == "1"`, "", args(`["1"]`), args(`["2"]`)},
		{"whole input", `allow if object.get(input, ["args", 0], 0) == 1`, "", args(`[1]`), args(`[2]`)},
		{"computed key", `allow if { some k in ["args"]; input[k][0] == 1 }`, "", args(`[1]`), args(`[2]`)},
		{"walk", `allow if walk(input, [_, "x"])`, "", args(`["x"]`), args(`["y"]`)},
		{"alias", `allow if { x := input; x.args[0] == 1 }`, "", args(`[1]`), args(`[2]`)},
		{"json.filter", `allow if json.filter(input.args[0], ["a"]).a == 1`, "", args(`[{"a":1}]`), args(`[{"a":2}]`)},
		{"union", `allow if object.union(input.args[0], {"b": 1}).a == 1`, "", args(`[{"a":1}]`), args(`[{"a":2}]`)},
		// 2. A key that is not in the text makes all above it count.
		{"index", `allow if input.args[input.bytes] == 1`, "", with(args(`[1,2]`), func(in *engine.Input) { in.Bytes = 0 }), with(args(`[2,2]`), func(in *engine.Input) { in.Bytes = 0 })},
		{"iteration", `allow if { some i; input.args[i].a == 1 }`, "", args(`[0,{"a":1}]`), args(`[0,{"a":2}]`)},
		{"data", `allow if data.d[input.args[0]] == 1`, "package d\nx := 1", args(`["x"]`), args(`["y"]`)},
		{"place is no key", `allow if input.args[0][0] == 1`, "", args(`[[1]]`), args(`[{"0":1}]`)},
		{"key is no place", `allow if input.args[0]["0"] == 1`, "", args(`[{"0":1}]`), args(`[[1]]`)},
		// 3. Guards hold only where nothing can make them look otherwise.
		{"guard", "allow if { input.kind == \"event\"; input.args[0] == 1 }\nallow if input.kind == \"emit\"", "", args(`[1]`), args(`[2]`)},
		{"guard under with", `allow if data.lib.h with input.kind as "event"`, "package lib\nh if { input.kind == \"event\"; input.args[0] == 1 }",
			kind(engine.Emit, `[1]`), kind(engine.Emit, `[2]`)},
		{"computed with", `allow if data.lib.h with input.kind as input.args[0]`, "package lib\nh if input.kind == \"x\"", args(`["x"]`), args(`["y"]`)},
		{"with a function", `allow if data.lib.h with time.now_ns as 1`, "package lib\nh if input.args[0] == time.now_ns()", args(`[1]`), args(`[2]`)},
		{"bound key", `allow if { e := input.event; e in {"message", "other"}; startswith(e, "m") }`, "", args(`[]`),
			with(args(`[]`), func(in *engine.Input) { in.Event = "other" })},
		{"name not in the text", `allow if startswith(input.event, "m")`, "", args(`[]`), with(args(`[]`), func(in *engine.Input) { in.Event = "x" })},
		{"values differ", "allow := true if input.ack\nallow := true if to_number(input.args[0]) == 1\nallow := false if { input.kind == \"emit\"; input.args[0] == \"x\" }", "",
			args(`["1"]`), with(args(`["x"]`), func(in *engine.Input) { in.Ack = false })},
		// 4. What is another one each time.
		{"time", `allow if input.time < "2026-01-01T00:00:01Z"`, "", later(0), later(time.Hour)},
		{"age", `allow if input.session.age_ms < 61000`, "", later(0), later(time.Hour)},
		{"session as a whole", `allow if { s := input.session; s.age_ms < 61000 }`, "", later(0), later(time.Hour)},
		// 5. The key tells values apart as they are written.
		{"undefined", `allow if input.session.headers.a == ""`, "", header(map[string]string{"a": ""}), header(map[string]string{})},
		{"lengths", `allow if input.identity.roles[0] == "ab"`, "", roles("ab", "c"), roles("a", "bc")},
		{"number and string", `allow if input.args[0] == 1`, "", args(`[1]`), args(`["1"]`)},
		{"number as written", `allow if json.marshal(input.args[0]) == "1"`, "", args(`[1]`), args(`[1.0]`)},
		{"absent", `allow if not input.auth`, "", auth(""), auth(`{}`)},
		{"text beside what is read", `allow if input.args[0] == 1`, "", args(`[1]`), args(`[1,1e-999999]`)},
		{"one part or another", "allow if input.args[0].a == 1\ndeny contains \"b\" if input.args[0].b == 1", "", args(`[{"a":1}]`), args(`[{"b":1}]`)},
		{"parts of two", `allow if { input.args[0].a == 1; input.args[1].b == 1 }`, "", args(`[{"a":1},{"b":1}]`), args(`[{"a":2},{"b":1}]`)},
		{"a key written otherwise", `allow if input.args[0].a == 1`, "", args(`[{"\u0061":1}]`), args(`[{"\u0062":1}]`)},
		{"attachments", `allow if count(input.attachments) == 0`, "", args(`[]`), with(args(`[]`), func(in *engine.Input) { in.Attachments = make([]engine.Attachment, 1) })},
	}
}

// For each thing that could make a memo wrong, two inputs that it would confuse, in both orders.
func TestMemoSound(t *testing.T) {
	for _, c := range memoPairs() {
		t.Run(c.rule, func(t *testing.T) {
			text := c.text
			if c.lib == "" && strings.Contains(text, "if h") {
				text += "\nh if input.args[0] == 1"
			}
			for _, turn := range [][]*engine.Input{{c.a, c.b, c.a, c.b}, {c.b, c.a, c.b, c.a}} {
				opts := []func(*Options){withMemo, anyInput}
				if c.lib != "" {
					opts = append(opts, withLib(c.lib))
				}
				p := policy(t, text, opts...)
				for _, in := range turn {
					if v := decide(t, p, in); (v.Effect == engine.Allow) != (in == c.a) {
						t.Fatalf("%s: %+v", in.Args, v)
					}
				}
			}
		})
	}
}

// A transform writes into what it may not have read.
func TestMemoTransform(t *testing.T) {
	p := policy(t, "allow := true\ntransform := [{\"op\": \"add\", \"path\": \"/args/-\", \"value\": 1}] if input.event == \"message\"", withMemo)
	for range 2 {
		for _, c := range [][2]string{{`["a"]`, `["a",1]`}, {`["b"]`, `["b",1]`}} {
			if v := decide(t, p, message(c[0])); string(v.Args) != c[1] {
				t.Errorf("%s becomes %s", c[0], v.Args)
			}
		}
	}
	st := p.MemoStats()
	if st.Hits != 2 {
		t.Errorf("%+v", st)
	}
	a := decide(t, p, message(`["a"]`))
	_ = append(a.Args, "spoilt"...)
	if b := decide(t, p, message(`["a"]`)); string(b.Args) != `["a",1]` || cap(b.Args) != len(b.Args) {
		t.Errorf("%s", b.Args[:cap(b.Args)])
	}
}

// One payload to many clients is judged once; each client's own data counts where the policy reads it.
func TestMemoBroadcast(t *testing.T) {
	const clients = 1000
	for text, misses := range map[string]uint64{
		`allow if { input.kind == "emit"; input.args[0].text }`:                                1,
		`allow if { input.kind == "emit"; input.args[0].text; input.session.rooms }`:           4,
		`allow if { input.kind == "emit"; input.args[0].text; input.session.id }`:              clients,
		`allow if { input.kind == "emit" } else if { input.kind == "event"; input.session.id}`: 1,
	} {
		p := policy(t, text, withMemo)
		for i := range clients {
			in := message(`[{"text":"hello"}]`)
			in.Kind, in.Direction = engine.Emit, engine.Out
			in.Session = &engine.Session{ID: fmt.Sprint(i), IP: fmt.Sprint(i), Rooms: []string{fmt.Sprint(i % 4)}}
			if v := decide(t, p, in); v.Effect != engine.Allow {
				t.Fatalf("%+v", v)
			}
		}
		if st := p.MemoStats(); st.Misses != misses || st.Hits != clients-misses {
			t.Errorf("%s: %d misses, %d hits, want %d misses", text, st.Misses, st.Hits, misses)
		}
	}
}

// Errors, timeouts and conflicts are not kept.
func TestMemoErrors(t *testing.T) {
	for text, in := range map[string]*engine.Input{
		`allow if to_number(input.args[0]) == 1`:                               message(`["x"]`),
		"allow := true if input.args[0] == 1\nallow := false if input.args[0]": message(`[1]`),
		"allow := true\ntransform := [{\"op\": \"x\"}] if input.args[0]":       message(`[1]`),
	} {
		p := policy(t, text, withMemo)
		for range 2 {
			if v := decide(t, p, in); v.Err == nil {
				t.Errorf("%s: %+v", text, v)
			}
		}
		if st := p.MemoStats(); st.Stored != 0 || st.Skipped["error"] != 2 {
			t.Errorf("%s: %+v", text, st)
		}
	}
	p := policy(t, "allow if count([1 | some a in numbers.range(1, 3000); some b in numbers.range(1, 3000); a == b; input.args[0] == 1]) > 0", withMemo)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if v := p.Decide(ctx, message(`[1]`)); v.Code != engine.CodePolicyTimeout || p.MemoStats().Stored != 0 {
		t.Errorf("%+v %+v", v, p.MemoStats())
	}
}

// The limits on one entry and on all, on both sides.
func TestMemoLimits(t *testing.T) {
	p := policy(t, `allow if input.args[0]`, func(o *Options) { o.Memo = MemoOptions{Bytes: 64 << 10, Entry: 2000} })
	fixed := 4 + 1 + 2 + 2 + 1 + entryBytes // the plan, a number, a length, quotes, an end
	for n, stored := range map[int]uint64{2000 - fixed: 1, 2000 - fixed + 1: 0, 1 << 16: 0} {
		before := p.MemoStats()
		decide(t, p, message(`["`+strings.Repeat("x", n)+`"]`))
		after := p.MemoStats()
		if after.Stored-before.Stored != stored || after.Skipped["size"]-before.Skipped["size"] != 1-stored {
			t.Errorf("%d bytes: %+v", n, after)
		}
	}
	hot := message(`["hot"]`)
	for i := range 1000 {
		decide(t, p, hot)
		decide(t, p, message(fmt.Sprintf(`["%d"]`, i)))
		if st := p.MemoStats(); st.Bytes > 64<<10 {
			t.Fatalf("%+v", st)
		}
	}
	st := p.MemoStats()
	if st.Evicted == 0 || st.Entries == 0 || st.Hits != 999 { // what is used again and again stays
		t.Errorf("%+v", st)
	}
	if newMemo(MemoOptions{}) != nil {
		t.Error("a memo without bytes")
	}
}

func TestMemoConcurrent(t *testing.T) {
	p := policy(t, `allow if input.args[0] == 1`, func(o *Options) { o.Memo = MemoOptions{Bytes: 20 << 10} })
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 500 {
				n := (i + g) % 60
				if v := decide(t, p, message(fmt.Sprintf(`[%d]`, n))); (v.Effect == engine.Allow) != (n == 1) {
					t.Errorf("%d: %+v", n, v)
				}
			}
		})
	}
	wg.Wait()
	if st := p.MemoStats(); st.Hits+st.Misses != 4000 || st.Bytes > 20<<10 {
		t.Errorf("%+v", st)
	}
}

// Every function of OPA's is either known to be pure or known not to be: a new one is looked at first.
func TestFunctionsAreKnown(t *testing.T) {
	impure := words(`http.send io.jwt.decode_verify io.jwt.encode_sign io.jwt.encode_sign_raw json.match_schema json.verify_schema
		net.lookup_ip_addr opa.runtime rand.intn time.now_ns uuid.rfc4122 crypto.x509.parse_and_verify_certificates
		crypto.x509.parse_and_verify_certificates_with_options internal.print internal.test_case print trace`)
	for _, b := range ast.CapabilitiesForThisVersion().Builtins {
		if pure[b.Name] == impure[b.Name] || pure[b.Name] && b.Nondeterministic {
			t.Errorf("%s: pure %v, impure %v, OPA says nondeterministic: %v", b.Name, pure[b.Name], impure[b.Name], b.Nondeterministic)
		}
	}
}

// Whatever the document has can be in a key, or is known not to be.
func TestMemoKnowsInput(t *testing.T) {
	doc, err := everything.input(message(`[]`))
	if err != nil {
		t.Fatal(err)
	}
	known := words("version kind direction time session.age_ms") // of the class, or another one each time
	for f := range fields {
		known[f] = true
	}
	n := 0
	_ = doc.(ast.Object).Iter(func(k, v *ast.Term) error {
		first := string(k.Value.(ast.String))
		if first != "session" && first != "identity" {
			n++
			if !known[first] {
				t.Errorf("input.%s is not known", first)
			}
			return nil
		}
		return v.Value.(ast.Object).Iter(func(k, _ *ast.Term) error {
			n++
			if second := first + "." + string(k.Value.(ast.String)); !known[second] {
				t.Errorf("input.%s is not known", second)
			}
			return nil
		})
	})
	if n < 25 {
		t.Errorf("only %d keys", n)
	}
}

// Each source tells apart what differs there alone, and nothing else.
func TestMemoSources(t *testing.T) {
	r := random{rand.New(rand.NewPCG(7, 8))}
	for name, f := range fields {
		for range 300 {
			a, b := r.input(), r.input()
			if a.Kind == 0 || a.Kind == engine.Disconnect || a.Direction == 0 {
				continue
			}
			b.Kind, b.Direction = a.Kind, a.Direction
			if r.IntN(2) == 0 {
				b.Identity, b.Session = a.Identity, a.Session
			}
			s := source{field: f}
			same := bytes.Equal(s.append(nil, a), s.append(nil, b))
			if seen := r.seen(t, name, a) == r.seen(t, name, b); same && !seen {
				t.Fatalf("%s: %+v and %+v have one key", name, a, b)
			}
		}
	}
}

// seen gives what a policy sees at name.
func (r random) seen(t *testing.T, name string, in *engine.Input) string {
	t.Helper()
	doc, err := everything.input(in)
	if err != nil {
		t.Fatal(err)
	}
	v, err := doc.Find(ast.MustParseRef("input." + name)[1:])
	if err != nil {
		return "undefined"
	}
	return string(appendJSON(nil, v))
}

// A policy with very many names is planned without telling them apart.
func TestMemoManyNames(t *testing.T) {
	var b strings.Builder
	for i := range 400 {
		fmt.Fprintf(&b, "allow if { input.event == \"e%d\"; input.namespace == \"/n%d\"; input.args[0] == %d }\n", i, i%50, i)
	}
	p := policy(t, b.String(), withMemo)
	if n := len(p.plans.made); n > maxPlans {
		t.Errorf("%d plans", n)
	}
	for range 2 {
		for i, want := range map[int]engine.Effect{7: engine.Allow, 8: engine.Deny} {
			in := message(fmt.Sprintf(`[%d]`, i))
			in.Event, in.Namespace = "e7", "/n7"
			if v := decide(t, p, in); v.Effect != want {
				t.Errorf("%d: %+v", i, v)
			}
		}
	}
}
