package app

import (
	"strconv"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/siogw/siogw/gateway"
)

var (
	requestsRefused = desc("requests_refused_total", "Requests and connections turned away before they were decided on, by numbered code.", "code")
	responsesMade   = desc("responses_total", "Responses to refusals that added up, by action.", "action")
	slowed          = desc("slowed_total", "Times that a client waited for limits.traffic.bytes.")
	loopsHeld       = desc("loops_held_total", "Decisions that took so long that an event loop went on without them.")
	loopsLeft       = desc("loops_left_total", "Decisions that an event loop went on without before they took long.")
	loopsJoint      = desc("loops_joint_calls_total", "Calls of the kernel that event loops made for several connections together, by io_uring.")
	slowDecisions   = desc("slow_decisions", "Decisions that may take long now, against limits.slow_decisions.")
	slowTotal       = desc("slow_decisions_total", "Decisions that might take long.")
	slowRefused     = desc("slow_decisions_refused_total", "Decisions that failed, or kept their event loop, for limits.slow_decisions.")
	packetsShared   = desc("packets_shared_total", "Messages of the server that were those of other sessions, byte for byte, and were read and checked with them.")
	packetsRepeated = desc("packets_repeated_total", "Other messages, of clients and the server, that had come before, but for the ack id, and were read and checked then.")
	memoryHeld      = desc("memory_held_bytes", "Bytes that sessions hold, as accounted for.")
	memoryLimit     = desc("memory_limit_bytes", "Bytes that sessions may hold; 0 for no limit.")
	unfinishedHeld  = desc("unfinished_bytes", "Bytes of packets whose attachments are not all there.")
	bansHeld        = desc("bans", "Addresses and identities that are banned, or were lately.")
)

func describeLimits(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{requestsRefused, responsesMade, slowed, loopsHeld, loopsLeft, slowDecisions, slowTotal,
		slowRefused, packetsShared, packetsRepeated, memoryHeld, memoryLimit, unfinishedHeld, bansHeld} {
		ch <- d
	}
}

func (a *App) collectLimits(ch chan<- prometheus.Metric, st *gateway.Stats) {
	count := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, v, labels...)
	}
	gauge := func(d *prometheus.Desc, v int64) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, float64(v))
	}
	for code, n := range st.Refused {
		count(requestsRefused, float64(n), strconv.Itoa(int(code)))
	}
	for action, n := range st.Responses {
		count(responsesMade, float64(n), string(action))
	}
	count(slowed, float64(st.Slowed))
	count(loopsHeld, float64(st.LoopsHeld))
	count(loopsLeft, float64(st.LoopsLeft))
	count(loopsJoint, float64(st.LoopsJoint))
	gauge(slowDecisions, st.Away)
	count(slowTotal, float64(st.Left))
	count(slowRefused, float64(st.Crowded))
	count(packetsShared, float64(st.Shared))
	count(packetsRepeated, float64(st.Repeated))
	gauge(memoryHeld, st.Held)
	gauge(memoryLimit, sessionsShare(int64(a.current.Load().cfg.Limits.Memory)))
	gauge(unfinishedHeld, st.Unfinished)
	gauge(bansHeld, int64(st.Bans))
}
