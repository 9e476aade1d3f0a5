package engineio

import (
	"reflect"
	"testing"
	"unicode/utf8"
)

// What a payload decoder accepts, its encoder writes so that it is read the same again.
func FuzzPayload(f *testing.F) {
	for text := range packets4 {
		f.Add([]byte(text), byte(0))
	}
	f.Add(AppendPayload(nil, all...), byte(0))
	f.Add(AppendPayload3(nil, all...), byte(1))
	f.Add(AppendBinaryPayload3(nil, all...), byte(2))
	f.Fuzz(func(t *testing.T, text []byte, kind byte) {
		decode, encode := decoder(Payload), AppendPayload
		switch kind % 3 {
		case 1:
			decode, encode = Payload3, AppendPayload3
		case 2:
			decode, encode = BinaryPayload3, AppendBinaryPayload3
		}
		var packets []Packet
		for p, err := range decode(text, 100) {
			if err != nil {
				return
			}
			packets = append(packets, p)
		}
		if len(packets) == 0 || len(packets) > 100 {
			t.Fatalf("%q: %d packets", text, len(packets))
		}
		want, _ := collect(decode(text, 100))
		again := encode(nil, packets...)
		if got, err := collect(decode(again, 100)); err != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("%q is %q; %q is %q, %v", text, want, again, got, err)
		}
	})
}

// A WebSocket's text is read as that of a poll is, without another look at its UTF-8.
func FuzzMessage(f *testing.F) {
	for text := range packets4 {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if !utf8.Valid(text) {
			return
		}
		for revision, decode := range map[int]func([]byte) (Packet, error){3: DecodePacket3, 4: DecodePacket} {
			want, wantErr := decode(text)
			got, err := DecodeMessage(revision, false, text)
			if !reflect.DeepEqual(got, want) || !reflect.DeepEqual(err, wantErr) {
				t.Fatalf("%q in revision %d: %+v, %v; want %+v, %v", text, revision, got, err, want, wantErr)
			}
		}
	})
}

func FuzzHandshake(f *testing.F) {
	f.Add([]byte(reference))
	f.Fuzz(func(t *testing.T, data []byte) {
		h, err := DecodeHandshake(data)
		if err != nil {
			return
		}
		again, err := DecodeHandshake(AppendHandshake(nil, h))
		if err != nil || !reflect.DeepEqual(again, h) {
			t.Fatalf("%s: %+v, then %+v, %v", data, h, again, err)
		}
	})
}

func FuzzJSONP(f *testing.F) {
	f.Add([]byte("d=4%5Cn"))
	f.Fuzz(func(t *testing.T, body []byte) {
		if got, err := DecodeJSONP(body); err == nil && len(got) > len(body) {
			t.Fatalf("%q: %q", body, got)
		}
	})
}

func BenchmarkPayload(b *testing.B) {
	text := AppendPayload(nil, all...)
	b.ReportAllocs()
	for b.Loop() {
		for _, err := range Payload(text, 0) {
			if err != nil {
				b.Fatal(err)
			}
		}
	}
}
