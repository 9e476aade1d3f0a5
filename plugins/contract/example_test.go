package contract

import (
	"strings"
	"testing"
)

// Both forms of the example say the same.
func TestExample(t *testing.T) {
	for _, file := range []string{"asyncapi.yaml", "plain.yaml"} {
		c := load(t, Options{Files: []string{"../../examples/contract/" + file}})
		text := strings.Repeat("x", 500)
		for _, tt := range []wanted{
			{"connect", "/", "", "", "namespace not in contract"},
			{"event", "/chat", "join", `["general"]`, ""},
			{"event+ack", "/chat", "join", `["general"]`, ""},
			{"ack+out", "/chat", "join", `["ok"]`, ""},
			{"ack+out", "/chat", "join", `["no"]`, "/args/0: not a value that is allowed here"},
			{"event", "/chat", "join", `["GENERAL"]`, "/args/0: does not match the pattern"},
			{"event+ack", "/chat", "message", `[{"room":"general","text":"` + text + `"}]`, ""},
			{"event+ack", "/chat", "message", `[{"room":"general","text":"` + text + `x"}]`, "/args/0/text: longer than 500"},
			{"event", "/chat", "message", `[{"room":"general","text":"a"}]`, "asks for no answer, where the contract requires it"},
			{"event+ack", "/chat", "upload", `["general","x"]`, "/args/1: want binary"},
			{"event+ack", "/chat", "upload", `["general",` + bin + `]`, "/args/1: content of another media type"},
			{"event", "/chat", "typing", `[]`, ""},
			{"event", "/chat", "typing", `[1]`, "/args: more than 0 arguments"},
			{"emit", "/chat", "message", `[{"room":"general","text":"a","from":"me"}]`, ""},
			{"emit", "/chat", "message", `[{"room":"general","text":"a"}]`, "/args/0: lacks from"},
			{"emit", "/chat", "join", `["general"]`, "event not in contract"},
		} {
			tt.check(t, c)
		}
	}
}
