package app

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/siogw/siogw/internal/config"
	"github.com/siogw/siogw/plugins/rego"
)

func memoOf(cfg *config.Config) rego.MemoOptions {
	m := &cfg.Policy.Memo
	if !m.Enabled {
		return rego.MemoOptions{}
	}
	return rego.MemoOptions{Bytes: int(m.Bytes), Entry: int(m.Entry)}
}

var (
	memoHits    = desc("policy_memo_hits_total", "Decisions of the policy that were found in its memo.")
	memoMisses  = desc("policy_memo_misses_total", "Decisions of the policy that were not in its memo and could have been.")
	memoStored  = desc("policy_memo_stored_total", "Decisions of the policy put into its memo.")
	memoEvicted = desc("policy_memo_evicted_total", "Decisions put out of the memo for others.")
	memoSkipped = desc("policy_memo_skipped_total", "Decisions of the policy that the memo does not take, by reason (docs/policies.md).", "reason")
	memoEntries = desc("policy_memo_entries", "Decisions in the memo now.")
	memoBytes   = desc("policy_memo_bytes", "Bytes of the decisions in the memo now.")

	evaluatorHanded = desc("policy_handed_total", "Evaluations of the compiled policy that were left to topdown, after an error above all.")
)

func describeMemo(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{memoHits, memoMisses, memoStored, memoEvicted, memoSkipped, memoEntries, memoBytes, evaluatorHanded} {
		ch <- d
	}
}

func (a *App) collectMemo(ch chan<- prometheus.Metric) {
	p := a.current.Load().judge.Policy
	st := p.MemoStats()
	emit := func(d *prometheus.Desc, t prometheus.ValueType, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, t, v, labels...)
	}
	emit(memoHits, prometheus.CounterValue, float64(st.Hits))
	emit(memoMisses, prometheus.CounterValue, float64(st.Misses))
	emit(memoStored, prometheus.CounterValue, float64(st.Stored))
	emit(memoEvicted, prometheus.CounterValue, float64(st.Evicted))
	for reason, n := range st.Skipped {
		emit(memoSkipped, prometheus.CounterValue, float64(n), reason)
	}
	emit(memoEntries, prometheus.GaugeValue, float64(st.Entries))
	emit(memoBytes, prometheus.GaugeValue, float64(st.Bytes))
	emit(evaluatorHanded, prometheus.CounterValue, float64(p.Handed()))
}
