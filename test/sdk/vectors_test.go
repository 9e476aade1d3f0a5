package sdk_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"testing"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/internal/pluginkit"
)

func TestVectors(t *testing.T) {
	cases := vectors(t)
	if len(cases) < 100 {
		t.Fatalf("%d vectors", len(cases))
	}
	each(t, func(t *testing.T, l *language) {
		outcomes, err := pluginkit.Test(context.Background(), l.module(t), cases, options(nil))
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range outcomes {
			if !o.OK {
				t.Errorf("%s: %q", o.Name, o.Diff)
			}
		}
	})
}

// TestLabels: besides what fixtures compare, there are no labels but those of the vector, and nothing but cards is counted.
func TestLabels(t *testing.T) {
	each(t, func(t *testing.T, l *language) {
		m := l.module(t)
		guests := map[string]*pluginkit.Guest{}
		cards := map[*pluginkit.Guest]int64{}
		for _, c := range vectors(t) {
			if c.Want.Error != "" {
				continue
			}
			g := guests[string(c.Config)]
			if g == nil {
				g = load(t, m, options(c.Config))
				guests[string(c.Config)] = g
			}
			a := g.Judge(context.Background(), c.Input)
			if got, want := decode(t, a.Labels), decode(t, encode(t, c.Want.Labels)); !reflect.DeepEqual(got, want) {
				t.Errorf("%s: labels %v, want %v", c.Name, got, want)
			}
			if n, ok := decode(t, a.Labels)["score"].(float64); ok {
				cards[g] += int64(n)
			}
			if n := a.Counters["masked"]; n != cards[g] || len(a.Counters) > 1 {
				t.Errorf("%s: counted %v, want %d", c.Name, a.Counters, cards[g])
			}
		}
	})
}

func decode(t *testing.T, raw []byte) map[string]any {
	m := map[string]any{}
	if raw != nil {
		if err := json.Unmarshal(raw, &m); err != nil {
			t.Fatal(err)
		}
	}
	return m
}

func encode(t *testing.T, labels map[string]any) []byte {
	if labels == nil {
		return nil
	}
	raw, err := json.Marshal(labels)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// TestBrokenView: what no gateway sends, JSON that is cut off anywhere, ends in a verdict or a trap, in time; and the
// next packet is judged as ever.
func TestBrokenView(t *testing.T) {
	const text = ` [ {"a\"b":[1.5e3,"x\ud83d\ude00\n4111111111111111"],"c":{"d":null}} , true ] `
	each(t, func(t *testing.T, l *language) {
		g := load(t, l.module(t), options(nil))
		want := judged(t, g, text)
		for n := range len(text) {
			in, err := pluginkit.Message([]byte("[]"))
			if err != nil {
				t.Fatal(err)
			}
			in.Args = []byte(text[:n])
			if a := g.Judge(context.Background(), in); a.Effect == "" || a.Error != "" && a.Effect != engine.Deny.String() {
				t.Errorf("cut at %d: %+v", n, a)
			}
			if got := judged(t, g, text); got != want {
				t.Fatalf("after a cut at %d: %s, want %s", n, got, want)
			}
		}
	})
}

// judged gives what counts of a verdict on an event's arguments as text.
func judged(t testing.TB, g *pluginkit.Guest, args string) string {
	t.Helper()
	in, err := pluginkit.Message([]byte(args))
	if err != nil {
		t.Fatal(err)
	}
	return verdict(t, g, in)
}

// verdict gives what counts of a verdict as text.
func verdict(t testing.TB, g *pluginkit.Guest, in *engine.Input) string {
	t.Helper()
	a := g.Judge(context.Background(), in)
	if a.Error != "" {
		t.Fatalf("%s %q %q: %s", in.Kind, in.Args, in.Auth, a.Error)
	}
	text := fmt.Sprintf("%s %s %q data %s args %s auth %s labels %s", a.Effect, a.Code, a.Reason, plain(t, a.Data), plain(t, a.Args), plain(t, a.Auth), plain(t, a.Labels))
	for _, b := range a.Binary {
		text += fmt.Sprintf(" %q", b.Data)
	}
	return text
}

// plain writes JSON anew: how it is escaped, and the order of keys, are each language's own.
func plain(t testing.TB, raw []byte) []byte {
	if raw == nil {
		return nil
	}
	var v any
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	if err := dec.Decode(&v); err != nil {
		t.Fatal(err)
	}
	out, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return out
}
