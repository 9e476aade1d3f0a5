//go:build !wasip1

package siogw

import (
	"encoding/json"
	"sync"
)

// Outside of the gateway, in tests, what a plugin says beside its verdict is kept here.
var told struct {
	sync.Mutex
	Told
}

// Told is what a plugin said beside its verdict.
type Told struct {
	Logs   []string
	Labels map[string]json.RawMessage
	Counts map[string]int64
}

// Run judges one view as the gateway would, and gives the verdict's JSON, nil for allow and unchanged. It
// exists outside of the gateway only, for tests.
func Run(view []byte) ([]byte, Told, error) {
	told.Lock()
	told.Told = Told{Labels: map[string]json.RawMessage{}, Counts: map[string]int64{}}
	told.Unlock()
	out, err := judge(view)
	told.Lock()
	defer told.Unlock()
	return out, told.Told, err
}

// Configure passes a configuration as the gateway would. It exists for tests, like Run.
func Configure(config []byte) error { return configure(config) }

func logText(_ int32, text string) {
	told.Lock()
	defer told.Unlock()
	told.Logs = append(told.Logs, text)
}

// Label tells later plugins something: input.plugins.NAME.key. At most 16 a packet, keys of 64 bytes, values
// of 1 KiB as JSON.
func Label(key string, value any) {
	b, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	told.Lock()
	defer told.Unlock()
	if told.Labels == nil {
		told.Labels = map[string]json.RawMessage{}
	}
	told.Labels[key] = b
}

// Count adds to a counter, named in lower case letters, digits and underscores.
func Count(name string, delta int64) {
	told.Lock()
	defer told.Unlock()
	if told.Counts == nil {
		told.Counts = map[string]int64{}
	}
	told.Counts[name] += delta
}
