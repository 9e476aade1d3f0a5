// Command main is keeper: see README.md above this folder.
package main

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"time"

	siogw "github.com/siogw/siogw/sdk/go"
)

func init() {
	siogw.OnConfig(configure)
	siogw.OnBytes(judge)
}

func main() {}

var configured []any // what configure found

func configure(config []byte) error {
	var c struct {
		Random bool `json:"random"`
	}
	if len(config) > 0 {
		if err := json.Unmarshal(config, &c); err != nil {
			return err
		}
	}
	if c.Random {
		siogw.Random(make([]byte, 1))
	}
	configured = []any{outcome("ok", siogw.Set("k", []byte("v"), 0)), siogw.Now().UnixMilli()}
	return nil
}

// outcome is what of an operation that answers v, or fails.
func outcome(v any, err error) any {
	for _, e := range []struct {
		err  error
		name string
	}{{siogw.ErrNone, "none"}, {siogw.ErrFull, "full"}, {siogw.ErrSize, "size"}, {siogw.ErrNotNumber, "number"}, {siogw.ErrUnavailable, "unavailable"}} {
		if errors.Is(err, e.err) {
			return e.name
		}
	}
	return v
}

// command is a verb and what belongs to it.
type command []any

func (c command) text(i int) string {
	if i < len(c) {
		s, _ := c[i].(string)
		return s
	}
	return ""
}

func (c command) number(i int) int64 {
	if i < len(c) {
		n, _ := c[i].(float64)
		return int64(n)
	}
	return 0
}

func judge(view []byte) siogw.Verdict {
	var commands []command
	if err := json.Unmarshal(view, &commands); err != nil {
		panic(err)
	}
	answers := []any{}
	for _, c := range commands {
		a, ok := c.run()
		if !ok {
			return siogw.Denied("command", "there is no such command")
		}
		answers = append(answers, a)
	}
	return siogw.Verdict{Args: answers}
}

func (c command) run() (answer any, ok bool) {
	ttl := time.Duration(c.number(3)) * time.Millisecond
	switch c.text(0) {
	case "set":
		return outcome("ok", siogw.Set(c.text(1), []byte(c.text(2)), ttl)), true
	case "get":
		value, err := siogw.Get(c.text(1))
		return outcome(map[string]string{"value": string(value)}, err), true
	case "delete":
		gone, err := siogw.Delete(c.text(1))
		return outcome(gone, err), true
	case "add":
		sum, err := siogw.Add(c.text(1), c.number(2), ttl)
		return outcome(sum, err), true
	case "now":
		return siogw.Now().UnixMilli(), true
	case "random":
		b := make([]byte, c.number(1))
		siogw.Random(b)
		return hex.EncodeToString(b), true
	case "configured":
		return configured, true
	}
	return nil, false
}
