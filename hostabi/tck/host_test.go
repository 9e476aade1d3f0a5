package tck_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/hostabi"
	"github.com/siogw/siogw/hostabi/tck"
	"github.com/siogw/siogw/internal/kv"
	"github.com/siogw/siogw/internal/pluginkit"
	"github.com/siogw/siogw/plugins/wasm"
)

// TestHost: this project's host passes every case.
func TestHost(t *testing.T) {
	suite, err := tck.Cases()
	if err != nil {
		t.Fatal(err)
	}
	if len(suite.Cases) < 100 {
		t.Fatalf("%d cases", len(suite.Cases))
	}
	for i := range suite.Cases {
		c := &suite.Cases[i]
		t.Run(c.Name, func(t *testing.T) {
			if err := runCase(c); err != nil {
				t.Errorf("%s, %s: %v", c.Clause, c.About, err)
			}
		})
	}
}

// refusals are the words for why a module is not loaded.
var refusals = []struct {
	word string
	err  error
}{{"config", hostabi.ErrConfig}, {"program", hostabi.ErrProgram}, {"time", hostabi.ErrTimeout}, {"memory", hostabi.ErrMemory},
	{"trap", hostabi.ErrTrap}, {"abi", hostabi.ErrABI}, {"abi", wasm.ErrNotGranted}}

func runCase(c *tck.Case) (err error) {
	ctx := context.Background()
	rt, err := hostabi.NewRuntime(ctx, hostabi.RuntimeOptions{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rt.Close(ctx)) }()
	module, err := c.Wasm()
	if err != nil {
		return err
	}
	granted, err := wasm.ParseCapabilities(c.Grant)
	if err != nil {
		return err
	}
	p, err := wasm.Load(ctx, rt, wasm.Options{Name: "tck", Wasm: module, Manifest: c.Manifest, Config: c.Config, Memory: c.Memory, Size: 1,
		Timeout: time.Duration(c.Timeout) * time.Millisecond, Lifetime: c.Lifetime, Granted: granted, Store: kv.New(kv.Limits{Entries: c.Entries}), Sessions: c.Sessions, Memo: 1 << 20})
	if got := refusal(err); got != c.Load {
		return fmt.Errorf("load: got %q, want %q: %w", got, c.Load, err)
	}
	if err != nil {
		return nil
	}
	defer func() { err = errors.Join(err, p.Close(ctx)) }()
	for i := range c.Calls {
		if err := ask(ctx, p, &c.Calls[i]); err != nil {
			return fmt.Errorf("call %d: %w", i, err)
		}
	}
	return nil
}

func refusal(err error) string {
	if err == nil {
		return ""
	}
	for _, r := range refusals {
		if errors.Is(err, r.err) {
			return r.word
		}
	}
	return "abi" // what a manifest says wrong
}

func ask(ctx context.Context, p *wasm.Plugin, q *tck.Question) error {
	in, err := pluginkit.Message(q.Args, q.Attachments...)
	if err != nil {
		return err
	}
	if q.Kind != "" {
		in.Kind, _ = engine.ParseKind(q.Kind)
	}
	in.Session = &engine.Session{ID: q.Session}
	v := p.Decide(ctx, in)
	got := tck.Verdict{Effect: v.Effect.String(), Reason: v.Reason, Code: v.Custom, Data: v.Data, Args: v.Args, Labels: v.Labels}
	for _, a := range v.Attachments {
		got.Attachments = append(got.Attachments, a.Data)
	}
	if q.Want.Counters != nil {
		got.Counters = p.Counters()
	}
	if v.Err != nil {
		got = tck.Verdict{Error: int(v.Code)}
	}
	if g, w := plain(got), plain(q.Want); !reflect.DeepEqual(g, w) {
		return fmt.Errorf("got %v (%v), want %v", g, v.Err, w)
	}
	return nil
}

// plain gives a verdict without the accidents of how its JSON is written.
func plain(v tck.Verdict) (out any) {
	raw, err := json.Marshal(v)
	if err == nil {
		err = json.Unmarshal(raw, &out)
	}
	if err != nil {
		return err
	}
	return out
}
