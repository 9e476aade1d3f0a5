package contract

import (
	"encoding/json"
	"errors"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// state says what the keys of a mapping are.
type state uint8

const (
	inObject state = iota // keywords
	inNames               // names that the author chose
	inData                // an example or a constant: nothing in it is a schema
)

// named are the keys whose members have names of the author's; literal those that hold data.
var (
	named = []string{"properties", "patternProperties", "$defs", "definitions", "dependentSchemas", "schemas",
		"messages", "channels", "operations", "namespaces", "in", "out", "x-messageAcks"}
	literal = []string{"const", "enum", "default", "examples", "example"}
)

func (s state) below(key string) state {
	switch {
	case s == inData:
		return inData
	case s == inNames:
		return inObject
	case slices.Contains(named, key):
		return inNames
	case slices.Contains(literal, key):
		return inData
	}
	return inObject
}

// modernize gives a schema of draft 7, which AsyncAPI extends, the form of 2020-12, and makes binary what
// the validator knows as an object. What is no schema has none of these keys.
func modernize(s map[string]any) error {
	if items, ok := s["items"].([]any); ok {
		s["prefixItems"] = items
		delete(s, "items")
	}
	if first, ok := s["prefixItems"].([]any); ok && len(first) == 0 { // 2020-12 wants one at least
		delete(s, "prefixItems")
	}
	if more, ok := s["additionalItems"]; ok && s["items"] == nil {
		s["items"] = more
		delete(s, "additionalItems")
	}
	if deps, ok := s["dependencies"].(map[string]any); ok {
		dependencies(s, deps)
	}
	if s["format"] == "binary" {
		return binary(s)
	}
	return nil
}

func dependencies(s, deps map[string]any) {
	required, schemas := map[string]any{}, map[string]any{}
	for k, v := range deps {
		if _, list := v.([]any); list {
			required[k] = v
		} else {
			schemas[k] = v
		}
	}
	delete(s, "dependencies")
	s["dependentRequired"], s["dependentSchemas"] = required, schemas
}

// mediaPattern begins the patterns that are made of a contentMediaType.
const mediaPattern = `^(?:`

func binary(s map[string]any) error {
	if t, ok := s["type"]; ok && t != "string" {
		return errors.New("format: binary goes with type: string alone; write anyOf for more")
	}
	about := map[string]any{}
	size := map[string]any{}
	for from, to := range map[string]string{"minLength": "minimum", "maxLength": "maximum"} {
		if n, ok := s[from].(json.Number); ok {
			size[to] = n
		}
	}
	if len(size) > 0 {
		about["bytes"] = size
	}
	if t, ok := s["contentMediaType"].(string); ok && t != "application/octet-stream" {
		about["type"] = map[string]any{"pattern": media(t)}
	}
	kept := maps.Clone(s)
	clear(s)
	for _, k := range []string{"title", "description", "$id", "$anchor", "$comment"} {
		if v, ok := kept[k]; ok {
			s[k] = v
		}
	}
	s["$ref"] = binaryURL
	if len(about) > 0 {
		s["properties"] = about
	}
	return nil
}

// media gives the pattern of a media type, which may end in /*.
func media(t string) string {
	if kind, all := strings.CutSuffix(t, "/*"); all {
		return mediaPattern + regexp.QuoteMeta(kind) + `/)`
	}
	return mediaPattern + regexp.QuoteMeta(t) + `)(?:;|$)`
}
