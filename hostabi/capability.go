package hostabi

import (
	"fmt"
	"strings"
)

// Capability is something beyond its view that a guest needs and an operator grants, ABI.md section 3: a bit each.
type Capability uint8

// The capabilities.
const (
	KV     Capability = 1 << iota // the store: kv_get, kv_set, kv_delete, kv_add
	Clock                         // the input's time: time_ms
	Random                        // unpredictable bytes: random
)

var capabilityNames = [...]string{"kv", "clock", "random"}

// String gives the names, with commas between them.
func (c Capability) String() string {
	var names []string
	for i, name := range capabilityNames {
		if c&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}

// ParseCapability is the inverse of String for one name.
func ParseCapability(name string) (Capability, error) {
	for i, n := range capabilityNames {
		if n == name {
			return 1 << i, nil
		}
	}
	return 0, fmt.Errorf("no capability %q; there are kv, clock and random", name)
}

// Needs gives the capabilities whose imports the module has.
func (m *Module) Needs() (c Capability) {
	for _, i := range m.info.Imports {
		if i.Module == hostModule {
			c |= hostFuncs[i.Name].needs
		}
	}
	return c
}

// checkGrant fails when the module imports what is not granted.
func (m *Module) checkGrant(granted Capability) error {
	for _, i := range m.info.Imports {
		if i.Module != hostModule {
			continue
		}
		if missing := hostFuncs[i.Name].needs &^ granted; missing != 0 {
			return fmt.Errorf("%w: import siogw.%s needs the capability %s, which is not granted", ErrABI, i.Name, missing)
		}
	}
	return nil
}
