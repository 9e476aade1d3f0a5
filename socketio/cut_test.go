package socketio_test

import (
	"bytes"
	"reflect"
	"strconv"
	"testing"

	"github.com/siogw/siogw/socketio"
)

func TestCutID(t *testing.T) {
	for text, want := range map[string]socketio.Cut{
		`2["x"]`:             {Head: []byte("2"), Rest: []byte(`["x"]`)},
		`20["x"]`:            {Head: []byte("2"), Rest: []byte(`["x"]`), HasID: true},
		`3127["x"]`:          {Head: []byte("3"), Rest: []byte(`["x"]`), ID: 127, HasID: true},
		`2/a,["x"]`:          {Head: []byte("2/a,"), Rest: []byte(`["x"]`)},
		`3/a,9[]`:            {Head: []byte("3/a,"), Rest: []byte(`[]`), ID: 9, HasID: true},
		`29007199254740991[`: {Head: []byte("2"), Rest: []byte(`[`), ID: 1<<53 - 1, HasID: true},
		`27`:                 {Head: []byte("2"), Rest: []byte{}, ID: 7, HasID: true},
	} {
		if got, ok := socketio.CutID([]byte(text)); !ok || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v %v", text, got, ok)
		}
	}
	for _, text := range []string{"", "2", "3", `0{}`, "1", `4{}`, `51-["x"]`, `61-7["x"]`, `2/a`, `207["x"]`, `29007199254740992["x"]`, `a["x"]`} {
		if got, ok := socketio.CutID([]byte(text)); ok {
			t.Errorf("%s: %+v", text, got)
		}
	}
}

// What is cut is all of the text, and a decoder that reads the text finds the same id. With another id of its length the
// packet is the same but for that.
func FuzzCutID(f *testing.F) {
	for _, text := range []string{`2["x"]`, `20["x"]`, `3/a,127["x",{"a":[1]}]`, `2/a?b,1["x"]`, `2/,1["x"]`, `29007199254740991["x"]`, `207["x"]`, `2["x",{"_placeholder":true,"num":0}]`, `51-7["x"]`} {
		f.Add([]byte(text), uint64(5))
	}
	f.Fuzz(func(t *testing.T, text []byte, id uint64) {
		c, ok := socketio.CutID(text)
		if !ok {
			return
		}
		whole := bytes.Clone(c.Head)
		if c.HasID {
			whole = strconv.AppendUint(whole, c.ID, 10)
		}
		if whole = append(whole, c.Rest...); !bytes.Equal(whole, text) {
			t.Fatalf("%q is cut into %q", text, whole)
		}
		for _, d := range []socketio.Decoder{{}, {From: socketio.Server}, {Revision: socketio.V4}} {
			other := d
			p, err := d.Text(text)
			if err != nil {
				continue
			}
			if p.ID != c.ID || p.HasID != c.HasID || !bytes.Equal(p.Data, c.Rest) {
				t.Fatalf("%q: %+v, cut as %+v", text, p, c)
			}
			next := bytes.Clone(c.Head)
			if c.HasID {
				next = strconv.AppendUint(next, id%(1<<53), 10)
			}
			next = append(next, c.Rest...)
			want, err := other.Text(next)
			cut, ok := socketio.CutID(next)
			if err != nil || !ok || !reflect.DeepEqual(d.Again(p, cut), want) {
				t.Fatalf("%q after %q: %v", next, text, err)
			}
		}
	})
}
