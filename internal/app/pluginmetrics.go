package app

import (
	"maps"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/siogw/siogw/internal/kv"
	"github.com/siogw/siogw/plugins/wasm"
)

var (
	pluginCounter  = desc("plugin_counter", "What a plugin counts itself, by its name and the counter's.", "plugin", "counter")
	pluginOut      = desc("plugin_out_of_service", "1 while a plugin is not asked because it kept failing.", "plugin")
	pluginOuts     = desc("plugin_backoffs_total", "How often a plugin went out of service, failed trials too.", "plugin")
	pluginRefused  = desc("plugin_refused_total", "Inputs that met a plugin out of service.", "plugin")
	pluginLines    = desc("plugin_log_dropped_total", "Lines that a plugin logged beyond 100 a second.", "plugin")
	pluginSessions = desc("plugin_sessions", "Sessions with an instance of their own.", "plugin")
	pluginMemo     = desc("plugin_memo_total", "Verdicts of a pure plugin that were kept (hit) or asked for (miss).", "plugin", "result")
	kvEntries      = desc("plugin_kv_entries", "Entries in a plugin's store.", "plugin")
	kvBytes        = desc("plugin_kv_bytes", "Bytes in a plugin's store, as they count.", "plugin")
	kvRefused      = desc("plugin_kv_full_total", "Entries that a plugin's store had no room for.", "plugin")
)

func describePlugins(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{pluginCounter, pluginOut, pluginOuts, pluginRefused, pluginLines, pluginSessions,
		pluginMemo, nativeRestarts, nativeLate, nativeUnderWay, kvEntries, kvBytes, kvRefused} {
		ch <- d
	}
}

// collect tells what the plugins of a name counted, of this configuration and those before.
func (k *Keep) collect(ch chan<- prometheus.Metric) {
	k.mu.Lock()
	tallies := maps.Clone(k.tallies)
	k.mu.Unlock()
	for name, t := range tallies {
		for counter, n := range t.Counters() {
			ch <- prometheus.MustNewConstMetric(pluginCounter, prometheus.UntypedValue, float64(n), name, counter)
		}
		for d, n := range map[*prometheus.Desc]uint64{pluginOuts: t.Outs(), pluginRefused: t.Refused(), pluginLines: t.DroppedLines()} {
			ch <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(n), name)
		}
	}
	k.stores.Each(func(name string, s *kv.Store) {
		st := s.Stats()
		ch <- prometheus.MustNewConstMetric(kvEntries, prometheus.GaugeValue, float64(st.Entries), name)
		ch <- prometheus.MustNewConstMetric(kvBytes, prometheus.GaugeValue, float64(st.Bytes), name)
		ch <- prometheus.MustNewConstMetric(kvRefused, prometheus.CounterValue, float64(st.Refused), name)
	})
}

// collectPlugins tells how the plugins of j are.
func (j *Judge) collectPlugins(ch chan<- prometheus.Metric) {
	for _, p := range j.Plugins {
		if p.native != nil {
			p.collectNative(ch)
			continue
		}
		name := p.Config.Name
		out := 0.0
		if !p.guest.InService() {
			out = 1
		}
		ch <- prometheus.MustNewConstMetric(pluginOut, prometheus.GaugeValue, out, name)
		ch <- prometheus.MustNewConstMetric(pluginSessions, prometheus.GaugeValue, float64(p.guest.Sessions()), name)
	}
}

// totals implements source, for a pure plugin.
func (p *Plugin) totals(add func(t total, n uint64)) {
	st := p.guest.Memo()
	add(counter(pluginMemo, p.Config.Name, "hit"), st.Hits)
	add(counter(pluginMemo, p.Config.Name, "miss"), st.Misses)
}

// pure reports whether verdicts of p may be kept.
func (p *Plugin) pure() bool {
	return p.Manifest.Pure && p.Config.Memo > 0 && p.Manifest.View != wasm.ViewInput
}
