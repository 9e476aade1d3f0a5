package wasm_test

import (
	"context"
	"encoding/json"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/internal/strictjson"
	"github.com/siogw/siogw/plugins/std"
	"github.com/siogw/siogw/plugins/wasm"
)

func onlyWith(chars string) []byte {
	quoted, _ := json.Marshal(chars)
	return []byte(`{"abi":1,"view":"strings","pure":true,"kinds":["event","emit"],"only_with":` + string(quoted) + `}`)
}

// The manifest's key, on both sides of its limits.
func TestOnlyWithManifest(t *testing.T) {
	for text, ok := range map[string]bool{
		string(onlyWith("<")):                                  true,
		string(onlyWith("abcdefghijklmnop")):                   true,
		string(onlyWith("abcdefghijklmnopq")):                  false,
		string(onlyWith("\x7f")):                               true,
		string(onlyWith("\u0080")):                             false,
		`{"abi":1,"view":"strings","only_with":"<"}`:           false,
		`{"abi":1,"pure":true,"only_with":"<"}`:                false,
		`{"abi":1,"view":"args","pure":true}`:                  true,
		`{"abi":1,"view":"strings","pure":true,"only_with":1}`: false,
	} {
		if _, err := wasm.ParseManifest([]byte(text)); (err == nil) != ok {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// A guest that denies all is asked where a string has one of the characters, and nowhere else.
func TestOnlyWith(t *testing.T) {
	for args, asked := range map[string]bool{
		`[]`: false, `[1,null,{"<":"x"}]`: false, `["a",{"b":"c&d:e"}]`: false, `["` + strings.Repeat("x", '<') + `"]`: false,
		`["a",{"b":"c<d"}]`: true, `["<"]`: true, `["a>"]`: true, `["\u003c"]`: true, `["a","b",["c","<"]]`: true, `["😀<"]`: true,
	} {
		for _, memo := range []int64{0, 1 << 16} {
			p, err := load(t, answering(`{"effect":"deny"}`), wasm.Options{Manifest: onlyWith("<>"), Memo: memo})
			if err != nil {
				t.Fatal(err)
			}
			for range 2 {
				in := message(args)
				v, used := p.Measure(context.Background(), in)
				if (v.Effect == engine.Deny) != asked || v.Err != nil || !asked && (v.Effect != engine.Allow || used.Fuel != 0) {
					t.Errorf("%s: %+v %+v", args, v, used)
				}
			}
			if st := p.Memo(); !asked && (st.Misses != 0 || st.Stored != 0) {
				t.Errorf("%s: %+v", args, st)
			}
		}
	}
}

// What fields leave out does not count.
func TestOnlyWithFields(t *testing.T) {
	p := sanitizer(t, `{"fields":["/0/text"]}`)
	for args, asked := range map[string]bool{`[{"text":"a","to":"<b>x</b>"}]`: false, `[{"text":"<b>x</b>","to":"a"}]`: true, `[{"to":"<b>x</b>"}]`: false} {
		if v, used := p.Measure(context.Background(), message(args)); (used.Fuel > 0) != asked || (v.Args != nil) != asked {
			t.Errorf("%s: %+v %+v", args, v, used)
		}
	}
}

// What follows from a packet that goes to many is kept with it.
func TestOnlyWithShared(t *testing.T) {
	p, err := load(t, answering(`{"effect":"deny"}`), wasm.Options{Manifest: onlyWith("<"), Memo: 1 << 16})
	if err != nil {
		t.Fatal(err)
	}
	in := message(`["a"]`)
	in.Shared = engine.NewShared(1 << 16)
	for range 2 {
		if v := p.Decide(context.Background(), in); v.Effect != engine.Allow {
			t.Errorf("%+v", v)
		}
	}
	if st := p.Memo(); st.Hits != 1 {
		t.Errorf("%+v", st)
	}
}

// A view is silent where none of its strings, as encoding/json reads them, has one of the characters.
func FuzzSilent(f *testing.F) {
	f.Add([]byte(`["a",{"<":"b"}]`), "<")
	f.Add([]byte(`["\u003c"]`), "<&:")
	f.Add([]byte(`[["é","😀"],"",1,null]`), "a")
	f.Fuzz(func(t *testing.T, args []byte, chars string) {
		m, err := wasm.ParseManifest(onlyWith(chars))
		var v any
		if err != nil || m.OnlyWith == "" || strictjson.Scan(args, strictjson.Limits{}) != nil || json.Unmarshal(args, &v) != nil {
			return
		}
		view, _, err := m.RenderFor(message(string(args)), nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := m.Silent(view); got == has(v, chars) {
			t.Errorf("%s, %q: silent %t", args, chars, got)
		}
	})
}

func has(v any, chars string) bool {
	switch v := v.(type) {
	case string:
		return strings.ContainsAny(v, chars)
	case []any:
		return slices.ContainsFunc(v, func(e any) bool { return has(e, chars) })
	case map[string]any:
		return slices.ContainsFunc(slices.Collect(maps.Values(v)), func(e any) bool { return has(e, chars) })
	}
	return false
}

// The promises of the first-party guests are kept: without the characters a guest says nothing to the texts of its own corpus, nor
// to others, whatever its policy.
func TestOnlyWithIsTrue(t *testing.T) {
	for _, name := range std.Names() {
		guest, manifest, err := std.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		m, err := wasm.ParseManifest(manifest)
		if err != nil {
			t.Fatal(err)
		}
		if m.OnlyWith == "" {
			continue
		}
		chars := m.OnlyWith
		m.OnlyWith = ""
		if manifest, err = json.Marshal(m); err != nil {
			t.Fatal(err)
		}
		for _, config := range []string{"", `{"policy":"ugc"}`} {
			p, err := wasm.Load(context.Background(), rt, wasm.Options{Name: name, Wasm: guest, Manifest: manifest, Config: []byte(config), Timeout: time.Second})
			if err != nil {
				t.Fatal(err)
			}
			for _, text := range without(t, name, chars) {
				quoted, _ := json.Marshal([]string{text})
				v, used := p.Measure(context.Background(), message(string(quoted)))
				if v.Effect != engine.Allow || v.Err != nil || v.Args != nil || v.Labels != nil || used.Fuel == 0 {
					t.Fatalf("%s: %q: %+v", name, text, v)
				}
			}
			if n := p.Counters(); len(n) != 0 {
				t.Errorf("%s: %v", name, n)
			}
			if err := p.Close(context.Background()); err != nil {
				t.Error(err)
			}
		}
	}
}

// without gives the lines of a guest's corpus and texts of pieces that are of interest, less some characters.
func without(t *testing.T, name, chars string) (out []string) {
	t.Helper()
	files, err := filepath.Glob("../std/" + name + "/testdata/*")
	if err != nil || len(files) == 0 {
		t.Fatalf("%v %v", files, err)
	}
	strip := func(s string) string {
		return strings.Map(func(r rune) rune {
			if strings.ContainsRune(chars, r) {
				return -1
			}
			return r
		}, s)
	}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			continue // a folder of a fuzzer
		}
		for _, line := range strings.Split(string(text), "\n") {
			out = append(out, strip(line))
		}
	}
	r := rand.New(rand.NewPCG(1, 2))
	pieces := []string{"javascript", "vbscript", "data", "text/html", "script", ">", "/>", "amp;", "lt;", "#60;", "\x00", "\x7f", "\t", "\n", "(", "=", "'", `"`, `\`, "é", "😀", "\ufffd", "\u2028", "-", "!", "?", "a", " "}
	for range 2000 {
		var b strings.Builder
		for range 1 + r.IntN(8) {
			b.WriteString(pieces[r.IntN(len(pieces))])
		}
		out = append(out, strip(b.String()))
	}
	return out
}
