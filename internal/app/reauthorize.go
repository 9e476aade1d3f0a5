package app

import (
	"net/http"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/siogw/siogw/gateway"
	"github.com/siogw/siogw/internal/config"
)

var (
	judgedAgain = desc("reauthorized_total", "Connections to namespaces and memberships of rooms that were judged again, and were kept or removed.", "what", "result")
	unjudged    = desc("reauthorize_waiting", "Sessions that are still to be judged again.")
)

func reauthorize(c *config.Reauthorize) gateway.Reauthorize {
	return gateway.Reauthorize{Off: !c.Enabled, Within: c.Within, Keep: int(c.Keep)}
}

func describeReauthorize(ch chan<- *prometheus.Desc) {
	ch <- judgedAgain
	ch <- unjudged
}

func collectReauthorize(ch chan<- prometheus.Metric, st *gateway.Stats) {
	count := func(n uint64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(judgedAgain, prometheus.CounterValue, float64(n), labels...)
	}
	count(st.Kept, "namespace", "kept")
	count(st.Revoked, "namespace", "removed")
	count(st.KeptRooms, "room", "kept")
	count(st.RevokedRooms, "room", "removed")
	ch <- prometheus.MustNewConstMetric(unjudged, prometheus.GaugeValue, float64(st.Unjudged))
}

// keysChanged has live connections judged by the keys that a provider has now.
func (a *App) keysChanged() {
	if g := a.serving.Load(); g != nil {
		g.Reauthorize("keys changed")
	}
}

// serveReauthorize begins to judge all live connections again. No page may ask for it, see serveReload.
func (a *App) serveReauthorize(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.Header.Get("Origin") != "" || r.Header.Get("Sec-Fetch-Site") != "":
		answer(w, http.StatusForbidden, "not for browsers")
	case !a.current.Load().cfg.Policy.Reauthorize.Enabled:
		answer(w, http.StatusConflict, "policy.reauthorize.enabled is false: nothing is kept to judge live connections by")
	default:
		a.gateway.Reauthorize("asked for")
		answer(w, http.StatusAccepted, "begun")
	}
}
