package socketio

import (
	"net/url"
	"slices"
	"unicode/utf8"

	"github.com/siogw/siogw/internal/strictjson"
)

// maxQueryKeys bounds the keys of a query; servers 2.x overlook those after the 1000th.
const maxQueryKeys = 256

// QueryAuth gives the query of a revision 4 CONNECT as what a revision 5 client would send: an object of strings,
// its keys in order; {} for "". Servers differ in which value of a repeated key counts, and in what they make of
// broken escapes, so these are refused. The error is an *Error.
func QueryAuth(query string) ([]byte, error) {
	values, err := url.ParseQuery(query)
	if err != nil {
		return nil, badQuery("bad escape in a query")
	}
	if len(values) > maxQueryKeys {
		return nil, &Error{Code: TooLarge, Msg: "too many keys in a query"}
	}
	keys := make([]string, 0, len(values))
	for key := range values {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	out := []byte{'{'}
	for i, key := range keys {
		value := values[key]
		if len(value) > 1 || !utf8.ValidString(key) || !utf8.ValidString(value[0]) {
			return nil, badQuery("repeated key or invalid UTF-8 in a query")
		}
		if i > 0 {
			out = append(out, ',')
		}
		out = strictjson.AppendQuote(out, key)
		out = append(out, ':')
		out = strictjson.AppendQuote(out, value[0])
	}
	out = append(out, '}')
	if strictjson.Scan(out, strictjson.Limits{}) != nil {
		return nil, badQuery("forbidden key in a query")
	}
	return out, nil
}

// AuthQuery is the way back, for an object in strict JSON: members that are strings, numbers or booleans become
// keys of a query, and null is left out. Anything else has no form there, and is an *Error, like a query longer than DefaultLimits.Query.
func AuthQuery(auth []byte) (string, error) {
	values := url.Values{}
	for key, raw := range strictjson.Members(auth) {
		text := string(raw)
		switch strictjson.KindOf(raw) {
		case strictjson.Text:
			text = strictjson.String(raw)
		case strictjson.Number, strictjson.Bool:
		case strictjson.Null:
			continue
		default:
			return "", badQuery("a member that has no form in a query")
		}
		values.Set(strictjson.String(key), text)
	}
	query := values.Encode()
	if len(query) > DefaultLimits.Query || len(values) > maxQueryKeys {
		return "", &Error{Code: TooLarge, Msg: "query too long"}
	}
	return query, nil
}

func badQuery(msg string) *Error { return &Error{Code: Malformed, Msg: msg} }
