package rego

import (
	"encoding/binary"
	"slices"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/internal/inputjson"
	"github.com/siogw/siogw/internal/strictjson"
)

// key appends to dst what decides about in: the number of the plan, then for each source its length and its
// value, or that there is none. Two inputs with the same key get the same verdict. A key that grows beyond limit is
// an obstacle, and so is a text outside it that the evaluator may refuse.
func (pl *plan) key(dst []byte, p *Policy, in *engine.Input, limit int) ([]byte, obstacle) {
	if !pl.readable(p, in) {
		return dst, obstacleText
	}
	dst = binary.LittleEndian.AppendUint32(dst, pl.number)
	dst, ok := pl.fixed.append(dst, in)
	if !ok {
		return dst, obstacleText
	}
	for i := range pl.flat {
		if dst = pl.flat[i].append(dst, in); len(dst) > limit {
			return dst, obstacleSize
		}
	}
	if pl.args != nil {
		dst, ok = pl.appendArgs(dst, in)
	}
	if pl.auth != nil && ok {
		dst, ok = pl.auth.append(dst, in.Auth)
	}
	switch {
	case !ok:
		return dst, obstacleText
	case len(dst) > limit:
		return dst, obstacleSize
	}
	return dst, 0
}

// readable reports whether the evaluator will surely read the texts of which only a part is in the key, or none: the
// others it reads or refuses according to the key. The claims of the identity are pl.fixed's.
func (pl *plan) readable(p *Policy, in *engine.Input) bool {
	rest := p.reads.top &^ pl.whole
	if rest&partArgs != 0 && !argsReadable(in) || rest&partAuth != 0 && !readable(in.Auth) {
		return false
	}
	if rest&partPlugins != 0 {
		for i := range in.Plugins {
			if !readable(in.Plugins[i].Labels) {
				return false
			}
		}
	}
	return true
}

// readable reports whether the evaluator will surely read all of text.
func readable(text []byte) bool {
	end, ok := pass(text, space(text, 0))
	return ok && space(text, end) == len(text)
}

// append appends the value of s in in.
func (s *source) append(dst []byte, in *engine.Input) []byte {
	switch {
	case s.field >= fieldID:
		return s.ofSession(dst, in.Session)
	case s.field >= fieldAuthenticated:
		return s.ofIdentity(dst, in.Identity)
	}
	switch s.field {
	case fieldNamespace:
		return appendText(dst, in.Namespace, inputjson.HasNamespace(in))
	case fieldEvent:
		return appendText(dst, in.Event, inputjson.HasEvent(in))
	case fieldRoom:
		return appendText(dst, in.Room, in.Room != "")
	case fieldAck:
		return appendBool(dst, in.Ack)
	case fieldBytes:
		return binary.AppendVarint(dst, int64(in.Bytes))
	case fieldArgs:
		return s.within(dst, in.Args)
	case fieldAuth:
		return s.within(dst, in.Auth)
	case fieldAttachments:
		return appendAttachments(dst, in)
	}
	return s.ofPlugins(dst, in.Plugins)
}

func (s *source) ofIdentity(dst []byte, id *engine.Identity) []byte {
	if id == nil {
		id = &engine.Identity{} // what the document has then
	}
	switch s.field {
	case fieldAuthenticated:
		return appendBool(dst, id.Authenticated)
	case fieldSub:
		return appendText(dst, id.Sub, true)
	case fieldRoles:
		return appendList(dst, id.Roles)
	case fieldScopes:
		return appendList(dst, id.Scopes)
	case fieldClaims:
		return s.within(dst, id.Claims)
	}
	return binary.AppendVarint(dst, id.ExpiresAt)
}

func (s *source) ofSession(dst []byte, session *engine.Session) []byte {
	if session == nil {
		session = &empty // what the document has then
	}
	switch s.field {
	case fieldID:
		return appendText(dst, session.ID, true)
	case fieldEIO:
		return binary.AppendVarint(dst, int64(session.EIO))
	case fieldTransport:
		return appendText(dst, session.Transport, true)
	case fieldIP:
		return appendText(dst, session.IP, true)
	case fieldSecure:
		return appendBool(dst, session.Secure)
	case fieldRooms:
		return appendList(dst, session.Rooms)
	case fieldNamespaces:
		return appendList(dst, session.Namespaces)
	case fieldOrigin:
		return appendText(dst, session.Origin, true)
	case fieldHeaders:
		return s.ofTable(dst, session, session.Headers)
	}
	return s.ofTable(dst, session, session.Query)
}

var empty engine.Session

type (
	headersKey struct{}
	queryKey   struct{}
)

// ofTable appends one entry of a table of the session, or all of it: that is put in order once for each session.
func (s *source) ofTable(dst []byte, session *engine.Session, table map[string]string) []byte {
	if len(s.path) > 0 {
		v, ok := table[s.path[0].key]
		return appendText(dst, v, ok && s.path[0].isKey())
	}
	var kept any = headersKey{}
	if s.field == fieldQuery {
		kept = queryKey{}
	}
	return append(dst, session.Forms.Get(kept, func() any {
		keys := make([]string, 0, len(table))
		for k := range table {
			keys = append(keys, k)
		}
		slices.Sort(keys)
		all := binary.AppendUvarint(nil, uint64(len(keys)))
		for _, k := range keys {
			all = appendText(appendText(all, k, true), table[k], true)
		}
		return all
	}).([]byte)...)
}

func (s *source) ofPlugins(dst []byte, list []engine.Output) []byte {
	if len(s.path) == 0 {
		dst = binary.AppendUvarint(dst, uint64(len(list)))
		for i := range list {
			dst = appendRaw(appendText(dst, list[i].Plugin, true), list[i].Labels, true)
		}
		return dst
	}
	for i := len(list) - 1; i >= 0; i-- { // of two with one name, the last counts
		if s.path[0].isKey() && list[i].Plugin == s.path[0].key {
			raw, ok := find(list[i].Labels, s.path[1:])
			return appendRaw(dst, raw, ok)
		}
	}
	return appendRaw(dst, nil, false)
}

// within appends the part of text that the path of s leads to.
func (s *source) within(dst, text []byte) []byte {
	raw, ok := find(text, s.path)
	return appendRaw(dst, raw, ok)
}

// find gives the raw value that path leads to in text. Unlike a JSON pointer it takes no key for a place in an array,
// nor a place for a key.
func find(text []byte, path []step) (raw []byte, ok bool) {
	if text == nil {
		return nil, false
	}
	if len(path) > 0 {
		for len(text) > 0 && (text[0] == ' ' || text[0] == '\n' || text[0] == '\t' || text[0] == '\r') {
			text = text[1:]
		}
	}
	for i := range path {
		if text, ok = child(text, &path[i]); !ok {
			return nil, false
		}
	}
	return text, true
}

func child(text []byte, s *step) ([]byte, bool) {
	if s.isKey() {
		return strictjson.Member(text, s.key)
	}
	n := s.index
	for e := range strictjson.Elements(text) {
		if n == 0 {
			return e, true
		}
		n--
	}
	return nil, false
}

func appendRaw(dst, raw []byte, there bool) []byte {
	if !there {
		return append(dst, 0)
	}
	return append(binary.AppendUvarint(dst, uint64(len(raw))+1), raw...)
}

func appendText(dst []byte, s string, there bool) []byte {
	if !there {
		return append(dst, 0)
	}
	return append(binary.AppendUvarint(dst, uint64(len(s))+1), s...)
}

func appendList(dst []byte, list []string) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(list)))
	for _, s := range list {
		dst = appendText(dst, s, true)
	}
	return dst
}

func appendBool(dst []byte, b bool) []byte {
	if b {
		return append(dst, 1)
	}
	return append(dst, 0)
}

func appendAttachments(dst []byte, in *engine.Input) []byte {
	if in.Args == nil { // there is no such key then
		return append(dst, 0)
	}
	dst = binary.AppendUvarint(dst, uint64(len(in.Attachments))+1)
	for i := range in.Attachments {
		dst = binary.AppendUvarint(dst, uint64(len(in.Attachments[i].Data)))
		dst = appendText(dst, in.Attachments[i].Type, true)
	}
	return dst
}
