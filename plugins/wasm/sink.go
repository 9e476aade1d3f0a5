package wasm

import (
	"context"
	"log/slog"
	"maps"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/siogw/siogw/hostabi"
)

// The limits of ABI.md, section 7.
const (
	MaxCounters = 32  // names; those beyond are dropped
	LogRate     = 100 // lines a second
	LogBurst    = 200 // lines at once
)

// Tally is what a plugin counted. It outlives the plugin, so that one of the same name counts on. The zero value is
// empty. Safe for concurrent use.
type Tally struct {
	outs, refused, dropped atomic.Uint64

	mu     sync.Mutex
	counts map[string]int64
	lines  float64 // that may be logged now
	filled time.Time
}

// Counters gives the guest's own counters, at most 32 of them.
func (t *Tally) Counters() map[string]int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return maps.Clone(t.counts)
}

// Outs is how often the plugin went out of service.
func (t *Tally) Outs() uint64 { return t.outs.Load() }

// Refused is how many inputs met it out of service.
func (t *Tally) Refused() uint64 { return t.refused.Load() }

// DroppedLines is how many lines were logged beyond the limit.
func (t *Tally) DroppedLines() uint64 { return t.dropped.Load() }

// count adds to a counter. Names beyond the limit are dropped.
func (t *Tally) count(name string, delta int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, known := t.counts[name]; !known && len(t.counts) == MaxCounters {
		return
	}
	if t.counts == nil {
		t.counts = map[string]int64{}
	}
	t.counts[name] += delta
}

// line reports whether one more line may be logged at this time.
func (t *Tally) line(now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.filled.IsZero() {
		t.lines = LogBurst
	} else {
		t.lines = min(LogBurst, t.lines+now.Sub(t.filled).Seconds()*LogRate)
	}
	t.filled = now
	if t.lines < 1 {
		t.dropped.Add(1)
		return false
	}
	t.lines--
	return true
}

// sink takes what a guest logs and counts.
type sink struct{ p *Plugin }

var _ hostabi.Sink = sink{}

var levels = [...]slog.Level{slog.LevelDebug, slog.LevelInfo, slog.LevelWarn, slog.LevelError}

// Log implements hostabi.Sink.
func (s sink) Log(level int, text string) {
	l := s.p.logger
	if l == nil || !l.Enabled(context.Background(), levels[level]) || !s.p.tally.line(time.Now()) {
		return
	}
	l.Log(context.Background(), levels[level], strings.ToValidUTF8(text, "\ufffd"), "plugin", s.p.name)
}

// Count implements hostabi.Sink.
func (s sink) Count(name string, delta int64) { s.p.tally.count(name, delta) }
