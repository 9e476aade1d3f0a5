package cli

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/siogw/siogw/internal/wasmtest"
)

// guests are modules of scripts, by what they do wrong: the code of siogw_decide.
var guests = map[string]string{
	"spins":     "loop - br 0 end i64.const 0",
	"traps":     "unreachable",
	"grows":     "i32.const 100 memory.grow drop unreachable",
	"lies":      "i64.const 0x7fffffff00000001",
	"nonsense":  "i64.const 0x0000000900000003",
	"steers":    fmt.Sprintf("i64.const %d", 8<<32|len(steering)),
	"empties":   fmt.Sprintf("i64.const %d", (8+len(steering))<<32|len(emptying)),
	"undecided": "i64.const 0",
	"files":     "i64.const 0",
	"mute":      "i64.const 0",
}

// Two verdicts, one behind the other in memory.
const (
	steering = `{"effect":"deny","reason":"\u001b[2J"}`
	emptying = `{"effect":"allow","attachments":{"0":""}}`
)

// guest is the scripts' command `guest NAME FILE`, which writes one of guests.
func guest(ts *testscript.TestScript, neg bool, args []string) {
	code, ok := guests[args[0]]
	if neg || !ok {
		ts.Fatalf("usage: guest NAME FILE")
	}
	m := wasmtest.Module{Data: steering + emptying, Memory: "\x00\x03", Funcs: []wasmtest.Func{
		{Export: "siogw_alloc", Params: "i", Results: "i", Code: "i32.const 131072"},
		{Export: "siogw_decide", Params: "ii", Results: "l", Code: code},
	}}
	switch args[0] {
	case "undecided":
		m.Funcs[1].Export = "decide"
	case "files":
		m.Imports = []wasmtest.Import{{Module: "env", Name: "open", Params: "ii", Results: "i"}}
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), m.Binary(), 0o600))
}

// goCache gives Go's build cache: without it a script would compile the standard library.
func goCache(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("go", "env", "GOCACHE").Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}
