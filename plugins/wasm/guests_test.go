package wasm_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/plugins/std"
	"github.com/siogw/siogw/plugins/wasm"
)

// first loads a first-party guest.
func first(t testing.TB, name, config string) *wasm.Plugin {
	t.Helper()
	ctx := context.Background()
	guest, manifest, err := std.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	p, err := wasm.Load(ctx, rt, wasm.Options{Name: name, Wasm: guest, Manifest: manifest, Config: []byte(config), Timeout: time.Minute}) // a busy machine is not what is tested
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(ctx); err != nil {
			t.Error(err)
		}
	})
	return p
}

// refused loads a first-party guest with a configuration that it must not take.
func refused(t *testing.T, name, config, want string) {
	t.Helper()
	guest, manifest, err := std.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	_, err = wasm.Load(context.Background(), rt, wasm.Options{Name: name, Wasm: guest, Manifest: manifest, Config: []byte(config)})
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("%s: %v, want %q", config, err, want)
	}
}

func TestInjection(t *testing.T) {
	p := first(t, "injection", "")
	for args, want := range map[string]string{
		`["don't worry, it's fine"]`:                  "allow  ",
		`["the file /etc/passwd is interesting"]`:     `allow  {"categories":["path"],"rule":"path out of its folder","at":"/0","score":3}`,
		`[{"id":"1\u0027 or \u00271\u0027=\u00271"}]`: `deny "injection" {"categories":["sql"],"rule":"condition that is always so","at":"/0/id","score":5}`,
		`[{"user":{"$ne":null}}]`:                     `deny "injection" {"categories":["nosql"],"rule":"operator as a key","at":"/0/user/$ne","score":5}`,
	} {
		v := p.Decide(context.Background(), message(args))
		if got := v.Effect.String() + " " + string(v.Custom) + " " + string(v.Labels); got != want || v.Err != nil {
			t.Errorf("%s: %s %v\nwant %s", args, got, v.Err, want)
		}
	}
	if p.Counters()["denied"] != 2 {
		t.Errorf("counters are %v", p.Counters())
	}
	refused(t, "injection", `{"treshold":5}`, `something else at "/treshold"`)
	refused(t, "injection", `{"threshold":11}`, "from 1 to 10")
}

// TestInjectionLong: what a client may send at most does not run the guest out of memory.
func TestInjectionLong(t *testing.T) {
	p := first(t, "injection", "")
	for _, part := range []string{"a ", "it's; ", "'"} {
		v := p.Decide(context.Background(), message(`["`+strings.Repeat(part, 1<<20/len(part))+`"]`))
		if v.Err != nil || v.Effect != engine.Allow {
			t.Errorf("%q: %v %v", part, v.Effect, v.Err)
		}
	}
}

func BenchmarkInjection(b *testing.B) {
	p := first(b, "injection", "")
	for name, text := range map[string]string{"plain": "hi there, are you coming to the party tonight?",
		"apostrophe": "I don't know, it's O'Brien's party (isn't it?)"} {
		b.Run(name, func(b *testing.B) {
			in := message(`[{"room":"general","text":"` + text + `"}]`)
			for b.Loop() {
				if v := p.Decide(context.Background(), in); v.Err != nil {
					b.Fatal(v.Err)
				}
			}
		})
	}
}

func TestSecrets(t *testing.T) {
	const args = `[{"note":"card 4111 1111 1111 1111","url":"redis://:s\u0033cret@h/","n":4111111111111111}]`
	v := first(t, "secrets", "").Decide(context.Background(), message(args))
	want := `[{"note":"card [redacted:card]","url":"redis://:[redacted:password]@h/","n":4111111111111111}]`
	if string(v.Args) != want || v.Err != nil || string(v.Labels) != `{"count":2,"kinds":["card","password"]}` {
		t.Errorf("got %s %s %v", v.Args, v.Labels, v.Err)
	}
	v = first(t, "secrets", `{"action":"deny","fields":["/0/url"]}`).Decide(context.Background(), message(args))
	if v.Effect != engine.Deny || v.Reason != "holds a secret" || string(v.Labels) != `{"count":1,"kinds":["password"]}` {
		t.Errorf("got %v %s %s %v", v.Effect, v.Reason, v.Labels, v.Err)
	}
	refused(t, "secrets", `{"action":"hide"}`, "want redact or deny")
}

func TestFileType(t *testing.T) {
	const svg = "<svg onload=alert(1)>"
	v := first(t, "file-type", "").Decide(context.Background(), binary2(svg))
	if v.Effect != engine.Deny || string(v.Custom) != `"file-type"` || string(v.Data) != `{"type":"image/svg+xml","attachment":0}` || v.Err != nil {
		t.Errorf("got %v %s %s %v", v.Effect, v.Custom, v.Data, v.Err)
	}
	drop := first(t, "file-type", `{"action":"drop"}`)
	v = drop.Decide(context.Background(), binary2(svg))
	if v.Effect != engine.Allow || len(v.Attachments) != 2 || len(v.Attachments[0].Data) != 0 || string(v.Labels) != `{"types":["image/svg+xml","application/x-empty"]}` || v.Err != nil {
		t.Errorf("got %v %v %s %v", v.Effect, v.Attachments, v.Labels, v.Err)
	}
	if v = drop.Decide(context.Background(), binary2(strings.Repeat("text ", 4000))); v.Attachments != nil || v.Err != nil {
		t.Errorf("text is changed: %v %v", v.Attachments, v.Err)
	}
	refused(t, "file-type", `{"allow":["image/pgn"]}`, `no type "image/pgn"; there are: application/`)
}
