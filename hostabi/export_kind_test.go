package hostabi

import (
	"slices"
	"strings"
	"testing"

	"github.com/siogw/siogw/hostabi/meter"
	"github.com/siogw/siogw/internal/wasmtest"
)

// An export of a name that the ABI knows is what the ABI says, or the module is no guest, also where it may be absent
// (ABI-2.2).
func TestExportKinds(t *testing.T) {
	guest := wasmtest.Module{Memory: "\x00\x02", Funcs: []wasmtest.Func{
		{Export: "siogw_alloc", Params: "i", Results: "i", Code: "i32.const 0"},
		{Export: "siogw_decide", Params: "ii", Results: "l", Code: "i64.const 0"}}}
	info, err := Check(guest.Binary())
	if err != nil {
		t.Fatal(err)
	}
	sound := info.Exports
	for _, e := range exportTypes {
		info.Exports = append(slices.DeleteFunc(slices.Clone(sound), func(x meter.Export) bool { return x.Name == e.name }),
			meter.Export{Name: e.name, Kind: meter.Global})
		if err := checkGuest(info); err == nil || !strings.Contains(err.Error(), `export "`+e.name+`" is a global, not (`) {
			t.Errorf("%s: %v", e.name, err)
		}
	}
}
