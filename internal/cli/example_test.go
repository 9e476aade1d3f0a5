package cli

import (
	"bytes"
	"testing"
)

// TestExamples holds the examples to their own tests, and to covering their whole policy.
func TestExamples(t *testing.T) {
	for _, name := range []string{"chat", "policies/team", "policies/tenants", "policies/documents"} {
		dir := "../../examples/" + name
		var out, errs bytes.Buffer
		if code := Run([]string{"check", "-c", dir + "/siogw.yaml"}, nil, &out, &errs); code != fine {
			t.Errorf("%s: check exits with %d\n%s%s", name, code, out.String(), errs.String())
		}
		out.Reset()
		if code := Run([]string{"test", "-c", dir + "/siogw.yaml", "--threshold", "100"}, nil, &out, &errs); code != fine {
			t.Errorf("%s: test exits with %d\n%s%s", name, code, out.String(), errs.String())
		}
	}
}
