package tck_test

import (
	"fmt"
	"strconv"

	"github.com/siogw/siogw/hostabi/tck"
	"github.com/siogw/siogw/internal/wasmtest"
)

func number(n int) string { return strconv.Itoa(n) }

// functions are the imports of section 6 with their types.
var functions = map[string][2]string{"log": {"iii", ""}, "label": {"iiii", ""}, "counter": {"iil", ""}, "kv_get": {"iiii", "i"}, "kv_set": {"iiiil", "i"},
	"kv_delete": {"ii", "i"}, "kv_add": {"iilli", "i"}, "time_ms": {"", "l"}, "random": {"ii", ""}}

func imported(name string) wasmtest.Import {
	f := functions[name]
	return wasmtest.Import{Module: "siogw", Name: name, Params: f[0], Results: f[1]}
}

func optional(name string) wasmtest.Import {
	i := imported(name)
	i.Module = "siogw_optional"
	return i
}

func wasi(name, params string) wasmtest.Import {
	return wasmtest.Import{Module: "wasi_snapshot_preview1", Name: name, Params: params, Results: "i"}
}

// calling are guests that call log, label, counter, time_ms, random and WASI.
func calling() []hostCase {
	calls := func(name, code string) wasmtest.Module {
		return with(base(`abcd1"_A`, code+" i64.const 0"), imported(name))
	}
	times := func(n int, code string) string {
		return fmt.Sprintf("loop - %s local.get 2 i32.const 1 i32.add local.tee 2 i32.const %d i32.lt_u br_if 0 end", code, n)
	}
	labelled := tck.Verdict{Effect: "allow", Labels: []byte(`{"abcd":1}`)}
	first, second := allowed(), allowed()
	first.Counters, second.Counters = map[string]int64{"abcd1": -2}, map[string]int64{"abcd1": -4}
	full := map[string]int64{"abcd1": 64}
	return []hostCase{
		keeps("6.3", "log", "levels that are none count as the nearest; lines beyond the 16th are dropped", calls("log", times(20, "i32.const -7 i32.const 8 i32.const 4 call 0 i32.const 99 i32.const 8 i32.const 4 call 0")), asked(allowed())...),
		keeps("6.3", "log-nothing", "a text of no bytes at the end of memory", calls("log", "i32.const 0 i32.const 131072 i32.const 0 call 0"), asked(allowed())...),
		breaks("6.2", "log-outside", "a text outside of memory", calls("log", "i32.const 0 i32.const -1 i32.const 10 call 0"), 111),
		breaks("6.2", "log-beyond", "a text with its last byte outside of memory", calls("log", "i32.const 0 i32.const 131071 i32.const 2 call 0"), 111),
		breaks("6.2", "log-4-gib", "a text of 4 GiB", calls("log", "i32.const 0 i32.const 8 i32.const -1 call 0"), 111),
		keeps("6.4", "label", "a label of this packet", calls("label", "i32.const 8 i32.const 4 i32.const 12 i32.const 1 call 0"), asked(labelled)...),
		breaks("6.2", "label-outside", "a key outside of memory", calls("label", "i32.const 131071 i32.const 2 i32.const 12 i32.const 1 call 0"), 111),
		breaks("6.2", "label-value-outside", "a value outside of memory", calls("label", "i32.const 8 i32.const 1 i32.const 131071 i32.const 2 call 0"), 111),
		breaks("7.7", "label-key-long", "a key of 65 bytes", calls("label", "i32.const 8 i32.const 65 i32.const 12 i32.const 1 call 0"), 111),
		breaks("7.7", "label-value-long", "a value of 1,025 bytes", calls("label", "i32.const 8 i32.const 1 i32.const 12 i32.const 1025 call 0"), 111),
		breaks("7.7", "labels-17", "17 labels", calls("label", times(17, "i32.const 100 local.get 2 i32.add i32.const 1 i32.const 12 i32.const 1 call 0")), 111),
		breaks("6.4", "label-no-json", "a value that is no JSON", calls("label", "i32.const 8 i32.const 4 i32.const 8 i32.const 4 call 0"), 111),
		breaks("6.4", "label-twice", "a key twice", calls("label", times(2, "i32.const 8 i32.const 4 i32.const 12 i32.const 1 call 0")), 111),
		keeps("6.5", "counter", "a counter of the plugin goes on", calls("counter", "i32.const 8 i32.const 5 i64.const -2 call 0"), question(harmless, first), question(harmless, second)),
		keeps("7.8", "counts-64", "64 counts", calls("counter", times(64, "i32.const 8 i32.const 5 i64.const 1 call 0")), question(harmless, tck.Verdict{Effect: "allow", Counters: full})),
		breaks("7.8", "counts-65", "65 counts", calls("counter", times(65, "i32.const 8 i32.const 5 i64.const 1 call 0")), 111),
		breaks("7.8", "counter-long", "a name of 65 bytes", calls("counter", "i32.const 8 i32.const 65 i64.const 1 call 0"), 111),
		breaks("6.5", "counter-nameless", "no name", calls("counter", "i32.const 8 i32.const 0 i64.const 1 call 0"), 111),
		breaks("6.5", "counter-strange", "a name with a capital letter", calls("counter", "i32.const 14 i32.const 2 i64.const 1 call 0"), 111),
		breaks("6.2", "counter-outside", "a name outside of memory", calls("counter", "i32.const -1 i32.const 4 i64.const 1 call 0"), 111),
		asking("clock", keeps("6.12", "time", "time_ms is the packet's time, 2026-01-01", with(scores("call 0 i64.const -1767225600000 i64.add i64.eqz"), imported("time_ms")), scored(1, 1)...)),
		asking("random", keeps("6.13", "random", "random bytes: 16 of them are not all 0", with(scores("i32.const 100 i32.const 16 call 0 i32.const 100 i64.load 0 i64.eqz i32.eqz"), imported("random")), scored(1, 1)...)),
		asking("random", breaks("7.14", "random-much", "4,097 random bytes", calls("random", times(2, "i32.const 100 i32.const 2049 call 0")), 111)),
		asking("random", breaks("6.2", "random-outside", "random bytes to outside of memory", calls("random", "i32.const 131071 i32.const 2 call 0"), 111)),
		asking("random", refuses("6.13", "random-early", "random in siogw_configure", with(configured(base("", "i64.const 0"), "i32.const 100 i32.const 1 call 0 i64.const 0"), imported("random")), "abi")),
		keeps("6.14", "wasi-clock", "WASI's clock moves with each look", with(scores("i32.const 0 i64.const 1 i32.const 96 call 0 drop i32.const 0 i64.const 1 i32.const 104 call 0 drop i32.const 96 i64.load 0 i32.const 104 i64.load 0 i64.sub i64.eqz"), wasi("clock_time_get", "ili")), scored(0, 0)...),
		keeps("6.14", "wasi-random", "WASI's random bytes go on: 8 are not the 8 before", with(scores("i32.const 96 i32.const 8 call 0 drop i32.const 104 i32.const 8 call 0 drop i32.const 96 i64.load 0 i32.const 104 i64.load 0 i64.sub i64.eqz"), wasi("random_get", "ii")), scored(0, 0)...),
		breaks("8.1", "wasi-exit", "an exit, of code 0 too", with(base("", "i32.const 0 call 0 i64.const 0"), wasmtest.Import{Module: "wasi_snapshot_preview1", Name: "proc_exit", Params: "i"}), 111),
		keeps("6.14", "wasi-files", "there are no files: fd_prestat_get(3) fails", with(scores("i32.const 3 i32.const 100 call 0 i32.const 8 i32.eq"), wasi("fd_prestat_get", "ii")), scored(1, 1)...),
		keeps("6.14", "wasi-environment", "there is no environment", with(scores("i32.const 100 i32.const 104 call 0 i32.const 100 i32.load 0 i32.add"), wasi("environ_sizes_get", "ii")), scored(0, 0)...),
		keeps("6.14", "wasi-close", "fd_close of standard output changes nothing", with(scores("i32.const 1 call 0"), wasi("fd_close", "i")), scored(0, 0)...),
	}
}

// asking has the manifest ask for a capability, and the operator grant it.
func asking(capability string, h hostCase) hostCase {
	return h.manifest(`{"abi":1,"view":"args","capabilities":["` + capability + `"]}`).grant(capability).room()
}

// storing are guests that use the store, which has room for four entries. Their score is what the function gave, and 5.
func storing() (all []hostCase) {
	kv := []wasmtest.Import{imported("kv_get"), imported("kv_set"), imported("kv_delete"), imported("kv_add")}
	const a, b, plus5 = "i32.const 8 i32.const 1 ", "i32.const 9 i32.const 1 ", " i32.const 5 i32.add"
	add := func(key string, delta int) string {
		return fmt.Sprintf(key+"i64.const %d i64.const 60000 i32.const 200 call 3 ", delta)
	}
	for _, c := range []struct {
		clause, name, about, code string
		want                      []int
	}{
		{"6.6", "kv-get-none", "kv_get of no entry gives −1", a + "i32.const 200 i32.const 4 call 0" + plus5, []int{4, 4}},
		{"6.6", "kv-get", "kv_get gives the length", a + "i32.const 100 i32.const 3 i64.const 0 call 1 drop " + a + "i32.const 200 i32.const 4 call 0" + plus5, []int{8, 8}},
		{"6.6", "kv-get-small", "kv_get writes nothing where the value does not fit", a + "i32.const 8 i32.const 3 i64.const 0 call 1 drop i32.const 200 i32.const 0 i32.store 0 " + a + "i32.const 200 i32.const 2 call 0 drop i32.const 200 i32.load 0 i32.eqz", []int{1, 1}},
		{"6.7", "kv-set-empty", "a value of no bytes is a value", a + "i32.const 8 i32.const 0 i64.const 0 call 1 drop " + a + "i32.const 200 i32.const 0 call 0" + plus5, []int{5, 5}},
		{"6.8", "kv-delete", "kv_delete gives 1, then 0", a + "i32.const 8 i32.const 3 i64.const 0 call 1 drop " + a + "call 2 i32.const 1 i32.shl " + a + "call 2 i32.add" + plus5, []int{7, 7}},
		{"6.9", "kv-add", "kv_add counts over the calls, and writes the sum", add(a, 1) + "drop i32.const 200 i32.load 0", []int{1, 2, 3}},
		{"6.9", "kv-add-large", "a sum that does not fit stays at the greatest", a + "i64.const 0x7fffffffffffffff i64.const 0 i32.const 200 call 3 drop " + a + "i64.const 0x7fffffffffffffff i64.const 0 i32.const 200 call 3 drop i32.const 200 i64.load 0 i64.const 1 i64.add i64.const 0x7fffffffffffffff i64.add i64.const 1 i64.add i64.eqz", []int{1, 1}},
		{"6.11", "kv-add-not-number", "kv_add to what is not of 8 bytes gives −4", a + "i32.const 8 i32.const 3 i64.const 0 call 1 drop " + add(a, 1) + plus5, []int{1, 1}},
		{"6.11", "kv-key-empty", "an empty key gives −3", "i32.const 8 i32.const 0 call 2" + plus5, []int{2, 2}},
		{"7.11", "kv-key-long", "a key of 257 bytes gives −3", "i32.const 8 i32.const 257 call 2" + plus5, []int{2, 2}},
		{"7.11", "kv-key-256", "a key of 256 bytes", "i32.const 8 i32.const 256 call 2" + plus5, []int{5, 5}},
		{"7.11", "kv-value-long", "a value of 65,537 bytes gives −3", a + "i32.const 8 i32.const 65537 i64.const 0 call 1" + plus5, []int{2, 2}},
		{"7.12", "kv-full", "the fifth entry gives −2", "loop - i32.const 13 local.get 2 i32.add i32.const 1 i32.const 8 i32.const 1 i64.const 0 call 1 local.set 3 local.get 2 i32.const 1 i32.add local.tee 2 i32.const 5 i32.lt_u br_if 0 end local.get 3" + plus5, []int{3, 3}},
		{"7.10", "kv-calls-65", "the 65th call gives −5", "loop - " + a + "call 2 local.set 3 local.get 2 i32.const 1 i32.add local.tee 2 i32.const 65 i32.lt_u br_if 0 end local.get 3" + plus5, []int{0, 0}},
		{"7.10", "kv-calls-64", "the 64th call is made", "loop - " + a + "call 2 local.set 3 local.get 2 i32.const 1 i32.add local.tee 2 i32.const 64 i32.lt_u br_if 0 end local.get 3" + plus5, []int{5, 5}},
	} {
		all = append(all, asking("kv", keeps(c.clause, c.name, c.about, with(scores(c.code), kv...), scored(c.want...)...)))
	}
	for _, c := range []struct{ name, about, code string }{
		{"kv-get-from-outside", "kv_get with a key outside of memory", "i32.const -1 i32.const 3 i32.const 8 i32.const 8 call 0 drop"},
		{"kv-get-to-outside", "kv_get to a place outside of memory", a + "i32.const 131071 i32.const 2 call 0 drop"},
		{"kv-set-outside", "kv_set with a value outside of memory", a + "i32.const 131071 i32.const 2 i64.const 0 call 1 drop"},
		{"kv-delete-outside", "kv_delete with a key outside of memory", "i32.const 131072 i32.const 1 call 2 drop"},
		{"kv-add-outside", "kv_add with a sum that has its last byte outside of memory", a + "i64.const 1 i64.const 0 i32.const 131065 call 3 drop"},
	} {
		all = append(all, asking("kv", breaks("6.2", c.name, c.about, with(base("", c.code+" i64.const 0"), kv...), 111)))
	}
	early := configured(scores("global.get 0"+plus5), b+"call 2 global.set 0 i64.const 0")
	early.Globals = "i"
	return append(all, asking("kv", keeps("6.11", "kv-early", "during siogw_configure there is no store: −5", with(early, kv...), scored(0, 0)...)))
}

// living are guests that count their calls in memory, and in a global.
func living() []hostCase {
	const inMemory = "i32.const 100 i32.const 100 i32.load 0 i32.const 1 i32.add i32.store 0 i32.const 100 i32.load 0"
	global := scores("global.get 0 i32.const 1 i32.add global.set 0 global.get 0")
	global.Globals = "i"
	of := func(session string, n int) tck.Question {
		q := question(harmless, score(n))
		q.Session = session
		return q
	}
	third := of("c", 0)
	third.Want = tck.Verdict{Error: 115}
	failing := base("", "global.get 0 i32.const 1 i32.add global.set 0 global.get 0 i32.const 2 i32.eq if - unreachable end i64.const 0")
	failing.Globals = "i"
	writes := base("", "i32.const 0 ref.null i32.const 1 table.fill 0 i64.const 0")
	writes.Table = []int{0}
	reference := base("", "i64.const 0")
	reference.Globals = ""
	bumped := configured(scores(inMemory), "i32.const 100 i32.const 4 i32.store 0 i64.const 0")
	return []hostCase{
		keeps("2.6", "shared", "shared: memory is as the call before left it", scores(inMemory), of("a", 1), of("b", 2), of("a", 3)),
		keeps("2.7", "session", "session: memory is as the session's call before left it", scores(inMemory), of("a", 1), of("b", 1), of("a", 2), of("b", 2), of("", 1), of("", 1), of("a", 3)).lifetime("session"),
		keeps("2.8", "call", "call: memory is as siogw_configure left it", scores(inMemory), of("a", 1), of("a", 1), of("", 1)).lifetime("call"),
		keeps("2.8", "call-globals", "call: so are globals", global, of("a", 1), of("a", 1)).lifetime("call"),
		keeps("2.8", "call-configured", "call: siogw_configure has left its mark", bumped, of("a", 5), of("a", 5)).lifetime("call"),
		keeps("2.9", "session-growth", "call: memory that grew is small again", scores("memory.size i32.const 1 memory.grow drop"), of("a", 2), of("a", 2)).lifetime("call"),
		refuses("2.9", "table-and-call", "call, and it writes to a table", writes, "abi").lifetime("call"),
		refuses("2.9", "table-and-session", "session, and it writes to a table", writes, "abi").lifetime("session"),
		keeps("7.15", "sessions", "two sessions have an instance, and a third has none to get", scores(inMemory), of("a", 1), of("b", 1), third, of("a", 2)).lifetime("session").room(),
		keeps("8.1", "discarded", "after an error another instance serves, as it was made", failing, question(harmless, allowed()), question(harmless, tck.Verdict{Error: 111}),
			question(harmless, allowed()), question(harmless, tck.Verdict{Error: 111})),
		keeps("3.4", "pure", "what a pure guest answered may be told again without a call; what it did not is asked", scores("i32.const 1"), scored(1, 1)...).manifest(`{"abi":1,"view":"args","pure":true}`),
		keeps("5.3", "copied", "a verdict is the host's own once it is read", scores(inMemory), scored(1, 2, 3)...),
	}
}
