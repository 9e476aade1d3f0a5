package interop

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/siogw/siogw/internal/proctest"
)

// TestIdentityExample runs examples/identity: an application that gives tickets, and verifies what the gateway signs.
func TestIdentityExample(t *testing.T) {
	require(t)
	t.Parallel()
	text, err := os.ReadFile("../../examples/identity/siogw.yaml")
	if err != nil {
		t.Fatal(err)
	}
	secret, err := os.ReadFile("../../examples/identity/tickets.secret")
	if err != nil {
		t.Fatal(err)
	}
	for name, key := range map[string]string{
		"own":     "",
		"Ed25519": "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n-----END PRIVATE KEY-----\n", // RFC 8410 section 10.3
	} {
		t.Run(name, func(t *testing.T) {
			s := &scenario{Files: map[string]string{"tickets.secret": string(secret)}}
			if err := yaml.Unmarshal(text, &s.Gateway); err != nil {
				t.Fatal(err)
			}
			admin := proctest.FreeAddress(t)
			s.Gateway["admin"] = map[string]any{"listen": admin}
			delete(s.Gateway, "upstream")
			if key != "" {
				s.Files["signing.pem"] = key
				s.Gateway = merge(s.Gateway, map[string]any{"identity": map[string]any{"upstream": map[string]any{"keys": []any{"signing.pem"}}}})
			}
			app := start(t, ".", "node", "identity.cjs", "http://"+admin, string(secret[:len(secret)-1]))
			var port struct{ Port int }
			if err := app.readJSON(&port); err != nil {
				t.Fatal(err)
			}
			gw := startGateway(t, s, server{url: fmt.Sprintf("http://127.0.0.1:%d", port.Port)})
			fmt.Fprintln(app.stdin, gw.url)
			var result struct {
				OK    bool
				Error string
			}
			if err := app.readJSON(&result); err != nil || !result.OK {
				t.Fatal(err, result.Error)
			}
			log, err := os.ReadFile(gw.dir + "/decisions.jsonl")
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(string(log), `"auth":{"ticket":"***"}`) || strings.Contains(string(log), "sgt_") {
				t.Errorf("the decision log shows tickets:\n%s", log)
			}
		})
	}
}
