package identity

import "github.com/siogw/siogw/internal/strictjson"

// putMember gives an object with a member in the place of those of the same name, at its end. Nil is an empty object.
func putMember(object []byte, name string, value []byte) []byte {
	out := dropMember(object, name)
	out = out[:len(out)-1]
	if len(out) > 1 {
		out = append(out, ',')
	}
	out = append(strictjson.AppendQuote(out, name), ':')
	return append(append(out, value...), '}')
}

// dropMember gives a copy of an object without a member.
func dropMember(object []byte, name string) []byte {
	return rebuild(object, func(key, value []byte) []byte {
		if strictjson.Is(key, name) {
			return nil
		}
		return value
	})
}

// dropPath gives an object without all that [at] could find by path; the object itself when that is nothing.
func dropPath(object []byte, path string) []byte {
	if _, found := at(object, path); !found {
		return object
	}
	step, rest, more := first(path)
	return rebuild(object, func(key, value []byte) []byte {
		switch {
		case strictjson.Is(key, path), !more && strictjson.Is(key, step):
			return nil
		case more && strictjson.Is(key, step):
			return dropPath(value, rest)
		}
		return value
	})
}

// rebuild gives a copy of an object with what change makes of each value; nil leaves the member out.
func rebuild(object []byte, change func(key, value []byte) []byte) []byte {
	out := []byte{'{'}
	for key, value := range strictjson.Members(object) {
		if value = change(key, value); value == nil {
			continue
		}
		if len(out) > 1 {
			out = append(out, ',')
		}
		out = append(append(append(out, key...), ':'), value...)
	}
	return append(out, '}')
}
