package config

import "time"

// Shadow is a second policy that is asked beside the one in force, and never counts (docs/policies.md).
type Shadow struct {
	// Paths are as those of the policy. Default none: there is no shadow.
	Paths []Path `yaml:"paths"`
	// Sample asks it about one packet of so many. Default 1: about each.
	Sample int `yaml:"sample" min:"1" max:"1000000"`
	// Timeout is for one evaluation. Default 250ms.
	Timeout time.Duration `yaml:"timeout" min:"1ms" max:"10s"`
}

var defaultShadow = Shadow{Sample: 1, Timeout: 250 * time.Millisecond}
