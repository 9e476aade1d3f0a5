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

// What nobody sends in good faith, or what two parsers read differently.
var refused = []struct {
	from  Decoder
	code  Code
	texts []string
}{
	{client5, Malformed, []string{
		``, ` `, `7`, `9`, `-1`, `x`, "\x00", ` 0`, `4`, `4{}`, `4/a,{"message":"x"}`, `0 `, `0 {}`, `0{} `, "0\n", `0,`, `0{}{}`,
		`0[1]`, `0null`, `0"x"`, `0true`, `01`, `01{}`, `0/a,1{}`, `0{"a":1,"a":2}`, `0{"__proto__":1}`, `0{"a":{"_placeholder":true,"num":0}}`,
		`1{}`, `1[]`, `11`, `1/a,1`, `1 `, `1/a,{}`,
		`2`, `2/a,`, `2{}`, `2"x"`, `2[]`, `2[1]`, `2[true]`, `2[null]`, `2[{"a":1}]`, `2[["x"]]`, `2[""]`, `2["x"`, `2["x",]`, `2["x"] `, "2[\"x\"]\n", `2 ["x"]`,
		`2["x",1e999]`, "2[\"x\",\"\xff\xfe\"]", `2["x","\ud800"]`, `2["x",{"a":1,"\u0061":2}]`, `2["x",{"__proto__":1}]`, `2["x",{"\u005f_proto__":1}]`, `2["x",{"constructor":{"prototype":{}}}]`,
		`2["x",NaN]`, `2["x"]2["y"]`, `2["x"],`, "2[\"x\"]\x1e2[\"y\"]", "2\x1e[\"x\"]",
		`2["x",{"_placeholder":true,"num":0}]`, `2["x",{"\u005fplaceholder":true,"num":0}]`, `2["x",{"_placeholder":false}]`, `2["x",{"a":{"_placeholder" :1}}]`,
		`2007["x"]`, `200["x"]`, `21 2["x"]`, `21 ["x"]`, `2+1["x"]`, `2-1["x"]`, `20x1["x"]`, `21e1["x"]`, `29007199254740992["x"]`,
		`299999999999999999999["x"]`, `2` + strings.Repeat("1", 400) + `["x"]`, `21`, `2١["x"]`,
		`3["x"]`, `3`, `31`, `31{}`, `301[]`, `3/a,[]`, `3-1[]`,
	}},
	{client5, Malformed, []string{ // namespaces
		`2/admin["x"]`, `2/admin`, `5/admin`, `3/admin`, `2admin,["x"]`, `2//,["x"]`, `2//evil/admin,["x"]`, `2/x/../admin,["x"]`, `2/..,["x"]`, `2/./a,["x"]`, `2/a/.,["x"]`,
		`2/a?x=1,["x"]`, `0/a?x=1,`, `0/admin?token=t2`, `2/a#f,["x"]`, "2/ad\tmin,[\"x\"]", "2/a\n,[\"x\"]", `2/admin ,["x"]`, `2/ admin,["x"]`, "2/a\x7f,[\"x\"]", "2/a\x00,[\"x\"]",
		"2/a\xff,[\"x\"]", "2/a\u00a0,[\"x\"]", "2/a\u3000,[\"x\"]", "2/a\u200b,[\"x\"]", "2/a\u2028,[\"x\"]", "2/\ufeffa,[\"x\"]", "2/a\u0085,[\"x\"]",
		`2/a"b,["x"]`, `2/a\b,["x"]`, `2/a[0],["x"]`, `2/{a},["x"]`, `0/admin{"a":1}`, `0/admin{"a":1,"b":2}`, `0/admin[`,
	}},
	{client5, Malformed, []string{ // attachments
		`5["x"]`, `5`, `5-`, `51`, `51["x"]`, `50-["x"]`, `501-["x"]`, `5+1-["x"]`, `5 1-["x"]`, `51 -["x"]`, `51.0-["x"]`, `51e0-["x"]`, `50x1-["x"]`, `50b1-["x"]`,
		`5-1-["x"]`, `51-`, `51-{}`, `51-[]`, `51-["x"]`, `51-1-["x",{"_placeholder":true,"num":0}]`, `5Infinity-["x"]`, `5x10-["x"]`,
		`51-[{"_placeholder":true,"num":0}]`, `61-[{"_placeholder":true,"num":0}]`, `60-1[]`, `61-1[]`,
		`51-["x",{"_placeholder":true,"num":1}]`, `51-["x",{"_placeholder":true,"num":-1}]`, `51-["x",{"_placeholder":true,"num":0.5}]`, `51-["x",{"_placeholder":true,"num":"0"}]`,
		`51-["x",{"_placeholder":true,"num":"pop"}]`, `51-["x",{"_placeholder":true,"num":00}]`, `51-["x",{"_placeholder":true,"num":0e0}]`, `51-["x",{"_placeholder":true,"num":-0}]`,
		`51-["x",{"_placeholder":true,"num":99999999999999999999}]`, `51-["x",{"_placeholder":true}]`, `51-["x",{"_placeholder":1,"num":0}]`, `51-["x",{"_placeholder":false,"num":0}]`,
		`51-["x",{"_placeholder":true,"num":0,"a":1}]`, `51-["x",{"a":1,"_placeholder":true,"num":0}]`, `51-["x",{"\u005fplaceholder":true,"num":0}]`,
		`51-["x",{"_placeholder":true,"num":0},{"_placeholder":true,"num":0}]`, `52-["x",{"_placeholder":true,"num":0}]`,
		`52-["x",{"_placeholder":true,"num":0},{"_placeholder":true,"num":0}]`, `51-["x",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]`,
		`51-["x",{"_placeholder":true,"num":0},{"_placeholder":true}]`, `51-["x",{ "_placeholder":true,"num":0}]`,
	}},
	{client5, TooManyAttachments, []string{`517-["x"]`, `59999999999999999999-["x"]`, `5` + strings.Repeat("9", 400) + `-["x"]`}},
	{client5, ReservedEvent, []string{
		`2["connect"]`, `2["connect_error"]`, `2["disconnect"]`, `2["disconnecting"]`, `2["newListener"]`, `2["removeListener"]`, `2["error"]`,
		`2["\u0065rror",1]`, `2/a,1["disconnect"]`, `51-["disconnect",{"_placeholder":true,"num":0}]`,
	}},
	{client5, TooDeep, []string{`2["x",` + strings.Repeat(`[`, 20000) + strings.Repeat(`]`, 20000) + `]`}},
	{server5, Malformed, []string{`0`, `0/admin,`, `0/admin`, `0[]`, `4`, `4/no,`, `4[]`, `442`, `4null`, `2/a?x,["x"]`, `0/a?x=1,{"sid":"a"}`, `7`, ``}},
	{server5, ReservedEvent, []string{`2["connect"]`, `2["disconnect"]`}},
	{client4, Malformed, []string{
		`0{}`, `0/admin,{}`, `0/admin?a=1,{}`, `0/admin?a b,`, `0/admin?a#b,`, "0/admin?a\x00,", "0/admin?é,", `2/admin?x=1,["x"]`, `1/admin?x=1,`, `4"x"`,
		`0//evil/admin,`, `0/x/../admin,`, `0/ad%6din,`, `0/%2e%2e/admin,`, `0/admin#f,`, "0/ad\tmin,", `0/a\b,`, `2/admin`, `4`,
	}},
	{server4, Malformed, []string{`0{"sid":"x"}`, `0/admin?x=1,`, `4{`, `4x`, `4/no`, `4/no,42`}},
}

func TestRefuses(t *testing.T) {
	for _, group := range refused {
		for _, text := range group.texts {
			d := group.from
			p, err := decode(&d, text)
			var e *Error
			if !errors.As(err, &e) {
				t.Errorf("%q: %s, %v", text, show(p), err)
				continue
			}
			if e.Code != group.code || e.Msg == "" || e.Offset < 0 || e.Offset > len(text) {
				t.Errorf("%q: %v, want %v", text, e, group.code)
			}
			if !headOnly(p) || p != nil && d.Pending() != p.Count || p == nil && d.Pending() != 0 {
				t.Errorf("%q leaves %s and waits for %d", text, show(p), d.Pending())
			}
			drain(t, &d)
			if p, err := decode(&d, `2["x"]`); err != nil || show(p) != `2 / ["x"]` {
				t.Errorf("after %q: %s, %v", text, show(p), err)
			}
		}
	}
}

// drain sends the attachments of a refused packet.
func drain(t *testing.T, d *Decoder) {
	t.Helper()
	for d.Pending() > 0 {
		if p, err := d.Binary([]byte("dropped")); p != nil || err != nil {
			t.Fatalf("%s, %v", show(p), err)
		}
	}
}

// Where the header is sound, the refused packet can be answered.
func TestRefusedHeader(t *testing.T) {
	const number = `{"_placeholder":true,"num":0}`
	for text, want := range map[string]string{
		`2/a,7["disconnect"]`: "2 /a #7", `2/a,7["x",{"a":1,"a":2}]`: "2 /a #7", `27[`: "2 / #7", `27`: "2 / #7", `0/a,[]`: "0 /a",
		`52-/a,7["x"]`: "5 /a #7", `51-7["error",` + number + `]`: "5 / #7", `317{}`: "3 / #17",
		`7`: "nothing yet", `2/a,007["x"]`: "nothing yet", `2/a?b,["x"]`: "nothing yet", `599-["x"]`: "nothing yet", `3["x"]`: "nothing yet",
	} {
		d := &Decoder{}
		p, err := d.Text([]byte(text))
		if err == nil || show(p) != want {
			t.Errorf("%s: %s, %v", text, show(p), err)
		}
		drain(t, d)
		if _, err := d.Binary(nil); err == nil {
			t.Errorf("%s: one attachment too many passes", text)
		}
	}
}

func TestTooLargeAttachmentsAreDropped(t *testing.T) {
	d := &Decoder{Limits: Limits{AttachmentBytes: 4}}
	if _, err := d.Text([]byte(`52-1["x",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]`)); err != nil {
		t.Fatal(err)
	}
	p, err := d.Binary([]byte("12345"))
	if err == nil || show(p) != "5 / #1" || d.Pending() != 1 {
		t.Fatal(show(p), err)
	}
	drain(t, d)
	if p, err := decode(d, `2["x"]`); err != nil || show(p) != `2 / ["x"]` {
		t.Error(show(p), err)
	}
}

func TestTextAmidDroppedAttachments(t *testing.T) {
	d := &Decoder{}
	if p, err := d.Text([]byte(`51-["disconnect",{"_placeholder":true,"num":0}]`)); p == nil || err == nil {
		t.Fatal(show(p), err)
	}
	if p, err := d.Text([]byte(`2["x"]`)); p != nil || err == nil || d.Pending() != 0 {
		t.Error(show(p), err)
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
		if _, err := decode(&d, c.over); !errors.As(err, &e) || e.Code != c.code {
			t.Errorf("%s: over it: %v", c.name, err)
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
	if p, err := d.Binary([]byte("x")); p != nil || err != nil || d.Pending() != 1 {
		t.Errorf("%s, %v, %d", show(p), err, d.Pending())
	}
	if p, err := d.Text([]byte(`2["y"]`)); p != nil || err == nil || d.Pending() != 0 {
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
