package app

import "github.com/prometheus/client_golang/prometheus"

var (
	upstreamUp         = desc("upstream_up", "1 for a server that sessions go to, 0 for one that is down.", "upstream", "server")
	upstreamSessions   = desc("upstream_sessions", "Sessions open now, by server.", "upstream", "server")
	upstreamHandshakes = desc("upstream_handshakes_total",
		"Handshakes at a server: opened; refused by it; failed, where it was not there.", "upstream", "server", "result")
	upstreamFailovers = desc("upstream_failovers_total", "Handshakes that another server than the first choice took.", "upstream")
	proxyRefused      = desc("proxy_protocol_refused_total", "Connections closed for want of a good PROXY header.")
	tlsReloads        = desc("tls_reloads_total", "Changes of the certificate files: taken, or refused because they were not good.", "result")
	tlsExpires        = desc("tls_certificate_expires_seconds", "When the certificate's time ends, in seconds since 1970.")
)

func describeFront(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{upstreamUp, upstreamSessions, upstreamHandshakes, upstreamFailovers,
		proxyRefused, tlsReloads, tlsExpires} {
		ch <- d
	}
}

// collectFront gives the counts of what is before and behind the gateway.
func (a *App) collectFront(ch chan<- prometheus.Metric) {
	give := func(d *prometheus.Desc, kind prometheus.ValueType, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, kind, v, labels...)
	}
	for _, u := range a.gateway.Upstreams() {
		give(upstreamFailovers, prometheus.CounterValue, float64(u.Failovers), u.Name)
		for _, s := range u.Servers {
			up := 0.0
			if s.Up {
				up = 1
			}
			give(upstreamUp, prometheus.GaugeValue, up, u.Name, s.Address)
			give(upstreamSessions, prometheus.GaugeValue, float64(s.Sessions), u.Name, s.Address)
			give(upstreamHandshakes, prometheus.CounterValue, float64(s.Opened), u.Name, s.Address, "opened")
			give(upstreamHandshakes, prometheus.CounterValue, float64(s.Refused), u.Name, s.Address, "refused")
			give(upstreamHandshakes, prometheus.CounterValue, float64(s.Failed), u.Name, s.Address, "failed")
		}
	}
	certs, proxied := a.front.get()
	if proxied != nil {
		give(proxyRefused, prometheus.CounterValue, float64(proxied.Refused()))
	}
	if certs == nil {
		return
	}
	taken, refused := certs.Counts()
	give(tlsReloads, prometheus.CounterValue, float64(taken), "taken")
	give(tlsReloads, prometheus.CounterValue, float64(refused), "refused")
	if until := certs.Expires(); !until.IsZero() {
		give(tlsExpires, prometheus.GaugeValue, float64(until.Unix()))
	}
}
