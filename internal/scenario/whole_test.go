package scenario

import "testing"

// TestWhole: contract, shields and plugins are asked as well as the policy, in the gateway's order.
func TestWhole(t *testing.T) {
	o := offline(t, "allow if input.event != \"no\"", `
contract: { files: [c.yaml] }
plugins: [{ name: clean, source: std:html-sanitizer, match: { events: [say] } }]
`+mapped)
	defer o.Close(t.Context())
	for then, when := range map[string]string{
		"effect: deny, code: 120, by: contract": "event: say, args: [1]",
		"effect: deny, code: 121":               "event: unknown",
		"effect: deny, code: 101, by: policy":   "event: no",
		"effect: deny, code: 320, by: gateway":  "event: error",
		"effect: allow, args: [b]":              `event: say, args: ["<script>a</script>b"]`,
	} {
		text := "cases: [{ name: x, when: { kind: event, " + when + " }, then: { " + then + " } }]"
		if r := run(t, o, text); len(r.Diffs) > 0 {
			t.Errorf("%s: %+v", when, r)
		}
	}
}
