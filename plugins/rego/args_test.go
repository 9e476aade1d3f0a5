package rego

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/siogw/siogw/engine"
)

type obj = map[string]any

// argsTypes are of a chat: message has an object with text and to, open leaves open what else it has, typing has
// nothing, and said is what the server sends.
func argsTypes() *ArgsTypes {
	one := func(of any) obj { return obj{"type": "array", "items": []any{of}} }
	message := one(obj{"type": "object", "properties": obj{"text": obj{"type": "string"}, "to": obj{}}})
	kind := func(k engine.Kind, d engine.Direction, space, event string, possible, listed obj) ArgsType {
		return ArgsType{k, d, space, event, "c.yaml:" + event, possible, listed}
	}
	none := obj{"type": "array", "items": obj{"type": "object", "properties": obj{"(none)": obj{}}}}
	return &ArgsTypes{Closed: true, Certain: true, Events: []ArgsType{
		kind(engine.Event, engine.In, "/chat", "message", message, message),
		kind(engine.Event, engine.In, "/chat", "open", one(obj{"type": "object"}), one(obj{"type": "object", "properties": obj{"room": obj{}}})),
		kind(engine.Event, engine.In, "/chat", "typing", none, none),
		kind(engine.Emit, engine.Out, "/chat", "said", message, message),
		kind(engine.Ack, engine.Out, "/chat", "message", one(obj{"type": "number"}), one(obj{"type": "number"})),
		kind(engine.Event, engine.In, "/game", "message", one(obj{"type": "object", "properties": obj{"move": obj{}}}), one(obj{"type": "object", "properties": obj{"move": obj{}}})),
	}, Find: func(s string) string {
		if s == "/chat" || strings.HasPrefix(s, "/game") {
			return s[:5]
		}
		return ""
	}}
}

// TestArgs: what no input that gets there has is a mistake; what some have is none.
func TestArgs(t *testing.T) {
	for body, want := range map[string]string{ // "": fine; error or warning with these words
		`input.args[0].text == "x"`:                                                             "",
		`input.args[0].txet == "x"`:                                                             "warning txet", // open may have anything
		`input.event == "message"; input.args[0].text == "x"`:                                   "",
		`input.event == "message"; input.args[0].move == "x"`:                                   "", // in /game
		`input.event == "message"; input.args[0].txet == "x"`:                                   `error want (one of): ["move" "text" "to"]`,
		`input.namespace == "/chat"; input.event == "message"; input.args[0].move == "x"`:       `error event "message" of /chat, c.yaml:message`,
		`input.namespace == "/game-1"; input.event == "message"; input.args[0].text`:            `error want (one of): ["move"]`,
		`input.args[0].txet == "x"; input.event == "message"`:                                   "error txet",
		`e := input.event; e == "message"; a := input.args[0]; a.txet`:                          "error txet",
		`input.event in {"message", "typing"}; input.args[0].text`:                              "",
		`input.event in {"message", "typing"}; input.args[0].txet`:                              "error txet",
		`input.event == "typing"; input.args[0].text`:                                           "error (none)",
		`input.event == "typing"; count(input.args) > 0`:                                        "",
		`input.event == "open"; input.args[0].rom`:                                              `warning want (one of): ["room"]`,
		`input.event == "open"; input.args[0].room`:                                             "",
		`input.kind == "emit"; input.args[0].txet`:                                              "error emit \"said\"",
		`input.kind == "emit"; input.args[0].text`:                                              "",
		`input.kind == "ack"; input.args[0].text`:                                               "error ack",
		`input.kind == "ack"; input.args[0] > 1`:                                                "",
		`input.kind == "join"; input.event == "message"; input.args[0].txet`:                    "error txet",
		`input.kind == "connect"; input.args[0].text`:                                           "", // no such input
		`input.event == "other"; input.args[0].text`:                                            "",
		`input.event == "message"; object.get(input.args[0], "txet", 1) == 1`:                   "",
		`input.event == "message"; helper.text`:                                                 "",
		`input.event == "message"; helper.txet`:                                                 "error helper.txet",
		`input.event == "message"; some a in input.args; a.txet`:                                "error txet",
		`input.event == "message"; count([x | x := input.args[_].txet]) > 0`:                    "error txet",
		`input.event == "message"; input.args[1].text`:                                          "error input.args[1]",
		`input.event == "message"; not input.args[0].txet`:                                      "error txet",
		`input.event == "message"; input.args[0].txet with input as {"args": [{"txet": true}]}`: "",
	} {
		files := fstest.MapFS{"p.rego": {Data: []byte("package siogw.authz\n\nhelper := input.args[0]\n\nallow if helper == 1\n\ndeny contains \"x\" if { " + body + " }\n")}}
		for name, change := range map[string]func(*ArgsTypes){
			"certain": func(*ArgsTypes) {}, "not certain": func(a *ArgsTypes) { a.Certain = false }, "none": func(a *ArgsTypes) { *a = ArgsTypes{Find: a.Find} },
		} {
			types := argsTypes()
			change(types)
			p, err := Load(t.Context(), Options{Files: files, Args: types})
			got := "warning " + strings.Join(p.Warnings(), "\n")
			if err != nil {
				got = "error " + err.Error()
			}
			sort, words, _ := strings.Cut(want, " ")
			if name == "not certain" && want != "" {
				sort = "warning"
			}
			if want == "" || name == "none" {
				if got != "warning " {
					t.Errorf("%s, %s: %s", name, body, got)
				}
			} else if !strings.HasPrefix(got, sort+" p.rego:7: rego_type_error") || !strings.Contains(got, words) || strings.Count(got, "rego_type_error") != 1 {
				t.Errorf("%s, %s: %s", name, body, got)
			}
		}
	}
}

// TestArgsPlaces: two rules that refer to one helper are told apart, whichever comes last.
func TestArgsPlaces(t *testing.T) {
	good, bad := `deny contains "x" if { input.event == "message"; helper.text }`, `deny contains "y" if { input.event == "message"; helper.txet }`
	for text, line := range map[string]string{good + "\n\n" + bad: "p.rego:7: ", bad + "\n\n" + good: "p.rego:5: "} {
		text = "package siogw.authz\n\nhelper := input.args[0]\n\n" + text + "\n\n" + `deny contains "z" if { input.event == "typing"; count(helper) > 1 }`
		_, err := Load(t.Context(), Options{Files: fstest.MapFS{"p.rego": {Data: []byte(text)}}, Args: argsTypes()})
		if err == nil || !strings.HasPrefix(err.Error(), line) || strings.Count(err.Error(), "rego_type_error") != 1 {
			t.Errorf("want %s: %v", line, err)
		}
	}
}

// TestArgsUnknownEvents: where others may come, only what asks for one that is known is held to it.
func TestArgsUnknownEvents(t *testing.T) {
	for body, found := range map[string]int{`input.event == "message"; input.args[0].txet`: 1, `input.kind == "emit"; input.args[0].txet`: 0} {
		types := argsTypes()
		types.Closed, types.Certain = false, false
		p, err := Load(t.Context(), Options{Files: fstest.MapFS{"p.rego": {Data: []byte("package siogw.authz\n\nallow if { " + body + " }")}}, Args: types})
		if err != nil || len(p.Warnings()) != found {
			t.Errorf("%s: %v, %q", body, err, p.Warnings())
		}
	}
}

// TestArgsBounds: of more schemas than are tried nothing is said, rather than something wrong.
func TestArgsBounds(t *testing.T) {
	const n = maxArgsSchemas + 1
	var b strings.Builder
	types := &ArgsTypes{Closed: true, Certain: true, Find: func(string) string { return "/" }}
	b.WriteString("package siogw.authz\n\n")
	for i := range n {
		fmt.Fprintf(&b, "deny contains \"x\" if { input.kind == \"event\"; input.event == \"e%d\"; input.args[0].x }\n\n", i)
		s := obj{"type": "array", "items": []any{obj{"type": "object", "properties": obj{fmt.Sprintf("p%d", i): obj{}}}}}
		types.Events = append(types.Events, ArgsType{engine.Event, engine.In, "/", fmt.Sprintf("e%d", i), "c", s, s})
	}
	_, err := Load(t.Context(), Options{Files: fstest.MapFS{"p.rego": {Data: []byte(b.String())}}, Args: types})
	if err == nil || strings.Count(err.Error(), "rego_type_error") != maxArgsSchemas {
		t.Errorf("%d events, %d found", n, strings.Count(fmt.Sprint(err), "rego_type_error"))
	}
}
