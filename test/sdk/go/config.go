package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
)

// config is the operator's. Words are in small letters, as far as ASCII goes.
type config struct {
	limits map[string]int64
	words  [][]byte
	roles  map[string]string
}

var conf config

// configure is stricter than encoding/json: keys are compared with their case, and null is no value.
func configure(raw []byte) error {
	conf = config{limits: map[string]int64{"max_length": 200, "max_depth": 8, "max_number": 1_000_000, "max_attachment": 1 << 20}}
	if len(raw) == 0 {
		return nil
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(raw, &members); err != nil {
		return err
	}
	for key, v := range members {
		if err := set(key, v); err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
	}
	return nil
}

func set(key string, v json.RawMessage) error {
	switch _, limit := conf.limits[key]; {
	case limit:
		n, err := strconv.ParseUint(string(v), 10, 63)
		if err == nil && n > 1e9 {
			err = strconv.ErrRange
		}
		conf.limits[key] = int64(n)
		return err
	case key == "words":
		var words []*string
		if err := unmarshal(v, '[', &words); err != nil {
			return err
		}
		for _, w := range words {
			if w == nil || *w == "" {
				return fmt.Errorf("an empty word")
			}
			conf.words = append(conf.words, lower([]byte(*w)))
		}
		return nil
	case key == "roles":
		var roles map[string]*string
		if err := unmarshal(v, '{', &roles); err != nil {
			return err
		}
		conf.roles = map[string]string{}
		for event, role := range roles {
			if role == nil {
				return fmt.Errorf("a role that is no text")
			}
			conf.roles[event] = *role
		}
		return nil
	}
	return fmt.Errorf("an unknown key")
}

func unmarshal(v json.RawMessage, first byte, to any) error {
	if v[0] != first {
		return fmt.Errorf("words want a list, roles an object")
	}
	return json.Unmarshal(v, to)
}

func lower(b []byte) []byte {
	return bytes.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, b)
}
