package replay

import (
	"slices"
	"time"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/internal/app"
)

// maxSessions bounds the sessions that are followed at one time, and maxParts the rooms and namespaces of each.
const (
	maxSessions = 100_000
	maxParts    = 4096
)

// session is what a session has become by the decisions that were recorded.
type session struct {
	opened     time.Time
	rooms      map[string][]string // by namespace, sorted
	namespaces []string            // sorted
}

// follow gives the session of l, nil where there is none or there are too many.
func (r *Replay) follow(l *line) *session {
	if l.Session.ID == "" {
		return nil
	}
	st := r.sessions[l.Session.ID]
	if st == nil && len(r.sessions) < maxSessions {
		st = &session{opened: l.Time, rooms: map[string][]string{}}
		r.sessions[l.Session.ID] = st
	}
	return st
}

// note keeps what an allowed packet led to.
func (r *Replay) note(l *line, st *session) {
	if st == nil || l.Effect != engine.Allow.String() && l.kind != engine.Disconnect {
		return
	}
	i, found := slices.BinarySearch(st.namespaces, l.Namespace)
	switch l.kind {
	case engine.Connect:
		if delete(st.rooms, l.Namespace); !found && len(st.namespaces) < maxParts {
			st.namespaces = slices.Insert(slices.Clone(st.namespaces), i, l.Namespace)
		}
	case engine.Join, engine.Leave:
		if rooms := st.rooms[l.Namespace]; len(rooms) < maxParts || l.kind == engine.Leave {
			st.rooms[l.Namespace] = app.Enter(rooms, l.kind, l.Room)
		}
	case engine.Disconnect:
		if l.Namespace == "" {
			delete(r.sessions, l.Session.ID)
			return
		}
		if delete(st.rooms, l.Namespace); found {
			st.namespaces = slices.Delete(slices.Clone(st.namespaces), i, i+1)
		}
	}
}
