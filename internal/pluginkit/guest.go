package pluginkit

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"time"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/hostabi"
	"github.com/siogw/siogw/internal/kv"
	"github.com/siogw/siogw/plugins/wasm"
)

// Options says how a guest is run. Zero values are those of package hostabi.
type Options struct {
	Config   []byte        // JSON; nil for none
	Memory   int64         // bytes
	Timeout  time.Duration // of one verdict
	CacheDir string        // keeps compiled modules; "" keeps none
	Logger   *slog.Logger  // of what the guest logs; nil for nowhere
	Lifetime string        // in place of the manifest's; "" leaves it
}

// Guest is one running instance of a module, or the process of a program.
type Guest struct {
	rt     *hostabi.Runtime // nil for a program
	plugin judging
}

// Load starts and configures a guest. Its errors wrap those of package hostabi.
func Load(ctx context.Context, m *Module, opt Options) (*Guest, error) {
	if m.Native != "" {
		return loadNative(ctx, m, opt)
	}
	rt, err := hostabi.NewRuntime(ctx, hostabi.RuntimeOptions{CacheDir: opt.CacheDir})
	if err != nil {
		return nil, err
	}
	p, err := wasm.Load(ctx, rt, wasm.Options{Name: m.Name, Wasm: m.Wasm, Manifest: m.Manifest, Config: opt.Config,
		Memory: opt.Memory, Timeout: opt.Timeout, Size: 1, Logger: opt.Logger, Lifetime: opt.Lifetime,
		Granted: hostabi.KV | hostabi.Clock | hostabi.Random, Store: kv.New(kv.Limits{})}) // its author runs it
	if err != nil {
		return nil, errors.Join(err, rt.Close(ctx))
	}
	return &Guest{rt: rt, plugin: p}, nil
}

// Close releases the guest.
func (g *Guest) Close(ctx context.Context) error {
	err := g.plugin.Close(ctx)
	if g.rt != nil {
		err = errors.Join(err, g.rt.Close(ctx))
	}
	return err
}

// Answer is a verdict as the gateway takes it: what it changes is shown as it would be forwarded.
type Answer struct {
	Effect   string           `json:"effect"`          // deny when the guest failed
	Error    string           `json:"error,omitempty"` // why the guest failed; on_error decides then
	Code     json.RawMessage  `json:"code,omitempty"`
	Reason   string           `json:"reason,omitempty"`
	Data     json.RawMessage  `json:"data,omitempty"`
	Args     json.RawMessage  `json:"args,omitempty"` // absent when they are unchanged
	Auth     json.RawMessage  `json:"auth,omitempty"`
	Binary   []Attachment     `json:"attachments,omitempty"` // all of them, when one is changed
	Labels   json.RawMessage  `json:"labels,omitempty"`
	Counters map[string]int64 `json:"counters,omitempty"` // since the guest was loaded
	Fuel     int64            `json:"fuel,omitempty"`     // used, in units of package meter
	Memory   int64            `json:"memory,omitempty"`   // bytes that the instance has
	Took     time.Duration    `json:"took_ns"`
}

// Attachment is a binary attachment as it would be forwarded.
type Attachment struct {
	Bytes int    `json:"bytes"`
	Type  string `json:"type"`
	Data  []byte `json:"base64"`
}

// Judge has the guest judge in.
func (g *Guest) Judge(ctx context.Context, in *engine.Input) Answer {
	start := time.Now()
	v, used := g.plugin.Measure(ctx, in)
	a := Answer{Effect: v.Effect.String(), Reason: v.Reason, Data: v.Data, Args: v.Args, Auth: v.Auth, Labels: v.Labels,
		Counters: g.plugin.Counters(), Fuel: used.Fuel, Memory: used.Memory, Took: time.Since(start)}
	if v.Effect == engine.Deny {
		a.Code = v.Shown()
	}
	for _, b := range v.Attachments {
		a.Binary = append(a.Binary, Attachment{len(b.Data), b.Type, b.Data})
	}
	if v.Err != nil {
		a.Error = v.Err.Error()
	}
	return a
}
