// Command judge is a plugin for tests: it answers as its configuration says.
//
//	{"rules":[{"kind":"event","event":"kick","arg":"x","verdict":{"effect":"deny","code":"K","reason":"no"}}]}
//
// The first rule that fits gives its verdict, or misbehaves; what no rule fits is allowed.
package main

import (
	"encoding/json"
	"errors"
	"strings"

	"github.com/siogw/siogw/sdk/go"
)

// rule fits an input that equals each of its texts; arg must be in the JSON text of the first argument.
type rule struct {
	Kind, Direction, Namespace, Event, Room, Arg, Auth string

	Verdict siogw.Verdict
	Do      string // panic, spin or grow, in place of a verdict
}

var rules []rule

func init() {
	siogw.OnConfig(func(config []byte) error {
		var c struct{ Rules []rule }
		if err := json.Unmarshal(config, &c); err != nil {
			return err
		}
		if rules = c.Rules; len(rules) == 0 {
			return errors.New("no rules")
		}
		return nil
	})
	siogw.OnInput(decide)
}

func main() {}

func decide(in *siogw.Input) siogw.Verdict {
	for i := range rules {
		if r := &rules[i]; r.fits(in) {
			misbehave(r.Do)
			return r.Verdict
		}
	}
	return siogw.Verdict{}
}

func (r *rule) fits(in *siogw.Input) bool {
	first := ""
	if len(in.Args) > 0 {
		first = string(in.Args[0])
	}
	is := func(want, got string) bool { return want == "" || want == got }
	return is(r.Kind, in.Kind) && is(r.Direction, in.Direction) && is(r.Namespace, in.Namespace) &&
		is(r.Event, in.Event) && is(r.Room, in.Room) && strings.Contains(first, r.Arg) &&
		strings.Contains(string(in.Auth), r.Auth)
}

var held [][]byte

func misbehave(how string) {
	switch how {
	case "panic":
		panic("as configured")
	case "spin":
		for {
		}
	case "grow":
		for {
			held = append(held, make([]byte, 1<<20))
		}
	}
}
