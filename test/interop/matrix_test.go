package interop

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// pairing is a server, and the gateway in front of it for the clients that are named.
type pairing struct {
	name    string
	server  string         // its version
	options map[string]any // of the server
	gateway map[string]any
	clients []string
	bare    bool // they can talk without the gateway
}

var (
	allClients = slices.Concat(oldClients, newClients, []string{"python"})
	eio3       = map[string]any{"eio3": true}
	allowEIO3  = map[string]any{"allowEIO3": true}
	translate  = map[string]any{"eio3": true, "upstream": map[string]any{"translate": true}}
)

// pairings are all that the protocol's revisions allow.
var pairings = []pairing{
	{"2", "2", nil, map[string]any{"eio3": true, "upstream": map[string]any{"eio": 3}}, oldClients, true},
	{"2-translated", "2", nil, map[string]any{"upstream": map[string]any{"eio": 3}}, slices.Concat(newClients, []string{"python"}), false},
	{"3", "3", allowEIO3, eio3, allClients, true},
	{"4", "4", allowEIO3, eio3, allClients, true},
	{"3-translated", "3", nil, translate, allClients, false},
	{"4-translated", "4", nil, translate, allClients, false},
}

// TestMatrix has every client version go through matrix/*.yaml with every server version, over every transport.
func TestMatrix(t *testing.T) {
	require(t)
	paths, err := filepath.Glob("matrix/*.yaml")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no scenarios: %v", err)
	}
	for _, p := range pairings {
		for _, path := range paths {
			name := p.name + "/" + strings.TrimSuffix(filepath.Base(path), ".yaml")
			if p.bare {
				t.Run("bare/"+name, func(t *testing.T) { p.load(t, path).runBare(t) })
			}
			t.Run("gateway/"+name, func(t *testing.T) { p.load(t, path).runGateway(t) })
		}
	}
}

// load gives a scenario as p plays it.
func (p pairing) load(t *testing.T, path string) *scenario {
	t.Parallel()
	s, err := loadScenario(path)
	if err != nil {
		t.Fatal(err)
	}
	s.Clients = p.clients
	s.Server = merge(map[string]any{"version": p.server}, p.options)
	s.Gateway = p.gateway
	return s
}
