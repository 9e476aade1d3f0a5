package tck_test

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/siogw/siogw/hostabi/tck"
	"github.com/siogw/siogw/internal/wasmtest"
)

// running are guests that come to an end in siogw_decide, and what a host has to live with.
func running() []hostCase {
	code := func(c string) wasmtest.Module { return base("", c+" i64.const 0") }
	second := func(answer string) string {
		return "local.get 0 i32.const 4096 i32.gt_u if i " + answer + " else i32.const 64 end"
	}
	long := question(`["`+strings.Repeat("x", 5000)+`"]`, tck.Verdict{})
	later := func(clause, name, about, answer string, reason int) hostCase {
		h := breaks(clause, name, about, alloc(base("", "i64.const 0"), second(answer)), reason)
		long.Want = tck.Verdict{Error: reason}
		h.Calls = []tck.Question{question(`[]`, allowed()), long, question(`[]`, allowed())}
		return h.manifest(`{"abi":1,"view":"args"}`)
	}
	return []hostCase{
		keeps("2.16", "allow", "0 allows, and nothing is read", base("", "i64.const 0"), asked(allowed())...),
		breaks("8.1", "traps", "siogw_decide traps", code("unreachable"), 111),
		breaks("8.1", "divides", "siogw_decide divides by zero", code("i32.const 1 i32.const 0 i32.div_u drop"), 111),
		breaks("8.1", "reads-outside", "siogw_decide reads outside of memory", code("i32.const -4 i32.load 0 drop"), 111),
		breaks("7.4", "recurses", "siogw_decide calls itself without end", code("local.get 0 local.get 1 call 1 drop"), 111),
		breaks("7.2", "spins", "siogw_decide does not come back", code("loop - br 0 end"), 112).within(20),
		breaks("7.2", "fills", "siogw_decide fills memory without end", code("loop - i32.const 0 i32.const 1 i32.const 131072 memory.fill br 0 end"), 112).within(20),
		breaks("7.1", "grows-and-traps", "memory.grow goes beyond the cap, and the guest traps", code("i32.const 1000 memory.grow drop unreachable"), 113),
		keeps("7.1", "grow-fails", "memory.grow beyond the cap gives −1, and the guest goes on: its answer counts", scores("i32.const 1000 memory.grow i32.const 2 i32.add"), scored(1, 1)...),
		later("2.11", "second-none", "the second siogw_alloc gives 0", "i32.const 0", 113),
		later("2.10", "second-beyond", "the second buffer has its last byte outside of memory", "i32.const 122881", 111),
		later("2.10", "second-wraps", "the second buffer would wrap around", "i32.const -4", 111),
		keeps("2.12", "first-4096", "the first buffer is of 4,096 bytes", alloc(base("", "i64.const 0"), "local.get 0 i32.const 4096 i32.eq if - else unreachable end i32.const 64"), asked(allowed())...),
		keeps("2.12", "power-of-two", "a larger one is of a power of two, and asked for when a view does not fit", growingAlloc(),
			question(`[]`, score(1)), question(`["`+strings.Repeat("x", 4093)+`"]`, score(2)), question(`["`+strings.Repeat("x", 8000)+`"]`, score(2)), question(`[]`, score(2))).manifest(`{"abi":1,"view":"args"}`),
		keeps("2.13", "buffer-over-data", "a buffer may lie over the guest's data", alloc(base("", "i64.const 0x0000000800000002"), "i32.const 8"), asked(tck.Verdict{Error: 111})...).manifest(`{"abi":1,"view":"args"}`),
		keeps("5.3", "answer-in-buffer", "a verdict may lie in the buffer", inBuffer(`{"effect":"deny"}`), asked(tck.Verdict{Effect: "deny"})...),
		keeps("2.3", "in-order", "the start function, _initialize, siogw_alloc, siogw_configure, siogw_decide, each in its turn", inOrder(), asked(score(5))...).config(`{"a":1}`),
		keeps("2.14", "config-bytes", "siogw_configure gets the configuration as it was written", configured(base(`{"a":[1]}`, "i64.const 0"), sameBytes(`{"a":[1]}`)), asked(allowed())...).config(`{"a":[1]}`),
		keeps("2.14", "no-config", "siogw_configure gets a length of 0 when there is none", configured(base("", "i64.const 0"), "local.get 1 if - unreachable end i64.const 0"), asked(allowed())...),
		keeps("3.3", "kinds", "what the manifest does not name is abstained from", base("", "unreachable"), tck.Question{Kind: "emit", Args: json.RawMessage(`[]`), Want: tck.Verdict{Effect: "abstain"}},
			question(`[]`, tck.Verdict{Error: 111})).manifest(`{"abi":1,"kinds":["event"]}`),
		keeps("3.7", "only-with", "what has one of the characters is asked about", base(`{"effect":"deny"}`, "local.get 1 i32.const 9 i32.eq if l local.get 0 i32.load8_u 8 i32.const 60 i32.eq if l "+place(`{"effect":"deny"}`)+" else i64.const 0 end else i64.const 0 end"),
			question(`["a"]`, allowed()), question(`["<"]`, tck.Verdict{Effect: "deny"}), question(`["\u003c"]`, tck.Verdict{Effect: "deny"}), question(`[]`, allowed())).manifest(`{"abi":1,"view":"strings","pure":true,"only_with":">&<"}`),
		keeps("3.1", "manifest-inside", "the manifest is in the module", custom(base("", "unreachable"), "siogw.manifest", `{"abi":1,"kinds":["emit"]}`), asked(tck.Verdict{Effect: "abstain"})...),
		keeps("10.4", "optional", "without the capability kv_get gives −5, and time_ms 0", with(scores("i32.const 8 i32.const 1 i32.const 8 i32.const 1 call 0 call 1 i32.wrap_i64 i32.add i32.const 5 i32.add"), optional("kv_get"), optional("time_ms")), scored(0, 0)...),
		breaks("10.4", "optional-random", "without the capability random is an error", with(code("i32.const 8 i32.const 1 call 0"), optional("random")), 111),
	}
}

// growingAlloc traps on a size that is none of the rule, and tells how often it was asked.
func growingAlloc() wasmtest.Module {
	m := alloc(scores("global.get 0"), "local.get 0 local.get 0 i32.const 1 i32.sub i32.and if - unreachable end global.get 0 i32.const 1 i32.add global.set 0 i32.const 65536")
	m.Globals = "i"
	return m
}

// inBuffer writes a verdict into the buffer, and gives its place there.
func inBuffer(verdict string) wasmtest.Module {
	return base(verdict, fmt.Sprintf("local.get 0 i32.const 8 i32.const %d memory.copy local.get 0 i64.extend_i32_u i64.const 32 i64.shl i64.const %d i64.or", len(verdict), len(verdict)))
}

// inOrder traps unless its exports are called in their order.
func inOrder() wasmtest.Module {
	step := func(n int) string {
		return fmt.Sprintf("global.get 0 i32.const %d i32.eq i32.eqz if - unreachable end i32.const %d global.set 0 ", n-1, n)
	}
	m := scores("global.get 0 i32.const 4 i32.eq i32.eqz if - global.get 0 i32.const 5 i32.eq i32.eqz if - unreachable end end i32.const 5 global.set 0 i32.const 5")
	m.Globals = "i"
	m.Funcs[0].Code = step(3) + "i32.const 65536"
	m.Funcs = append(m.Funcs, wasmtest.Func{Code: step(1)}, wasmtest.Func{Export: "_initialize", Code: step(2)},
		wasmtest.Func{Export: "siogw_configure", Params: "ii", Results: "l", Code: step(4) + "i64.const 0"})
	start := 2
	m.Start = &start
	return m
}

// sameBytes traps unless the view is the guest's data.
func sameBytes(want string) string {
	return fmt.Sprintf(`local.get 1 i32.const %d i32.eq i32.eqz if - unreachable end
		loop - local.get 0 local.get 2 i32.add i32.load8_u 0 i32.const 8 local.get 2 i32.add i32.load8_u 0 i32.eq i32.eqz if - unreachable end
		local.get 2 i32.const 1 i32.add local.tee 2 i32.const %d i32.lt_u br_if 0 end i64.const 0`, len(want), len(want))
}
