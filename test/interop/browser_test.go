package interop

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/siogw/siogw/internal/proctest"
)

// TestBrowser lets pages in Chromium talk over compressed WebSockets, with the bundles that socket.io ships.
func TestBrowser(t *testing.T) {
	require(t)
	chromium, err := exec.LookPath("chromium")
	if err != nil {
		if os.Getenv("SIOGW_REQUIRE_INTEROP") == "1" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	for parser, bundle := range map[string]string{"json": "socket.io.js", "msgpack": "socket.io.msgpack.min.js"} {
		t.Run(parser, func(t *testing.T) {
			s := (&scenario{Gateway: map[string]any{"compression": map[string]any{"enabled": true, "min_size": 100}}}).with(parser)
			gw := startGateway(t, s, startServer(t, s.Server))
			ctx, cancel := context.WithTimeout(t.Context(), 2*startWait)
			defer cancel()
			cmd := exec.CommandContext(ctx, "node", "browser.cjs", gw.url, chromium, bundle)
			failure := &proctest.Output{}
			cmd.Stderr = failure
			out, err := cmd.Output()
			if err != nil {
				t.Fatalf("%v: %s", err, failure)
			}
			var got struct {
				Extensions string
				Letters    int
				Bytes      []int
				Rest       json.RawMessage
				Refused    json.RawMessage
			}
			if err := json.Unmarshal(out, &got); err != nil {
				t.Fatal(err)
			}
			if !strings.HasPrefix(got.Extensions, "permessage-deflate") || got.Letters != 30000 || len(got.Bytes) != 3 || got.Bytes[2] != 3 ||
				string(got.Rest) != "[\"ünï ☃ 😀 \u2028\",1.5,{\"a\":[null,{\"b\":true}]}]" || !strings.Contains(string(got.Refused), `"code":300`) {
				t.Errorf("got %s", out)
			}
		})
	}
}
