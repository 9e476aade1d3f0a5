package app

import "github.com/prometheus/client_golang/prometheus"

var (
	bundleActive  = desc("opa_bundle_active", "1, with the revision of a bundle that is active.", "bundle", "revision")
	bundleTime    = desc("opa_bundle_last_activation_seconds", "When a bundle was activated last, in seconds since 1970.", "bundle")
	bundleErrors  = desc("opa_bundle_failures_total", "Requests and activations of a bundle that failed.", "bundle")
	bundleFailing = desc("opa_bundle_failing", "1 while the last request or activation of a bundle failed.", "bundle")
	policyMissing = desc("opa_policy_missing", "1 while bundles have not brought a policy yet, and all is denied.")
	opaLogs       = desc("opa_decision_logs_total", "What became of OPA's decision logs, as OPA counts: dropped, chunks uploaded or failed; queue_full before OPA.", "what")
)

func describeOPA(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{bundleActive, bundleTime, bundleErrors, bundleFailing, policyMissing, opaLogs} {
		ch <- d
	}
}

func (a *App) collectOPA(ch chan<- prometheus.Metric) {
	if a.agent == nil {
		return
	}
	give := func(d *prometheus.Desc, kind prometheus.ValueType, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, kind, v, labels...)
	}
	truth := map[bool]float64{true: 1}
	for _, b := range a.agent.Bundles() {
		if !b.Activated.IsZero() {
			give(bundleActive, prometheus.GaugeValue, 1, b.Name, b.Revision)
			give(bundleTime, prometheus.GaugeValue, float64(b.Activated.Unix()), b.Name)
		}
		give(bundleErrors, prometheus.CounterValue, float64(b.Failures), b.Name)
		give(bundleFailing, prometheus.GaugeValue, truth[b.Error != ""], b.Name)
	}
	give(policyMissing, prometheus.GaugeValue, truth[a.current.Load().judge.Missing])
	for what, n := range a.agent.LogCounts() {
		give(opaLogs, prometheus.CounterValue, float64(n), what)
	}
}
