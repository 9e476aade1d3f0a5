package socketio

import (
	"errors"
	"strings"
	"testing"
)

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
		`2["connect"]`, `2["connect_error"]`, `2["disconnect"]`, `2["disconnecting"]`, `2["newListener"]`, `2["removeListener"]`,
		`2["\u0064isconnect",1]`, `2/a,1["disconnect"]`, `51-["disconnect",{"_placeholder":true,"num":0}]`,
	}},
	{client5, TooDeep, []string{`2["x",` + strings.Repeat(`[`, 20000) + strings.Repeat(`]`, 20000) + `]`}},
	{server5, Malformed, []string{`0`, `0/admin,`, `0/admin`, `0[]`, `4`, `4/no,`, `4[]`, `442`, `4null`, `2/a?x,["x"]`, `0/a?x=1,{"sid":"a"}`, `7`, ``}},
	{server5, ReservedEvent, []string{`2["connect"]`, `2["disconnect"]`}},
	{client4, Malformed, []string{
		`0{}`, `0/admin,{}`, `0/admin?a=1,{}`, `0/admin?a b,`, `0/admin?a#b,`, "0/admin?a\x00,", "0/admin?é,", `2/admin?x=1,["x"]`, `1/admin?x=1,`, `4"x"`,
		`0//evil/admin,`, `0/x/../admin,`, `0/ad%6din,`, `0/%2e%2e/admin,`, `0/admin#f,`, "0/ad\tmin,", `0/a\b,`, `2/admin`, `4`, `0/é,`, `0/a<b,`, `0/a>b,`, "0/a`b,", `0/a^b,`,
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
		`52-/a,7["x"]`: "5 /a #7", `51-7["disconnect",` + number + `]`: "5 / #7", `317{}`: "3 / #17",
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
