package contract

import (
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/siogw/siogw/engine"
)

// A verdict that is kept with its packet is the one that would be made, and is made once.
func TestShared(t *testing.T) {
	file := filepath.Join(t.TempDir(), "contract.yaml")
	text := `namespaces: { /: { out: { message: [{ type: object, required: [text], properties: { text: { type: string } } }], other: [integer] } } }`
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := Load(Options{Files: []string{file}})
	if err != nil {
		t.Fatal(err)
	}
	for _, args := range []string{`[{"text":"hi"}]`, `[{"text":1}]`, `[1]`, `[]`, `[{"text":"hi"},2]`} {
		shared := engine.NewShared(1 << 16)
		for _, event := range []string{"message", "other", "unknown"} { // as if one packet could be several events
			in := &engine.Input{Kind: engine.Emit, Direction: engine.Out, Namespace: "/", Event: event, Args: []byte(args)}
			want := c.Decide(t.Context(), in)
			in.Shared = shared
			for range 2 {
				if got := c.Decide(t.Context(), in); !reflect.DeepEqual(got, want) {
					t.Errorf("%s %s: %+v, want %+v", event, args, got, want)
				}
			}
			in.Args = []byte(`["nothing that fits"]`) // who looks again denies
			if got := c.Decide(t.Context(), in); event != "unknown" && got.Effect != want.Effect {
				t.Errorf("%s %s was judged again", event, args)
			}
		}
	}
}
