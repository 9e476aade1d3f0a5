package app

import (
	"sync"
	"sync/atomic"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/gateway"
)

// counts counts decisions on their way to the log. The ends of sessions are not decisions.
type counts struct {
	next gateway.Log

	// allowed is what is counted most, by kind, direction, and whether it was changed.
	allowed [engine.Disconnect + 1][engine.Out + 1][2]atomic.Uint64

	mu      sync.RWMutex
	made    map[outcome]*atomic.Uint64 // the rest
	errors  map[pluginError]*atomic.Uint64
	watched map[pluginError]*atomic.Uint64 // denials in monitor mode
	nanos   atomic.Uint64                  // spent deciding
	repeats atomic.Uint64                  // decisions that were made before
}

// outcome is what decisions are counted by. A policy's own codes count as the gateway's number.
type outcome struct {
	kind      engine.Kind
	direction engine.Direction
	effect    engine.Effect
	code      engine.Code
	changed   bool
}

// pluginError is what the failures of plugins are counted by, and their denials in monitor mode.
type pluginError struct {
	plugin string
	code   engine.Code
}

func newCounts(next gateway.Log) *counts {
	return &counts{next: next, made: map[outcome]*atomic.Uint64{}, errors: map[pluginError]*atomic.Uint64{},
		watched: map[pluginError]*atomic.Uint64{}}
}

// Decision implements [gateway.Log].
func (c *counts) Decision(in *engine.Input, d *engine.Decision) {
	if in.Kind != engine.Disconnect {
		c.decided(outcome{in.Kind, in.Direction, d.Effect, d.Code, d.Transformed()})
		c.nanos.Add(uint64(max(0, d.Took)))
		if d.Repeated {
			c.repeats.Add(1)
		}
	}
	for i := range d.Steps {
		v := &d.Steps[i].Verdict
		if v.Err != nil {
			add(c, c.errors, pluginError{d.Steps[i].Plugin, v.Code})
		}
		if d.Steps[i].Mode == engine.Monitor && v.Effect == engine.Deny {
			add(c, c.watched, pluginError{d.Steps[i].Plugin, v.Code})
		}
	}
	c.next.Decision(in, d)
}

// Times implements [gateway.Timing].
func (c *counts) Times() bool {
	next, ok := c.next.(gateway.Timing)
	return !ok || next.Times()
}

func (c *counts) decided(o outcome) {
	if o.effect != engine.Allow || o.code != engine.CodeNone {
		add(c, c.made, o)
		return
	}
	changed := 0
	if o.changed {
		changed = 1
	}
	c.allowed[o.kind][o.direction][changed].Add(1)
}

// decisions calls do for each outcome that there was.
func (c *counts) decisions(do func(outcome, float64)) {
	for kind := range c.allowed {
		for direction := range c.allowed[kind] {
			for changed := range c.allowed[kind][direction] {
				if n := c.allowed[kind][direction][changed].Load(); n > 0 {
					do(outcome{engine.Kind(kind), engine.Direction(direction), engine.Allow, engine.CodeNone, changed == 1}, float64(n))
				}
			}
		}
	}
	each(c, c.made, do)
}

// add counts one. The number of keys is bounded: kinds, codes and plugins are.
func add[K comparable](c *counts, m map[K]*atomic.Uint64, key K) {
	c.mu.RLock()
	n := m[key]
	c.mu.RUnlock()
	if n == nil {
		c.mu.Lock()
		if n = m[key]; n == nil {
			n = new(atomic.Uint64)
			m[key] = n
		}
		c.mu.Unlock()
	}
	n.Add(1)
}

// each calls do for each key of m with its count.
func each[K comparable](c *counts, m map[K]*atomic.Uint64, do func(K, float64)) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	for k, n := range m {
		do(k, float64(n.Load()))
	}
}
