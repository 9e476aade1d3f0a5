package main

import (
	"bufio"
	"os"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

func corpus(t testing.TB, name string) (texts []string) {
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
		text, err := strconv.Unquote(s.Text())
		if err != nil {
			t.Fatalf("%s: %s: %v", name, s.Text(), err)
		}
		texts = append(texts, text)
	}
	return texts
}

func apply(s string) string {
	if out, changed := sanitize(0, s); changed {
		return out
	}
	return s
}

func use(t testing.TB, policy string) {
	t.Helper()
	if err := configure([]byte(`{"policy":"` + policy + `"}`)); err != nil {
		t.Fatal(err)
	}
}

// danger says what a browser would run of s, "" for nothing. It uses a parser and not the plugin's own eyes.
func danger(s string, markupToo bool) string {
	body := &html.Node{Type: html.ElementNode, Data: "body", DataAtom: atom.Body}
	nodes, err := html.ParseFragment(strings.NewReader(strings.ReplaceAll(s, "\x00", "")), body)
	if err != nil {
		return err.Error()
	}
	for _, n := range nodes {
		if what := dangerousNode(n, markupToo); what != "" {
			return what
		}
	}
	return runningURL(html.UnescapeString(s))
}

var active = set(`script style iframe object embed svg math base link meta form input button`)

func dangerousNode(n *html.Node, markupToo bool) string {
	if n.Type == html.CommentNode && markupToo || n.Type == html.ElementNode && (markupToo || active[n.Data]) {
		return n.Data
	}
	for _, a := range n.Attr {
		if strings.HasPrefix(a.Key, "on") || a.Key == "style" || a.Key == "srcdoc" || runningURL(a.Val) != "" {
			return n.Data + "[" + a.Key + "]"
		}
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if what := dangerousNode(c, markupToo); what != "" {
			return what
		}
	}
	return ""
}

func runningURL(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' {
			return -1
		}
		return r
	}, strings.ToLower(strings.TrimLeft(s, " ")))
	for p, calls := range map[string]string{"javascript:": "(`=%", "vbscript:": "(", "data:text/html": ",", "data:image/svg": ","} {
		if strings.HasPrefix(strings.TrimLeft(s, " "), p) && strings.ContainsAny(s, calls) {
			return p
		}
	}
	return ""
}

func TestAttacks(t *testing.T) {
	for _, policy := range []string{"strict", "ugc"} {
		use(t, policy)
		all, stopped := corpus(t, "attacks.txt"), 0
		for _, in := range all {
			out := apply(in)
			if what := danger(out, policy == "strict"); what != "" {
				t.Errorf("%s: %q came out as %q: %s", policy, in, out, what)
				continue
			}
			if danger(in, true) != "" && out == in {
				t.Errorf("%s: %q is not changed", policy, in)
				continue
			}
			stopped++
			if again := apply(out); again != out {
				t.Errorf("%s: %q, cleaned %q, cleaned again %q", policy, in, out, again)
			}
		}
		t.Logf("%s: %d of %d attacks are harmless afterwards", policy, stopped, len(all))
	}
}

func TestBenign(t *testing.T) {
	for _, policy := range []string{"strict", "ugc"} {
		use(t, policy)
		all, changed := corpus(t, "benign.txt"), 0
		for _, in := range all {
			if out := apply(in); out != in {
				changed++
				t.Errorf("%s: %q came out as %q", policy, in, out)
			}
		}
		t.Logf("%s: %d of %d harmless texts are changed", policy, changed, len(all))
	}
}

// TestStrict: what is left when markup goes, letter by letter.
func TestStrict(t *testing.T) {
	use(t, "strict")
	for in, want := range map[string]string{
		"hi <b>there</b> & you":             "hi there & you",
		"a<b":                               "a< b",
		"if a<b and c>d":                    "if a< b and c>d",
		"List<String> xs":                   "List< String> xs",
		"broken heart </3":                  "broken heart < /3",
		"<script>alert(1)</script>ok":       "ok",
		"&lt;script&gt;<i>&amp;</i>":        "&lt;script&gt;&amp;",
		"\"it's\" <u>fine</u> 😀":            "\"it's\" fine 😀",
		"one<br>two":                        "onetwo",
		"<!-- note -->text":                 "text",
		"<img src=x onerror=alert(1)":       "< img src=x onerror=alert(1)",
		"javascript:alert(1)":               "unsafe:javascript:alert(1)",
		"[x](javascript:alert(1))":          "[x](unsafe:javascript:alert(1))",
		"&#106;avascript:alert(1)":          "unsafe:&#106;avascript:alert(1)",
		"javascript:a(javascript:b(1))":     "unsafe:javascript:a(unsafe:javascript:b(1))",
		"java<b>script:alert(1)":            "unsafe:javascript:alert(1)",
		"wow <!this":                        "wow < !this",
		"<scr<script>ipt>alert(1)</script>": "< scr",
	} {
		if got := apply(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestUGC(t *testing.T) {
	use(t, "ugc")
	for in, want := range map[string]string{
		"<b>bold</b> & <i>it</i>":                   "<b>bold</b> &amp; <i>it</i>",
		"<p onclick=x()>text</p>":                   "<p>text</p>",
		"<a href=\"javascript:x()\">y</a>":          "y",
		"plain & simple <3":                         "plain & simple <3",
		"<script>alert(1)</script><b>left</b>":      "<b>left</b>",
		"<b>&lt;script&gt;alert(1)&lt;/script></b>": "<b>&lt;script&gt;alert(1)&lt;/script&gt;</b>",
	} {
		if got := apply(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestConfigure(t *testing.T) {
	for raw, ok := range map[string]bool{"": true, `{}`: true, `{"policy":"ugc","fields":["/0"]}`: true,
		`{"policy":"none"}`: false, `[]`: false, `{`: false} {
		if err := configure([]byte(raw)); (err == nil) != ok {
			t.Errorf("%q: %v", raw, err)
		}
	}
	use(t, "strict")
}

// FuzzStrict: whatever goes in, no tag, no comment and no URL that runs comes out, and cleaning again
// changes nothing.
func FuzzStrict(f *testing.F) {
	for _, name := range []string{"attacks.txt", "benign.txt"} {
		for _, s := range corpus(f, name) {
			f.Add(s)
		}
	}
	f.Fuzz(func(t *testing.T, in string) {
		use(t, "strict")
		out := apply(in)
		if hasMarkup(out) || dangerousScheme(out) >= 0 {
			t.Fatalf("%q came out as %q", in, out)
		}
		if what := danger(out, true); what != "" {
			t.Fatalf("%q came out as %q: %s", in, out, what)
		}
		if again := apply(out); again != out {
			t.Fatalf("%q, cleaned %q, cleaned again %q", in, out, again)
		}
	})
}

// FuzzUGC: no script comes out.
func FuzzUGC(f *testing.F) {
	for _, s := range corpus(f, "attacks.txt") {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in string) {
		use(t, "ugc")
		if out := apply(in); danger(out, false) != "" {
			t.Fatalf("%q came out as %q: %s", in, out, danger(out, false))
		}
	})
}
