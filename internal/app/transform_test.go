package app

import (
	"fmt"
	"strings"
	"testing"

	"github.com/siogw/siogw/internal/siotest"
)

// growing is a policy whose transform makes packets larger: clients' with {"in": n}, the server's with {"out": n}.
const growing = `package siogw.authz

allow := true

transform := [{"op": "replace", "path": "/args/0", "value": substring(data.text, 0, n)}] if {
	n := input.args[0][{"in": "in", "out": "out"}[input.direction]]
}
`

// TestTransformWithinPayload: what a policy makes of a packet is held to the limit of its direction.
func TestTransformWithinPayload(t *testing.T) {
	r := startReloadable(t, map[string]string{"policy.rego": growing, "data.json": `{"text":"` + strings.Repeat("x", 4096) + `"}`},
		"policy: { paths: [policy.rego, data.json] }\nadmin: { listen: '' }\nlimits: { payload: 1KiB, upstream_payload: 2KiB }\n")
	c := siotest.NewClient(t, r.url, nil)
	c.Join("/", "")
	const around = len(`["grow",""]`)
	for i, tt := range []struct {
		at string
		n  int
		ok bool
	}{
		{"in", 1<<10 - around, true}, {"in", 1<<10 - around + 1, false},
		{"out", 2<<10 - around, true}, {"out", 2<<10 - around + 1, false},
	} {
		if c.Put(fmt.Sprintf(`42["grow",{%q:%d}]`, tt.at, tt.n)); tt.ok { // it comes back as an emit
			if got := c.Next().String(); !strings.HasPrefix(got, `42["grow","xxx`) {
				t.Errorf("%s %d: %.100s", tt.at, tt.n, got)
			}
			continue
		}
		if tt.at == "in" {
			if got := c.Next().String(); !strings.Contains(got, `"code":105`) {
				t.Errorf("%s %d: %.100s", tt.at, tt.n, got)
			}
		}
		c.Put(fmt.Sprintf(`42%d["echo"]`, i)) // a server's emit that is refused is kept from the client
		c.Want(fmt.Sprintf(`43%d[]`, i))
	}
}

// TestTransformOfLargePackets: a server's packet may be larger than a client's, before and after.
func TestTransformOfLargePackets(t *testing.T) {
	const n = 3 << 19
	r := startReloadable(t, map[string]string{"policy.rego": growing, "data.json": `{"text":"` + strings.Repeat("x", n) + `"}`},
		"policy: { paths: [policy.rego, data.json] }\nadmin: { listen: '' }\n")
	c := siotest.NewClient(t, r.url, nil)
	c.Join("/", "")
	c.Put(fmt.Sprintf(`42["grow",{"out":%d}]`, n))
	if got := c.Next().String(); got != `42["grow","`+strings.Repeat("x", n)+`"]` {
		t.Errorf("got %.100s…, %d bytes", got, len(got))
	}
}
