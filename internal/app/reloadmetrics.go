package app

import "github.com/prometheus/client_golang/prometheus"

var (
	reloadsDone = desc("reloads_total", "Configurations that were read again: taken, or refused and the one before kept.", "result")
	generations = desc("generation", "Number of the configuration in force: 1 at the start, and one more for each that was taken.")
	lastReload  = desc("reload_last_success_seconds", "When the configuration in force was loaded, in seconds since 1970.")
)

func describeReloads(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{reloadsDone, generations, lastReload} {
		ch <- d
	}
}

func (a *App) collectReloads(ch chan<- prometheus.Metric) {
	give := func(d *prometheus.Desc, kind prometheus.ValueType, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, kind, v, labels...)
	}
	r := &a.reloads
	give(reloadsDone, prometheus.CounterValue, float64(r.taken.Load()), "taken")
	give(reloadsDone, prometheus.CounterValue, float64(r.refused.Load()), "refused")
	give(generations, prometheus.GaugeValue, float64(a.gateway.Generation()))
	give(lastReload, prometheus.GaugeValue, float64(a.current.Load().loaded.Unix()))
}
