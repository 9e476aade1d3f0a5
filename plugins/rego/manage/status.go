package manage

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/open-policy-agent/opa/v1/plugins/bundle"
	"github.com/open-policy-agent/opa/v1/plugins/discovery"
)

// Bundle is what is known of one bundle.
type Bundle struct {
	Name      string
	Revision  string    // that is active; "" where none is, and where bundles have none
	Activated time.Time // zero: never
	Error     string    // why the last request or activation failed; "" when it did not
	Failures  uint64    // of requests and activations so far
}

// listen hears of the status of bundles, as soon as there is what tells.
func (a *Agent) listen() {
	plugin := bundle.Lookup(a.manager)
	if plugin == nil || !a.known.CompareAndSwap(false, true) {
		return
	}
	plugin.RegisterBulkListener("siogw", a.hear)
}

func (a *Agent) hear(status map[string]*bundle.Status) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for name, s := range status {
		old := a.status[name]
		if s.Code != "" && (old == nil || !s.LastRequest.Equal(old.LastRequest)) {
			a.failed[name]++
		}
	}
	maps.DeleteFunc(a.failed, func(name string, _ uint64) bool { return status[name] == nil })
	a.status = status
}

// Bundles gives what is known of the bundles, in the order of their names.
func (a *Agent) Bundles() []Bundle {
	a.listen()
	plugin := bundle.Lookup(a.manager)
	if plugin == nil {
		return nil
	}
	var out []Bundle
	configured := plugin.Config().Bundles
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, name := range slices.Sorted(maps.Keys(configured)) {
		b := Bundle{Name: name, Failures: a.failed[name]}
		if s := a.status[name]; s != nil {
			b.Revision, b.Activated, b.Error = s.ActiveRevision, s.LastSuccessfulActivation, reason(s)
		}
		out = append(out, b)
	}
	return out
}

// reason tells why in one line.
func reason(s *bundle.Status) string {
	if s.Code == "" {
		return ""
	}
	text := s.Message
	for _, err := range s.Errors {
		text += "; " + err.Error()
	}
	return strings.ReplaceAll(text, "\n", "; ")
}

// Waiting tells what keeps bundles from deciding.
func (a *Agent) Waiting() string {
	var out []string
	for _, b := range a.Bundles() {
		text := "bundle " + b.Name + ": "
		switch {
		case b.Error != "":
			out = append(out, text+b.Error)
		case b.Activated.IsZero():
			out = append(out, text+"not there yet")
		}
	}
	if len(out) == 0 && a.manager.Plugin(bundle.Name) == nil {
		return discovery.Name + ": no bundles found yet"
	}
	return strings.Join(out, "\n")
}

// LogCounts gives OPA's counts of decision logs by name, such as decision_logs_dropped_buffer_size_limit_bytes_exceeded, with what
// waited before OPA: decision_logs_taken from there, or decision_logs_dropped_queue_full.
func (a *Agent) LogCounts() map[string]uint64 {
	const prefix = "counter_"
	out := map[string]uint64{"decision_logs_dropped_queue_full": a.events.dropped.Load(), "decision_logs_taken": a.events.taken.Load()}
	for name, v := range a.metrics.All() {
		if n, ok := v.(uint64); ok && strings.HasPrefix(name, prefix) {
			out[strings.TrimPrefix(name, prefix)] = n
		}
	}
	return out
}
