package rego

import (
	"context"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/siogw/siogw/engine"
	table "github.com/siogw/siogw/internal/memo"
)

// DefaultMemoBytes and DefaultMemoEntry are fit for a gateway: some 80,000 decisions that allow.
const (
	DefaultMemoBytes = 16 << 20
	DefaultMemoEntry = 16 << 10
)

// MemoOptions bound the memory of decisions.
type MemoOptions struct {
	// Bytes is what all entries may hold together, with what it takes to find them. 0 for no memo.
	Bytes int
	// Entry is what one may hold: beyond it a decision is not remembered. 0 for DefaultMemoEntry; at most a
	// quarter of a shard's bytes counts.
	Entry int
}

// MemoStats tells what became of decisions: Misses are those evaluated that might be found the next time.
type MemoStats struct {
	table.Stats
	Skipped map[string]uint64 // evaluated and not stored, by reason: see docs/policies.md
}

// memo keeps verdicts by what they depend on. Its policy never changes, so an entry is true for ever.
type memo struct {
	table   *table.Table[*engine.Verdict]
	skipped [obstacles]atomic.Uint64
}

const (
	verdictBytes = 400                         // what a verdict holds beside its texts
	placeBytes   = 48                          // and what an entry does beside its key and table.Overhead
	entryBytes   = placeBytes + table.Overhead // of one that allows
)

// allowed is the verdict of most entries.
var allowed = engine.Verdict{Effect: engine.Allow}

func newMemo(o MemoOptions) *memo {
	if o.Bytes <= 0 {
		return nil
	}
	if o.Entry <= 0 {
		o.Entry = DefaultMemoEntry
	}
	return &memo{table: table.New[*engine.Verdict](table.Options(o))}
}

// buffers are room for keys.
var buffers = sync.Pool{New: func() any { b := make([]byte, 0, 512); return &b }}

// remember gives the verdict on in from the memo, or evaluates and takes note.
func (p *Policy) remember(ctx context.Context, in *engine.Input) engine.Verdict {
	m := p.memo
	pl := p.plans.of(in)
	if pl == nil {
		return m.skip(obstacleKind, p.evaluate(ctx, in))
	}
	if len(pl.culprits) > 0 {
		return m.skip(pl.culprits[0].obstacle, p.evaluate(ctx, in))
	}
	room := buffers.Get().(*[]byte)
	defer buffers.Put(room)
	key, why := pl.key((*room)[:0], p, in, m.table.Entry())
	if cap(key) <= DefaultMemoEntry {
		*room = key
	}
	if why != 0 {
		return m.skip(why, p.evaluate(ctx, in))
	}
	if v := m.table.Get(key); v != nil {
		return **v
	}
	v := p.evaluate(ctx, in)
	if v.Err != nil {
		return m.skip(obstacleError, v)
	}
	keep := &allowed
	if !plain(&v) {
		keep = own(v)
	}
	if !m.table.Put(key, keep, sizeOf(keep)) {
		return m.skip(obstacleSize, v)
	}
	return v
}

func (m *memo) skip(o obstacle, v engine.Verdict) engine.Verdict {
	m.skipped[o].Add(1)
	return v
}

// plain reports whether v allows and says no more.
func plain(v *engine.Verdict) bool {
	return v.Effect == engine.Allow && v.Code == 0 && v.Reason == "" && v.Custom == nil && v.Data == nil && v.Args == nil &&
		v.Auth == nil && v.Attachments == nil && v.Labels == nil && v.Rules == nil && v.Err == nil
}

// sizeOf gives the bytes that v holds, less than its key, with its own.
func sizeOf(v *engine.Verdict) int {
	if v == &allowed {
		return placeBytes
	}
	return placeBytes + verdictBytes + v.Texts()
}

// own gives v with texts that nobody appends to, and nothing of the packet's.
func own(v engine.Verdict) *engine.Verdict {
	v.Args, v.Auth, v.Custom, v.Data = slices.Clip(v.Args), slices.Clip(v.Auth), slices.Clip(v.Custom), slices.Clip(v.Data)
	v.Reason, v.Rules = strings.Clone(v.Reason), slices.Clip(v.Rules)
	return &v
}

// MemoStats tells what became of the decisions so far; all zero where there is no memo.
func (p *Policy) MemoStats() MemoStats {
	st := MemoStats{Skipped: map[string]uint64{}}
	if p.memo == nil {
		return st
	}
	st.Stats = p.memo.table.Stats()
	for o := obstacle(1); o < obstacles; o++ {
		st.Skipped[obstacleNames[o]] = p.memo.skipped[o].Load()
	}
	return st
}
