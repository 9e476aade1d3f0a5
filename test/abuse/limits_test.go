//go:build linux

package abuse

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/siogw/siogw/internal/config"
)

// limited names, for each key of limits, the tests that meet it: what it allows passes, and one more does not. Where one
// name stands the test does both. sets is what both must set.
var limited = map[string]struct{ sets, within, over string }{
	"payload":          {"Payload", "gateway.TestPacketLimits", ""},
	"upstream_payload": {"UpstreamPayload", "gateway.TestUpstreamPayload", ""},
	"send_buffer":      {"SendBuffer", "gateway.TestSendBuffer", ""},
	"depth":            {"Depth", "gateway.TestPacketLimits", ""},
	"attachments":      {"Attachments", "gateway.TestPacketLimits", ""},
	"namespaces":       {"Namespaces", "gateway.TestPacketLimits", ""},
	"rooms":            {"Rooms", "gateway.TestRoomsOfASession", ""},
	"event_rooms":      {"EventRooms", "gateway.TestSeveralRooms", ""},
	"room_name":        {"RoomName", "gateway.TestSeveralRooms", ""},
	"attachment_bytes": {"AttachmentBytes", "gateway.TestPacketLimits", ""},
	"elements":         {"Elements", "gateway.TestPacketLimits", ""},
	"number":           {"Number", "gateway.TestPacketLimits", ""},
	"event_name":       {"EventName", "gateway.TestPacketLimits", ""},
	"namespace_name":   {"NamespaceName", "gateway.TestPacketLimits", ""},
	"ack_id":           {"AckID", "gateway.TestPacketLimits", ""},
	"acks":             {"Acks", "gateway.TestPacketLimits", ""},
	"connects":         {"Connects", "gateway.TestPacketLimits", ""},
	"memory":           {"Memory", "gateway.TestMemoryAdmission", "gateway.TestMemoryBudget"},
	"slow_decisions":   {"SlowDecisions", "gateway.TestAwayBound", ""},
	"broadcasts":       {"known", "gateway.TestBroadcastTakes", ""},
	"repeats":          {"known", "gateway.TestRepeatsTake", ""},

	"http.header":      {"Header:", "gateway.TestHTTPLimits", ""},
	"http.headers":     {"Headers:", "gateway.TestHTTPLimits", ""},
	"http.url":         {"URL:", "gateway.TestHTTPLimits", ""},
	"http.cookie":      {"Cookie:", "gateway.TestHTTPLimits", ""},
	"http.header_time": {"header_time:", "internal/app.TestHeaderTime", ""},
	"http.body_time":   {"BodyTimeout", "engineio/eioserver.TestSlowInTime", "engineio/eioserver.TestSlowPost"},
	"http.pass_time":   {"plain(t, ", "gateway.TestSlowUpstreamOfPlainHTTP", "gateway.TestSlowBodyOfPlainHTTP"},

	"sessions.connect_time":   {"ConnectTime", "gateway.TestNeverConnected", ""},
	"sessions.poll_time":      {"PollTimeout", "engineio/eioserver.TestNeverPolled", ""},
	"sessions.write_time":     {"WriteTimeout", "engineio/eioserver.TestSlowInTime", "engineio/eioserver.TestNoPolls"},
	"sessions.idle":           {"Idle", "engineio/eioserver.TestIdleAndLifetime", ""},
	"sessions.lifetime":       {"Lifetime", "engineio/eioserver.TestIdleAndLifetime", ""},
	"sessions.upgrades":       {"Upgrades", "engineio/eioserver.TestUpgradeLimits", ""},
	"sessions.total_upgrades": {"TotalUpgrades", "engineio/eioserver.TestUpgradeLimits", ""},

	"traffic.frames":    {"Frames:", "engineio/internal/wsconn.TestRates", ""},
	"traffic.control":   {"Control:", "engineio/internal/wsconn.TestRates", ""},
	"traffic.fragments": {"Fragments:", "engineio/internal/wsconn.TestRates", ""},
	"traffic.bytes":     {"Bytes", "engineio/internal/wsconn.TestBytesOnBothSides", ""},
	"unfinished.time":   {"Unfinished.Time", "gateway.TestUnfinished", ""},
	"unfinished.bytes":  {"Unfinished.Bytes", "gateway.TestUnfinished", ""},

	"connections.total":             {"ConnectionsTotal:", "gateway.TestConnectionLimits", ""},
	"connections.rate":              {"ConnectRateTotal", "gateway.TestIdentityConnections", ""},
	"connections.per_ip":            {"ConnectionsPerIP:", "gateway.TestConnectionLimits", ""},
	"connections.rate_per_ip":       {"ConnectRatePerIP:", "gateway.TestConnectionLimits", ""},
	"connections.per_identity":      {"ConnectionsPerIdentity", "gateway.TestIdentityConnections", ""},
	"connections.rate_per_identity": {"ConnectRatePerIdentity", "gateway.TestIdentityConnections", ""},
	"connections.ipv6_prefix":       {"IPv6Prefix", "gateway.TestIPv6Prefix", ""},
	"connections.sockets_per_ip":    {"SocketsPerIP = 2", "gateway.TestGuard", ""},

	"events.per_session":   {"EventsPerSession", "gateway.TestPacketLimits", ""},
	"events.per_event":     {"EventsPerName", "gateway.TestPacketLimits", ""},
	"events.per_identity":  {"EventsPerIdentity", "gateway.TestPacketLimits", ""},
	"events.bytes":         {"EventBytes", "gateway.TestPacketLimits", ""},
	"events.decision_time": {"DecisionTime", "gateway.TestDecisionTimeWithin", "gateway.TestDecisionTime"},
}

// TestLimitsAreTested: every key of limits is named, and its tests are there and set it.
func TestLimitsAreTested(t *testing.T) {
	keys := map[string]bool{}
	collect(reflect.TypeFor[config.Limits](), "", keys)
	for key := range keys {
		l, ok := limited[key]
		if !ok {
			t.Errorf("limits.%s is not among the limits with a test", key)
			continue
		}
		for _, test := range []string{l.within, l.over} {
			if test != "" && !strings.Contains(source(t, test), l.sets) {
				t.Errorf("limits.%s: %s does not set %s", key, test, l.sets)
			}
		}
	}
	for key := range limited {
		if !keys[key] {
			t.Errorf("limits.%s is no key", key)
		}
	}
}

// collect gives the keys below a structure of the configuration.
func collect(of reflect.Type, prefix string, keys map[string]bool) {
	for i := range of.NumField() {
		f := of.Field(i)
		key := prefix + f.Tag.Get("yaml")
		if f.Type.Kind() == reflect.Struct && f.Type.Field(0).Tag.Get("yaml") != "" {
			collect(f.Type, key+".", keys)
			continue
		}
		keys[key] = true
	}
}

// source gives the text of dir.TestName.
func source(t *testing.T, test string) string {
	t.Helper()
	dir, name, _ := strings.Cut(test, ".")
	files, err := filepath.Glob(filepath.Join("..", "..", dir, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if _, after, ok := strings.Cut(string(text), "\nfunc "+name+"("); ok {
			body, _, _ := strings.Cut(after, "\n}\n")
			return body
		}
	}
	t.Errorf("there is no %s", test)
	return ""
}
