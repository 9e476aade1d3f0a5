package app

import (
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// collector renders what the gateway counts when it is asked, so that counting costs no more than an atomic
// addition.
type collector struct{ app *App }

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("siogw_"+name, help, labels, nil)
}

var (
	sessionsOpen   = desc("sessions_open", "Engine.IO sessions open now.")
	sessionsOpened = desc("sessions_opened_total", "Engine.IO sessions ever opened.")
	sessionsClosed = desc("sessions_closed_total", "Engine.IO sessions ended, by reason.", "reason")
	packets        = desc("packets_total", "Engine.IO messages, by direction.", "direction")
	decisions      = desc("decisions_total", "Decisions, by kind, direction, effect and numbered code (0 for none), and whether they changed the packet.",
		"kind", "direction", "effect", "code", "transformed")
	decisionTime  = desc("decision_seconds_total", "Time spent deciding.")
	repeatedTotal = desc("decisions_repeated_total", "Decisions of these that were made before, on the same packet under the same circumstances: no plugin was asked.")
	pluginErrors  = desc("plugin_errors_total", "Failures of plugins, by their name and the numbered code.", "plugin", "code")
	monitored     = desc("monitored_denials_total", "Denials that did not count, since what denied is in monitor mode: the policy, the contract or a plugin, by its name and the numbered code.", "plugin", "code")
	logDropped    = desc("decision_log_dropped_total", "Lines that the decision log could not write.")
	shieldHits    = desc("shield_hits_total", "Attacks that a shield met, by its id; in monitor mode they passed.", "shield")
	buildInfo     = desc("build_info", "1, with the version of the program.", "version")
)

// Describe implements prometheus.Collector.
func (c collector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{sessionsOpen, sessionsOpened, sessionsClosed, packets, decisions,
		decisionTime, repeatedTotal, pluginErrors, monitored, logDropped, shieldHits, buildInfo} {
		ch <- d
	}
	describeMemo(ch)
	describeShadow(ch)
	describeFront(ch)
	describePlugins(ch)
	describeLimits(ch)
	describeIdentity(ch)
	describeReauthorize(ch)
	describeReloads(ch)
	describeOPA(ch)
}

// Collect implements prometheus.Collector.
func (c collector) Collect(ch chan<- prometheus.Metric) {
	count := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, v, labels...)
	}
	st := c.app.gateway.Stats()
	ch <- prometheus.MustNewConstMetric(sessionsOpen, prometheus.GaugeValue, float64(st.Open))
	count(sessionsOpened, float64(st.Opened))
	for reason, n := range st.Closed {
		count(sessionsClosed, float64(n), reason.String())
	}
	count(packets, float64(st.PacketsIn), "in")
	count(packets, float64(st.PacketsOut), "out")
	k := c.app.counts
	k.decisions(func(o outcome, n float64) {
		count(decisions, n, o.kind.String(), o.direction.String(), o.effect.String(), strconv.Itoa(int(o.code)), strconv.FormatBool(o.changed))
	})
	each(k, k.errors, func(e pluginError, n float64) { count(pluginErrors, n, e.plugin, strconv.Itoa(int(e.code))) })
	each(k, k.watched, func(e pluginError, n float64) { count(monitored, n, e.plugin, strconv.Itoa(int(e.code))) })
	count(decisionTime, float64(k.nanos.Load())/1e9)
	count(repeatedTotal, float64(k.repeats.Load()))
	count(logDropped, float64(c.app.log.Dropped()))
	for _, s := range c.app.current.Load().shields.List(true) {
		if s.Count != nil {
			count(shieldHits, float64(*s.Count), s.ID)
		}
	}
	c.app.collectMemo(ch)
	c.app.totals.collect(ch)
	c.app.keep.shadow.collect(ch)
	c.app.collectFront(ch)
	c.app.keep.collect(ch)
	c.app.current.Load().judge.collectPlugins(ch)
	c.app.collectLimits(ch, &st)
	c.app.current.Load().judge.collectIdentity(ch, &st)
	collectReauthorize(ch, &st)
	c.app.collectReloads(ch)
	c.app.collectOPA(ch)
	ch <- prometheus.MustNewConstMetric(buildInfo, prometheus.GaugeValue, 1, c.app.version)
}

// registry holds the gateway's metrics with those of the Go runtime and the process.
func (a *App) registry() *prometheus.Registry {
	r := prometheus.NewRegistry()
	r.MustRegister(collector{a}, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return r
}
