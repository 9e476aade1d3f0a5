package inputjson

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/siogw/siogw/engine"
)

// contract is the example of the input contract, key by key.
const contract = `{"version":"siogw/v1","kind":"event","direction":"in","time":"2026-01-01T00:00:00Z",` +
	`"namespace":"/chat","event":"message","args":[{"room":"general","text":"hi"}],"room":"general",` +
	`"ack":true,"bytes":61,"attachments":[{"bytes":10,"type":"image/png"}],` +
	`"auth":{"token":"…"},` +
	`"identity":{"authenticated":true,"sub":"u1","roles":["member"],"scopes":[],"claims":{},"expires_at":0},` +
	`"session":{"id":"a","eio":4,"transport":"websocket","ip":"203.0.113.9","secure":true,"age_ms":12,` +
	`"rooms":["general"],"namespaces":["/chat"],"origin":"https://a.example","headers":{"a":"1","b":"2"},"query":{}},` +
	`"plugins":{"injection":{"score":3}}}`

func parse(t *testing.T, s string) *engine.Input {
	t.Helper()
	in, err := ParseInput([]byte(s))
	if err != nil {
		t.Fatalf("%s: %v", s, err)
	}
	return in
}

func TestContract(t *testing.T) {
	in := parse(t, contract)
	for range 2 { // the second time from the renderings that are kept
		if got := string(Append(nil, in)); got != contract {
			t.Errorf("got  %s\nwant %s", got, contract)
		}
	}
	if got := string(Append([]byte("x"), in)); got != "x"+contract {
		t.Errorf("Append does not append: %s", got)
	}
}

// Each kind has the keys that apply to it, and no others.
func TestKeys(t *testing.T) {
	always := []string{"version", "kind", "direction", "time", "bytes", "identity", "session", "plugins"}
	event := []string{"namespace", "event", "args", "ack", "attachments"}
	for kind, more := range map[string][]string{
		"handshake": nil, "connect": {"namespace"}, "disconnect": {"namespace"},
		"event": event, "emit": event, "join": event, "leave": event,
		"ack": {"namespace", "args", "attachments"},
	} {
		k, _ := engine.ParseKind(kind)
		in := &engine.Input{Kind: k, Direction: engine.In}
		if len(more) > 1 {
			in.Args = []byte(`[]`)
		}
		var doc map[string]any
		if err := json.Unmarshal(Append(nil, in), &doc); err != nil {
			t.Fatal(err)
		}
		for _, key := range append(always, more...) {
			if _, ok := doc[key]; !ok {
				t.Errorf("%s has no %s", kind, key)
			}
			delete(doc, key)
		}
		for key := range doc {
			t.Errorf("%s has %s", kind, key)
		}
	}
}

func TestOptionalKeys(t *testing.T) {
	in := &engine.Input{Kind: engine.Ack, Direction: engine.Out, Event: "save", Room: "r", Auth: []byte(`{}`)}
	got := string(Append(nil, in))
	for _, want := range []string{`"event":"save"`, `"room":"r"`, `"auth":{}`} {
		if !strings.Contains(got, want) {
			t.Errorf("%s is not in %s", want, got)
		}
	}
}

// Without identity or session the document has zero values, not fewer keys.
func TestNobody(t *testing.T) {
	want := Append(nil, &engine.Input{Identity: &engine.Identity{}, Session: &engine.Session{}})
	if got := Append(nil, &engine.Input{}); string(got) != string(want) {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

func TestAge(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		opened time.Time
		want   int64
	}{{now.Add(-1500 * time.Microsecond), 1}, {now.Add(time.Hour), 0}, {now, 0}, {time.Time{}, 0}} {
		if got := Age(&engine.Input{Time: now, Session: &engine.Session{Opened: c.opened}}); got != c.want {
			t.Errorf("opened %v: %d, want %d", c.opened, got, c.want)
		}
	}
}

func TestParseDefaults(t *testing.T) {
	in := parse(t, " {\"kind\":\"emit\"}\n")
	if in.Direction != engine.Out || in.Session == nil || in.Identity == nil || in.Args != nil || in.Auth != nil {
		t.Errorf("%+v", in)
	}
	if in = parse(t, `{"kind":"ack"}`); in.Direction != engine.In {
		t.Errorf("%+v", in)
	}
}

// What is wrong is said with its path.
func TestParseErrors(t *testing.T) {
	for text, want := range map[string]string{
		``:                                  "input: ",
		`[]`:                                "input must be an object",
		`{}`:                                "input.kind is missing",
		`{"kind":"event"} x`:                "input: ",
		`{"kind":"event","kind":"emit"}`:    "input: key given twice",
		`{"kind":"Event"}`:                  `input.kind: there is no kind "Event"`,
		`{"kind":3}`:                        "input.kind must be a string",
		`{"kind":null}`:                     "input.kind must be a string",
		`{"kind":"event","Kind":"emit"}`:    "input.Kind: there is no such key",
		`{"kind":"event","sesion":{}}`:      "input.sesion: there is no such key",
		`{"kind":"event","version":"v2"}`:   "input.version",
		`{"kind":"event","direction":"up"}`: "input.direction",
		`{"kind":"event","time":"noon"}`:    "input.time",
		`{"kind":"event","args":{}}`:        "input.args must be an array",
		`{"kind":"event","auth":[]}`:        "input.auth must be an object",
		`{"kind":"event","ack":1}`:          "input.ack must be a boolean",
		`{"kind":"event","bytes":1.5}`:      "input.bytes must be a whole number",
		`{"kind":"event","bytes":-1}`:       "input.bytes is negative",
		`{"kind":"event","attachments":[]}`: "input.attachments needs input.args",
		`{"kind":"event","args":[],"attachments":[{"bytes":1},{"bytes":-1}]}`:       "input.attachments[1].bytes",
		`{"kind":"event","args":[],"attachments":[{"bytes":16777216},{"bytes":1}]}`: "input.attachments[1].bytes",
		`{"kind":"event","args":[],"attachments":[{"size":1}]}`:                     "input.attachments[0].size: there is no such key",
		`{"kind":"event","args":[],"attachments":[3]}`:                              "input.attachments[0] must be an object",
		`{"kind":"event","identity":{"role":"x"}}`:                                  "input.identity.role: there is no such key",
		`{"kind":"event","identity":{"roles":["a",null]}}`:                          "input.identity.roles[1] must be a string",
		`{"kind":"event","identity":{"claims":[]}}`:                                 "input.identity.claims must be an object",
		`{"kind":"event","session":{"headers":{"a":1}}}`:                            "input.session.headers.a must be a string",
		`{"kind":"event","session":{"query":[]}}`:                                   "input.session.query must be an object",
		`{"kind":"event","session":{"rooms":"a"}}`:                                  "input.session.rooms must be an array of strings",
		`{"kind":"event","session":{"age_ms":-1}}`:                                  "input.session.age_ms",
		`{"kind":"event","plugins":{"a":3}}`:                                        "input.plugins.a must be an object",
		"{\"kind\":\"event\",\"room\":\"\xff\"}":                                    "input: invalid UTF-8",
	} {
		_, err := ParseInput([]byte(text))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s\n\tgives %v, want %q", text, err, want)
		}
	}
}

// Cut anywhere, a document is refused.
func TestParseTruncated(t *testing.T) {
	for i := range contract {
		if _, err := ParseInput([]byte(contract[:i])); err == nil {
			t.Errorf("accepted when cut at %d", i)
		}
	}
}

func FuzzParseInput(f *testing.F) {
	f.Add([]byte(contract))
	f.Add([]byte(`{"kind":"connect","auth":{"a":[1e3,"\u00e9"]},"session":{"age_ms":3},"time":"2026-01-01T01:02:03.5+02:00"}`))
	f.Add([]byte(`{"kind":"ack","direction":"out","args":[ ],"attachments":[],"plugins":{"b":{},"a":{"x":1}}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		in, err := ParseInput(b)
		if err != nil {
			return
		}
		once := Append(nil, in)
		again, err := ParseInput(once)
		if err != nil {
			t.Fatalf("own rendering refused: %v\n%s", err, once)
		}
		if twice := Append(nil, again); string(once) != string(twice) {
			t.Fatalf("%s\nbecomes\n%s", once, twice)
		}
	})
}

func BenchmarkAppend(b *testing.B) {
	in, err := ParseInput([]byte(contract))
	if err != nil {
		b.Fatal(err)
	}
	buf := Append(nil, in)
	b.SetBytes(int64(len(buf)))
	b.ReportAllocs()
	for b.Loop() {
		buf = Append(buf[:0], in)
	}
}
