package engineio

import (
	"errors"
	"strings"
	"testing"
)

var packets4 = map[string]string{
	`0{"sid":"x"}`: `open:{"sid":"x"}`, `1`: `close:`, `2`: `ping:`, `2probe`: `ping:probe`, `3`: `pong:`, `3probe`: `pong:probe`,
	`4`: `message:`, `4hé😀`: `message:hé😀`, "4\x00": "message:\x00", `5`: `upgrade:`, `6`: `noop:`,
	`b`: `message<>`, `bAQ==`: `message<01>`, `bAQ`: `message<01>`, `bAQI=`: `message<0102>`, `bAQI`: `message<0102>`, `bAQID`: `message<010203>`,
	`b+/8=`: `message<fbff>`, `b-_8`: `message<fbff>`, `b-_8=`: `message<fbff>`,
}

func TestDecodePacket(t *testing.T) {
	for text, want := range packets4 {
		p, err := DecodePacket([]byte(text))
		if err != nil || show(p) != want {
			t.Errorf("%q: %s, %v", text, show(p), err)
		}
	}
	for _, text := range []string{
		``, `7`, `9`, ` `, ` 4`, `x`, `B`, "\x04", `-1`, `1x`, `5x`, `6x`, `2x`, `3x`, `2probe `, `2prob`, `3probex`,
		`b=`, `bA`, `bA=`, `bA===`, `bAQ=`, `bAQ===`, `bAR==`, `bAR`, `bAQI==`, `bAQID=`, `bAQID====`, "bAQ\n==", "bAQ==\n", "bA\rQ=", `b AQ==`, `bAQ== `,
		`bAQ==AQ==`, `b+_8=`, `b====`, `bé`, `b"AQ"`,
	} {
		var e *DecodeError
		if p, err := DecodePacket([]byte(text)); !errors.As(err, &e) || !errors.Is(err, ErrMalformed) || p.Data != nil || e.Offset > len(text) {
			t.Errorf("%q: %s, %v", text, show(p), err)
		}
	}
	for _, text := range []string{"4\xff", "4a\xc0\x80", "4\xed\xa0\x80", "0\xe2\x82", "2\xff"} {
		if _, err := DecodePacket([]byte(text)); !errors.Is(err, ErrUTF8) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestDecodePacket3(t *testing.T) {
	for text, want := range map[string]string{`4a`: `message:a`, `b4`: `message<>`, `b4AQID`: `message<010203>`, `b4AQ==`: `message<01>`, `2probe`: `ping:probe`} {
		if p, err := DecodePacket3([]byte(text)); err != nil || show(p) != want {
			t.Errorf("%q: %s, %v", text, show(p), err)
		}
	}
	for _, text := range []string{``, `b`, `b0`, `b9`, `bAQID`, `b4=`, `b2`, `7`} {
		if p, err := DecodePacket3([]byte(text)); err == nil {
			t.Errorf("%q: %s", text, show(p))
		}
	}
	if p, err := DecodeFrame3([]byte{4, 1, 2}); err != nil || show(p) != "message<0102>" || string(AppendFrame3(nil, p)) != "\x04\x01\x02" {
		t.Errorf("%s, %v", show(p), err)
	}
	for _, frame := range []string{"", "\x00", "4a", "\x05"} {
		if p, err := DecodeFrame3([]byte(frame)); err == nil {
			t.Errorf("%q: %s", frame, show(p))
		}
	}
}

var all = []Packet{
	{Type: Message, Data: []byte("hello")}, {Type: Message, Data: []byte("é€😀")}, {Type: Ping}, {Type: Pong, Data: []byte("probe")},
	{Type: Message, Binary: true, Data: []byte{0, 1, 0xfb, 0xff}}, {Type: Message, Binary: true}, {Type: Message}, {Type: Close}, {Type: Noop},
}

func TestPayloadsAreInverses(t *testing.T) {
	for name, c := range map[string]struct {
		decode decoder
		text   []byte
	}{
		"4":        {Payload, AppendPayload(nil, all...)},
		"3":        {Payload3, AppendPayload3(nil, all...)},
		"3 binary": {BinaryPayload3, AppendBinaryPayload3(nil, all...)},
	} {
		got, err := collect(c.decode(c.text, 0))
		if err != nil || len(got) != len(all) {
			t.Fatalf("%s: %q, %v", name, got, err)
		}
		for i, p := range all {
			if got[i] != show(p) {
				t.Errorf("%s: %s, want %s", name, got[i], show(p))
			}
		}
		for range c.decode(c.text, 0) {
			break // must not go on
		}
	}
	if got := string(AppendPayload([]byte("x"), all[0], all[4])); got != "x4hello\x1ebAAH7/w==" {
		t.Errorf("%q", got)
	}
	if got := string(AppendPayload3(nil, all[1], all[4])); got != "5:4é€😀10:b4AAH7/w==" {
		t.Errorf("%q", got)
	}
}

// Cut at any byte, a payload gives an error, or fewer packets, or at its end a shorter one: never the whole.
func TestPayloadTruncation(t *testing.T) {
	for name, c := range map[string]struct {
		decode decoder
		text   []byte
	}{
		"4":        {Payload, AppendPayload(nil, all[:5]...)},
		"3":        {Payload3, AppendPayload3(nil, all...)},
		"3 binary": {BinaryPayload3, AppendBinaryPayload3(nil, all...)},
	} {
		whole, err := collect(c.decode(c.text, 0))
		if err != nil {
			t.Fatal(err)
		}
		for n := range len(c.text) {
			got, err := collect(c.decode(c.text[:n], 0))
			same := len(got) == len(whole) && got[len(got)-1] == whole[len(whole)-1]
			unpadded := name == "4" && n >= len(c.text)-2 // padding says nothing
			if err == nil && same && !unpadded {
				t.Errorf("%s: %q is the whole", name, c.text[:n])
			}
			for i := 0; i+1 < len(got); i++ {
				if got[i] != whole[i] {
					t.Errorf("%s: %q: %q", name, c.text[:n], got)
				}
			}
		}
	}
}

func TestPayloadLimit(t *testing.T) {
	for name, c := range map[string]struct {
		decode decoder
		one    string
		sep    string
	}{
		"4": {Payload, "2", "\x1e"}, "3": {Payload3, "1:2", ""}, "3 binary": {BinaryPayload3, "\x00\x01\xff2", ""},
	} {
		for limit, allowed := range map[int]int{1: 1, 3: 3, 0: MaxPayloadPackets, -1: MaxPayloadPackets} {
			of := func(n int) []byte { return []byte(strings.Repeat(c.sep+c.one, n)[len(c.sep):]) }
			if got, err := collect(c.decode(of(allowed), limit)); err != nil || len(got) != allowed {
				t.Errorf("%s, limit %d: %d, %v", name, limit, len(got), err)
			}
			if got, err := collect(c.decode(of(allowed+1), limit)); !errors.Is(err, ErrTooManyPackets) || len(got) != allowed {
				t.Errorf("%s, limit %d: %d, %v", name, limit, len(got), err)
			}
		}
	}
}

func TestPayload3Refuses(t *testing.T) {
	for _, text := range []string{
		``, `:`, `0:`, `00:`, `01:2`, ` 1:2`, `+1:2`, `1.0:2`, `1e0:2`, `0x1:2`, `2:2`, `1:2x`, `1:21`, `9999999999:2`, `1`, `a:2`, `1:9`, `1:22:`, "1:\xff", "3:4\xff\xff",
		"3:4😀x", "2:4😀",
	} {
		if got, err := collect(Payload3([]byte(text), 0)); err == nil {
			t.Errorf("%q: %q", text, got)
		}
	}
	for _, text := range []string{
		"", "\x00", "\x02\x01\xff2", "\x00\xff2", "\x00\x00\xff", "\x00\x00\x01\xff2", "\x00\x01\xff", "\x00\x02\xff2", "\x00\x0a\xff2", "\x00\x01\x022", "\x01\x01\xff2", "\x01\x01\xff\x00",
		"\x00\x09\x09\x09\x09\x09\x09\x09\x09\x09\x09\xff2", "\x00\x01\xff9", "\x00\x02\xff4\xff", "\x00\x01\xff2\x00",
	} {
		if got, err := collect(BinaryPayload3([]byte(text), 0)); err == nil {
			t.Errorf("%q: %q", text, got)
		}
	}
}
