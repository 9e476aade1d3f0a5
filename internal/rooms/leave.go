package rooms

import (
	"slices"
	"strings"

	"github.com/siogw/siogw/internal/strictjson"
)

// LeaveOf gives an event that a leave rule maps to room and to nothing else: its name and its arguments, a JSON array. It
// reports false when no rule can be turned round.
func (m *Map) LeaveOf(namespace, room string) (event string, args []byte, ok bool) {
	for _, r := range m.events.rules() {
		if r.use != Leave {
			continue
		}
		known, is := r.namespace.match(namespace, nil)
		if !is {
			continue
		}
		if event, args, ok = r.turn(known, room); !ok {
			continue
		}
		x := m.Event(namespace, event)
		if x.Use() != Leave {
			continue
		}
		if got, err := x.Rooms(args, Limits{Rooms: 1, Name: len(room)}); err == nil && slices.Equal(got, []string{room}) {
			return event, args, true
		}
	}
	return "", nil, false
}

// turn finds the one part of a template that known values leave open, and puts it where the rule takes it from.
func (r *rule) turn(known []string, room string) (event string, args []byte, ok bool) {
	head, tail, open := "", "", -1
	for i := range r.room {
		p := &r.room[i]
		text := p.literal
		switch isOpen := p.pointer != "" || p.value >= len(known); {
		case isOpen && open >= 0:
			return "", nil, false
		case isOpen:
			open = i
			continue
		case p.value >= 0:
			text = known[p.value]
		}
		if open < 0 {
			head += text
		} else {
			tail += text
		}
	}
	value := ""
	if open >= 0 {
		if value, ok = strings.CutPrefix(room, head); !ok || !strings.HasSuffix(value, tail) {
			return "", nil, false
		}
		value = strings.TrimSuffix(value, tail)
	}
	args = []byte("[]")
	wanted := -1
	if open >= 0 && r.room[open].pointer != "" {
		args = argsWith(r.room[open].pointer, value)
	} else if open >= 0 {
		wanted = r.room[open].value - len(known)
	}
	event = r.event.literals[0]
	for i := range r.event.names {
		if i == wanted {
			event += value
		} else if r.event.names[i] != "" { // a variable that the room does not tell
			return "", nil, false
		}
		event += r.event.literals[i+1]
	}
	return event, args, true
}

// argsWith gives arguments that hold text at a pointer, and null before it.
func argsWith(ptr, text string) []byte {
	steps := strings.Split(ptr, "/")[1:]
	value := strictjson.AppendQuote(nil, text)
	for _, step := range slices.Backward(steps[1:]) {
		object := strictjson.AppendQuote([]byte{'{'}, strings.NewReplacer("~1", "/", "~0", "~").Replace(step))
		value = append(append(append(object, ':'), value...), '}')
	}
	n := 0
	for _, digit := range steps[0] {
		if n = n*10 + int(digit-'0'); n > maxLead {
			return []byte("[]")
		}
	}
	return append(append([]byte("["+strings.Repeat("null,", n)), value...), ']')
}

// maxLead is the most arguments that are made up before the one that names the room.
const maxLead = 8
