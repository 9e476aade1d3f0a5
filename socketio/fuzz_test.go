package socketio

import (
	"bytes"
	"testing"
	"unicode/utf8"
)

func seed(f *testing.F) {
	for _, c := range accepted {
		f.Add([]byte(c.text), byte(c.from.From), c.from.Revision == V4)
	}
	for _, group := range refused {
		for _, text := range group.texts {
			if len(text) < 200 {
				f.Add([]byte(text), byte(group.from.From), group.from.Revision == V4)
			}
		}
	}
}

// What is accepted, whoever sent it, is written again as the same packet, holds no byte that a transport gives a meaning
// to, and keeps the rules that others rely on.
func FuzzText(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, text []byte, from byte, v4 bool) {
		d := Decoder{From: Sender(from & 1)}
		if v4 {
			d.Revision = V4
		}
		again := d
		p, err := decode(&d, string(text))
		if err != nil {
			if !headOnly(p) {
				t.Fatalf("%q: %s beside %v", text, show(p), err)
			}
			return
		}
		if !utf8.Valid(text) || bytes.ContainsAny(text, "\x00\x1e\x1f") || p.Namespace[0] != '/' || p.Count != len(p.Attachments) {
			t.Fatalf("%q accepted as %s", text, show(p))
		}
		canonical := Append(nil, p)
		q, err := decode(&again, string(canonical))
		if err != nil || show(q) != show(p) {
			t.Fatalf("%q is %s, then %s, %v", text, show(p), show(q), err)
		}
		checkEvent(t, p)
	})
}

// headOnly reports whether p is what may stand beside an error: nothing, or a header without payload.
func headOnly(p *Packet) bool {
	return p == nil || p.Data == nil && p.Attachments == nil && p.Namespace != ""
}

func checkEvent(t *testing.T, p *Packet) {
	if !p.IsEvent() {
		return
	}
	name, args, err := AppendEvent(nil, p)
	if err != nil || name == "" {
		t.Fatalf("%s: %q, %v", show(p), name, err)
	}
	q := &Packet{Type: p.Type, Data: AppendPayload(nil, name, args)}
	if n, a, err := AppendEvent(nil, q); err != nil || n != name || !bytes.Equal(a, args) {
		t.Fatalf("%s became %s", show(p), show(q))
	}
	data, kept, err := Renumber(p.Data, p.Attachments)
	if err != nil || len(kept) != len(p.Attachments) {
		t.Fatalf("%s renumbered: %s, %v", show(p), data, err)
	}
}

// Any order of texts and attachments ends in packets or errors, and never holds more than announced.
func FuzzSequence(f *testing.F) {
	f.Add([]byte("t52-[\"x\",{\"_placeholder\":true,\"num\":0},{\"_placeholder\":true,\"num\":1}]\x00ba\x00bb\x00t2[\"x\"]"))
	f.Add([]byte("bx\x00t51-[\"x\",{\"_placeholder\":true,\"num\":0}]\x00t2[\"x\"]\x00b"))
	f.Fuzz(func(t *testing.T, script []byte) {
		d := Decoder{Limits: Limits{AttachmentBytes: 64}}
		for step := range bytes.SplitSeq(script, []byte{0}) {
			if len(step) == 0 {
				continue
			}
			before := d.Pending()
			var p *Packet
			var err error
			if step[0] == 'b' {
				p, err = d.Binary(step[1:])
			} else {
				p, err = d.Text(step[1:])
			}
			switch {
			case err != nil && (!headOnly(p) || p == nil && d.Pending() != 0):
				t.Fatalf("%q: %s, %v, %d pending", step, show(p), err, d.Pending())
			case err == nil && p != nil && d.Pending() != 0:
				t.Fatalf("%q: %s with %d pending", step, show(p), d.Pending())
			case err == nil && before > 0 && d.Pending() != before-1:
				t.Fatalf("%q: %d pending after %d", step, d.Pending(), before)
			case err == nil && p != nil && len(p.Attachments) != p.Count:
				t.Fatalf("%q: %s announced %d", step, show(p), p.Count)
			}
		}
	})
}
