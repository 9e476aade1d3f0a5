package wasm_test

import (
	"strings"
	"testing"

	"github.com/siogw/siogw/engine"
)

// TestOwnError: a guest that tells what went wrong denies like one that traps, and only the log has its text.
func TestOwnError(t *testing.T) {
	long := strings.Repeat("x", 1000)
	for verdict, want := range map[string]string{
		`{"error":"TypeError: no"}`:                                   "the plugin failed: TypeError: no",
		`{"effect":"allow","error":"late","args":[]}`:                 "the plugin failed: late",
		`{"error":"` + long + `yyyyyyyyyyyyyyyyyyyyyyyyzzzzzzzzzzz"}`: "the plugin failed: " + long + "yyyyyyyyyyyyyyyyyyyyyyyy",
		`{"error":"` + long + `12345678901234567890123é"}`:            "the plugin failed: " + long + "12345678901234567890123\ufffd",
		`{"error":{}}`: "error is of the wrong type",
	} {
		v := decide(t, verdict, message(`["a"]`))
		if v.Err == nil || !strings.HasSuffix(v.Err.Error(), want) || v.Effect != engine.Deny || v.Code != engine.CodePluginError || v.Args != nil {
			t.Errorf("%.60s: %v %d %v, want %s", verdict, v.Effect, v.Code, v.Err, want)
		}
		if strings.Contains(v.Reason, "TypeError") {
			t.Errorf("the client is told %q", v.Reason)
		}
	}
}
