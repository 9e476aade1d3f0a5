package engine

import "sync"

// Forms keeps renderings of an immutable value (Rego terms, JSON text), so that each is made once for a
// session and not once for a packet. The zero value is empty and ready. Safe for concurrent use.
type Forms struct {
	mu   sync.Mutex
	made []form
}

type form struct {
	key any
	val any
}

// Drop forgets all of them.
func (f *Forms) Drop() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.made = nil
}

// Get gives the rendering kept under key, or makes and keeps it. Keys are compared with ==; a package
// uses a value of an unexported type. The number of keys is the number of kinds of plugin: a handful.
func (f *Forms) Get(key any, make func() any) any {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i := range f.made {
		if f.made[i].key == key {
			return f.made[i].val
		}
	}
	val := make()
	f.made = append(f.made, form{key, val})
	return val
}
