package strictjson

// smallObject is up to how many keys are compared one by one; beyond, a hash set keeps the cost linear.
const smallObject = 16

// object is what the scanner must know of one open object.
type object struct {
	base int                 // where its keys begin in scanner.keys
	set  map[string]struct{} // its keys, unescaped, once it is no longer small
	ctor bool                // it is the value of a key "constructor"
	next bool                // the key at hand is "constructor"
}

// key reads the key of a member and refuses those that come twice (RFC 7493, section 2.3) and those that
// reach a prototype when a JavaScript program merges or assigns the object.
func (s *scanner) key(o *object) bool {
	from := s.pos
	if s.peek() != '"' {
		return s.unexpected()
	}
	escaped, ok := s.str()
	if !ok {
		return false
	}
	end := s.pos
	name := s.data[from+1 : end-1]
	if escaped {
		name = appendUnescaped(nil, name)
	}
	s.pos = from // for the errors
	switch {
	case string(name) == "__proto__", o.ctor && string(name) == "prototype":
		return s.fail(ErrSyntax, "key that reaches a prototype")
	case !s.unique(o, span{from + 1, end - 1}, name, escaped):
		return s.fail(ErrSyntax, "key given twice")
	}
	o.next = string(name) == "constructor"
	if s.wanted != "" && string(name) == s.wanted {
		s.has = true
	}
	s.pos = end
	return true
}

// unique notes the key, and reports whether o did not have it.
func (s *scanner) unique(o *object, at span, name []byte, escaped bool) bool {
	if o.set == nil {
		mine := s.keys[o.base:s.used]
		if !escaped && len(mine) < smallObject && s.used < len(s.keys) {
			for _, k := range mine {
				if string(s.data[k.from:k.to]) == string(name) {
					return false
				}
			}
			s.keys[s.used] = at
			s.used++
			return true
		}
		o.set = make(map[string]struct{}, 2*smallObject)
		for _, k := range mine {
			o.set[string(s.data[k.from:k.to])] = struct{}{}
		}
		s.used = o.base
	}
	if _, twice := o.set[string(name)]; twice {
		return false
	}
	o.set[string(name)] = struct{}{}
	return true
}
