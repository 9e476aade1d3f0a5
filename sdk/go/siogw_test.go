package siogw

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

func view(all ...string) []byte {
	out := binary.LittleEndian.AppendUint32(nil, uint32(len(all)))
	for _, s := range all {
		out = append(binary.LittleEndian.AppendUint32(out, uint32(len(s))), s...)
	}
	return out
}

func run(t *testing.T, v []byte) string {
	t.Helper()
	out, _, err := Run(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func TestOnStrings(t *testing.T) {
	OnStrings(func(i int, s string) (string, bool) {
		return strings.ReplaceAll(s, "darn", "d**n"), strings.Contains(s, "darn")
	})
	for _, c := range []struct{ in, want []string }{
		{nil, nil},
		{[]string{"", "fine", "日本"}, nil},
		{[]string{"darn \"it\"\n", "fine", "日darn\x00"}, []string{"0", "d**n \"it\"\n", "2", "日d**n\x00"}},
		{[]string{"darn \xff"}, []string{"0", "d**n \ufffd"}},
	} {
		got := run(t, view(c.in...))
		if c.want == nil {
			if got != "" {
				t.Errorf("%q: %s", c.in, got)
			}
			continue
		}
		var v Verdict
		if err := json.Unmarshal([]byte(got), &v); err != nil {
			t.Fatalf("%q: %v in %s", c.in, err, got)
		}
		if v.Effect != Allow || len(v.Strings) != len(c.want)/2 {
			t.Errorf("%q: %s", c.in, got)
		}
		for i := 0; i < len(c.want); i += 2 {
			if v.Strings[c.want[i]] != c.want[i+1] {
				t.Errorf("%q: %s", c.in, got)
			}
		}
	}
}

// TestBrokenView: what is no strings view is an error and not half a verdict.
func TestBrokenView(t *testing.T) {
	good := view("darn", "fine")
	all := func([]string) Verdict { return Verdict{} }
	for n := range good {
		OnStrings(func(int, string) (string, bool) { return "x", true })
		if _, _, err := Run(good[:n]); err == nil {
			t.Errorf("%d bytes accepted one by one", n)
		}
		OnAllStrings(all)
		if _, _, err := Run(good[:n]); err == nil {
			t.Errorf("%d bytes accepted together", n)
		}
	}
	if _, _, err := Run(append(good, 0)); err == nil {
		t.Error("a byte too many accepted")
	}
}

func TestOnInput(t *testing.T) {
	OnInput(func(in *Input) Verdict {
		Label("kind", in.Kind)
		Count("seen", 2)
		Infof("%s by %s", in.Event, in.Identity.Sub)
		if in.Event == "admin" && in.Identity.Sub != "root" {
			return Denied("not_admin", "only root")
		}
		return Verdict{}
	})
	if got := run(t, []byte(`{"kind":"event","event":"message","args":[]}`)); got != "" {
		t.Errorf("a plain allow is %s", got)
	}
	out, told, err := Run([]byte(`{"kind":"event","event":"admin","identity":{"sub":"eve"}}`))
	if want := `{"effect":"deny","code":"not_admin","reason":"only root"}`; err != nil || string(out) != want {
		t.Errorf("got %s %v, want %s", out, err, want)
	}
	if told.Counts["seen"] != 2 || string(told.Labels["kind"]) != `"event"` || told.Logs[0] != "admin by eve" {
		t.Errorf("told %v", told)
	}
	if _, _, err := Run([]byte(`{`)); err == nil {
		t.Error("half an input accepted")
	}
}

func TestConfig(t *testing.T) {
	OnConfig(func(b []byte) error {
		if string(b) != "{}" {
			return errors.New("no config")
		}
		return nil
	})
	if Configure([]byte("{}")) != nil || Configure(nil) == nil {
		t.Error("the reader's answer is lost")
	}
}

func FuzzStrings(f *testing.F) {
	f.Add(view("a", "b"))
	f.Add(view())
	f.Fuzz(func(t *testing.T, b []byte) {
		all, errAll := splitStrings(b)
		n := 0
		_, err := replaceStrings(b, func(int, string) (string, bool) { n++; return "", false })
		if (err == nil) != (errAll == nil) || err == nil && n != len(all) {
			t.Errorf("%d strings (%v) and %d (%v)", len(all), errAll, n, err)
		}
	})
}
