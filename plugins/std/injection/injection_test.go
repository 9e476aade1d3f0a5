package main

import (
	"bufio"
	"encoding/json"
	"os"
	"strconv"
	"strings"
	"testing"

	siogw "github.com/siogw/siogw/sdk/go"
)

// lines gives a corpus: each line a word and a Go string, or the string alone.
func lines(t testing.TB, name string, each func(word, text string)) {
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
		label, quoted, _ := strings.Cut(s.Text(), "\"")
		text, err := strconv.Unquote("\"" + quoted)
		if err != nil {
			t.Fatalf("%s: %s: %v", name, s.Text(), err)
		}
		each(strings.TrimSpace(label), text)
	}
}

func use(t testing.TB, config string) {
	t.Helper()
	if err := siogw.Configure([]byte(config)); err != nil {
		t.Fatal(err)
	}
}

// TestAttacks: the least share of each category that has to be denied.
func TestAttacks(t *testing.T) {
	use(t, "")
	all, denied := map[string]int{}, map[string]int{}
	lines(t, "attacks.txt", func(kind, text string) {
		all[kind]++
		if f := inspect(text); f.score >= threshold {
			denied[kind]++
		} else {
			t.Logf("missed: %s %d %q (%s)", kind, f.score, text, f.rule)
		}
	})
	for i, kind := range categoryNames {
		t.Logf("%-9s %3d of %3d denied", kind, denied[kind], all[kind])
		if all[kind] < 10 || denied[kind]*100 < all[kind]*least[i] {
			t.Errorf("%s: %d of %d denied, want %d %%", kind, denied[kind], all[kind], least[i])
		}
	}
}

// least is in per cent, in the order of categoryNames. What is missed is in the log of go test -v.
var least = [...]int{98, 98, 98, 98, 98, 98, 92, 98}

// TestBenign: what people write to each other is not denied.
func TestBenign(t *testing.T) {
	use(t, "")
	all, denied, kinds := 0, 0, map[string]int{}
	lines(t, "benign.txt", func(kind, text string) {
		all++
		kinds[kind]++
		if f := inspect(text); f.score >= threshold {
			denied++
			t.Logf("denied: %s %d %q (%v: %s)", kind, f.score, text, f.categories.names(), f.rule)
		}
	})
	t.Logf("%d of %d denied; %v", denied, all, kinds)
	if all < 400 || denied*1000 > all*5 {
		t.Errorf("%d of %d harmless texts are denied, want 0.5 %% at most", denied, all)
	}
}

func verdict(t *testing.T, args string) (v struct {
	Effect, Code, Reason string
	Score                int
	Labels               struct {
		Categories []string
		Rule, At   string
	}
}) {
	t.Helper()
	out, _, err := siogw.Run([]byte(args))
	if err != nil {
		t.Fatalf("%s: %v", args, err)
	}
	if out == nil {
		return v
	}
	if err := json.Unmarshal(out, &v); err != nil {
		t.Fatalf("%s: %s: %v", args, out, err)
	}
	return v
}

func TestVerdicts(t *testing.T) {
	use(t, "")
	for args, want := range map[string]string{
		`[]`: "", `["hi there"]`: "", `[{"text":"don't worry, it's fine","n":[1,true,null]}]`: "",
		`["ok",{"a/b":["x","' or 1=1--"]}]`:                            "deny sql /1/a~1b/1",
		`[{"user":{"$ne":null}}]`:                                      "deny nosql /0/user/$ne",
		`[{"$where":"1"}]`:                                             "deny nosql /0/$where",
		`[{"constructor":{"prototype":{"admin":true}}}]`:               "deny prototype /0/constructor/prototype",
		`[{"__proto__":1}]`:                                            "deny prototype /0/__proto__",
		`[{"; cat /etc/passwd":1}]`:                                    "deny shell,path /0/; cat ~1etc~1passwd",
		`["\u0027 or 1=1--"]`:                                          "deny sql /0",
		`["the file /etc/passwd lists users"]`:                         "allow path /0",
		`[{"$name":1,"constructor":"Ford","prototype":1,"price_$":2}]`: "",
	} {
		v := verdict(t, args)
		got := strings.TrimSpace(v.Effect + " " + strings.Join(v.Labels.Categories, ",") + " " + v.Labels.At)
		if got != want || v.Effect == "deny" && (v.Code != "injection" || !strings.HasPrefix(v.Reason, "looks like an injection: "+v.Labels.Categories[0])) {
			t.Errorf("%s: %s %+v, want %s", args, got, v, want)
		}
	}
}

func TestConfig(t *testing.T) {
	defer use(t, "")
	attack := `["' or 1=1--"]`
	for config, effect := range map[string]string{
		`{}`: "deny", `{"threshold":5}`: "deny", `{"threshold":6}`: "allow", `{"categories":["sql"]}`: "deny", `{"categories":["shell","ldap"]}`: "",
		`{"skip":["/0"]}`: "", `{"skip":["/1","/00"]}`: "deny",
	} {
		use(t, config)
		if v := verdict(t, attack); v.Effect != effect {
			t.Errorf("%s: %+v, want %s", config, v, effect)
		}
	}
	for _, config := range []string{`{"threshold":0}`, `{"threshold":11}`, `{"threshold":"5"}`, `{"threshold":4.5}`, `{"categories":["xss"]}`, `{"categories":"sql"}`,
		`{"skip":["x"]}`, `{"skip":{"a":1}}`, `{"thresold":5}`, `[]x`, `5`, `{`, `{"categories":[["sql"]]}`} {
		if err := siogw.Configure([]byte(config)); err == nil {
			t.Errorf("%s is accepted", config)
		}
	}
}

// TestLong: text that makes each rule look again and again. A rule that is not linear would take minutes.
func TestLong(t *testing.T) {
	use(t, "")
	for _, part := range []string{"'", "' or ", "((", "$(", "`", "{{", ")(", "../", ";", "%25", "--", "/*", "\r\n", "or 1=", "'a' or 'b", "union select ", "x.__proto__", "${", "' or (select "} {
		inspect(strings.Repeat(part, 256<<10/len(part)))
	}
}

// TestPadding: what stands behind a lot of harmless text is found, wherever the windows of tokens end.
func TestPadding(t *testing.T) {
	use(t, "")
	for _, n := range []int{0, maxTokens - 70, maxTokens - kept, maxTokens - 5, maxTokens - 4, maxTokens - 3, maxTokens - 2, maxTokens - 1, maxTokens, 3 * maxTokens} {
		if f := inspect(strings.Repeat("a ", n) + "' or 1=1--"); f.score < certain {
			t.Errorf("behind %d words: %+v", n, f)
		}
		if f := inspect(strings.Repeat("a ", n) + "it's fine" + strings.Repeat(" a", n)); f.score >= certain {
			t.Errorf("harmless, behind %d words: %+v", n, f)
		}
	}
}

func FuzzInspect(f *testing.F) {
	lines(f, "attacks.txt", func(_, text string) { f.Add(text) })
	f.Fuzz(func(t *testing.T, text string) {
		got := inspect(text)
		if got.score < 0 || got.score > maxScore || (got.score > 0) != (got.categories != 0) {
			t.Fatalf("%q: %+v", text, got)
		}
		args, err := json.Marshal([]any{text, map[string]int{text: 1}})
		if err != nil {
			t.Fatal(err)
		}
		out, _, err := siogw.Run(args)
		if err != nil || out != nil && !json.Valid(out) {
			t.Fatalf("%s: %s %v", args, out, err)
		}
	})
}

func BenchmarkInspect(b *testing.B) {
	use(b, "")
	for name, text := range map[string]string{
		"plain": "hi there, are you coming to the party tonight?", "apostrophe": "I don't know, it's O'Brien's party (isn't it?)",
		"long": strings.Repeat("some prose (with marks), don't you see; it's fine - really. ", 160),
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				inspect(text)
			}
		})
	}
}
