package cli

import (
	"fmt"
	"io"
	"strings"

	"github.com/siogw/siogw/plugins/rego"
)

// memoText prints what the memo of the policy has in its keys, by kind and event.
func memoText(w io.Writer, enabled bool, plans []rego.MemoPlan) {
	if plans == nil {
		return
	}
	fmt.Fprintln(w, "  memo      what a decision depends on, beside kind, direction, event and namespace as listed")
	if !enabled {
		fmt.Fprintln(w, "            policy.memo.enabled is false: nothing is remembered")
	}
	for i := range plans {
		m := &plans[i]
		switch {
		case !m.Memoized:
			fmt.Fprintf(w, "            %s: not remembered\n", m)
		case len(m.Key) == 0:
			fmt.Fprintf(w, "            %s: nothing else\n", m)
		default:
			fmt.Fprintf(w, "            %s: %s\n", m, strings.Join(m.Key, ", "))
		}
		for _, o := range m.Obstacles {
			fmt.Fprintf(w, "              %s: %s (%s)\n", o.At, o.Text, o.Reason)
		}
	}
}
