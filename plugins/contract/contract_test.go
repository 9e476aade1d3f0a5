package contract

import (
	"context"
	"strconv"
	"strings"
	"testing"

	"github.com/siogw/siogw/engine"
)

func load(t testing.TB, o Options) *Contract {
	t.Helper()
	c, err := Load(o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// ask makes an input of one word: event, emit, ack+in (a client's answer), ack+out, connect.
func ask(what, namespace, name, args string) *engine.Input {
	in := &engine.Input{Kind: engine.Event, Direction: engine.In, Namespace: namespace, Event: name, Args: []byte(args)}
	switch what {
	case "event+ack":
		in.Ack = true
	case "emit", "emit+ack":
		in.Kind, in.Direction, in.Ack = engine.Emit, engine.Out, what == "emit+ack"
	case "ack+in":
		in.Kind = engine.Ack
	case "ack+out":
		in.Kind, in.Direction = engine.Ack, engine.Out
	case "connect":
		in.Kind, in.Args = engine.Connect, nil
	}
	return in
}

func reasonOf(t testing.TB, c *Contract, in *engine.Input) string {
	t.Helper()
	v := c.Decide(context.Background(), in)
	switch v.Effect {
	case engine.Abstain:
		return ""
	case engine.Deny:
		if v.Code != engine.CodeContract && v.Code != engine.CodeUnknownEvent || v.Reason == "" {
			t.Fatalf("denied with code %d, reason %q", v.Code, v.Reason)
		}
		return v.Reason
	}
	t.Fatalf("effect %v", v.Effect)
	return ""
}

const bin = `{"_placeholder":true,"num":0}`

// Each rule on both sides of its limit.
func TestRules(t *testing.T) {
	c := load(t, Options{Files: []string{"testdata/plain.yaml"}})
	for _, tt := range []struct{ what, event, args, want string }{
		// names and directions
		{"event", "typing", `[true]`, ""},
		{"emit", "typing", `[true]`, "event not in contract"},
		{"event", "nothing", `[]`, "event not in contract"},
		{"event", "ask", `[]`, "event not in contract"},
		// acks
		{"event+ack", "message", `[{"room":"a","text":"b"}]`, ""},
		{"event", "message", `[{"room":"a","text":"b"}]`, "asks for no answer, where the contract requires it"},
		{"event+ack", "typing", `[true]`, "asks for an answer, where the contract has none"},
		{"ack+out", "message", `["sent",3]`, ""},
		{"ack+out", "message", `["sent"]`, "/args: fewer than 2 arguments"},
		{"ack+out", "message", `["sent",3,4]`, "/args: more than 2 arguments"},
		{"ack+out", "message", `["no",3]`, "/args/0: not a value that is allowed here"},
		{"ack+out", "upload", `[1,2,3]`, ""},
		{"ack+out", "typing", `[]`, "an answer, where the contract has none"},
		{"ack+out", "ask", `[true]`, "event not in contract"},
		{"ack+in", "ask", `[true]`, ""},
		{"ack+in", "ask", `["yes"]`, "/args/0: want boolean"},
		{"ack+in", "message", `[]`, "an answer, where the contract has none"},
		{"ack+in", "", `[]`, "event not in contract"},
		{"emit+ack", "ask", `["sure"]`, ""},
		{"emit", "ask", `["sure"]`, "asks for no answer, where the contract requires it"},
		// number of arguments
		{"event", "leave", `[]`, ""},
		{"event", "leave", `[1]`, "/args: more than 0 arguments"},
		{"event", "typing", `[]`, "/args: fewer than 1 arguments"},
		{"event", "typing", `[true,1]`, "/args: more than 1 arguments"},
		{"event", "log", `[]`, ""},
		{"event", "log", `["a",1,{},null]`, ""},
		{"event", "log", `[1]`, "/args/0: want string"},
		// members
		{"emit", "message", `[{"room":"a","text":"0123456789"}]`, ""},
		{"emit", "message", `[{"room":"a","text":"0123456789x"}]`, "/args/0/text: longer than 10"},
		{"emit", "message", `[{"room":"a","text":"ääääääääää"}]`, ""},
		{"emit", "message", `[{"room":"a"}]`, "/args/0: lacks text"},
		{"emit", "message", `[{"room":"a","text":"b","secret":1}]`, "/args/0: has a member that the contract does not name"},
		{"emit", "message", `[{"room":"a","text":null}]`, "/args/0/text: want string"},
		{"emit", "message", `["text"]`, "/args/0: want object"},
		{"emit", "message", `[{"room":"a","text":"b","meta":{"deep":[1]}}]`, ""},
		// strings
		{"event", "word", `["ab"]`, ""},
		{"event", "word", `["abc"]`, ""},
		{"event", "word", `["a"]`, "/args/0: shorter than 2"},
		{"event", "word", `["abcd"]`, "/args/0: longer than 3"},
		{"event", "word", `["A1"]`, "/args/0: does not match the pattern"},
		{"event", "mail", `["a@example.com"]`, ""},
		{"event", "mail", `["a"]`, "/args/0: not a valid email"},
		{"event", "colour", `["red"]`, ""},
		{"event", "colour", `["blue"]`, "/args/0: not a value that is allowed here"},
		// numbers keep their text: a double would not tell these apart
		{"event", "number", `[9007199254740992.5]`, ""},
		{"event", "number", `[9007199254740993]`, "/args/0: not less than 9007199254740993"},
		{"event", "number", `[-5]`, ""},
		{"event", "number", `[-5.5]`, "/args/0: less than -5"},
		{"event", "number", `[0.25]`, "/args/0: not a multiple of 0.5"},
		{"event", "number", `[1e0]`, ""},
		{"event", "number", `[123456789012345678901234567890]`, "/args/0: not less than 9007199254740993"},
		{"event", "number", `[1e-1000000]`, ""},
		{"event", "number", `[1e300]`, "/args/0: not less than 9007199254740993"},
		{"event", "number", `["1"]`, "/args/0: want number"},
		// lists and maps
		{"event", "list", `[[1,2]]`, ""},
		{"event", "list", `[[1.0]]`, ""},
		{"event", "list", `[[]]`, "/args/0: fewer than 1 items"},
		{"event", "list", `[[1,2,3]]`, "/args/0: more than 2 items"},
		{"event", "list", `[[1,1]]`, "/args/0: two items are equal"},
		{"event", "list", `[[1,1.5]]`, "/args/0/1: want integer"},
		{"event", "map", `[{"a":1}]`, ""},
		{"event", "map", `[{}]`, "/args/0: fewer than 1 members"},
		{"event", "map", `[{"a":1,"b":2,"c":3}]`, "/args/0: more than 2 members"},
		{"event", "map", `[{"hunter2":"x"}]`, "/args/0/*: want integer"},
		{"event", "choice", `[1]`, ""},
		{"event", "choice", `[10.5]`, ""},
		{"event", "choice", `[9.5]`, "/args/0: fits none of the alternatives"},
		{"event", "choice", `[11]`, "/args/0: fits more than one alternative"},
		// a file beside
		{"event", "beside", `[{"name":"a"}]`, ""},
		{"event", "beside", `[{"name":""}]`, "/args/0/name: shorter than 1"},
	} {
		if got := reasonOf(t, c, ask(tt.what, "/chat", tt.event, tt.args)); got != tt.want {
			t.Errorf("%s %s %s: got %q, want %q", tt.what, tt.event, tt.args, got, tt.want)
		}
	}
}

// A placeholder stands where the contract says binary, and nowhere else.
func TestBinary(t *testing.T) {
	c := load(t, Options{Files: []string{"testdata/plain.yaml"}})
	png := engine.Attachment{Data: []byte("\x89PNG"), Type: "image/png"}
	for _, tt := range []struct {
		event, args string
		a           engine.Attachment
		want        string
	}{
		{"upload", `["a","AQI="]`, engine.Attachment{}, "/args/1: want binary"},
		{"upload", `["a",{"bytes":3}]`, engine.Attachment{}, "/args/1: want binary"},
		{"upload", `[` + bin + `,"a"]`, png, "/args/0: binary, where the contract wants string"},
		{"typing", `[` + bin + `]`, png, "/args/0: binary, where the contract wants boolean"},
		{"anything", `[` + bin + `]`, png, "/args/0: binary, where the contract has none"},
		{"anything", `[{"a":[1,` + bin + `]}]`, png, "/args/0/*/1: binary, where the contract has none"},
		{"log", `["a",` + bin + `]`, png, "/args/1: binary, where the contract has none"},
		{"nested", `[{"files":[` + bin + `]}]`, png, ""},
		{"nested", `[{"files":["x"]}]`, png, "/args/0/files/0: want binary"},
		{"nested", `[{"either":` + bin + `}]`, png, ""},
		{"nested", `[{"either":"x"}]`, engine.Attachment{}, ""},
		{"nested", `[{"either":{"x":` + bin + `}}]`, png, "/args/0/either: fits none of the alternatives"},
		{"nested", `[{"other":` + bin + `}]`, png, "/args/0/*: binary, where the contract has none"},
		{"map", `[` + bin + `]`, png, "/args/0: want binary"},
	} {
		in := ask("event", "/chat", tt.event, tt.args)
		if strings.Contains(tt.args, "_placeholder") {
			in.Attachments = []engine.Attachment{tt.a}
		}
		if tt.event == "map" { // its members happen to fit; the place does not
			tt.want = "/args/0"
			if got := reasonOf(t, c, in); !strings.HasPrefix(got, tt.want) {
				t.Errorf("map: got %q", got)
			}
			continue
		}
		if got := reasonOf(t, c, in); got != tt.want {
			t.Errorf("%s %s: got %q, want %q", tt.event, tt.args, got, tt.want)
		}
	}
	in := ask("ack+out", "/chat", "anything", `[1,`+bin+`]`)
	in.Attachments = []engine.Attachment{png}
	if got := reasonOf(t, c, in); got != "" {
		t.Errorf("an answer with binary: %q", got)
	}
}

func TestNamespaces(t *testing.T) {
	strict := load(t, Options{Files: []string{"testdata/plain.yaml"}})
	lax := load(t, Options{Files: []string{"testdata/plain.yaml"}, AllowUnknown: true})
	for _, tt := range []struct{ what, namespace, event, want string }{
		{"connect", "/chat", "", ""},
		{"connect", "/dyn-7", "", ""},
		{"connect", "/dyn-", "", "namespace not in contract"},
		{"connect", "/dyn-7/x", "", "namespace not in contract"},
		{"connect", "/", "", "namespace not in contract"},
		{"connect", "/Chat", "", "namespace not in contract"},
		{"event", "/dyn-7", "ping", ""},
		{"event", "/dyn-7", "pong", "event not in contract"},
		{"event", "/admin", "ping", "namespace not in contract"},
		{"emit", "/admin", "ping", "namespace not in contract"},
	} {
		in := ask(tt.what, tt.namespace, tt.event, `[]`)
		if got := reasonOf(t, strict, in); got != tt.want {
			t.Errorf("%v: got %q", tt, got)
		}
		if got := reasonOf(t, lax, in); got != "" {
			t.Errorf("unknown allowed, %v: got %q", tt, got)
		}
	}
	if got := reasonOf(t, lax, ask("event", "/chat", "typing", `[1]`)); got != "/args/0: want boolean" {
		t.Errorf("what is known is checked all the same: %q", got)
	}
	if v := strict.Decide(context.Background(), &engine.Input{Kind: engine.Handshake, Direction: engine.In}); v.Effect != engine.Abstain {
		t.Errorf("the handshake: %v", v)
	}
}

// A server with connection state recovery adds the offset to what it emits.
func TestRecovery(t *testing.T) {
	c := load(t, Options{Files: []string{"testdata/plain.yaml"}, Recovery: true})
	long := `"` + strings.Repeat("o", maxOffset+1) + `"`
	for _, tt := range []struct{ what, event, args, want string }{
		{"emit", "message", `[{"room":"a","text":"b"}]`, ""},
		{"emit", "message", `[{"room":"a","text":"b"},"o1"]`, ""},
		{"emit", "message", `[{"room":"a","text":"b"},` + long[:maxOffset+1] + `"]`, ""},
		{"emit", "message", `[{"room":"a","text":"b"},` + long + `]`, "/args: more than 1 arguments"},
		{"emit", "message", `[{"room":"a","text":"b"},1]`, "/args: more than 1 arguments"},
		{"emit", "message", `[{"room":"a","text":"b"},"o1","o2"]`, "/args: more than 1 arguments"},
		{"emit", "message", `[{"room":1,"text":"b"},"o1"]`, "/args: more than 1 arguments"},
		{"emit+ack", "ask", `["a","o1"]`, "/args: more than 1 arguments"},
		{"event", "typing", `[true,"o1"]`, "/args: more than 1 arguments"},
	} {
		if got := reasonOf(t, c, ask(tt.what, "/chat", tt.event, tt.args)); got != tt.want {
			t.Errorf("%s %s: got %q, want %q", tt.what, tt.args, got, tt.want)
		}
	}
}

// A reason tells nothing that the sender wrote, whatever is wrong.
func TestReasonsTellNoSecrets(t *testing.T) {
	c := load(t, Options{Files: []string{"testdata/plain.yaml"}})
	const secret = "hunter2"
	for ev := range c.exact["/chat"].in {
		for _, args := range []string{`["S"]`, `[{"S":"S"}]`, `["S","S","S"]`, `[["S","S"]]`, `[{"room":"S","text":{"S":1}}]`,
			`[{"meta":"S","room":"a","text":"b"}]`, `[{"files":[{"S":1}],"S":{"S":"S"}}]`, `[{"either":{"S":1}}]`} {
			for _, what := range []string{"event", "event+ack"} {
				if got := reasonOf(t, c, ask(what, "/chat", ev, strings.ReplaceAll(args, "S", secret))); strings.Contains(got, secret) {
					t.Errorf("%s %s: %q", ev, args, got)
				}
			}
		}
	}
}

// Equal numbers are equal however they are written and however long the list.
func TestUniqueNumbers(t *testing.T) {
	c := load(t, Options{Files: []string{write(t, map[string]string{"c.yaml": "namespaces: { /: { in: { a: [{ uniqueItems: true }] } } }"})}})
	long := "["
	for i := range 40 {
		long += strconv.Itoa(i) + ","
	}
	for _, tt := range []wanted{
		{"event", "/", "a", `[` + long + `40]]`, ""},
		{"event", "/", "a", `[` + long + `7.0]]`, "/args/0: two items are equal"},
		{"event", "/", "a", `[` + long + `70e-1]]`, "/args/0: two items are equal"},
		{"event", "/", "a", `[[1,1.0]]`, "/args/0: two items are equal"},
		{"event", "/", "a", `[[9007199254740992,9007199254740993]]`, ""},
	} {
		tt.check(t, c)
	}
}

func TestVerdictNamesThePlace(t *testing.T) {
	c := load(t, Options{Files: []string{"testdata/plain.yaml"}})
	v := c.Decide(context.Background(), ask("event", "/chat", "typing", `[1]`))
	if len(v.Rules) != 1 || v.Rules[0] != "testdata/plain.yaml:9" {
		t.Errorf("rules: %v", v.Rules)
	}
}

func BenchmarkDecide(b *testing.B) {
	c := load(b, Options{Files: []string{"testdata/plain.yaml"}})
	for name, in := range map[string]*engine.Input{
		"fits":   ask("event+ack", "/chat", "message", `[{"room":"general","text":"hello"}]`),
		"denied": ask("event+ack", "/chat", "message", `[{"room":"general","text":"hello, hello"}]`),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				c.Decide(context.Background(), in)
			}
		})
	}
}
