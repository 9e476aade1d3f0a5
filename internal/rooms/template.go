package rooms

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/siogw/siogw/internal/strictjson"
)

// template builds the names of rooms.
type template []part

// part is one piece of a template: a literal, a variable, or a place in the arguments.
type part struct {
	literal string
	value   int    // which of the values that patterns matched; -1 for none
	pointer string // JSON pointer in the array of arguments, which begins with a slash; "" for none
}

// Why an event names no rooms that could be used.
var (
	// ErrNone is an argument that is no string and no array of strings, or an empty one.
	ErrNone = errors.New("rooms: no room is named")
	// ErrMany is more rooms than Limits.Rooms.
	ErrMany = errors.New("rooms: too many rooms")
	// ErrLong is a name longer than Limits.Name.
	ErrLong = errors.New("rooms: the name of a room is too long")
)

// Limits bound what one event may name.
type Limits struct {
	Rooms int // different ones
	Name  int // bytes of each
}

// parseTemplate reads a JSON pointer that begins with /args/, or text with {name}, a variable of names, and {/args/0}
// in it.
func parseTemplate(text string, names []string) (t template, err error) {
	if strings.HasPrefix(text, "/") || strings.HasPrefix(text, "args") {
		if strings.Contains(text, "{") {
			return nil, errors.New("want a JSON pointer that begins with /args/, or a template, which has it in braces: {/args/0}")
		}
		ptr, err := pointer(text)
		return template{{value: -1, pointer: ptr}}, err
	}
	var literal []byte
	flush := func() {
		if len(literal) > 0 {
			t, literal = append(t, part{literal: string(literal), value: -1}), nil
		}
	}
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '\\':
			if i++; i == len(text) {
				return nil, errEscape
			}
			literal = append(literal, text[i])
		case '{':
			end := strings.IndexByte(text[i:], '}')
			if end < 0 {
				return nil, errOpen
			}
			flush()
			p, err := placeholder(text[i+1:i+end], names)
			if err != nil {
				return nil, err
			}
			t, i = append(t, p), i+end
		default:
			literal = append(literal, text[i])
		}
	}
	flush()
	if len(t) == 0 {
		return nil, errors.New("required: a JSON pointer such as /args/0, or a template such as chat:{/args/0}")
	}
	return t, nil
}

func placeholder(text string, names []string) (part, error) {
	if strings.HasPrefix(text, "/") {
		ptr, err := pointer(text)
		return part{value: -1, pointer: ptr}, err
	}
	i := slices.Index(names, text)
	if i < 0 || text == "" {
		return part{}, fmt.Errorf("neither the namespace nor the event has a variable {%s}", text)
	}
	return part{value: i}, nil
}

// pointer gives a JSON pointer less its /args.
func pointer(text string) (string, error) {
	ptr, ok := strings.CutPrefix(text, "/args")
	first, _, _ := strings.Cut(strings.TrimPrefix(ptr, "/"), "/")
	if !ok || !strings.HasPrefix(ptr, "/") {
		return "", errors.New("want a JSON pointer that begins with /args/")
	}
	if strings.Contains(strings.NewReplacer("~0", "", "~1", "").Replace(ptr), "~") {
		return "", errors.New("a ~ in a JSON pointer is written ~0")
	}
	if first == "" || strings.Trim(first, "0123456789") != "" || len(first) > 1 && first[0] == '0' {
		return "", fmt.Errorf("the arguments are an array: want /args/0 or another number, not /args/%s", first)
	}
	return ptr, nil
}

// rooms gives the rooms that values and the array args name, each once. Where a pointer meets an array of strings there
// is a room for each of them.
func (t template) rooms(values []string, args []byte, lim Limits) ([]string, error) {
	out := []string{""}
	for i := range t {
		texts, err := t[i].texts(values, args, lim)
		if err != nil {
			return nil, err
		}
		if out, err = product(out, texts, lim); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// texts gives what a part stands for.
func (p *part) texts(values []string, args []byte, lim Limits) ([]string, error) {
	switch {
	case p.value >= 0:
		return one(values[p.value])
	case p.pointer == "":
		return one(p.literal)
	}
	raw, ok := strictjson.Pointer(args, p.pointer)
	if !ok {
		return nil, ErrNone
	}
	switch strictjson.KindOf(raw) {
	case strictjson.Text:
		return one(strictjson.String(raw))
	case strictjson.Array:
		return texts(raw, lim)
	}
	return nil, ErrNone
}

func one(text string) ([]string, error) {
	if text == "" {
		return nil, ErrNone
	}
	return []string{text}, nil
}

func texts(array []byte, lim Limits) ([]string, error) {
	var out []string
	for raw := range strictjson.Elements(array) {
		text := ""
		if strictjson.KindOf(raw) == strictjson.Text {
			text = strictjson.String(raw)
		}
		switch {
		case text == "":
			return nil, ErrNone
		case slices.Contains(out, text):
			continue
		}
		if out = append(out, text); len(out) > lim.Rooms {
			return nil, ErrMany
		}
	}
	if len(out) == 0 {
		return nil, ErrNone
	}
	return out, nil
}

// product appends each of tails to each of heads.
func product(heads, tails []string, lim Limits) ([]string, error) {
	if len(heads)*len(tails) > lim.Rooms {
		return nil, ErrMany
	}
	out := make([]string, 0, len(heads)*len(tails))
	for _, head := range heads {
		for _, tail := range tails {
			if len(head)+len(tail) > lim.Name {
				return nil, ErrLong
			}
			if room := head + tail; !slices.Contains(out, room) {
				out = append(out, room)
			}
		}
	}
	return out, nil
}
