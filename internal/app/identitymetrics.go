package app

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/siogw/siogw/gateway"
	"github.com/siogw/siogw/internal/identity"
)

var (
	keyFetches  = desc("identity_key_fetches_total", "Fetches of identity providers' keys, by issuer and result (ok, failed).", "issuer", "result")
	keysUsable  = desc("identity_keys_usable", "1 while an issuer's keys are there and not too old, else 0: its tokens are refused.", "issuer")
	keysFetched = desc("identity_keys_fetched_seconds", "When an issuer's keys were fetched last, in seconds since 1970.", "issuer")
	expired     = desc("identity_expired_total", "Connections to namespaces that ended because their identity did.")
	refreshed   = desc("identity_refreshed_total", "Identities that a client brought a new token for on a live connection.")
)

func describeIdentity(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{keyFetches, keysUsable, keysFetched, expired, refreshed} {
		ch <- d
	}
	describeTelling(ch)
}

func (j *Judge) collectIdentity(ch chan<- prometheus.Metric, st *gateway.Stats) {
	count := func(d *prometheus.Desc, n uint64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(n), labels...)
	}
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	count(expired, st.Expired)
	count(refreshed, st.Refreshed)
	j.lasting.collect(ch)
	if j.tokens == nil {
		return
	}
	for _, k := range j.tokens.Keys() {
		usable := 0.0
		if k.Usable {
			usable = 1
		}
		gauge(keysUsable, usable, k.Issuer)
		if !k.Fetched.IsZero() {
			gauge(keysFetched, float64(k.Fetched.Unix()), k.Issuer)
		}
	}
}

// keyCounts is what a verifier counts.
type keyCounts struct{ *identity.Verifier }

func (v keyCounts) totals(add func(t total, n uint64)) {
	for _, k := range v.Keys() {
		add(counter(keyFetches, k.Issuer, "ok"), k.Good)
		add(counter(keyFetches, k.Issuer, "failed"), k.Failed)
	}
}
