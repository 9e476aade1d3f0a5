package inputjson

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/siogw/siogw/internal/strictjson"
)

// field reads the value found at path. Values have passed strictjson.Scan.
type field func(path string, v json.RawMessage) error

type fields map[string]field

// object reads v, which must have no other keys than those of known.
func object(path string, v json.RawMessage, known fields) error {
	return members(path, v, func(key string, v json.RawMessage) error {
		f := known[key]
		if f == nil {
			return fmt.Errorf("%s.%s: there is no such key", path, key)
		}
		return f(path+"."+key, v)
	})
}

// members calls f for each member of the object v.
func members(path string, v json.RawMessage, f func(key string, v json.RawMessage) error) error {
	if strictjson.KindOf(v) != strictjson.Object {
		return fmt.Errorf("%s must be an object", path)
	}
	for k, v := range strictjson.Members(v) {
		if err := f(strictjson.String(k), v); err != nil {
			return err
		}
	}
	return nil
}

// into gives a field that decodes into dst; want names what it takes. null is nothing's value.
func into(want string, dst any) field {
	return func(path string, v json.RawMessage) error {
		if strictjson.KindOf(v) == strictjson.Null || json.Unmarshal(v, dst) != nil {
			return fmt.Errorf("%s must be %s", path, want)
		}
		return nil
	}
}

// list gives a field that takes an array of strings.
func list(dst *[]string) field {
	return func(path string, v json.RawMessage) error {
		if strictjson.KindOf(v) != strictjson.Array {
			return fmt.Errorf("%s must be an array of strings", path)
		}
		for e := range strictjson.Elements(v) {
			if strictjson.KindOf(e) != strictjson.Text {
				return fmt.Errorf("%s[%d] must be a string", path, len(*dst))
			}
			*dst = append(*dst, strictjson.String(e))
		}
		return nil
	}
}

// table gives a field that takes an object of strings.
func table(dst *map[string]string) field {
	return func(path string, v json.RawMessage) error {
		*dst = map[string]string{}
		return members(path, v, func(key string, v json.RawMessage) error {
			if strictjson.KindOf(v) != strictjson.Text {
				return fmt.Errorf("%s.%s must be a string", path, key)
			}
			(*dst)[key] = strictjson.String(v)
			return nil
		})
	}
}

// raw gives a field that keeps the text of an array or object.
func raw(kind strictjson.Kind, dst *[]byte) field {
	want := "an object"
	if kind == strictjson.Array {
		want = "an array"
	}
	return func(path string, v json.RawMessage) error {
		if strictjson.KindOf(v) != kind {
			return fmt.Errorf("%s must be %s", path, want)
		}
		*dst = bytes.Clone(v)
		return nil
	}
}
