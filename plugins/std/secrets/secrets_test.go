package main

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"os"
	"strconv"
	"strings"
	"testing"

	siogw "github.com/siogw/siogw/sdk/go"
)

// lines gives a corpus: a word, and one or two Go strings, without the marks that keep scanners away.
func lines(t testing.TB, name string, each func(kind string, texts []string)) {
	t.Helper()
	f, err := os.Open("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		if s.Text() == "" || s.Text()[0] == '#' {
			continue
		}
		kind, rest, _ := strings.Cut(strings.ReplaceAll(s.Text(), "¦", ""), " ")
		var texts []string
		for rest != "" {
			quoted, err := strconv.QuotedPrefix(rest)
			if err != nil {
				t.Fatalf("%s: %s: %v", name, s.Text(), err)
			}
			text, _ := strconv.Unquote(quoted)
			texts = append(texts, text)
			rest = strings.TrimSpace(rest[len(quoted):])
		}
		each(kind, texts)
	}
}

func use(t testing.TB, config string) {
	t.Helper()
	if err := siogw.Configure([]byte(config)); err != nil {
		t.Fatal(err)
	}
}

// TestSecrets: all of a secret goes, and nothing beside it.
func TestSecrets(t *testing.T) {
	use(t, "")
	all, found := map[string]int{}, map[string]int{}
	lines(t, "secrets.txt", func(kind string, texts []string) {
		all[kind]++
		want := strings.Replace(texts[0], texts[1], "[redacted:"+kind+"]", 1)
		if got := redact(texts[0], find(texts[0])); got == want {
			found[kind]++
		} else {
			t.Logf("%s: %q came out as %q", kind, texts[0], got)
		}
	})
	for _, kind := range kinds {
		t.Logf("%-12s %3d of %3d found", kind, found[kind], all[kind])
		if all[kind] < 3 || found[kind]*100 < all[kind]*98 {
			t.Errorf("%s: %d of %d found, want 98 %%", kind, found[kind], all[kind])
		}
	}
}

// TestBenign: chat, and what only looks like a secret, stays as it is.
func TestBenign(t *testing.T) {
	use(t, "")
	all, changed := 0, 0
	lines(t, "benign.txt", func(kind string, texts []string) {
		all++
		if f := find(texts[0]); len(f) > 0 {
			changed++
			t.Logf("%s: %q came out as %q", kind, texts[0], redact(texts[0], f))
		}
	})
	t.Logf("%d of %d changed", changed, all)
	if all < 600 || changed*1000 > all*5 {
		t.Errorf("%d of %d harmless texts are changed, want 0.5 %% at most", changed, all)
	}
}

func view(all ...string) []byte {
	out := binary.LittleEndian.AppendUint32(nil, uint32(len(all)))
	for _, s := range all {
		out = append(binary.LittleEndian.AppendUint32(out, uint32(len(s))), s...)
	}
	return out
}

const card = "4111 1111 1111 1111"

func TestVerdicts(t *testing.T) {
	defer use(t, "")
	for _, c := range []struct {
		config string
		texts  []string
		want   string
	}{
		{"", nil, ""},
		{"", []string{"hi", ""}, ""},
		{"", []string{"hi", "pay " + card + "!", "x", card}, `{"effect":"allow","strings":{"1":"pay [redacted:card]!","3":"[redacted:card]"},"labels":{"count":2,"kinds":["card"]}}`},
		{"", []string{"redis://:r3d\"is@h " + card}, `{"effect":"allow","strings":{"0":"redis://:r3d\"is@h [redacted:card]"},"labels":{"count":1,"kinds":["card"]}}`},
		{`{"action":"deny"}`, []string{card}, `{"effect":"deny","code":"secret","reason":"holds a secret","labels":{"count":1,"kinds":["card"]}}`},
		{`{"action":"deny"}`, []string{"fine"}, ""},
		{`{"kinds":["iban","jwt"]}`, []string{card}, ""},
		{`{"kinds":["iban","card"]}`, []string{card}, `{"effect":"allow","strings":{"0":"[redacted:card]"},"labels":{"count":1,"kinds":["card"]}}`},
		{`{"allow":["` + card + `"],"fields":["/0"]}`, []string{card}, ""},
		{`{"allow":["4111"]}`, []string{card}, `{"effect":"allow","strings":{"0":"[redacted:card]"},"labels":{"count":1,"kinds":["card"]}}`},
	} {
		use(t, c.config)
		out, _, err := siogw.Run(view(c.texts...))
		if err != nil || string(out) != c.want {
			t.Errorf("%s %q: %s %v, want %s", c.config, c.texts, out, err, c.want)
		}
	}
	for _, config := range []string{`{"action":"drop"}`, `{"action":1}`, `{"kinds":["pin"]}`, `{"kinds":"card"}`, `{"allow":[1]}`, `{"alow":[]}`, `{`, `3`} {
		if siogw.Configure([]byte(config)) == nil {
			t.Errorf("%s is accepted", config)
		}
	}
	good := view("abc", "d")
	for n := range good {
		if _, _, err := siogw.Run(good[:n]); err == nil {
			t.Errorf("%d bytes of a view are accepted", n)
		}
	}
	if _, _, err := siogw.Run(append(good, 0)); err == nil {
		t.Error("a byte too many is accepted")
	}
}

// TestDigits: one digit changed is no card and no IBAN.
func TestDigits(t *testing.T) {
	use(t, "")
	for _, good := range []string{card, "DE89370400440532013000", "GB82 WEST 1234 5698 7654 32"} {
		if len(find(good)) != 1 {
			t.Errorf("%s is not found", good)
		}
		for i := range good {
			if bad := []byte(good); isDigit(bad[i]) {
				bad[i] = '0' + (bad[i]-'0'+1)%10
				if f := find(string(bad)); len(f) > 0 {
					t.Errorf("%s is found as %v", bad, f)
				}
			}
		}
		for _, around := range []string{"x%", "%x", "1%", "%1", "_%"} {
			if s := strings.Replace(around, "%", good, 1); len(find(s)) > 0 {
				t.Errorf("%s is found", s)
			}
		}
	}
}

// TestLong: text that makes the finder look far, again and again. What is not linear would take minutes.
func TestLong(t *testing.T) {
	use(t, "")
	for _, part := range []string{"a", "eyJ-", "eyJhbGciOiJub25lIn0.eyJ-", "glpat-", "1 ", "1234-", "://", "a://a:b", "DE89 ", "-----BEGIN ", "https://hooks.slack.com/services/T", "sig=", "sk-proj-a-"} {
		find(strings.Repeat(part, 256<<10/len(part)))
	}
}

// FuzzFind: places are in order and in bounds, and what is redacted is not found again.
func FuzzFind(f *testing.F) {
	lines(f, "secrets.txt", func(_ string, texts []string) { f.Add(texts[0]) })
	f.Fuzz(func(t *testing.T, s string) {
		use(t, "")
		last := 0
		for _, p := range find(s) {
			if p.from < last || p.to <= p.from || p.to > len(s) {
				t.Fatalf("%q: %v", s, p)
			}
			last = p.to
		}
		out, _, err := siogw.Run(view(s))
		if err != nil || out != nil && !json.Valid(out) {
			t.Fatalf("%q: %s %v", s, out, err)
		}
	})
}

func BenchmarkFind(b *testing.B) {
	use(b, "")
	for b.Loop() {
		find("hi there, are you coming to the party tonight? it's at 5, call 555 0100")
	}
}
