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

// policyCounts is what a policy counts.
type policyCounts struct{ *rego.Policy }

func (p policyCounts) totals(add func(t total, n uint64)) {
	st := p.MemoStats()
	add(counter(memoHits), st.Hits)
	add(counter(memoMisses), st.Misses)
	add(counter(memoStored), st.Stored)
	add(counter(memoEvicted), st.Evicted)
	for reason, n := range st.Skipped {
		add(counter(memoSkipped, reason), n)
	}
	add(counter(evaluatorHanded), p.Handed())
}

// collectMemo tells what the memo in force holds.
func (a *App) collectMemo(ch chan<- prometheus.Metric) {
	st := a.current.Load().judge.Policy.MemoStats()
	ch <- prometheus.MustNewConstMetric(memoEntries, prometheus.GaugeValue, float64(st.Entries))
	ch <- prometheus.MustNewConstMetric(memoBytes, prometheus.GaugeValue, float64(st.Bytes))
}
