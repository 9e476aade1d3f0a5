package jsonpatch

import (
	"errors"
	"fmt"
	"strings"

	"github.com/siogw/siogw/internal/strictjson"
)

// check sees to what the library does not: that the operation is one, complete, and in its place. A test may be nowhere
// else either.
func (t *Target) check(op Operation) error {
	kind, err := text(op, "op")
	if err != nil {
		return err
	}
	path, err := text(op, "path")
	if err != nil {
		return err
	}
	if err := t.place(path); err != nil {
		return err
	}
	switch kind {
	case "remove":
		return nil
	case "add", "replace", "test":
		if _, there := op["value"]; !there { // null decodes to nil
			return errors.New("value is missing")
		}
		return nil
	case "move", "copy":
		from, err := text(op, "from")
		if err != nil {
			return err
		}
		if kind == "move" && strings.HasPrefix(path, from+"/") {
			return errors.New("from is above path")
		}
		return t.place(from)
	}
	return errors.New("op is not one of add, remove, replace, move, copy, test")
}

func text(op Operation, key string) (string, error) {
	raw, there := op[key]
	if !there {
		return "", fmt.Errorf("%s is missing", key)
	}
	if raw == nil || strictjson.KindOf(*raw) != strictjson.Text {
		return "", fmt.Errorf("%s is not a string", key)
	}
	return strictjson.String(*raw), nil
}

// place checks that ptr is a pointer (RFC 6901) into what the input has.
func (t *Target) place(ptr string) error {
	first, rest, _ := strings.Cut(strings.TrimPrefix(ptr, "/"), "/")
	switch {
	case !strings.HasPrefix(ptr, "/") || !escaped(rest):
		return fmt.Errorf("%.80q is no JSON pointer", ptr)
	case first == "args" && t.Args != nil, first == "auth" && (t.Auth != nil || t.AddAuth):
		return nil
	case first == "args", first == "auth":
		return fmt.Errorf("the packet has no %s", first)
	}
	return fmt.Errorf("path %.80q is not under /args or /auth", ptr)
}

// escaped reports whether every ~ in a pointer begins ~0 or ~1 (RFC 6901, section 3).
func escaped(s string) bool {
	for {
		_, after, found := strings.Cut(s, "~")
		if !found {
			return true
		}
		if after == "" || after[0] != '0' && after[0] != '1' {
			return false
		}
		s = after
	}
}
