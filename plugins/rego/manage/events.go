package manage

import (
	"bytes"
	"context"
	"encoding/json"
	"sync/atomic"
	"time"

	"github.com/open-policy-agent/opa/v1/metrics"
	"github.com/open-policy-agent/opa/v1/plugins/logs"
	"github.com/open-policy-agent/opa/v1/server"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/topdown"
	"github.com/open-policy-agent/opa/v1/util"

	"github.com/siogw/siogw/engine"
)

// What may wait between the packets and OPA's own buffer, which masks, drops and compresses on its way in.
const (
	maxEvents     = 8192
	maxEventBytes = 4 << 20
)

// Path is what events of decisions have as path.
const Path = "siogw/authz"

// events brings decisions to OPA's decision logs, beside the packets.
type events struct {
	wanted  atomic.Bool // there are decision logs
	bytes   atomic.Int64
	dropped atomic.Uint64
	taken   atomic.Uint64 // by OPA's plugin, whatever became of them there
	queue   chan *event
	quit    chan struct{} // closed: take what is there, and end
	done    chan struct{}
}

// event is one decision, with nothing of the packet's own memory.
type event struct {
	id         engine.ID
	time       time.Time
	input      []byte
	ip         string
	effect     engine.Effect
	denial     engine.Denial
	by         string
	changed    bool
	took       time.Duration
	policy     time.Duration // of it, that the policy took
	err        error         // of the plugin that failed
	generation uint64
}

func (e *events) start(a *Agent) {
	e.queue, e.quit, e.done = make(chan *event, maxEvents), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(e.done)
		for {
			select {
			case one := <-e.queue:
				a.log(one)
				continue
			case <-e.quit:
			}
			for len(e.queue) > 0 && a.life.Err() == nil {
				a.log(<-e.queue)
			}
			return
		}
	}()
}

// stop waits for what is queued, till ctx ends.
func (e *events) stop(ctx context.Context) {
	if e.wanted.Store(false); e.quit == nil {
		return
	}
	close(e.quit)
	select {
	case <-e.done:
	case <-ctx.Done():
	}
}

// Decision implements the gateway's log. It keeps neither argument and does not wait: what does not fit is dropped and
// counted. The end of a session is no decision.
func (a *Agent) Decision(in *engine.Input, d *engine.Decision) {
	if !a.events.wanted.Load() || in.Kind == engine.Disconnect || a.o.Input == nil {
		return
	}
	if a.events.bytes.Load() > maxEventBytes {
		a.events.dropped.Add(1)
		return
	}
	e := &event{id: d.ID, time: in.Time, input: a.o.Input(nil, in), effect: d.Effect, denial: d.Denial, by: d.By,
		changed: d.Transformed(), took: d.Took, generation: d.Generation}
	e.denial.Custom, e.denial.Data = bytes.Clone(d.Custom), bytes.Clone(d.Data)
	if in.Session != nil {
		e.ip = in.Session.IP
	}
	for i := range d.Steps {
		s := &d.Steps[i]
		if s.Plugin == "policy" || s.Plugin == "baseline" {
			e.policy += s.Took
		}
		if s.Verdict.Err != nil && e.err == nil {
			e.err = s.Verdict.Err
		}
	}
	a.events.bytes.Add(int64(len(e.input)))
	select {
	case a.events.queue <- e:
	default:
		a.events.bytes.Add(-int64(len(e.input)))
		a.events.dropped.Add(1)
	}
}

// log hands one event to OPA's plugin.
func (a *Agent) log(e *event) {
	a.events.bytes.Add(-int64(len(e.input)))
	plugin := logs.Lookup(a.manager)
	if plugin == nil {
		return
	}
	info := e.info()
	info.Bundles = a.bundlesOf(e.generation)
	ctx := context.Background()
	err := storage.Txn(ctx, a.store, storage.TransactionParams{}, func(txn storage.Transaction) error {
		info.Txn = txn
		return plugin.Log(ctx, info)
	})
	a.events.taken.Add(1)
	if err != nil {
		a.events.dropped.Add(1)
		a.o.Logger.Error("opa: a decision is not logged", "decision_id", info.DecisionID, "error", err)
	}
}

// info gives the event in OPA's words.
func (e *event) info() *server.Info {
	var input any
	if err := util.UnmarshalJSON(e.input, &input); err != nil {
		input = map[string]any{"error": "not JSON"} // nothing of it may be told
	}
	result := map[string]any{"allow": e.effect == engine.Allow, "effect": e.effect.String(), "transformed": e.changed}
	if e.effect != engine.Allow {
		result["code"], result["reason"], result["by"] = decoded(e.denial.Shown()), e.denial.Reason, e.by
		if e.denial.Data != nil {
			result["data"] = decoded(e.denial.Data)
		}
	}
	var results any = result
	info := &server.Info{DecisionID: e.id.String(), Path: Path, Timestamp: e.time.UTC(), RemoteAddr: e.ip, Input: &input, Results: &results,
		Metrics: timers{metrics.NoOp(), map[string]any{"timer_server_handler_ns": int64(e.took), "timer_rego_query_eval_ns": int64(e.policy)}}}
	if e.generation > 0 {
		info.Custom = map[string]any{"generation": e.generation}
	}
	if e.err != nil {
		info.Error = &topdown.Error{Code: topdown.InternalErr, Message: e.err.Error()}
	}
	return info
}

func decoded(raw json.RawMessage) any {
	var v any
	if util.UnmarshalJSON(raw, &v) != nil {
		return nil
	}
	return v
}

// timers are metrics that are known already.
type timers struct {
	metrics.Metrics
	all map[string]any
}

// All is described by [metrics.Metrics].
func (t timers) All() map[string]any { return t.all }

// decided tells which bundles decide from a generation on.
type decided struct {
	from    uint64
	bundles map[string]server.BundleInfo
}

// maxDecided bounds the generations that events may still come of.
const maxDecided = 64

// Decides says that from this generation of rules on these bundles decide, revisions by name.
func (a *Agent) Decides(generation uint64, bundles map[string]string) {
	d := decided{generation, map[string]server.BundleInfo{}}
	for name, revision := range bundles {
		d.bundles[name] = server.BundleInfo{Revision: revision}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.decided = append(a.decided, d)
	a.decided = a.decided[max(0, len(a.decided)-maxDecided):]
}

func (a *Agent) bundlesOf(generation uint64) map[string]server.BundleInfo {
	a.mu.Lock()
	defer a.mu.Unlock()
	for i := len(a.decided) - 1; i >= 0; i-- {
		if a.decided[i].from <= generation {
			return a.decided[i].bundles
		}
	}
	return nil
}
