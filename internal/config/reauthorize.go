package config

import "time"

// Reauthorize says how live connections are judged again when something changes that their decisions depend on.
type Reauthorize struct {
	// Enabled judges them: for each namespace its token and its CONNECT, and for each room the join. Default true.
	Enabled bool `yaml:"enabled"`
	// Within is the time in which all are judged, evenly spread. Default 30s.
	Within time.Duration `yaml:"within" min:"1s" max:"1h"`
	// Keep is what a session keeps of the auth payloads of its CONNECTs and the arguments of its joins, to be judged by; what does
	// not fit is refused. Default 32KiB.
	Keep Size `yaml:"keep" min:"1KiB" max:"16MiB"`
}

var defaultReauthorize = Reauthorize{Enabled: true, Within: 30 * time.Second, Keep: 32 << 10}
