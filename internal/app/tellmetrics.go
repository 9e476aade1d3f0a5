package app

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/siogw/siogw/internal/ticket"
)

var (
	upstreamTokens  = desc("upstream_tokens_total", "Tokens of the gateway's own that tell the upstream who a client is.")
	ticketsIssued   = desc("tickets_issued_total", "One-time connection tickets given to the application's backend.")
	ticketsRefused  = desc("tickets_refused_total", "Requests for a ticket that were refused, by reason (off, browser, unauthorized, malformed, full).", "reason")
	ticketsRedeemed = desc("tickets_redeemed_total", "Tickets that clients showed, by result (ok, unknown, used, expired, bound).", "result")
	ticketsHeld     = desc("tickets", "Tickets that are remembered now, against identity.tickets.entries.")
)

func describeTelling(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{upstreamTokens, ticketsIssued, ticketsRefused, ticketsRedeemed, ticketsHeld} {
		ch <- d
	}
}

func (l *lasting) collect(ch chan<- prometheus.Metric) {
	count := func(d *prometheus.Desc, n uint64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(n), labels...)
	}
	count(upstreamTokens, l.signed.Load())
	for i, why := range noTicket {
		count(ticketsRefused, l.refused[i].Load(), why)
	}
	l.mu.Lock()
	store := l.tickets
	l.mu.Unlock()
	if store == nil {
		return
	}
	c := store.Counts()
	count(ticketsIssued, c.Issued)
	for _, result := range ticket.Results {
		count(ticketsRedeemed, c.Redeemed[result], result)
	}
	ch <- prometheus.MustNewConstMetric(ticketsHeld, prometheus.GaugeValue, float64(c.Entries))
}
