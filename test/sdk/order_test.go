package sdk_test

import (
	"encoding/json"
	"regexp"
	"testing"
)

var indexKey = regexp.MustCompile(`^[0-9]+$`)

// keepsOrder reports whether JavaScript sees the members of all objects in the order of the text: keys that are indices of
// arrays come first there, so that of several reasons to deny another is the first.
func keepsOrder(args []byte) bool {
	var v any
	return json.Unmarshal(args, &v) != nil || ordered(v)
}

func ordered(v any) bool {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			if !ordered(e) {
				return false
			}
		}
	case map[string]any:
		for key, e := range v {
			if indexKey.MatchString(key) || !ordered(e) {
				return false
			}
		}
	}
	return true
}

func TestKeepsOrder(t *testing.T) {
	for args, want := range map[string]bool{`[{"a":1,"b1":[{}]}]`: true, `["1",2]`: true, `[{"a":[{"\u0031":2}]}]`: false, `{`: true} {
		if keepsOrder([]byte(args)) != want {
			t.Errorf("%s: not %t", args, want)
		}
	}
}
