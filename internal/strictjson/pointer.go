package strictjson

import (
	"strconv"
	"strings"
)

// Pointer gives the raw value that ptr (RFC 6901) names in data; ok is false when there is none and when
// ptr is no pointer.
func Pointer(data []byte, ptr string) (raw []byte, ok bool) {
	for ptr != "" {
		if ptr[0] != '/' {
			return nil, false
		}
		token, rest, more := strings.Cut(ptr[1:], "/")
		if data, ok = child(data, token); !ok {
			return nil, false
		}
		if ptr = ""; more {
			ptr = "/" + rest
		}
	}
	return data, len(data) > 0
}

var unescapeToken = strings.NewReplacer("~1", "/", "~0", "~")

func child(data []byte, token string) (raw []byte, ok bool) {
	switch KindOf(data) {
	case Object:
		if strings.Contains(token, "~") {
			token = unescapeToken.Replace(token)
		}
		return Member(data, token)
	case Array:
		n, err := strconv.Atoi(token)
		if err != nil || n < 0 || strconv.Itoa(n) != token {
			return nil, false
		}
		for e := range Elements(data) {
			if n == 0 {
				return e, true
			}
			n--
		}
	}
	return nil, false
}
