package app

import (
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/internal/compare"
)

// disagreement is an input that the policy and its shadow decide otherwise.
type disagreement struct {
	in                       *engine.Input
	differs                  string // see compare.Differ
	policy, shadow           compare.Outcome
	policyRules, shadowRules []string // places
	err                      error    // of the shadow
}

// rule gives the place that it is counted by: of who denies where one does, else of the shadow; "" where no rule made it.
func (d *disagreement) rule() string {
	sides := [][]string{d.shadowRules, d.policyRules}
	if d.policy.Effect != engine.Allow.String() && d.shadow.Effect == engine.Allow.String() {
		sides[0], sides[1] = sides[1], sides[0]
	}
	for _, list := range sides {
		if len(list) > 0 {
			return list[0]
		}
	}
	return ""
}

// shadowCounts is what shadows counted, of this configuration and those before. The zero value is empty.
type shadowCounts struct {
	asked, dropped, failed atomic.Uint64

	mu       sync.Mutex
	disagree map[shadowKey]uint64
}

// shadowKey is what disagreements are counted by.
type shadowKey struct {
	kind      engine.Kind
	direction engine.Direction
	event     string // of those that a policy asks for, "" for others: clients choose names
	rule      string
	differs   string
}

// maxShadowKeys bounds the keys: each reload may bring rules at other places. Beyond it all count as the rule "other".
const maxShadowKeys = 1000

func (c *shadowCounts) add(d *disagreement, named bool) {
	key := shadowKey{d.in.Kind, d.in.Direction, "", d.rule(), d.differs}
	if named {
		key.event = d.in.Event
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.disagree == nil {
		c.disagree = map[shadowKey]uint64{}
	}
	if _, known := c.disagree[key]; !known && len(c.disagree) >= maxShadowKeys {
		key = shadowKey{d.in.Kind, d.in.Direction, "", "other", d.differs}
	}
	c.disagree[key]++
}

var (
	shadowAsked    = desc("shadow_decisions_total", "Packets that the policy's shadow was asked about.")
	shadowDropped  = desc("shadow_dropped_total", "Packets that it was not asked about, since too much waited for it.")
	shadowFailed   = desc("shadow_errors_total", "Errors and timeouts of the shadow; it counts as denying then.")
	shadowDisagree = desc("shadow_disagreements_total", "Packets that the policy and its shadow decide otherwise: in effect, code, reason or transform, and the rule of who denies.",
		"kind", "direction", "event", "rule", "differs")
)

func describeShadow(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{shadowAsked, shadowDropped, shadowFailed, shadowDisagree} {
		ch <- d
	}
}

func (c *shadowCounts) collect(ch chan<- prometheus.Metric) {
	for d, n := range map[*prometheus.Desc]*atomic.Uint64{shadowAsked: &c.asked, shadowDropped: &c.dropped, shadowFailed: &c.failed} {
		ch <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(n.Load()))
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for k, n := range c.disagree {
		ch <- prometheus.MustNewConstMetric(shadowDisagree, prometheus.CounterValue, float64(n),
			k.kind.String(), k.direction.String(), k.event, k.rule, k.differs)
	}
}

// shadowLog tells of disagreements, of so many a second.
type shadowLog struct {
	to     *slog.Logger
	second int64
	lines  int
	missed uint64 // disagreements without a line, since the last one with
}

// maxShadowLines bounds the lines of one second: a policy may disagree on every packet.
const maxShadowLines = 10

// room reports whether there is room for a line more.
func (l *shadowLog) room(now time.Time) bool {
	if s := now.Unix(); s != l.second {
		l.second, l.lines = s, 0
	}
	if l.lines++; l.to == nil || l.lines > maxShadowLines {
		l.missed++
		return false
	}
	return true
}

func (l *shadowLog) disagreement(d *disagreement) {
	if !l.room(time.Now()) {
		return
	}
	attrs := []any{"differs", d.differs, "kind", d.in.Kind.String(), "direction", d.in.Direction.String()}
	for _, a := range [][2]string{{"namespace", d.in.Namespace}, {"event", d.in.Event}, {"room", d.in.Room}} {
		if a[1] != "" {
			attrs = append(attrs, a[0], brief(a[1]))
		}
	}
	if d.in.Session != nil {
		attrs = append(attrs, "session", d.in.Session.ID)
	}
	side := func(name string, o *compare.Outcome, rules []string) {
		attrs = append(attrs, name, brief(o.String()))
		if o.Reason != "" {
			attrs = append(attrs, name+"_reason", brief(o.Reason))
		}
		if len(rules) > 0 {
			attrs = append(attrs, name+"_rules", strings.Join(rules, ","))
		}
	}
	side("policy", &d.policy, d.policyRules)
	side("shadow", &d.shadow, d.shadowRules)
	if d.err != nil {
		attrs = append(attrs, "error", brief(d.err.Error()))
	}
	if l.missed > 0 {
		attrs = append(attrs, "more", l.missed)
	}
	l.missed = 0
	l.to.Warn("the shadow policy decides otherwise", attrs...)
}

func (l *shadowLog) failed(err error) {
	if l.room(time.Now()) {
		l.to.Error("the shadow policy failed", "error", err)
	}
}

// brief cuts what a client or a policy chose.
func brief(s string) string {
	const most = 200
	if len(s) <= most {
		return s
	}
	cut := most
	for cut > most-utf8.UTFMax && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + "…"
}
