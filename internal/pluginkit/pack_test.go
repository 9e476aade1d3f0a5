package pluginkit

import (
	"strings"
	"testing"

	"github.com/siogw/siogw/hostabi/meter"
	"github.com/siogw/siogw/plugins/wasm"
)

const manifest = `{"abi":1,"name":"test","view":"strings"}`

func TestPack(t *testing.T) {
	m := answering("")
	m.Custom = map[string]string{"other": "kept"}
	once, err := Pack(m.Binary(), []byte(`{"abi":1,"name":"first"}`))
	if err != nil {
		t.Fatal(err)
	}
	twice, err := Pack(once, []byte(manifest+"\n"))
	if err != nil {
		t.Fatal(err)
	}
	info, err := meter.Inspect(twice)
	if err != nil || string(info.Custom[wasm.ManifestSection]) != manifest || string(info.Custom["other"]) != "kept" {
		t.Errorf("%v %q", err, info.Custom)
	}
	if n := strings.Count(string(twice), wasm.ManifestSection); n != 1 {
		t.Errorf("%d sections with a manifest", n)
	}
	direct, err := Pack(m.Binary(), []byte(manifest))
	if err != nil || string(direct) != string(twice) {
		t.Errorf("what was packed before leaves a trace: %v", err)
	}
}

func TestPackRefuses(t *testing.T) {
	good := answering("").Binary()
	for _, bad := range []string{"", "{}", `{"abi":2}`, `{"abi":1,"view":"all"}`, `{"abi":1,"more":1}`} {
		if _, err := Pack(good, []byte(bad)); err == nil || !strings.HasPrefix(err.Error(), "manifest: ") {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if _, err := Pack(good, nil); err == nil {
		t.Error("no manifest is packed")
	}
	if _, err := Pack([]byte("nonsense"), []byte(manifest)); err == nil {
		t.Error("nonsense is packed")
	}
}

// TestTruncated: a module cut off anywhere is refused, or is one that ends there.
func TestTruncated(t *testing.T) {
	good := answering("x").Binary()
	for n := range good {
		out, err := Pack(good[:n], []byte(manifest))
		if err != nil {
			continue
		}
		if _, err := meter.Inspect(out); err != nil {
			t.Errorf("cut at %d it is packed, and cannot be read: %v", n, err)
		}
	}
}

func FuzzPack(f *testing.F) {
	f.Add(answering("x").Binary(), []byte(manifest))
	f.Add(minimal, []byte(`{"abi":1}`))
	f.Fuzz(func(t *testing.T, module, manifest []byte) {
		out, err := Pack(module, manifest)
		if err != nil {
			return
		}
		info, err := meter.Inspect(out)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := wasm.ParseManifest(info.Custom[wasm.ManifestSection]); err != nil {
			t.Fatal(err)
		}
	})
}

func TestInspect(t *testing.T) {
	m := answering("")
	m.Memory = "\x01\x03\x10"
	m.Custom = map[string]string{wasm.ManifestSection: manifest}
	i, err := Inspect(module(m))
	if err != nil || !i.Guest || i.Problem != "" || i.ManifestFrom != "module" || i.Manifest.View != "strings" || i.Functions != 2 {
		t.Errorf("%+v %v", i, err)
	}
	if i.Memory.Min != 3 || *i.Memory.Max != 16 || len(i.Exports) != 3 || i.Exports[1] != (Export{"siogw_decide", "function", "(i32, i32) → (i64)"}) ||
		i.Exports[2] != (Export{"memory", "memory", ""}) || i.Custom[0] != (Section{wasm.ManifestSection, len(manifest)}) {
		t.Errorf("%+v", i)
	}
	for want, change := range map[string]func(){
		`export "siogw_decide", a function (i32, i32) → (i64), is missing`: func() { m.Funcs[1].Export = "decide" },
		"manifest: abi: this host speaks 1, not 7":                         func() { m.Custom[wasm.ManifestSection] = `{"abi":7}` },
	} {
		m = answering("")
		m.Custom = map[string]string{}
		change()
		if i, err := Inspect(module(m)); err != nil || i.Guest || !strings.Contains(i.Problem, want) {
			t.Errorf("%s: %+v %v", want, i, err)
		}
	}
	if _, err := Inspect(&Module{Name: "x", Wasm: []byte("nonsense")}); err == nil {
		t.Error("nonsense is a module")
	}
}
