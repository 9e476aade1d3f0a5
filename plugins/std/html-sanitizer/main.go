// Command html-sanitizer is a guest that takes HTML and script out of every string of the arguments.
package main

import (
	"encoding/json"
	"fmt"

	siogw "github.com/siogw/siogw/sdk/go"
)

// config is the plugin's configuration. The key fields is read by the host: it narrows the strings that
// this plugin gets to see.
type config struct {
	Policy string   `json:"policy"` // strict (default): no markup at all; ugc: harmless formatting stays
	Fields []string `json:"fields"`
}

var clean = cleanText

func init() {
	siogw.OnConfig(configure)
	siogw.OnStrings(sanitize)
}

func sanitize(_ int, s string) (string, bool) {
	if harmless(s) {
		return "", false
	}
	out := clean(s)
	if out == s {
		return "", false
	}
	siogw.Count("cleaned", 1)
	return out, true
}

func configure(raw []byte) error {
	c := config{Policy: "strict"}
	if len(raw) > 0 {
		if err := json.Unmarshal(raw, &c); err != nil {
			return err
		}
	}
	switch c.Policy {
	case "strict":
		clean = cleanText
	case "ugc":
		clean = cleanHTML
	default:
		return fmt.Errorf("policy: %q is neither strict nor ugc", c.Policy)
	}
	return nil
}

func main() {}
