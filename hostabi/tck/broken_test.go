package tck_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/siogw/siogw/hostabi/tck"
	"github.com/siogw/siogw/internal/pluginkit"
	"github.com/siogw/siogw/internal/wasmtest"
)

// The parts of a sound guest, which the broken ones replace. It gives what memory has free, as a real one does.
const (
	grown  = "local.get 0 i32.const 65535 i32.add i32.const 16 i32.shr_u memory.grow local.tee 1 i32.const -1 i32.eq if i i32.const 0 else local.get 1 i32.const 16 i32.shl end"
	reused = "global.get 0 i32.const 16 i32.shl local.get 0 i32.lt_u if - " + // a larger one than ever
		"local.get 0 i32.const 65535 i32.add i32.const 16 i32.shr_u global.get 0 i32.sub memory.grow i32.const -1 i32.eq if - i32.const 0 return end " +
		"local.get 0 i32.const 65535 i32.add i32.const 16 i32.shr_u global.set 0 end i32.const 65536"
)

// sound is a guest that answers with data, and breaks nothing.
func sound(data string) wasmtest.Module {
	return wasmtest.Module{Data: data, Globals: "ii", Imports: []wasmtest.Import{{Module: "siogw", Name: "log", Params: "iii"},
		{Module: "siogw", Name: "label", Params: "iiii"}, {Module: "siogw", Name: "counter", Params: "iil"}}, Funcs: []wasmtest.Func{
		{Export: "siogw_alloc", Params: "i", Results: "i", Locals: "i", Code: strings.ReplaceAll(reused, "i32.shr_u", "byte 0x76")},
		{Export: "siogw_decide", Params: "ii", Results: "l", Locals: "i", Code: fmt.Sprintf("i64.const %d", 8<<32|len(data))},
	}}
}

func deciding(code string) wasmtest.Module {
	m := sound(`{"effect":"allow","score":0}`)
	m.Funcs[1].Code = code
	return m
}

func allocating(code string) wasmtest.Module {
	m := sound(`{"effect":"allow"}`)
	m.Funcs[0].Code = strings.ReplaceAll(code, "i32.shr_u", "byte 0x76")
	return m
}

func configuring(code string) wasmtest.Module {
	m := sound(`{"effect":"allow"}` + "\xff\xff\xff")
	m.Funcs = append(m.Funcs, wasmtest.Func{Export: "siogw_configure", Params: "ii", Results: "l", Code: code})
	return m
}

func exporting(f wasmtest.Func) wasmtest.Module {
	m := sound(`{"effect":"allow"}`)
	m.Funcs = append(m.Funcs, f)
	return m
}

func importing(module, name, params string) wasmtest.Module {
	m := sound(`{"effect":"allow"}`)
	m.Imports = []wasmtest.Import{{Module: module, Name: name, Params: params}}
	return m
}

func without(m wasmtest.Module, export string) wasmtest.Module {
	for i := range m.Funcs {
		if m.Funcs[i].Export == export {
			m.Funcs[i].Export = "siogw_other"
		}
	}
	return m
}

func withTable(code string) wasmtest.Module {
	m := deciding(code)
	m.Table = []int{3}
	return m
}

func custom(m wasmtest.Module, name, content string) wasmtest.Module {
	m.Custom = map[string]string{name: content}
	return m
}

// counted gives its number of call, mod 8, as the score.
const counted = "global.get 1 i32.const 1 i32.add i32.const 7 i32.and global.set 1 i32.const 34 global.get 1 i32.const 48 i32.add i32.store8 0 i64.const 0x000000080000001c"

// broken are guests that break a clause each; "" is a guest that breaks none.
var broken = []struct {
	name, clause string
	m            wasmtest.Module
	manifest     string
}{
	{"sound", "", sound(`{"effect":"allow"}`), ""},
	{"sound and pure", "", sound(`{"effect":"deny","code":1}`), `{"abi":1,"view":"strings","pure":true}`},
	{"says that it cannot judge", "", sound(`{"error":"no"}`), ""},
	{"no memory", "ABI-1.2", wasmtest.Module{None: true, Funcs: sound("").Funcs[:0]}, ""},
	{"a hidden memory", "ABI-2.1", wasmtest.Module{Hidden: true, Globals: "ii", Funcs: sound("x").Funcs}, ""},
	{"no siogw_alloc", "ABI-2.1", without(sound("x"), "siogw_alloc"), ""},
	{"no siogw_decide", "ABI-2.1", without(sound("x"), "siogw_decide"), ""},
	{"siogw_configure of another type", "ABI-2.2", exporting(wasmtest.Func{Export: "siogw_configure"}), ""},
	{"_initialize of another type", "ABI-2.2", exporting(wasmtest.Func{Export: "_initialize", Params: "i"}), ""},
	{"imports what there is not", "ABI-6.1", importing("env", "open", "i"), ""},
	{"imports a call of another type", "ABI-6.1", importing("siogw", "log", "ii"), ""},
	{"imports time without asking", "ABI-3.6", importing2("time_ms", "", "l"), ""},
	{"a manifest of ABI 2", "ABI-3.2", sound("x"), `{"abi":2}`},
	{"a manifest with a key of its own", "ABI-3.2", sound("x"), `{"abi":1,"extra":1}`},
	{"a program without an interpreter", "ABI-10.1", custom(sound("x"), "siogw.program", "x"), ""},
	{"writes to a table, which no snapshot has", "ABI-2.9", withTable("i32.const 0 ref.null i32.const 0 table.fill 0 i64.const 0"), `{"abi":1,"lifetime":"call"}`},
	{"code that is not valid", "ABI-1.1", deciding("drop"), ""},

	{"gives buffers outside of memory", "ABI-2.14", allocating("i32.const 0x7fff0000"), ""},
	{"gives larger buffers that are too small", "ABI-2.10", allocating("i32.const 32768"), ""},
	{"gives none when asked again", "ABI-2.10", allocating("global.get 0 if i i32.const 0 else i32.const 1 global.set 0 i32.const 32768 end"), ""},
	{"keeps every buffer", "ABI-2.13", allocating(grown), ""},

	{"traps on a configuration", "ABI-2.14", configuring("local.get 1 i32.const 100 i32.gt_u if - unreachable end i64.const 0"), ""},
	{"refuses at a place outside of memory", "ABI-2.14", configuring("local.get 1 if l i64.const 0x7fff000000000010 else i64.const 0 end"), ""},
	{"refuses with what is no text", "ABI-2.14", configuring("local.get 1 if l i64.const 0x0000001a00000003 else i64.const 0 end"), ""},

	{"traps", "ABI-8.1", deciding("unreachable"), ""},
	{"traps on long packets", "ABI-8.1", deciding("local.get 1 i32.const 100000 i32.gt_u if - unreachable end i64.const 0"), ""},
	{"spins", "ABI-7.2", deciding("loop - br 0 end i64.const 0"), ""},
	{"is slow", "ABI-7.2", deciding("loop - local.get 2 i32.const 1 i32.add local.tee 2 i32.const 3000000 i32.lt_u br_if 0 end i64.const 0"), ""},
	{"grows", "ABI-7.1", deciding("i32.const 1 memory.grow drop i64.const 0"), ""},
	{"grows a little", "ABI-7.1", deciding("global.get 1 i32.const 1 i32.add i32.const 127 i32.and global.set 1 global.get 1 i32.eqz if - i32.const 1 memory.grow drop end i64.const 0"), ""},
	{"answers outside of memory", "ABI-5.2", deciding("i64.const 0x7fffffff00000010"), ""},
	{"answers beyond the end", "ABI-5.2", deciding("i64.const 0x00fffff800000100"), ""},
	{"answers at 0", "ABI-5.1", deciding("i64.const 0x10"), ""},
	{"answers nothing somewhere", "ABI-5.1", deciding("i64.const 0x1000000000"), ""},
	{"logs from outside", "ABI-5.2", deciding("i32.const 0 i32.const -1 i32.const 10 call 0 i64.const 0"), ""},
	{"labels with a long key", "ABI-6.4", deciding("i32.const 8 i32.const 65 i32.const 8 i32.const 1 call 1 i64.const 0"), ""},
	{"labels with what is no JSON", "ABI-5.14", deciding("i32.const 8 i32.const 1 i32.const 8 i32.const 2 call 1 i64.const 0"), ""},
	{"counts under no name", "ABI-6.5", deciding("i32.const 8 i32.const 0 i64.const 1 call 2 i64.const 0"), ""},

	{"no JSON", "ABI-5.4", sound(`{"effect":"allow"`), ""},
	{"an array", "ABI-5.4", sound(`["allow"]`), ""},
	{"an unknown key", "ABI-5.4", sound(`{"effect":"allow","extra":1}`), ""},
	{"a key twice", "ABI-5.4", sound(`{"effect":"allow","effect":"deny"}`), ""},
	{"no UTF-8", "ABI-5.4", sound("{\"effect\":\"deny\",\"reason\":\"\xff\"}"), ""},
	{"no effect", "ABI-5.5", sound(`{"score":1}`), ""},
	{"a strange effect", "ABI-5.5", sound(`{"effect":"Allow"}`), ""},
	{"a long code", "ABI-5.6", sound(`{"effect":"deny","code":"` + strings.Repeat("x", 127) + `"}`), ""},
	{"a code that is an object", "ABI-5.6", sound(`{"effect":"deny","code":{}}`), ""},
	{"a long reason", "ABI-5.7", sound(`{"effect":"deny","reason":"` + strings.Repeat("x", 1023) + `"}`), ""},
	{"long data", "ABI-5.8", sound(`{"effect":"deny","data":"` + strings.Repeat("x", 16383) + `"}`), ""},
	{"a reason to allow", "ABI-5.17", sound(`{"effect":"allow","reason":"x"}`), ""},
	{"a denial that changes", "ABI-5.18", sound(`{"effect":"deny","args":[]}`), ""},
	{"two changes", "ABI-5.17", sound(`{"effect":"allow","args":[],"strings":{}}`), ""},
	{"a string that is not there", "ABI-5.19", sound(`{"effect":"allow","strings":{"77":"x"}}`), ""},
	{"a patch of what is not there", "ABI-5.19", sound(`{"effect":"allow","patch":[{"op":"remove","path":"/args/77"}]}`), ""},
	{"labels that are an array", "ABI-5.14", sound(`{"effect":"allow","labels":[]}`), ""},
	{"a score that is a string", "ABI-5.15", sound(`{"effect":"allow","score":"1"}`), ""},
	{"keeps silent as it promised", "", deciding("i64.const 0"), `{"abi":1,"view":"strings","pure":true,"only_with":"<"}`},
	{"does not keep silent as it promised", "ABI-3.7", sound(`{"effect":"deny","code":1}`), `{"abi":1,"view":"strings","pure":true,"only_with":"<"}`},
	{"pure, and counts its calls", "ABI-3.4", deciding(counted), `{"abi":1,"view":"strings","pure":true}`},
}

func importing2(name, params, results string) wasmtest.Module {
	m := sound(`{"effect":"allow"}`)
	m.Imports = []wasmtest.Import{{Module: "siogw", Name: name, Params: params, Results: results}}
	return m
}

// TestBrokenGuests: each fails in its clause, and not before another; a sound one passes.
func TestBrokenGuests(t *testing.T) {
	for _, c := range broken {
		t.Run(c.name, func(t *testing.T) {
			m := &pluginkit.Module{Name: c.name, Wasm: c.m.Binary()}
			if c.manifest != "" {
				m.Manifest = []byte(c.manifest)
			}
			r := check(t, m, tck.Options{Calls: 1000, Timeout: 2 * time.Second})
			var failed []string
			for _, f := range r.Findings {
				if f.Outcome == tck.Failed {
					failed = append(failed, f.Clause+" "+f.Check+": "+f.Got)
				}
			}
			if c.clause == "" && !r.OK() || c.clause != "" && !strings.Contains(strings.Join(failed, "\n")+" ", c.clause+" ") {
				t.Errorf("want a failure of %q, got %.1000q", c.clause, failed)
			}
			if r.Passed+r.Failed+r.Skipped != len(r.Findings) || r.OK() != (len(failed) == 0) {
				t.Errorf("%d passed, %d failed, %d skipped of %d", r.Passed, r.Failed, r.Skipped, len(r.Findings))
			}
		})
	}
}
