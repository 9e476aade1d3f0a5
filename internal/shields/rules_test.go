package shields

import (
	"errors"
	"strings"
	"testing"

	"github.com/siogw/siogw/engine"
)

func file(name string) *engine.Input {
	return &engine.Input{Kind: engine.Event, Direction: engine.In, Event: createFile, Args: []byte(`[{"id":"u1","size":5,"name":` + name + `}]`)}
}

func TestUploadPath(t *testing.T) {
	for name, stopped := range map[string]bool{
		`"photo.png"`: false, `"a b (1).tar.gz"`: false, `"..photo"`: false, `"é€😀.txt"`: false, `"con.txt"`: false,
		`"` + strings.Repeat("a", 255) + `"`: false, `"` + strings.Repeat("a", 256) + `"`: true,
		`"../escaped.txt"`: true, `"..\\escaped.txt"`: true, `"/etc/passwd"`: true, `"a/b"`: true, `"c:x"`: true, `".."`: true, `"."`: true,
		`""`: true, `" "`: true, `". ."`: true, `"\u002e\u002e\u002fx"`: true, `"a\u0000.png"`: true, `"a\nb"`: true, `"a\u007f"`: true,
		`7`: true, `null`: true, `["x"]`: true, `{"toString":"x"}`: true, `"x","uploadTo":"docs"`: false, `"x","uploadTo":""`: false,
		`"x","uploadTo":"constructor"`: true, `"x","uploadTo":"../docs"`: true, `"x","uploadTo":["docs"]`: true,
	} {
		if got := uploadPath(file(name)); got != stopped {
			t.Errorf("name %s: stopped %v, want %v", name, got, stopped)
		}
	}
	for _, args := range []string{`[]`, `[7]`, `["x"]`, `[{}]`, `[[{"name":"x"}]]`} {
		if in := file("0"); true {
			in.Args = []byte(args)
			if !uploadPath(in) {
				t.Errorf("args %s pass", args)
			}
		}
	}
}

func TestUploadType(t *testing.T) {
	for name, stopped := range map[string]bool{
		`"photo.png"`: false, `"notes.txt"`: false, `"archive.tar.gz"`: false, `"js"`: false, `"README"`: false, `"my.jsonp.txt"`: false,
		`"shell.js"`: true, `"shell.JS"`: true, `"shell.php.png"`: true, `"shell.js."`: true, `"shell.js "`: true, `"x.js::$DATA"`: true,
		`".htaccess"`: true, `"page.\u0068tml"`: true, `"logo.svg"`: true, `7`: false,
	} {
		if got := uploadType(file(name)); got != stopped {
			t.Errorf("name %s: stopped %v, want %v", name, got, stopped)
		}
	}
}

// TestOnlyTheirPackets: what a rule is not about passes, whatever it says.
func TestOnlyTheirPackets(t *testing.T) {
	s, err := New(Options{Overrides: map[string]engine.Mode{"admin-ui": engine.Enforce}})
	if err != nil {
		t.Fatal(err)
	}
	bad := *file(`"../shell.js"`)
	for name, change := range map[string]func(*engine.Input){
		"from the server": func(in *engine.Input) { in.Direction = engine.Out },
		"an emit":         func(in *engine.Input) { in.Kind, in.Direction = engine.Emit, engine.Out },
		"an answer":       func(in *engine.Input) { in.Kind = engine.Ack },
		"another event":   func(in *engine.Input) { in.Event = "socket.io-file::createfile" },
		"a CONNECT": func(in *engine.Input) {
			*in = engine.Input{Kind: engine.Connect, Direction: engine.In, Namespace: "/admins"}
		},
		"an admin": func(in *engine.Input) {
			*in = engine.Input{Kind: engine.Connect, Direction: engine.In, Namespace: "/admin", Identity: &engine.Identity{Authenticated: true}}
		},
	} {
		in := bad
		change(&in)
		if by, noted := s.Check(&in); by != nil || noted != nil {
			t.Errorf("%s is stopped: %v %v", name, by, noted)
		}
	}
	for _, in := range []*engine.Input{
		{Kind: engine.Event, Direction: engine.In, Event: "error"}, {Kind: engine.Join, Direction: engine.In, Event: "error"},
		{Kind: engine.Connect, Direction: engine.In, Namespace: "/admin"},
		{Kind: engine.Connect, Direction: engine.In, Namespace: "/admin", Identity: &engine.Identity{}}, &bad,
	} {
		if by, _ := s.Check(in); by == nil {
			t.Errorf("%s %s %s passes", in.Kind, in.Event, in.Namespace)
		}
	}
}

// count gives what the set's list says of a shield.
func count(t *testing.T, s *Set, id string) uint64 {
	t.Helper()
	for _, st := range s.List(true) {
		if st.ID == id && st.Count != nil {
			return *st.Count
		}
	}
	t.Fatalf("%s has no count", id)
	return 0
}

func TestStates(t *testing.T) {
	const id = "CVE-2024-38355"
	in := &engine.Input{Kind: engine.Event, Direction: engine.In, Event: "error"}
	for name, c := range map[string]struct {
		o              Options
		stopped, noted bool
		state          string
	}{
		"by default":        {Options{}, true, false, "enforce"},
		"all in monitor":    {Options{Default: engine.Monitor}, false, true, "monitor"},
		"all off":           {Options{Default: engine.Off}, false, false, "off"},
		"one in monitor":    {Options{Overrides: map[string]engine.Mode{id: engine.Monitor}}, false, true, "monitor"},
		"one off, by alias": {Options{Overrides: map[string]engine.Mode{"GHSA-25hc-qcg6-38wj": engine.Off}}, false, false, "off"},
		"one on":            {Options{Default: engine.Off, Overrides: map[string]engine.Mode{id: engine.Enforce}}, true, false, "enforce"},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := New(c.o)
			if err != nil {
				t.Fatal(err)
			}
			by, noted := s.Check(in)
			if (by != nil) != c.stopped || (len(noted) == 1) != c.noted {
				t.Errorf("stopped by %v, noted by %v", by, noted)
			}
			want := uint64(0)
			if c.stopped || c.noted {
				want = 1
			}
			if got := count(t, s, id); got != want {
				t.Errorf("counted %d, want %d", got, want)
			}
			for _, st := range s.List(false) {
				if st.Count != nil || st.ID == id && st.State != c.state || !Find(st.ID).Switchable() && st.State != fixed {
					t.Errorf("%s is %s, want %s; count %v", st.ID, st.State, c.state, st.Count)
				}
			}
		})
	}
	for _, o := range []map[string]engine.Mode{{"CVE-1999-1": engine.Off}, {"CVE-2023-32695": engine.Off}, {"deep-nesting": engine.Monitor}} {
		var no *UnknownError
		if _, err := New(Options{Overrides: o}); !errors.As(err, &no) {
			t.Errorf("%v: %v", o, err)
		}
	}
}

func TestAdminIsToOptInTo(t *testing.T) {
	in := &engine.Input{Kind: engine.Connect, Direction: engine.In, Namespace: "/admin"}
	for _, mode := range []engine.Mode{engine.Enforce, engine.Monitor} {
		s, _ := New(Options{Default: mode})
		if by, noted := s.Check(in); by != nil || noted != nil {
			t.Errorf("default %v switches it on", mode)
		}
	}
}
