package wasm

import (
	"context"
	"log/slog"
	"maps"
	"strings"
	"sync"

	"github.com/siogw/siogw/hostabi"
)

const maxCounters = 32

// sink takes what a guest logs and counts.
type sink struct {
	name   string
	logger *slog.Logger
	mu     sync.Mutex
	counts map[string]int64
}

var _ hostabi.Sink = (*sink)(nil)

var levels = [...]slog.Level{slog.LevelDebug, slog.LevelInfo, slog.LevelWarn, slog.LevelError}

// Log implements hostabi.Sink.
func (s *sink) Log(level int, text string) {
	if s.logger != nil {
		s.logger.Log(context.Background(), levels[level], strings.ToValidUTF8(text, "\ufffd"), "plugin", s.name)
	}
}

// Count implements hostabi.Sink. Names beyond the limit are dropped.
func (s *sink) Count(name string, delta int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, known := s.counts[name]; !known && len(s.counts) == maxCounters {
		return
	}
	if s.counts == nil {
		s.counts = map[string]int64{}
	}
	s.counts[name] += delta
}

func (s *sink) counters() map[string]int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.counts)
}
