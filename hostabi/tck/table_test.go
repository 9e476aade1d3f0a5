package tck_test

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/siogw/siogw/hostabi/tck"
	"github.com/siogw/siogw/internal/wasmtest"
)

// hostCase is a case with its module.
type hostCase struct {
	tck.Case
	m wasmtest.Module
}

func hostCases() []hostCase {
	return slices.Concat(loading(), running(), answering(), viewing(), calling(), storing(), living())
}

// bufferAt is where the guests of the suite have their buffer: of 64 KiB, behind which their memory ends.
const bufferAt = 65536

// base is a guest that does code, and has data at address 8.
func base(data, code string) wasmtest.Module {
	return wasmtest.Module{Data: data, Memory: "\x00\x02", Funcs: []wasmtest.Func{
		{Export: "siogw_alloc", Params: "i", Results: "i", Code: fmt.Sprintf("i32.const %d", bufferAt)},
		{Export: "siogw_decide", Params: "ii", Results: "l", Locals: "iil", Code: code},
	}}
}

// says is a guest that gives verdict.
func says(verdict string) wasmtest.Module {
	return base(verdict, place(verdict))
}

func place(text string) string { return fmt.Sprintf("i64.const %d", 8<<32|len(text)) }

// scoring is the verdict of guests that tell a digit, which stands at digitAt.
const (
	scoring = `{"effect":"allow","score":0}`
	digitAt = 8 + 26
)

// scores is a guest that gives the number that code leaves, from 0 to 9, as its score.
func scores(code string) wasmtest.Module {
	return base(scoring, fmt.Sprintf("%s local.set 2 i32.const %d local.get 2 i32.const 48 i32.add i32.store8 0 %s", code, digitAt, place(scoring)))
}

func with(m wasmtest.Module, imports ...wasmtest.Import) wasmtest.Module {
	m.Imports = imports
	return m
}

func also(m wasmtest.Module, f wasmtest.Func) wasmtest.Module {
	m.Funcs = append(slices.Clone(m.Funcs), f)
	return m
}

func configured(m wasmtest.Module, code string) wasmtest.Module {
	return also(m, wasmtest.Func{Export: "siogw_configure", Params: "ii", Results: "l", Locals: "i", Code: code})
}

func alloc(m wasmtest.Module, code string) wasmtest.Module {
	m.Funcs = slices.Clone(m.Funcs)
	m.Funcs[0].Code = code
	return m
}

// breaks is a case in which the guest breaks the clause, and the packet meets this reason.
func breaks(clause, name, about string, m wasmtest.Module, reason int) hostCase {
	return hostCase{tck.Case{Name: name, Clause: "ABI-" + clause, Breaks: true, About: about, Calls: asked(tck.Verdict{Error: reason})}, m}
}

// refuses is a case of a module that is not loaded.
func refuses(clause, name, about string, m wasmtest.Module, why string) hostCase {
	return hostCase{tck.Case{Name: name, Clause: "ABI-" + clause, Breaks: true, About: about, Load: why}, m}
}

// keeps is a case in which the host has to do what the clause says.
func keeps(clause, name, about string, m wasmtest.Module, calls ...tck.Question) hostCase {
	return hostCase{tck.Case{Name: name, Clause: "ABI-" + clause, About: about, Calls: calls}, m}
}

func (h hostCase) manifest(text string) hostCase  { h.Manifest = json.RawMessage(text); return h }
func (h hostCase) config(text string) hostCase    { h.Config = json.RawMessage(text); return h }
func (h hostCase) within(ms int64) hostCase       { h.Timeout = ms; return h }
func (h hostCase) lifetime(name string) hostCase  { h.Lifetime = name; return h }
func (h hostCase) grant(names ...string) hostCase { h.Grant = names; return h }

// room bounds the store, and how many sessions have an instance.
func (h hostCase) room() hostCase { h.Entries, h.Sessions = 4, 2; return h }

// harmless is a packet of which nothing matters.
const harmless = `["hello"]`

func question(args string, want tck.Verdict) tck.Question {
	return tck.Question{Args: json.RawMessage(args), Want: want}
}

// asked asks twice: what serves the second time is another instance where the first came to an end.
func asked(want tck.Verdict) []tck.Question {
	return []tck.Question{question(harmless, want), question(harmless, want)}
}

func allowed() tck.Verdict { return tck.Verdict{Effect: "allow"} }

func score(n int) tck.Verdict {
	return tck.Verdict{Effect: "allow", Labels: fmt.Appendf(nil, `{"score":%d}`, n)}
}

// scored asks as often as there are scores.
func scored(numbers ...int) (calls []tck.Question) {
	for _, n := range numbers {
		calls = append(calls, question(harmless, score(n)))
	}
	return calls
}

// loading are modules that are not loaded, and such as are.
func loading() []hostCase {
	good := base("", "i64.const 0")
	noMemory, hidden, noAlloc, noDecide := good, good, good, good
	noMemory.None, hidden.Hidden = true, true
	noAlloc.Funcs, noDecide.Funcs = good.Funcs[1:], good.Funcs[:1]
	wrongAlloc, wrongDecide := good, good
	wrongAlloc.Funcs = []wasmtest.Func{{Export: "siogw_alloc", Results: "i", Code: "i32.const 8"}, good.Funcs[1]}
	wrongDecide.Funcs = []wasmtest.Func{good.Funcs[0], {Export: "siogw_decide", Params: "ii", Results: "i", Code: "i32.const 0"}}
	table, large := good, good
	table.Table, large.Memory = make([]int, 70000), "\x00\x81\x01"
	start := good
	start.Start = new(int)
	start.Funcs = append([]wasmtest.Func{{Code: "unreachable"}}, good.Funcs...)
	unsound := base("", "drop")
	text := "no good"
	program := also(base(text, "i64.const 0"), wasmtest.Func{Export: "siogw_program", Params: "ii", Results: "l", Code: "local.get 1 i32.const 3 i32.eq if l i64.const 0 else " + place(text) + " end"})
	return []hostCase{
		refuses("1.1", "invalid-code", "the code is not valid", unsound, "abi"),
		refuses("1.2", "no-memory", "there is no memory", noMemory, "abi"),
		refuses("1.2", "huge-table", "a table of 70,000 entries", table, "abi"),
		refuses("1.3", "reserved-import", "it imports what the host keeps for its meter", with(good, wasmtest.Import{Module: "siogw.meter", Name: "hook"}), "abi"),
		refuses("1.3", "reserved-export", "it exports what the host keeps for its meter", also(good, wasmtest.Func{Export: "siogw.fuel"}), "abi"),
		refuses("2.1", "hidden-memory", "the memory is not exported", hidden, "abi"),
		refuses("2.1", "no-alloc", "siogw_alloc is missing", noAlloc, "abi"),
		refuses("2.1", "no-decide", "siogw_decide is missing", noDecide, "abi"),
		refuses("2.1", "wrong-alloc", "siogw_alloc is of another type", wrongAlloc, "abi"),
		refuses("2.1", "wrong-decide", "siogw_decide is of another type", wrongDecide, "abi"),
		refuses("2.2", "wrong-configure", "siogw_configure is of another type", also(good, wasmtest.Func{Export: "siogw_configure"}), "abi"),
		refuses("2.2", "wrong-initialize", "_initialize is of another type", also(good, wasmtest.Func{Export: "_initialize", Params: "i"}), "abi"),
		refuses("2.11", "alloc-none", "the first siogw_alloc gives 0", alloc(good, "i32.const 0"), "memory"),
		refuses("2.10", "alloc-outside", "the first siogw_alloc gives the end of memory", alloc(good, "i32.const 131072"), "abi"),
		refuses("2.10", "alloc-beyond", "the first buffer has its last byte outside of memory", alloc(good, "i32.const 126977"), "abi"),
		refuses("2.10", "alloc-wraps", "the first buffer would wrap around", alloc(good, "i32.const -1"), "abi"),
		refuses("2.14", "configure-traps", "siogw_configure traps", configured(good, "unreachable"), "trap"),
		refuses("2.14", "configure-refuses", "siogw_configure gives a text", configured(base(text, "i64.const 0"), place(text)), "config"),
		refuses("2.14", "configure-outside", "siogw_configure gives a place outside of memory", configured(good, "i64.const 0x0001ffff00000002"), "abi"),
		refuses("2.15", "config-for-nobody", "a configuration, and no siogw_configure", good, "config").config(`{"a":1}`),
		keeps("2.15", "empty-config-for-nobody", "{} is no configuration", good, asked(allowed())...).config(`{}`),
		refuses("3.2", "manifest-abi", "the manifest is of ABI 2", good, "abi").manifest(`{"abi":2}`),
		refuses("3.2", "manifest-no-abi", "the manifest has no abi", good, "abi").manifest(`{"view":"args"}`),
		refuses("3.2", "manifest-key", "the manifest has an unknown key", good, "abi").manifest(`{"abi":1,"extra":1}`),
		refuses("3.2", "manifest-twice", "the manifest has a key twice", good, "abi").manifest(`{"abi":1,"abi":1}`),
		refuses("3.2", "manifest-view", "the manifest has an unknown view", good, "abi").manifest(`{"abi":1,"view":"all"}`),
		refuses("3.2", "manifest-kind", "the manifest has an unknown kind", good, "abi").manifest(`{"abi":1,"kinds":["events"]}`),
		refuses("3.5", "manifest-pure-kv", "pure, and with a capability", good, "abi").manifest(`{"abi":1,"pure":true,"capabilities":["kv"]}`).grant("kv"),
		refuses("3.6", "not-asked", "it imports time_ms, and its manifest does not ask", with(good, imported("time_ms")), "abi").grant("clock"),
		refuses("3.6", "not-granted", "the capability that it asks for is not granted", with(good, imported("time_ms")), "abi").manifest(`{"abi":1,"capabilities":["clock"]}`),
		refuses("3.7", "only-with-args", "only_with, and another view", good, "abi").manifest(`{"abi":1,"view":"args","pure":true,"only_with":"<"}`),
		refuses("3.7", "only-with-impure", "only_with, and not pure", good, "abi").manifest(`{"abi":1,"view":"strings","only_with":"<"}`),
		refuses("3.7", "only-with-many", "only_with has 17 characters", good, "abi").manifest(`{"abi":1,"view":"strings","pure":true,"only_with":"abcdefghijklmnopq"}`),
		keeps("3.7", "only-with-most", "only_with has 16 characters", good, asked(allowed())...).manifest(`{"abi":1,"view":"strings","pure":true,"only_with":"abcdefghijklmnop"}`),
		refuses("3.7", "only-with-wide", "only_with has a character that is not ASCII", good, "abi").manifest(`{"abi":1,"view":"strings","pure":true,"only_with":"é"}`),
		refuses("6.1", "unknown-module", "it imports from a module that is not there", with(good, wasmtest.Import{Module: "env", Name: "open"}), "abi"),
		refuses("6.1", "unknown-import", "it imports a function that is not there", with(good, wasmtest.Import{Module: "siogw", Name: "open"}), "abi"),
		refuses("6.1", "wrong-import", "it imports log with another type", with(good, wasmtest.Import{Module: "siogw", Name: "log", Params: "ii"}), "abi"),
		refuses("6.14", "unknown-wasi", "it imports a WASI function that is not there", with(good, wasmtest.Import{Module: "wasi_snapshot_preview1", Name: "fd_steal", Params: "i", Results: "i"}), "abi"),
		refuses("7.1", "large-memory", "it begins with more memory than it may have", large, "memory"),
		refuses("2.3", "start-traps", "the start function traps", start, "trap"),
		refuses("2.3", "initialize-traps", "_initialize traps", also(good, wasmtest.Func{Export: "_initialize", Code: "unreachable"}), "trap"),
		refuses("10.1", "program-alone", "a program, and no siogw_program", custom(good, "siogw.program", "abc"), "abi"),
		refuses("10.1", "interpreter-alone", "siogw_program, and no program", program, "abi"),
		refuses("10.2", "program-refused", "siogw_program gives a text", custom(program, "siogw.program", "abcd"), "program"),
		keeps("10.2", "program", "siogw_program gets the section", custom(program, "siogw.program", "abc"), asked(allowed())...),
		refuses("10.4", "optional-log", "siogw_optional has only what a capability gives", with(good, wasmtest.Import{Module: "siogw_optional", Name: "log", Params: "iii"}), "abi"),
	}
}
