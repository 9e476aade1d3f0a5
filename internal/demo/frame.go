package demo

import (
	"bytes"
	"encoding/json"
)

// namespace is the only one of the chat.
const namespace = "/chat"

// frame is one Socket.IO packet as a careless server reads it. The chat does not use the strict codec of
// package socketio on purpose: it stands for the servers that the gateway protects.
type frame struct {
	kind byte // '0' CONNECT, '1' DISCONNECT, '2' EVENT, others ignored
	ns   string
	id   string // decimal ack id, "" for none
	data []byte
}

func readFrame(text []byte) frame {
	f := frame{ns: "/"}
	if len(text) == 0 {
		return f
	}
	f.kind, text = text[0], text[1:]
	if bytes.HasPrefix(text, []byte("/")) {
		ns, rest, _ := bytes.Cut(text, []byte(","))
		f.ns, text = string(ns), rest
	}
	digits := 0
	for digits < len(text) && text[digits] >= '0' && text[digits] <= '9' {
		digits++
	}
	f.id, f.data = string(text[:digits]), text[digits:]
	return f
}

// event gives the name and the arguments of an EVENT; ok is false where the data is no event.
func (f frame) event() (name string, args []json.RawMessage, ok bool) {
	if json.Unmarshal(f.data, &args) != nil || len(args) == 0 || json.Unmarshal(args[0], &name) != nil {
		return "", nil, false
	}
	return name, args[1:], true
}

// eventFrame writes an EVENT of the chat.
func eventFrame(name string, args ...any) []byte {
	return writeFrame('2', "", append([]any{name}, args...))
}

// writeFrame writes a packet of the chat's namespace.
func writeFrame(kind byte, id string, value any) []byte {
	var out bytes.Buffer
	out.WriteString(string(kind) + namespace + "," + id)
	if value == nil {
		return out.Bytes()
	}
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false) // what came is handed on
	if encoder.Encode(value) != nil {
		out.WriteString("null") // never: only literals and what was read as JSON are written
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n"))
}
