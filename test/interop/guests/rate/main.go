// Command rate is a plugin for tests: so many events of one user, whatever connections they come by. Its configuration is
// {"events":3}. An event whose first argument is "forget" begins anew.
package main

import (
	"encoding/json"
	"time"

	"github.com/siogw/siogw/sdk/go"
)

var limit struct{ Events int64 }

func init() {
	siogw.OnConfig(func(config []byte) error { return json.Unmarshal(config, &limit) })
	siogw.OnInput(decide)
}

func main() {}

func decide(in *siogw.Input) siogw.Verdict {
	if in.Identity.Sub == "" {
		return siogw.Verdict{Effect: siogw.Deny, Code: "RATE", Reason: "nobody"}
	}
	key := "sub:" + in.Identity.Sub
	if len(in.Args) > 0 && string(in.Args[0]) == `"forget"` {
		if _, err := siogw.Delete(key); err != nil {
			return siogw.Verdict{Effect: siogw.Deny, Code: "STORE", Reason: err.Error()}
		}
		return siogw.Verdict{}
	}
	switch n, err := siogw.Add(key, 1, time.Hour); {
	case err != nil:
		return siogw.Verdict{Effect: siogw.Deny, Code: "STORE", Reason: err.Error()}
	case n > limit.Events:
		return siogw.Verdict{Effect: siogw.Deny, Code: "RATE", Reason: "enough for now"}
	}
	return siogw.Verdict{}
}
