package bundletest

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// mediaType is that of answers to who polls long: without it OPA's client does not.
const mediaType = "application/vnd.openpolicyagent.bundles"

// pollTime is how long a poll waits for a change, whatever it asks for.
const pollTime = time.Second

// Server serves bundles at GET /bundles/NAME, by long polling and with ETags. PUT there offers a [Bundle] as JSON, and
// DELETE takes it away. It is ready for use, and safe for concurrent use.
type Server struct {
	Unchanged atomic.Int64 // answers 304

	mu      sync.Mutex
	bundles map[string][]byte
	changed chan struct{}
}

// Offer serves b from now on; nil takes it away.
func (s *Server) Offer(name string, b *Bundle) error {
	var text []byte
	if b != nil {
		var err error
		if text, err = b.Pack(); err != nil {
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.bundles == nil {
		s.bundles = map[string][]byte{}
	}
	if s.bundles[name] = text; s.changed != nil {
		close(s.changed)
		s.changed = nil
	}
	return nil
}

// ServeHTTP is described by [http.Handler].
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var err error
	switch name := r.PathValue("name"); r.Method {
	case http.MethodGet:
		s.get(w, r)
	case http.MethodPut:
		b := &Bundle{}
		if err = json.NewDecoder(r.Body).Decode(b); err == nil {
			err = s.Offer(name, b)
		}
	case http.MethodDelete:
		err = s.Offer(name, nil)
	default:
		w.WriteHeader(http.StatusMethodNotAllowed)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
	}
}

func (s *Server) get(w http.ResponseWriter, r *http.Request) {
	late := time.After(pollTime)
	for {
		text, changed := s.current(r.PathValue("name"))
		if text == nil {
			http.Error(w, "none", http.StatusNotFound)
			return
		}
		etag := fmt.Sprintf(`"%x"`, sha256.Sum256(text))
		w.Header().Set("Content-Type", mediaType)
		w.Header().Set("ETag", etag)
		if r.Header.Get("If-None-Match") != etag {
			_, _ = w.Write(text)
			return
		}
		select {
		case <-changed:
		case <-r.Context().Done():
			return
		case <-late:
			s.Unchanged.Add(1)
			w.WriteHeader(http.StatusNotModified)
			return
		}
	}
}

// current gives the bundle that is offered, nil for none, and what is closed when any changes.
func (s *Server) current(name string) ([]byte, <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.changed == nil {
		s.changed = make(chan struct{})
	}
	return s.bundles[name], s.changed
}
