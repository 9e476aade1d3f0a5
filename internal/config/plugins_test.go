package config

import (
	"strings"
	"testing"
	"time"

	"github.com/siogw/siogw/hostabi"
)

func plugin(t *testing.T, keys string) (*Plugin, error) {
	t.Helper()
	cfg, err := Parse("f", "", []byte("upstream: { url: http://127.0.0.1:3000 }\nplugins: [{ name: a, source: std:b, "+keys+" }]\n"))
	if err != nil {
		return nil, err
	}
	return &cfg.Plugins[0], nil
}

func TestPluginDefaults(t *testing.T) {
	p, err := plugin(t, "mode: enforce")
	if err != nil {
		t.Fatal(err)
	}
	if p.Granted() != 0 || p.Lifetime != "" || p.Sessions != 1000 || p.Memo != 1<<20 || p.KV != (KV{10_000, 4 << 20, 24 * time.Hour}) ||
		p.Backoff != (Backoff{10, 10 * time.Second, time.Second, time.Minute}) {
		t.Errorf("%+v", p)
	}
	p, err = plugin(t, "grant: [kv, random], lifetime: session, sessions: 5, memo: 0, kv: { entries: 7 }, backoff: { failures: 0 }")
	if err != nil {
		t.Fatal(err)
	}
	if p.Granted() != hostabi.KV|hostabi.Random || p.Lifetime != "session" || p.Sessions != 5 || p.Memo != 0 || p.KV.Entries != 7 ||
		p.KV.Bytes != 4<<20 || p.Backoff.Failures != 0 || p.Backoff.Pause != time.Second {
		t.Errorf("%+v", p)
	}
}

func TestPluginKeys(t *testing.T) {
	for keys, want := range map[string]string{
		"grant: [kv, clock, random]":     "",
		"grant: [net]":                   `plugins.0.grant.0: want kv, clock or random, found "net"`,
		"grant: kv":                      "plugins.0.grant: ",
		"lifetime: shared":               "",
		"lifetime: call":                 "",
		"lifetime: day":                  `plugins.0.lifetime: want shared, session or call, found "day"`,
		"sessions: 0":                    "plugins.0.sessions: ",
		"sessions: 65536":                "",
		"sessions: 65537":                "plugins.0.sessions: ",
		"memo: 4GiB":                     "",
		"memo: 5GiB":                     "plugins.0.memo: ",
		"kv: { entries: 0 }":             "plugins.0.kv.entries: ",
		"kv: { entries: 1 }":             "",
		"kv: { entries: 10000001 }":      "plugins.0.kv.entries: ",
		"kv: { bytes: 4095B }":           "plugins.0.kv.bytes: ",
		"kv: { bytes: 4KiB }":            "",
		"kv: { bytes: 5GiB }":            "plugins.0.kv.bytes: ",
		"kv: { max_ttl: 1s }":            "",
		"kv: { max_ttl: 999ms }":         "plugins.0.kv.max_ttl: ",
		"kv: { max_ttl: 8761h }":         "plugins.0.kv.max_ttl: ",
		"backoff: { failures: -1 }":      "plugins.0.backoff.failures: ",
		"backoff: { failures: 1000001 }": "plugins.0.backoff.failures: ",
		"backoff: { window: 99ms }":      "plugins.0.backoff.window: ",
		"backoff: { window: 1h }":        "",
		"backoff: { pause: 9ms }":        "plugins.0.backoff.pause: ",
		"backoff: { pause: 2m }":         "plugins.0.backoff.max_pause: 1m0s is less than pause, 2m0s",
		"backoff: { pause: 1m }":         "",
		"backoff: { max_pause: 61m }":    "plugins.0.backoff.max_pause: ",
	} {
		_, err := plugin(t, keys)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v, want %q", keys, err, want)
		}
	}
}
