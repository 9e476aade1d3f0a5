package engineio

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"os"
	"reflect"
	"strings"
	"testing"
)

// wire is a packet as the vectors write it: d is a string or {"$bin":hex}.
type wire struct {
	T string
	D any
}

func typeName(t PacketType) string {
	return []string{"open", "close", "ping", "pong", "message", "upgrade", "noop"}[t]
}

func (w wire) String() string {
	if bin, ok := w.D.(map[string]any); ok {
		return fmt.Sprintf("%s<%s>", w.T, bin["$bin"])
	}
	if w.D == nil {
		return w.T + ":"
	}
	return fmt.Sprintf("%s:%s", w.T, w.D)
}

func show(p Packet) string {
	if p.Binary {
		return fmt.Sprintf("%s<%x>", typeName(p.Type), p.Data)
	}
	return fmt.Sprintf("%s:%s", typeName(p.Type), p.Data)
}

// packet is the inverse of show.
func (w wire) packet(t *testing.T) Packet {
	for i := Open; i <= Noop; i++ {
		if typeName(i) != w.T {
			continue
		}
		switch d := w.D.(type) {
		case nil:
			return Packet{Type: i}
		case string:
			return Packet{Type: i, Data: []byte(d)}
		case map[string]any:
			return Packet{Type: i, Binary: true, Data: fromHex(t, d["$bin"].(string))}
		}
	}
	t.Fatalf("no packet: %v", w)
	return Packet{}
}

func fromHex(t *testing.T, s string) []byte {
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func eachLine(t *testing.T, name string, do func([]byte)) {
	t.Helper()
	f, err := os.Open("testdata/" + name + ".jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	s := bufio.NewScanner(f)
	s.Buffer(nil, 1<<20)
	for s.Scan() {
		do(s.Bytes())
	}
	if s.Err() != nil {
		t.Fatal(s.Err())
	}
}

// decoder reads a whole payload.
type decoder func([]byte, int) iter.Seq2[Packet, error]

func collect(seq iter.Seq2[Packet, error]) (packets []string, err error) {
	for p, e := range seq {
		if e != nil {
			return packets, e
		}
		packets = append(packets, show(p))
	}
	return packets, nil
}

// oracle compares a decoder with the vectors of one file. What the decoder gives must be the reference's packets, up to the
// end, or to an error of both, or to an error of ours that stricter counts under its reason.
func oracle(t *testing.T, file string, decode decoder, in func(string) []byte, stricter map[string]int) {
	got := map[string]int{}
	eachLine(t, file, func(line []byte) {
		var v struct {
			In  string
			Out []wire
		}
		if err := json.Unmarshal(line, &v); err != nil {
			t.Fatal(err)
		}
		packets, err := collect(decode(in(v.In), 0))
		var e *DecodeError
		switch {
		case err == nil:
			got["read alike"]++
		case !errors.As(err, &e):
			t.Errorf("%q: %v", v.In, err)
		case len(packets) < len(v.Out) && v.Out[len(packets)].T == "error":
			got["refused by both"]++
			v.Out = v.Out[:len(packets)]
		default:
			got[e.Msg]++
			v.Out = v.Out[:min(len(packets), len(v.Out))]
		}
		var want []string
		for _, w := range v.Out {
			want = append(want, w.String())
		}
		if !reflect.DeepEqual(packets, want) {
			t.Errorf("%q: %q, want %q; %v", v.In, packets, want, err)
		}
	})
	if !reflect.DeepEqual(got, stricter) {
		t.Errorf("%s: %#v", file, got)
	}
}

func asText(s string) []byte { return []byte(s) }

func TestVectors4(t *testing.T) {
	oracle(t, "eio4-payload-decode", Payload, asText, map[string]int{
		"read alike": 77, "refused by both": 107,
		"bad base64":         34, // the reference skips what is no base64: "bé" is empty to it
		"bad base64 padding": 20, // "b=", "bAQ="
	})
}

func TestVectors3(t *testing.T) {
	oracle(t, "eio3-payload-decode", Payload3, asText, map[string]int{
		"read alike": 64, "refused by both": 77,
		"bad length":                       33, // "0:", " 1:", "1.0:", "0x1:": numbers to the reference
		"length that ends in no place":     2,  // "4:4é€😀" cuts the last character in two
		"binary packet that is no message": 1,  // "b9"
		"data on a packet that has none":   4,  // a heartbeat or a close that says something
	})
}

func TestVectorsBinary3(t *testing.T) {
	in := func(s string) []byte { return fromHex(t, s) }
	oracle(t, "eio3-binary-payload-decode", BinaryPayload3, in, map[string]int{
		"read alike": 4, "refused by both": 1,
		"length beyond the end":            2, // the reference takes what there is
		"binary packet that is no message": 1, // type 9
		"neither text nor binary":          1, // an empty payload
	})
}

func TestEncodeVectors3(t *testing.T) {
	n := 0
	eachLine(t, "eio3-payload-encode", func(line []byte) {
		var v struct {
			Packets []wire
			Out     any
		}
		if err := json.Unmarshal(line, &v); err != nil {
			t.Fatal(err)
		}
		n++
		var packets []Packet
		for _, w := range v.Packets {
			packets = append(packets, w.packet(t))
		}
		var got, want []byte
		switch out := v.Out.(type) {
		case string:
			got, want = AppendPayload3(nil, packets...), []byte(out)
			if len(packets) == 0 {
				want = nil // the reference writes "0:"; nobody sends an empty payload
			}
		case map[string]any:
			got, want = AppendBinaryPayload3(nil, packets...), fromHex(t, out["$bin"].(string))
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s: %q", line, got)
		}
	})
	if n != 7 {
		t.Errorf("%d vectors", n)
	}
}

func TestErrorsSayWhere(t *testing.T) {
	_, err := collect(Payload([]byte("4a\x1ebA\n"), 0))
	if err == nil || !strings.HasSuffix(err.Error(), "at byte 4") {
		t.Error(err)
	}
	_, err = collect(Payload3([]byte("2:4a3:4"), 0))
	if err == nil || !strings.HasSuffix(err.Error(), "at byte 4") {
		t.Error(err)
	}
}
