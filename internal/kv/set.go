package kv

import "sync"

// Set holds the stores of all plugins by their names. It outlives any one configuration. The zero value is
// empty. Safe for concurrent use.
type Set struct {
	mu sync.Mutex
	of map[string]*Store
}

// Store gives the store of a plugin; where there is none it makes one with these limits.
func (s *Set) Store(plugin string, l Limits) *Store {
	s.mu.Lock()
	defer s.mu.Unlock()
	if have := s.of[plugin]; have != nil {
		return have
	}
	if s.of == nil {
		s.of = map[string]*Store{}
	}
	fresh := New(l)
	s.of[plugin] = fresh
	return fresh
}

// Limit gives a plugin's store other limits, if there is one. What is in it stays to its end.
func (s *Set) Limit(plugin string, l Limits) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if have := s.of[plugin]; have != nil {
		have.limit(l)
	}
}

// Keep drops the stores of plugins that are not named: they are gone from the configuration.
func (s *Set) Keep(plugins ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	kept := make(map[string]*Store, len(plugins))
	for _, name := range plugins {
		if have := s.of[name]; have != nil {
			kept[name] = have
		}
	}
	s.of = kept
}

// Each calls do for each store with its plugin's name.
func (s *Set) Each(do func(plugin string, st *Store)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for name, st := range s.of {
		do(name, st)
	}
}
