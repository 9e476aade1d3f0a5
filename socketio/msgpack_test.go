package socketio

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"
)

// msgpackVector is one packet as both reference parsers write it; testdata/msgpack.cjs makes them.
type msgpackVector struct {
	Server      bool
	Sent        string // with all keys, in the order that clients and servers send
	Short       string // without options, in ours
	Text        string
	Attachments []string
}

func eachMsgpackVector(t testing.TB, visit func(v *msgpackVector, sent, short []byte)) {
	text, err := os.ReadFile("testdata/msgpack.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for line := range bytes.Lines(text) {
		v := &msgpackVector{}
		if err := json.Unmarshal(line, v); err != nil {
			t.Fatal(err)
		}
		n++
		visit(v, unhex(t, v.Sent), unhex(t, v.Short))
	}
	if n < 300 {
		t.Fatalf("only %d vectors", n)
	}
}

func unhex(t testing.TB, s string) []byte {
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func msgpackDecoder(server bool) *Decoder {
	d := &Decoder{Parser: Msgpack}
	if server {
		d.From = Server
	}
	return d
}

// A packet is the same packet whichever of the reference's parsers wrote it, and is written as the reference does.
func TestMsgpackVectors(t *testing.T) {
	eachMsgpackVector(t, func(v *msgpackVector, sent, short []byte) {
		text := Decoder{From: msgpackDecoder(v.Server).From}
		want, err := text.Text([]byte(v.Text))
		for _, a := range v.Attachments {
			if err == nil {
				want, err = text.Binary(unhex(t, a))
			}
		}
		if err != nil {
			t.Fatalf("%s: %v", v.Text, err)
		}
		for _, message := range [][]byte{sent, short} {
			p, err := msgpackDecoder(v.Server).Binary(message)
			if err != nil || show(p) != show(want) || p.Count != len(p.Attachments) {
				t.Errorf("%x is %s, %v, want %s", message, show(p), err, show(want))
			}
		}
		if got := AppendMsgpack(nil, want); lossless(short) && !bytes.Equal(got, short) {
			t.Errorf("%s: wrote %x, want %x", show(want), got, short)
		}
	})
}

// lossless reports whether a message holds only what JSON tells apart: no undefined, no ArrayBuffer, and no
// whole number that the reference writes as an integer of more than 53 bits, which JSON.stringify rounds.
func lossless(message []byte) bool {
	for at := 0; at < len(message); {
		h, msg := readHead(message, at)
		c := message[at]
		if msg != "" || h.form == formUndefined || c >= 0xc7 && c <= 0xc9 {
			return false
		}
		if at = h.next; h.form == formString || h.form == formBin {
			at += h.n
		}
	}
	return true
}

// packet builds a message around the msgpack of its payload.
func message(data string) []byte {
	return []byte("\x83\xa4type\x02\xa3nsp\xa1/\xa4data" + data)
}

func event(value string) []byte { return message("\x92\xa1x" + value) }

// What the reference does not write, or writes where JSON has nothing like it.
func TestMsgpackAccepts(t *testing.T) {
	for in, want := range map[string]string{
		"\xcc\x05": `5`, "\xcd\x00\x05": `5`, "\xcf\x00\x00\x00\x00\x00\x00\x00\x05": `5`, "\xd3\xff\xff\xff\xff\xff\xff\xff\xff": `-1`, // not the shortest
		"\xd9\x01a": `"a"`, "\xda\x00\x01a": `"a"`, "\xdb\x00\x00\x00\x01a": `"a"`, "\xdc\x00\x01\x05": `[5]`, "\xdd\x00\x00\x00\x00": `[]`,
		"\xde\x00\x01\xa1a\x05": `{"a":5}`, "\xdf\x00\x00\x00\x00": `{}`,
		"\xca\x3f\x80\x00\x00": `1`, "\xca\x3d\xcc\xcc\xcd": `0.10000000149011612`, "\xcb\x3f\xf0\x00\x00\x00\x00\x00\x00": `1`,
		"\xcb\x80\x00\x00\x00\x00\x00\x00\x00": `-0`, "\xcb\x44\x4b\x1a\xe4\xd6\xe2\xef\x50": `1e+21`, "\xcb\x44\x15\xaf\x1d\x78\xb5\x8c\x40": `100000000000000000000`,
		"\xcf\x00\x20\x00\x00\x00\x00\x00\x00": `9007199254740992`, "\xcf\x00\x20\x00\x00\x00\x00\x00\x02": `9007199254740994`, "\xcf\xff\xff\xff\xff\xff\xff\xf8\x00": `18446744073709550000`,
		"\xd3\x80\x00\x00\x00\x00\x00\x00\x00":     `-9223372036854776000`,
		"\xd7\x00\x00\x00\x00\x00\x00\x00\x00\x05": `{"$date":5}`, "\xd7\x00\xff\xff\xff\xff\xff\xff\xff\xfb": `{"$date":-5}`,
		"\xd7\x00\x00\x1e\xb2\x08\xc2\xdc\x00\x00": `{"$date":8640000000000000}`, "\xd7\x00\xff\xe1\x4d\xf7\x3d\x24\x00\x00": `{"$date":-8640000000000000}`,
		"\xc7\x01\x00A": `{"_placeholder":true,"num":0}`, "\xc8\x00\x01\x00A": `{"_placeholder":true,"num":0}`, "\xc9\x00\x00\x00\x01\x00A": `{"_placeholder":true,"num":0}`,
		"\x83\xa1a\xd4\x00\x00\xa1b\x01\xa1c\xd4\x00\x00": `{"b":1}`, "\x81\xa1a\xd4\x00\x00": `{}`, "\xd4\x00\x00": `null`,
		"\xa6\xed\x9f\xbf\xee\x80\x80": "\"\ud7ff\ue000\"",
	} {
		p, err := msgpackDecoder(false).Binary(event(in))
		if err != nil || string(p.Data) != `["x",`+want+`]` {
			t.Errorf("%x: %s, %v, want %s", in, show(p), err, want)
		}
	}
	for in, want := range map[string]string{
		"\x83\xa4type\x00\xa3nsp\xa1/\xa4data\xc0": `0 /`, "\x83\xa4type\x01\xa3nsp\xa1/\xa4data\xc0": `1 /`, // Python
		"\x84\xa4type\xcc\x02\xa3nsp\xa1/\xa4data\x91\xa1x\xa2id\xcd\x00\x05":  `2 / #5 ["x"]`,
		"\x84\xa4type\x02\xa3nsp\xa1/\xa4data\x91\xa1x\xa7options\x80":         `2 / ["x"]`,
		"\x84\xa4type\x02\xa3nsp\xa1/\xa4data\x91\xa1x\xa7options\xd4\x00\x00": `2 / ["x"]`,
	} {
		if p, err := msgpackDecoder(false).Binary([]byte(in)); err != nil || show(p) != want {
			t.Errorf("%q: %s, %v, want %s", in, show(p), err, want)
		}
	}
}

// What ends a session: no header can be read.
func TestMsgpackRefusesMessages(t *testing.T) {
	for _, in := range []string{
		"", "\xc1", "\x90", "\x05", "\xa1x", "\x80", "2[\"x\"]", "\xc4\x00", "\xdf\xff\xff\xff\xff", "\xde\xff\xff", "\x82\xa4type\x02",
		"\x81\xa4type\x02", "\x81\xa3nsp\xa1/", "\x82\xa4type\x02\xa3nsp\xa1/\x00", string(message("\x91\xa1x")) + "\xc0", // after it
		"\x83\xa4type\x02\xa4type\x02\xa3nsp\xa1/", "\x84\xa4type\x02\xa3nsp\xa1/\xa4data\x91\xa1x\xa4data\x91\xa1y", "\x83\xa4type\x02\xa3nsp\xa1/\xa1q\x01", "\x83\xa4type\x02\xa3nsp\xa1/\x01\x01",
		"\x83\xa4type\x02\xa3nsp\xa1/\xc4\x04data\x91\xa1x",
		"\x82\xa4type\x04\xa3nsp\xa1/", "\x82\xa4type\x05\xa3nsp\xa1/", "\x82\xa4type\xff\xa3nsp\xa1/", "\x82\xa4type\xa10\xa3nsp\xa1/", "\x82\xa4type\xcb\x00\x00\x00\x00\x00\x00\x00\x00\xa3nsp\xa1/", "\x82\xa4type\xc2\xa3nsp\xa1/",
		"\x82\xa4type\xcf\x00\x00\x00\x01\x00\x00\x00\x00\xa3nsp\xa1/", "\x82\xa4type\xcd\x01\x00\xa3nsp\xa1/",
		"\x82\xa4type\x00\xa3nsp\xa0", "\x82\xa4type\x00\xa3nsp\xa1a", "\x82\xa4type\x00\xa3nsp\xc4\x01/", "\x82\xa4type\x00\xa3nsp\x01", "\x82\xa4type\x00\xa3nsp\xc0", "\x82\xa4type\x00\xa3nsp\xa4/a?b", "\x82\xa4type\x00\xa3nsp\xa4/a,b",
		"\x82\xa4type\x00\xa3nsp\xa3//a", "\x82\xa4type\x00\xa3nsp\xa4/a\x00b", "\x82\xa4type\x00\xa3nsp\xa2/\xff", "\x82\xa4type\x00\xa3nsp\xa5/../a",
		"\x84\xa4type\x02\xa3nsp\xa1/\xa4data\x91\xa1x\xa2id\xff", "\x84\xa4type\x02\xa3nsp\xa1/\xa4data\x91\xa1x\xa2id\xa11", "\x84\xa4type\x02\xa3nsp\xa1/\xa4data\x91\xa1x\xa2id\xc0",
		"\x84\xa4type\x02\xa3nsp\xa1/\xa4data\x91\xa1x\xa2id\xcf\x00\x20\x00\x00\x00\x00\x00\x00", "\x84\xa4type\x02\xa3nsp\xa1/\xa4data\x91\xa1x\xa2id\xcb\x3f\xf0\x00\x00\x00\x00\x00\x00",
		"\x83\xa4type\x00\xa3nsp\xa1/\xa2id\x01", "\x83\xa4type\x03\xa3nsp\xa1/\xa4data\x90",
		"\x84\xa4type\x02\xa3nsp\xa1/\xa4data\x91\xa1x\xa7options\x01", "\x84\xa4type\x02\xa3nsp\xa1/\xa4data\x91\xa1x\xa7options\x81\xa1x\xc3", "\x84\xa4type\x02\xa3nsp\xa1/\xa4data\x91\xa1x\xa7options\x81\xa8compress\x01",
		"\x84\xa4type\x02\xa3nsp\xa1/\xa4data\x91\xa1x\xa7options\x82\xa8compress\xc3\xa8compress\xc2",
		// the structure of the payload
		string(event("\xc1")), string(event("\xd5\x00\x00\x00")), string(event("\xd6\x00\x00\x00\x00\x00")), string(event("\xd8\x00" + strings.Repeat("\x00", 16))), string(event("\xd4\x00\x01")), string(event("\xd4\x01\x00")),
		string(event("\xd7\xff\x00\x00\x00\x00\x00\x00\x00\x05")), string(event("\xc7\x01\x01A")), string(event("\xc7\x01\xffA")), string(event("\xd6\xff\x00\x00\x00\x05")), string(event("\xc7\x0c\xff" + strings.Repeat("\x00", 12))),
		string(event("\xa2a")), string(event("\xdb\xff\xff\xff\xff")), string(event("\xc6\xff\xff\xff\xff")), string(event("\xc9\xff\xff\xff\xff\x00")), string(event("\xdd\xff\xff\xff\xff")), string(event("\xdf\xff\xff\xff\xff")), string(event("\xdf\x80\x00\x00\x00")),
	} {
		d := msgpackDecoder(false)
		p, err := d.Binary([]byte(in))
		var e *Error
		if !errors.As(err, &e) || e.Code != Malformed || p != nil || e.Offset > len(in) {
			t.Errorf("%q: %s, %v", in, show(p), err)
		}
		if p, err := d.Binary(message("\x91\xa1x")); err != nil || show(p) != `2 / ["x"]` {
			t.Errorf("after %q: %s, %v", in, show(p), err)
		}
	}
	d := msgpackDecoder(false)
	if p, err := d.Text([]byte(`2["x"]`)); p != nil || err == nil {
		t.Errorf("a text passes: %s", show(p))
	}
}

// What is refused but can be answered, since the header is sound.
func TestMsgpackRefusesPayloads(t *testing.T) {
	deep := func(n int) string { return strings.Repeat("\x91", n) + "\xc0" }
	for in, code := range map[string]Code{
		"\xc0": Malformed, "\x80": Malformed, "\xa1x": Malformed, "\x90": Malformed, "\x91\x01": Malformed, "\x91\xa0": Malformed, "\x91\xc4\x01x": Malformed, "\x91\xd4\x00\x00": Malformed, "\x91\x91\xa1x": Malformed,
		"\x92\xa1x\xa1\xff": Malformed, "\x92\xa1x\xa3\xed\xa0\x80": Malformed, "\x92\xa1x\xa2\xc0\xaf": Malformed, "\x91\xa1\xff": Malformed, "\x92\xa1x\x81\xa1\xff\x01": Malformed,
		"\x92\xa1x\xca\x7f\x80\x00\x00": Malformed, "\x92\xa1x\xca\x7f\xc0\x00\x00": Malformed, "\x92\xa1x\xcb\x7f\xf0\x00\x00\x00\x00\x00\x00": Malformed, "\x92\xa1x\xcb\xff\xf0\x00\x00\x00\x00\x00\x00": Malformed, "\x92\xa1x\xcb\x7f\xf8\x00\x00\x00\x00\x00\x01": Malformed,
		"\x92\xa1x\xcf\x00\x20\x00\x00\x00\x00\x00\x01": Malformed, "\x92\xa1x\xcf\xff\xff\xff\xff\xff\xff\xff\xff": Malformed, "\x92\xa1x\xd3\xff\xdf\xff\xff\xff\xff\xff\xff": Malformed, "\x92\xa1x\xd3\x7f\xff\xff\xff\xff\xff\xff\xff": Malformed,
		"\x92\xa1x\xd7\x00\x00\x1e\xb2\x08\xc2\xdc\x00\x01": Malformed, "\x92\xa1x\xd7\x00\xff\xe1\x4d\xf7\x3d\x23\xff\xff": Malformed,
		"\x92\xa1x\x82\xa1a\x01\xa1a\x02": Malformed, "\x92\xa1x\x82\xa1a\x01\xa1a\xd4\x00\x00": Malformed, "\x92\xa1x\x82\xa1a\xd4\x00\x00\xa1a\x01": Malformed, // given twice
		"\x92\xa1x\x81\x01\x01": Malformed, "\x92\xa1x\x81\xc0\x01": Malformed, "\x92\xa1x\x81\xc4\x01a\x01": Malformed, "\x92\xa1x\x81\x90\x01": Malformed, // keys that are no strings
		"\x92\xa1x\x81\xa9__proto__\x80": Malformed, "\x92\xa1x\x81\xa9__proto__\xd4\x00\x00": Malformed, "\x92\xa1x\x81\xabconstructor\x81\xa9prototype\x80": Malformed,
		"\x92\xa1x\x81\xa5$date\x05": Malformed, "\x92\xa1x\x82\xac_placeholder\xc3\xa3num\x00": Malformed, "\x92\xa1x\x81\xac_placeholder\xc2": Malformed,
		"\x93\xa1x\xc4\x01a\x82\xac_placeholder\xc3\xa3num\x00": Malformed, "\x93\xa1x\xc4\x01a\x82\xac_placeholder\xc3\xa3num\x01": Malformed,
		"\x91\xaadisconnect": ReservedEvent, "\x91\xaenewListener\xc0\x80\xc0": Malformed, "\x91\xa7connect": ReservedEvent,
		"\x92\xa1x" + deep(40): TooDeep, "\x92\xa1x" + deep(20000): TooDeep,
		"\x92\xa1x\xdd\x00\x01\x00\x00" + strings.Repeat("\xc0", 65536): TooLarge,
		"\xdc\x00\x12\xa1x" + strings.Repeat("\xc4\x00", 17):            TooManyAttachments,
	} {
		p, err := msgpackDecoder(false).Binary(message(in))
		var e *Error
		if !errors.As(err, &e) || e.Code != code || show(p) != "2 /" && show(p) != "5 /" {
			t.Errorf("%.60q: %s, %v", in, show(p), err)
		}
	}
	for in, want := range map[string]string{
		"\x83\xa4type\x00\xa3nsp\xa1/\xa4data\x90": "0 /", "\x83\xa4type\x00\xa3nsp\xa1/\xa4data\xa1x": "0 /", "\x83\xa4type\x00\xa3nsp\xa1/\xa4data\x81\xa1a\xc4\x01x": "0 /",
		"\x83\xa4type\x01\xa3nsp\xa1/\xa4data\x80": "1 /", "\x82\xa4type\x02\xa3nsp\xa1/": "2 /", "\x83\xa4type\x03\xa3nsp\xa1/\xa2id\x05": "3 / #5", "\x84\xa4type\x03\xa3nsp\xa1/\xa2id\x05\xa4data\x80": "3 / #5",
		"\x83\xa4data\xc0\xa4type\x02\xa3nsp\xa2/a": "2 /a",
	} {
		if p, err := msgpackDecoder(false).Binary([]byte(in)); err == nil || show(p) != want {
			t.Errorf("%q: %s, %v", in, show(p), err)
		}
	}
	for in, want := range map[string]string{
		"\x82\xa4type\x00\xa3nsp\xa1/": "0 /", "\x83\xa4type\x04\xa3nsp\xa1/\xa4data\xc0": "4 /", "\x83\xa4type\x04\xa3nsp\xa1/\xa4data\x81\xa1a\xc4\x01x": "4 /", "\x83\xa4type\x04\xa3nsp\xa1/\xa4data\x90": "4 /",
	} {
		if p, err := msgpackDecoder(true).Binary([]byte(in)); err == nil || show(p) != want {
			t.Errorf("from a server, %q: %s, %v", in, show(p), err)
		}
	}
}

func TestMsgpackLimits(t *testing.T) {
	for _, c := range []struct {
		name     string
		limits   Limits
		at, over string
		code     Code
	}{
		{"depth", Limits{Depth: 4}, "\x92\xa1x\x91\x91\x90", "\x92\xa1x\x91\x91\x91\x90", TooDeep},
		{"elements", Limits{Elements: 3}, "\x93\xa1x\x01\x02", "\x94\xa1x\x01\x02\x03", TooLarge},
		{"elements of all levels", Limits{Elements: 3}, "\x92\xa1x\x81\xa1a\x01", "\x92\xa1x\x82\xa1a\x01\xa1b\x01", TooLarge},
		{"attachments", Limits{Attachments: 1}, "\x92\xa1x\xc4\x00", "\x93\xa1x\xc4\x00\xc4\x00", TooManyAttachments},
		{"attachment bytes", Limits{AttachmentBytes: 2}, "\x93\xa1x\xc4\x01a\xc4\x01b", "\x93\xa1x\xc4\x01a\xc4\x02bc", TooLarge},
		{"event name", Limits{EventName: 3}, "\x91\xa3abc", "\x91\xa4abcd", TooLarge},
	} {
		d := msgpackDecoder(false)
		d.Limits = c.limits
		if p, err := d.Binary(message(c.at)); err != nil || p == nil {
			t.Errorf("%s: %v", c.name, err)
		}
		var e *Error
		if _, err := d.Binary(message(c.over)); !errors.As(err, &e) || e.Code != c.code {
			t.Errorf("%s: over it: %v", c.name, err)
		}
	}
	d := &Decoder{Parser: Msgpack, Limits: Limits{Namespace: 4}}
	if _, err := d.Binary([]byte("\x82\xa4type\x00\xa3nsp\xa4/abc")); err != nil {
		t.Error(err)
	}
	if p, err := d.Binary([]byte("\x82\xa4type\x00\xa3nsp\xa5/abcd")); err == nil {
		t.Error(show(p))
	}
}

// Cut at any byte a message is refused, and nothing that its lengths claim is allocated.
func TestMsgpackTruncation(t *testing.T) {
	eachMsgpackVector(t, func(v *msgpackVector, sent, _ []byte) {
		d := msgpackDecoder(v.Server)
		for n := range sent {
			if p, err := d.Binary(sent[:n]); err == nil || p != nil {
				t.Fatalf("%x is %s", sent[:n], show(p))
			}
		}
	})
}

func TestMsgpackLengthsAreClaims(t *testing.T) {
	for _, in := range []string{"\xdd\x7f\xff\xff\xff", "\xdf\x7f\xff\xff\xff", "\xdb\x7f\xff\xff\xff", "\xc6\x7f\xff\xff\xff"} {
		data := event(in)
		d := msgpackDecoder(false)
		if n := testing.AllocsPerRun(10, func() { _, _ = d.Binary(data) }); n > 4 {
			t.Errorf("%x: %v allocations", in, n)
		}
	}
}

// Lengths on each side of where their form changes, too large to be vectors.
func TestAppendMsgpackLengths(t *testing.T) {
	text := func(n int) string { return `"` + strings.Repeat("x", n) + `"` }
	array := func(n int) string { return "[" + strings.TrimSuffix(strings.Repeat("0,", n), ",") + "]" }
	object := func(n int) string {
		s := make([]string, n)
		for i := range s {
			s[i] = fmt.Sprintf(`"%d":0`, i)
		}
		return "{" + strings.Join(s, ",") + "}"
	}
	limits := Limits{Elements: 1 << 20}
	for _, c := range []struct{ json, prefix string }{
		{text(31), "\xbf"}, {text(32), "\xd9\x20"}, {text(255), "\xd9\xff"}, {text(256), "\xda\x01\x00"}, {text(65535), "\xda\xff\xff"}, {text(65536), "\xdb\x00\x01\x00\x00"},
		{array(15), "\x9f"}, {array(16), "\xdc\x00\x10"}, {array(65535), "\xdc\xff\xff"}, {array(65536), "\xdd\x00\x01\x00\x00"},
		{object(15), "\x8f"}, {object(16), "\xde\x00\x10"}, {object(65535), "\xde\xff\xff"}, {object(65536), "\xdf\x00\x01\x00\x00"},
	} {
		p := &Packet{Type: Event, Namespace: "/", Data: []byte(`["x",` + c.json + `]`)}
		b := AppendMsgpack(nil, p)
		d := Decoder{Parser: Msgpack, Limits: limits}
		if q, err := d.Binary(b); err != nil || !bytes.Equal(q.Data, p.Data) || !bytes.HasPrefix(b, event(c.prefix)) {
			t.Errorf("%.30s…: %x…, %v", c.json, b[:30], err)
		}
	}
	for n, prefix := range map[int]string{255: "\xc4\xff", 256: "\xc5\x01\x00", 65535: "\xc5\xff\xff", 65536: "\xc6\x00\x01\x00\x00"} {
		p := &Packet{Type: BinaryEvent, Namespace: "/", Data: []byte(`["x",{"_placeholder":true,"num":0}]`), Attachments: [][]byte{make([]byte, n)}}
		b := AppendMsgpack(nil, p)
		if q, err := msgpackDecoder(false).Binary(b); err != nil || len(q.Attachments[0]) != n || !bytes.HasPrefix(b, event(prefix)) {
			t.Errorf("%d bytes: %x…, %v", n, b[:30], err)
		}
	}
}

// What policies write is JSON in any form.
func TestAppendMsgpackValues(t *testing.T) {
	for in, want := range map[string]string{
		`1.0`: "\x01", `1e3`: "\xcd\x03\xe8", `-1.0`: "\xff", `-0`: "\x00", `0.5`: "\xcb\x3f\xe0\x00\x00\x00\x00\x00\x00", `18446744073709551615`: "\xcb\x43\xf0\x00\x00\x00\x00\x00\x00",
		`-9223372036854775807`: "\xcb\xc3\xe0\x00\x00\x00\x00\x00\x00", `1e300`: "\xcb\x7e\x37\xe4\x3c\x88\x00\x75\x9c", `9007199254740993.0`: "\xcf\x00\x20\x00\x00\x00\x00\x00\x00",
		" [ 1 , {  \"a\" : [ ] } ] ": "\x92\x01\x81\xa1a\x90", "{\"a\\u0062\"\n:\"\\n\"}": "\x81\xa2ab\xa1\n",
		`{"$date":5}`: "\xd7\x00\x00\x00\x00\x00\x00\x00\x00\x05", `{"$date":-5}`: "\xd7\x00\xff\xff\xff\xff\xff\xff\xff\xfb", `{"$date":8640000000000000}`: "\xd7\x00\x00\x1e\xb2\x08\xc2\xdc\x00\x00",
		`{"$date":8640000000000001}`: "\x81\xa5$date\xcf\x00\x1e\xb2\x08\xc2\xdc\x00\x01", `{"$date":"x"}`: "\x81\xa5$date\xa1x", `{"$date":5,"a":1}`: "\x82\xa5$date\x05\xa1a\x01", `{"$date":5.5}`: "\x81\xa5$date\xcb\x40\x16\x00\x00\x00\x00\x00\x00",
		`{"_placeholder":true,"num":1}`: "\x82\xac_placeholder\xc3\xa3num\x01", // of no attachment
	} {
		p := &Packet{Type: Event, Namespace: "/", Data: []byte(`["x",` + in + `]`), Attachments: [][]byte{{1}}}
		if got := AppendMsgpack(nil, p); !bytes.Equal(got, event(want)) {
			t.Errorf("%s: %x, want %x", in, got, event(want))
		}
	}
}

func TestExact(t *testing.T) {
	for n, want := range map[uint64]bool{0: true, 1: true, 1<<53 - 1: true, 1 << 53: true, 1<<53 + 1: false, 1<<53 + 2: true, 1 << 63: true, 1<<63 + 1<<10: false, 1<<63 + 1<<11: true, math.MaxUint64: false} {
		if exact(n) != want {
			t.Errorf("%d: %v", n, !want)
		}
	}
}

func FuzzMsgpack(f *testing.F) {
	eachMsgpackVector(f, func(v *msgpackVector, sent, _ []byte) { f.Add(sent, v.Server) })
	f.Add(event("\x92\xd7\x00\x00\x00\x00\x00\x00\x00\x00\x05\xca\x3f\x80\x00\x00"), false)
	f.Fuzz(func(t *testing.T, in []byte, server bool) {
		p, err := msgpackDecoder(server).Binary(in)
		if err != nil {
			if !headOnly(p) {
				t.Fatalf("%x: %s beside %v", in, show(p), err)
			}
			return
		}
		if p.Namespace[0] != '/' || p.Count != len(p.Attachments) || (p.Count > 0) != (p.Type >= BinaryEvent) {
			t.Fatalf("%x accepted as %s", in, show(p))
		}
		checkEvent(t, p)
		// The text of a packet says the same, and what is written again is the same packet.
		text := Decoder{From: msgpackDecoder(server).From, Limits: Limits{Depth: 33}}
		q, err := text.Text(Append(nil, p))
		for _, a := range p.Attachments {
			if err == nil {
				q, err = text.Binary(a)
			}
		}
		if err != nil || show(q) != show(p) {
			t.Fatalf("%x is %s, as a text %s, %v", in, show(p), show(q), err)
		}
		want := show(p)
		b := AppendMsgpack(nil, p)
		q, err = msgpackDecoder(server).Binary(b)
		if err != nil || !sameNumbers(show(q), want) {
			t.Fatalf("%x is %s, again %x %s, %v", in, want, b, show(q), err)
		}
	})
}

// sameNumbers compares two shown packets: -0 is written as 0, as the reference does.
func sameNumbers(a, b string) bool {
	return a == b || strings.ReplaceAll(b, "-0", "0") == strings.ReplaceAll(a, "-0", "0")
}

func BenchmarkMsgpack(b *testing.B) {
	d := &Decoder{}
	p, err := d.Text([]byte(event60))
	if err != nil {
		b.Fatal(err)
	}
	data := AppendMsgpack(nil, p)
	m := msgpackDecoder(false)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := m.Binary(data); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAppendMsgpack(b *testing.B) {
	d := &Decoder{}
	p, err := d.Text([]byte(event60))
	if err != nil {
		b.Fatal(err)
	}
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		buf = AppendMsgpack(buf[:0], p)
	}
}
