package interop

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/siogw/siogw/internal/bundletest"
)

// serveBundles offers the bundles of s, and what its steps offer.
func (s *scenario) serveBundles(t *testing.T) *httptest.Server {
	t.Helper()
	if s.Bundles == nil {
		return nil
	}
	bundles := &bundletest.Server{}
	for name, each := range s.Bundles {
		text, err := json.Marshal(each)
		b := &bundletest.Bundle{}
		if err == nil {
			err = json.Unmarshal(text, b)
		}
		if err == nil {
			err = bundles.Offer(name, b)
		}
		if err != nil {
			t.Fatalf("bundle %s: %v", name, err)
		}
	}
	mux := http.NewServeMux()
	mux.Handle("/bundles/{name}", bundles)
	srv := httptest.NewServer(mux)
	t.Cleanup(func() { srv.CloseClientConnections(); srv.Close() })
	s.control = srv.URL
	return srv
}

// TestBundlesFromDisk starts a gateway a second time while the server of its bundle is away.
func TestBundlesFromDisk(t *testing.T) {
	require(t)
	t.Parallel()
	up, disk := startServer(t, nil), t.TempDir()
	play := func(t *testing.T, with *scenario, steps ...map[string]any) {
		t.Helper()
		with.Clients, with.Transports, with.Steps = newClients[1:], []string{"websocket"}, steps
		with.Gateway = map[string]any{
			"admin": map[string]any{"listen": "SCENARIO_ADMIN"},
			"opa": map[string]any{
				"services":              map[string]any{"control": map[string]any{"url": with.control}},
				"keys":                  map[string]any{bundletest.KeyID: map[string]any{"algorithm": "HS256", "key": secret}},
				"persistence_directory": disk,
				"bundles": map[string]any{"authz": map[string]any{"service": "control", "persist": true,
					"signing": map[string]any{"keyid": bundletest.KeyID, "scope": "write"}}},
			},
		}
		gw := startGateway(t, with, up)
		with.running = gw.running
		with.running.Bundles = with.control
		with.each(t, up, gw.url, func(*testing.T) {})
	}
	talk := []map[string]any{
		{"connect": map[string]any{}},
		{"emit": map[string]any{"event": "echo", "args": []any{1}, "ack": []any{1}}},
		{"emit": map[string]any{"event": "secret", "ack": []any{map[string]any{"error": map[string]any{"$sub": map[string]any{"code": 101}}}}}},
	}
	first := &scenario{Bundles: map[string]any{}}
	bundles := first.serveBundles(t)
	offer := map[string]any{"bundle": map[string]any{"name": "authz", "revision": "one", "key": secret,
		"modules": map[string]any{"authz.rego": "package siogw.authz\nallow if input.event != \"secret\"\nallow if input.kind == \"handshake\"\nallow if input.kind == \"connect\"\n"}}}
	ok := t.Run("first", func(t *testing.T) { play(t, first, append([]map[string]any{offer}, talk...)...) })
	bundles.CloseClientConnections()
	bundles.Close()
	if ok {
		t.Run("away", func(t *testing.T) { play(t, &scenario{control: first.control}, talk...) })
	}
}
