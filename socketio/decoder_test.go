package socketio

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// show writes a packet on one line.
func show(p *Packet) string {
	if p == nil {
		return "nothing yet"
	}
	s := fmt.Sprintf("%d %s", p.Type, p.Namespace)
	if p.Query != "" {
		s += " ?" + p.Query
	}
	if p.HasID {
		s += fmt.Sprintf(" #%d", p.ID)
	}
	if p.Data != nil {
		s += " " + string(p.Data)
	}
	for _, a := range p.Attachments {
		s += fmt.Sprintf(" <%x>", a)
	}
	return s
}

// decode reads one text and as many attachments as it wants.
func decode(d *Decoder, text string) (*Packet, error) {
	p, err := d.Text([]byte(text))
	for i := byte(1); err == nil && p == nil; i++ {
		p, err = d.Binary([]byte{i})
	}
	return p, err
}

var (
	client5 = Decoder{}
	server5 = Decoder{From: Server, Revision: V5}
	client4 = Decoder{Revision: V4}
	server4 = Decoder{From: Server, Revision: V4}
)

// What real clients and servers send.
var accepted = []struct {
	from Decoder
	text string
	want string
}{
	{client5, `0`, `0 /`},
	{client5, `0{"token":"t1"}`, `0 / {"token":"t1"}`},
	{client5, `0{}`, `0 / {}`},
	{client5, `0/,`, `0 /`}, // Swift
	{client5, `0/admin,{"token":"t2"}`, `0 /admin {"token":"t2"}`},
	{client5, `0/admin,`, `0 /admin`},
	{client5, `0/admin`, `0 /admin`}, // C++
	{client5, `1`, `1 /`},
	{client5, `1/admin,`, `1 /admin`},
	{client5, `1/admin`, `1 /admin`},
	{client5, `2["echo","hé",1]`, `2 / ["echo","hé",1]`},
	{client5, `2["x" , 1]`, `2 / ["x" , 1]`}, // white space within
	{client5, `20["echo","a"]`, `2 / #0 ["echo","a"]`},
	{client5, `2/a/b-c_d,9007199254740991["x"]`, `2 /a/b-c_d #9007199254740991 ["x"]`},
	{client5, `2/é€,["x"]`, `2 /é€ ["x"]`},
	{client5, `2/100%,["x"]`, `2 /100% ["x"]`},
	{client5, `2/a.b/.c,["x"]`, `2 /a.b/.c ["x"]`},
	{client5, `2["constructor",{"\u0061":1}]`, `2 / ["constructor",{"\u0061":1}]`},
	{client5, `2["x","_placeholder"]`, `2 / ["x","_placeholder"]`},
	{client5, `30["a"]`, `3 / #0 ["a"]`},
	{client5, `3/admin,12[]`, `3 /admin #12 []`},
	{client5, `51-["x",{"_placeholder":true,"num":0}]`, `5 / ["x",{"_placeholder":true,"num":0}] <01>`},
	{client5, `52-/admin,7["x",{"a":{"num":1,"_placeholder":true}},[{"_placeholder":true,"num":0}]]`,
		`5 /admin #7 ["x",{"a":{"num":1,"_placeholder":true}},[{"_placeholder":true,"num":0}]] <01> <02>`},
	{client5, `61-0[{"_placeholder":true,"num":0}]`, `6 / #0 [{"_placeholder":true,"num":0}] <01>`},
	{server5, `0{"sid":"a","pid":"b"}`, `0 / {"sid":"a","pid":"b"}`},
	{server5, `0/admin,{"sid":"a"}`, `0 /admin {"sid":"a"}`},
	{server5, `1`, `1 /`},
	{server5, `1/admin,`, `1 /admin`},
	{server5, `2["r",1,"Q88t99N"]`, `2 / ["r",1,"Q88t99N"]`},
	{server5, `2["error"]`, `2 / ["error"]`},
	{server5, `4/no,{"message":"nope","data":{"code":42}}`, `4 /no {"message":"nope","data":{"code":42}}`},
	{server5, `4"nope"`, `4 / "nope"`},
	{server5, `62-1[{"x":{"_placeholder":true,"num":0}},{"_placeholder":true,"num":1}]`,
		`6 / #1 [{"x":{"_placeholder":true,"num":0}},{"_placeholder":true,"num":1}] <01> <02>`},
	{client4, `0/admin?token=t2,`, `0 /admin ?token=t2`},
	{client4, `0/admin?a=%20b&c=d/e?f`, `0 /admin ?a=%20b&c=d/e?f`},
	{client4, `0/admin`, `0 /admin`},
	{client4, `1/admin,`, `1 /admin`},
	{client4, `2/admin,0["echo","n"]`, `2 /admin #0 ["echo","n"]`},
	{server4, `0`, `0 /`},
	{server4, `0/admin,`, `0 /admin`},
	{server4, `4/no,{"code":42}`, `4 /no {"code":42}`},
	{server4, `4/unknown,"Invalid namespace"`, `4 /unknown "Invalid namespace"`},
	{server4, `4/no,`, `4 /no`},
}

func TestAccepts(t *testing.T) {
	for _, c := range accepted {
		p, err := decode(&c.from, c.text)
		if err != nil || show(p) != c.want {
			t.Errorf("%s: %s, %v", c.text, show(p), err)
		}
	}
}

func TestLimits(t *testing.T) {
	nested := func(n int) string { return `2["x",` + strings.Repeat(`[`, n-1) + strings.Repeat(`]`, n-1) + `]` }
	for _, c := range []struct {
		name     string
		limits   Limits
		at, over string
		code     Code
	}{
		{"depth", Limits{Depth: 4}, nested(4), nested(5), TooDeep},
		{"default depth", Limits{}, nested(32), nested(33), TooDeep},
		{"elements", Limits{Elements: 3}, `2["x",1,2]`, `2["x",1,2,3]`, TooLarge},
		{"attachments", Limits{Attachments: 1}, `51-["x",{"_placeholder":true,"num":0}]`, `52-["x",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]`, TooManyAttachments},
		{"attachment bytes", Limits{AttachmentBytes: 1}, `51-["x",{"_placeholder":true,"num":0}]`, `52-["x",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]`, TooLarge},
		{"namespace", Limits{Namespace: 4}, `2/abc,["x"]`, `2/abcd,["x"]`, TooLarge},
		{"default namespace", Limits{}, `2/` + strings.Repeat("a", 255) + `,["x"]`, `2/` + strings.Repeat("a", 256) + `,["x"]`, TooLarge},
		{"event name", Limits{EventName: 3}, `2["abc"]`, `2["abcd"]`, TooLarge},
		{"escaped event name", Limits{EventName: 3}, `2["\u0061bc"]`, `2["\u0061bcd"]`, TooLarge},
		{"default event name", Limits{}, `2["` + strings.Repeat("a", 256) + `"]`, `2["` + strings.Repeat("a", 257) + `"]`, TooLarge},
		{"number", Limits{Number: 3}, `2["x",1.5]`, `2["x",1.25]`, TooLarge},
		{"query", Limits{Query: 3}, `0/a?b=c,`, `0/a?b=cd,`, TooLarge},
	} {
		d := Decoder{Limits: c.limits}
		if c.name == "query" {
			d.Revision = V4
		}
		if p, err := decode(&d, c.at); err != nil || p == nil {
			t.Errorf("%s: %v", c.name, err)
		}
		var e *Error
		if _, err := decode(&d, c.over); !errors.As(err, &e) || e.Code != c.code || (e.Code == TooLarge) != (e.Limit != "") {
			t.Errorf("%s: over it: %v, limit %q", c.name, err, e.Limit)
		}
	}
}

func TestAttachmentsOutOfPlace(t *testing.T) {
	const text = `52-["x",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]`
	d := &Decoder{}
	if _, err := d.Binary([]byte("x")); err == nil {
		t.Error("an attachment of no packet passes")
	}
	if p, err := d.Text([]byte(text)); p != nil || err != nil || d.Pending() != 2 {
		t.Errorf("%s, %v, %d", show(p), err, d.Pending())
	}
	if p, err := d.Binary([]byte("xy")); p != nil || err != nil || d.Pending() != 1 || d.Held() != len(text)-len("52-")+2 {
		t.Errorf("%s, %v, %d, %d", show(p), err, d.Pending(), d.Held())
	}
	if p, err := d.Text([]byte(`2["y"]`)); p != nil || err == nil || d.Pending() != 0 || d.Held() != 0 {
		t.Errorf("text amid attachments: %s, %v", show(p), err)
	}
	if _, err := d.Binary([]byte("x")); err == nil {
		t.Error("the forgotten packet goes on")
	}
}

func TestAttachmentBytesCountPerPacket(t *testing.T) {
	d := &Decoder{Limits: Limits{AttachmentBytes: 4}}
	for range 3 {
		if _, err := d.Text([]byte(`52-["x",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]`)); err != nil {
			t.Fatal(err)
		}
		if _, err := d.Binary([]byte("abcd")); err != nil {
			t.Fatal(err)
		}
		if p, err := d.Binary(nil); err != nil || len(p.Attachments) != 2 || p.Attachments[1] == nil {
			t.Fatal(show(p), err)
		}
	}
}

// What a binary packet holds is its own, since its parts come in calls of their own.
func TestBinaryPacketIsACopy(t *testing.T) {
	d := &Decoder{}
	text := []byte(`51-/a,1["x",{"_placeholder":true,"num":0}]`)
	att := []byte("data")
	if _, err := d.Text(text); err != nil {
		t.Fatal(err)
	}
	clear(text)
	p, err := d.Binary(att)
	if err != nil {
		t.Fatal(err)
	}
	clear(att)
	if got := show(p); got != `5 /a #1 ["x",{"_placeholder":true,"num":0}] <64617461>` {
		t.Error(got)
	}
}

// Cut at any byte, a text is refused, or is another packet than the whole.
func TestTruncation(t *testing.T) {
	for _, c := range accepted {
		whole := c.from
		p, err := decode(&whole, c.text)
		if err != nil {
			t.Fatal(err)
		}
		want := show(p)
		for n := range len(c.text) {
			d := c.from
			got, err := decode(&d, c.text[:n])
			// Where nothing follows, a comma and the name of the main namespace may both be left out.
			sameByRule := c.text[n:] == "," || c.text == "0/,"
			if err == nil && show(got) == want && !sameByRule {
				t.Errorf("%q cut to %q is the same packet", c.text, c.text[:n])
			}
		}
	}
}

func TestTextDoesNotAllocate(t *testing.T) {
	d := &Decoder{}
	for _, text := range []string{event60, `2/admin,12["message",{"a":1}]`, `30["ok"]`} {
		data := []byte(text)
		if n := testing.AllocsPerRun(100, func() { _, _ = d.Text(data) }); n != 0 {
			t.Errorf("%s: %v allocations", text, n)
		}
	}
}

const event60 = `2["message",{"room":"general","text":"hello, how are you"},1]`

func BenchmarkText(b *testing.B) {
	d := &Decoder{}
	data := []byte(event60)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := d.Text(data); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkBinary(b *testing.B) {
	d := &Decoder{}
	data, att := []byte(`51-["image",{"_placeholder":true,"num":0}]`), make([]byte, 1024)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := d.Text(data); err != nil {
			b.Fatal(err)
		}
		if _, err := d.Binary(att); err != nil {
			b.Fatal(err)
		}
	}
}
