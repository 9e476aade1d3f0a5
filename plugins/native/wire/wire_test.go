package wire

import (
	"bytes"
	"errors"
	"testing"
	"time"
)

func answers(message []byte) (out []Answer, err error) {
	for a, e := range Answers(message) {
		if err = e; err == nil {
			out = append(out, a)
		}
	}
	return out, err
}

func questions(message []byte) (out []Question, err error) {
	for q, e := range Questions(message) {
		if err = e; err == nil {
			out = append(out, q)
		}
	}
	return out, err
}

// TestBytes compares with the example of README.md.
func TestBytes(t *testing.T) {
	m := AppendQuestion(nil, &Question{ID: 1, Time: 5 * time.Millisecond, View: []byte(`["hi"]`)})
	if want := "\x12\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x88\x13\x00\x00[\"hi\"]"; string(m) != want {
		t.Errorf("question: %q", m)
	}
	if len(m) != QuestionSize(len(`["hi"]`)) {
		t.Errorf("%d bytes", len(m))
	}
	m = AppendAnswer(nil, &Answer{ID: 1, Verdict: []byte(`{"effect":"abstain"}`)})
	if want := "\x1c\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00{\"effect\":\"abstain\"}"; string(m) != want {
		t.Errorf("answer: %q", m)
	}
}

func TestRoundTrip(t *testing.T) {
	var m []byte
	for i, view := range []string{"", "x", "[1,2]"} {
		m = AppendQuestion(m, &Question{ID: uint64(i) << 40, Time: time.Duration(i) * time.Second, View: []byte(view)})
	}
	got, err := questions(m)
	if err != nil || len(got) != 3 || got[2].ID != 2<<40 || got[2].Time != 2*time.Second || string(got[2].View) != "[1,2]" || len(got[0].View) != 0 {
		t.Errorf("%+v, %v", got, err)
	}
	for d, want := range map[time.Duration]time.Duration{-time.Second: 0, 100 * time.Hour: (1<<32 - 1) * time.Microsecond} {
		if got, err := questions(AppendQuestion(nil, &Question{Time: d})); err != nil || got[0].Time != want {
			t.Errorf("%v: %+v, %v", d, got, err)
		}
	}
}

// TestTruncated: what is cut within a record is malformed, and its whole records are there.
func TestTruncated(t *testing.T) {
	first := AppendAnswer(nil, &Answer{ID: 7, Verdict: []byte("{}")})
	both := AppendAnswer(bytes.Clone(first), &Answer{ID: 8, Verdict: []byte("[]")})
	for n := range both {
		got, err := answers(both[:n])
		whole := n == 0 || n == len(first)
		if whole != (err == nil) || err != nil && !errors.Is(err, ErrMalformed) || len(got) != n/len(first) {
			t.Errorf("%d bytes: %v, %v", n, got, err)
		}
	}
	if _, err := questions([]byte("\x0b\x00\x00\x0000000000000")); !errors.Is(err, ErrMalformed) {
		t.Errorf("a record that is too short: %v", err)
	}
}

// FuzzRecords: what is read whole is written the same.
func FuzzRecords(f *testing.F) {
	f.Add(AppendAnswer(nil, &Answer{ID: 7, Verdict: []byte("{}")}))
	f.Add(AppendQuestion(nil, &Question{ID: 7, View: []byte("{}")}))
	f.Add([]byte("\xff\xff\xff\xff0000000000000"))
	f.Fuzz(func(t *testing.T, m []byte) {
		if all, err := answers(m); err == nil {
			var again []byte
			for i := range all {
				again = AppendAnswer(again, &all[i])
			}
			if !bytes.Equal(m, again) {
				t.Errorf("%q became %q", m, again)
			}
		}
		if all, err := questions(m); err == nil {
			var again []byte
			for i := range all {
				again = AppendQuestion(again, &all[i])
			}
			if !bytes.Equal(m, again) {
				t.Errorf("%q became %q", m, again)
			}
		}
	})
}
