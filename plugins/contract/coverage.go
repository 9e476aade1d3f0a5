package contract

import (
	"maps"
	"slices"
)

// Coverage is what a contract says of one namespace: the names of events, sorted.
type Coverage struct {
	Namespace string   `json:"namespace"`
	In        []string `json:"in"`  // that clients send
	Out       []string `json:"out"` // that the server sends
}

// Coverage lists the namespaces in the order of the files.
func (c *Contract) Coverage() (out []Coverage) {
	for _, n := range c.order {
		out = append(out, Coverage{n.name, slices.Sorted(maps.Keys(n.in)), slices.Sorted(maps.Keys(n.out))})
	}
	return out
}
