package socketio

import (
	"bytes"
	"unicode"
	"unicode/utf8"
)

// readNamespace reads "/NAME," or nothing, which stands for the main namespace. Some clients (in C++, and
// all of 1.x) leave the comma out where nothing follows it, in a CONNECT or DISCONNECT.
func (r *reader) readNamespace() *Error {
	r.packet.Namespace = "/"
	if r.pos == len(r.data) || r.data[r.pos] != '/' {
		return nil
	}
	name := r.data[r.pos:]
	next := len(r.data)
	if i := bytes.IndexByte(name, ','); i >= 0 {
		next = r.pos + i + 1
		name = name[:i]
	} else if r.packet.Type > Disconnect {
		return r.refuse(Malformed, "namespace without a comma")
	}
	if i := bytes.IndexByte(name, '?'); i >= 0 {
		if err := r.readQuery(name[i+1:]); err != nil {
			return err
		}
		name = name[:i]
	}
	if err := r.setNamespace(name); err != nil {
		return err
	}
	r.pos = next
	return nil
}

func (r *reader) setNamespace(name []byte) *Error {
	if err := r.checkNamespace(name); err != nil {
		return err
	}
	if string(name) != r.decoder.last {
		r.decoder.last = string(name)
	}
	r.packet.Namespace = r.decoder.last
	return nil
}

// readQuery reads what follows "?": revision 4 clients authenticate so, others never send it.
func (r *reader) readQuery(query []byte) *Error {
	switch {
	case r.decoder.Revision != V4 || r.packet.Type != Connect || r.decoder.From != Client:
		return r.refuse(Malformed, "query in a namespace")
	case len(query) > r.limits.Query:
		return r.refuse(TooLarge, "query too long").over("Query")
	}
	for _, c := range query {
		if c <= ' ' || c > '~' || c == '#' || c == '"' || c == '\\' {
			return r.refuse(Malformed, "character that a query cannot have")
		}
	}
	r.packet.Query = string(query)
	return nil
}

// checkNamespace refuses names that some server reads as another name: revision 4 servers parse them as URLs,
// where "//evil/admin", "/x/../admin", "/admin#f" and "/ad<TAB>min" all are "/admin"; others end them
// at "?"; parsers that search for the payload end them at a bracket or quote.
func (r *reader) checkNamespace(name []byte) *Error {
	if len(name) > r.limits.Namespace {
		return r.refuse(TooLarge, "namespace too long").over("Namespace")
	}
	if bytes.Contains(name, []byte("//")) || bytes.Contains(name, []byte("..")) ||
		bytes.Contains(name, []byte("/./")) || bytes.HasSuffix(name, []byte("/.")) {
		return r.refuse(Malformed, "namespace that a URL parser shortens")
	}
	for i := 0; i < len(name); {
		c, n := utf8.DecodeRune(name[i:])
		if !r.inNamespace(c, n) {
			return r.refuse(Malformed, "character that a namespace cannot have")
		}
		i += n
	}
	return nil
}

func (r *reader) inNamespace(c rune, n int) bool {
	switch c {
	case ' ', '#', '"', '\\', '[', ']', '{', '}':
		return false
	case '%', '<', '>', '`', '^': // the first hides, the others become other characters there
		return r.decoder.Revision != V4
	case utf8.RuneError:
		return n > 1
	}
	if c < utf8.RuneSelf {
		return c > ' ' && c < 0x7f
	}
	return r.decoder.Revision != V4 && unicode.IsPrint(c) // servers 4.x percent-encode it there, 2.x do not
}
