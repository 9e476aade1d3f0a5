package config

// Memo bounds the memory of the policy's decisions (docs/policies.md).
type Memo struct {
	// Enabled remembers decisions by what of the input they depend on. Default true.
	Enabled bool `yaml:"enabled"`
	// Bytes is what all entries may hold together. Default 16MiB.
	Bytes Size `yaml:"bytes" min:"64KiB" max:"4GiB"`
	// Entry is what one decision may hold with what it depends on; a larger one is made anew each time. Default 16KiB.
	Entry Size `yaml:"entry" min:"1KiB" max:"1MiB"`
}

var defaultMemo = Memo{Enabled: true, Bytes: 16 << 20, Entry: 16 << 10}
