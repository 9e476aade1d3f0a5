package app

import (
	"maps"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
)

// total is one counter: a metric and its labels.
type total struct {
	metric *prometheus.Desc
	labels [2]string
	n      int // of them
}

func counter(metric *prometheus.Desc, labels ...string) total {
	t := total{metric: metric}
	t.n = copy(t.labels[:], labels)
	return t
}

// source counts as long as a generation lives, from zero.
type source interface {
	totals(add func(t total, n uint64))
}

// totals are what sources counted, those that ended included: what a reload replaces must not take its counts along. The
// zero value is empty. Safe for concurrent use.
type totals struct {
	mu    sync.Mutex
	users map[source]int // generations
	past  map[total]uint64
}

// enter adds the sources of a generation. Some may be there already.
func (t *totals) enter(j *Judge) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.users == nil {
		t.users, t.past = map[source]int{}, map[total]uint64{}
	}
	for _, s := range j.sources() {
		t.users[s]++
	}
}

// leave takes out the sources of a generation by which nothing is decided any more.
func (t *totals) leave(j *Judge) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, s := range j.sources() {
		if t.users[s]--; t.users[s] == 0 {
			delete(t.users, s)
			s.totals(func(c total, n uint64) { t.past[c] += n })
		}
	}
}

func (t *totals) collect(ch chan<- prometheus.Metric) {
	t.mu.Lock()
	defer t.mu.Unlock()
	sum := maps.Clone(t.past)
	for s := range t.users {
		s.totals(func(c total, n uint64) { sum[c] += n })
	}
	for c, n := range sum {
		ch <- prometheus.MustNewConstMetric(c.metric, prometheus.CounterValue, float64(n), c.labels[:c.n]...)
	}
}

// sources gives those of j.
func (j *Judge) sources() []source {
	out := []source{policyCounts{j.Policy}}
	for _, p := range j.Plugins {
		if p.native == nil && p.pure() {
			out = append(out, p)
		}
	}
	if j.tokens != nil {
		out = append(out, keyCounts{j.tokens})
	}
	return out
}
