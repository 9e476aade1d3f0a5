package siogw

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
)

func walked(text string) (string, error) {
	var out []string
	err := Walk([]byte(text), func(n *Node) error {
		out = append(out, fmt.Sprintf("%d%s=%s(%s)", n.Kind, n.Pointer(), n.Text, n.Parent()))
		return nil
	})
	return strings.Join(out, " "), err
}

func TestWalk(t *testing.T) {
	for in, want := range map[string]string{
		`[]`:                              "",
		` {} `:                            "",
		`"a"`:                             "2=a()",
		`-1.5e3`:                          "3=-1.5e3()",
		`[1,"x"]`:                         "3/0=1() 2/1=x()",
		`{"a":{"b":[true,null]},"c":"d"}`: "1/a=a() 1/a/b=b(a) 4/a/b/0=true(b) 4/a/b/1=null(b) 1/c=c() 2/c=d()",
		"[ { \"x/y~\" :\t\"\" } ,\n[ ] ]": "1/0/x~1y~0=x/y~() 2/0/x~1y~0=()",
		`["\"\\\/\b\f\n\r\tz"]`:           "2/0=\"\\/\b\f\n\r\tz()",
		`["\u00e9\ud83d\ude00\uD83Dx"]`:   "2/0=é😀\ufffdx()",
		`["\ud83d\u0041"]`:                "2/0=\ufffdA()",
	} {
		if got, err := walked(in); err != nil || got != want {
			t.Errorf("%s: %s %v, want %s", in, got, err, want)
		}
	}
	for _, in := range []string{"", "[", "[1", "[1,", "[1,]", `{"a"}`, `{"a":}`, `{a:1}`, `"a`, `"\u12"`, `"\`, "[] 1",
		strings.Repeat("[", 130) + strings.Repeat("]", 130)} {
		if got, err := walked(in); err == nil {
			t.Errorf("%.20s: accepted as %s", in, got)
		}
	}
	stop := errors.New("stop")
	if err := Walk([]byte(`[1,2]`), func(*Node) error { return stop }); err != stop {
		t.Errorf("the visitor's error is lost: %v", err)
	}
}

// FuzzWalk: on JSON, Walk finds the strings and keys that encoding/json finds; on anything, it ends in bounds.
func FuzzWalk(f *testing.F) {
	f.Add([]byte(`[{"a":"b\u00e9","c":[1,null]}]`))
	f.Add([]byte(`["\ud83d\ude00"`))
	f.Fuzz(func(t *testing.T, text []byte) {
		var got []string
		err := Walk(text, func(n *Node) error {
			if n.Kind <= Text {
				got = append(got, strings.Clone(n.Text))
			}
			return nil
		})
		dec := json.NewDecoder(bytes.NewReader(text))
		var want []string
		for {
			tok, e := dec.Token()
			if e != nil {
				break
			}
			if s, ok := tok.(string); ok {
				want = append(want, s)
			}
		}
		var any any
		if json.Unmarshal(text, &any) != nil || !json.Valid(text) {
			return
		}
		for i := range want {
			if i >= len(got) || strings.ToValidUTF8(got[i], "\ufffd") != strings.ToValidUTF8(want[i], "\ufffd") && !strings.Contains(want[i], "\ufffd") {
				t.Fatalf("%q: %q, want %q (%v)", text, got, want, err)
			}
		}
	})
}
