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

	mu      sync.RWMutex
	made    map[outcome]*atomic.Uint64
	errors  map[pluginError]*atomic.Uint64
	watched map[pluginError]*atomic.Uint64 // denials in monitor mode
	nanos   atomic.Uint64                  // spent deciding
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
		add(c, c.made, outcome{in.Kind, in.Direction, d.Effect, d.Code, d.Transformed()})
		c.nanos.Add(uint64(max(0, d.Took)))
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
