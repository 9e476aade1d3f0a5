package hostabi

import (
	"fmt"

	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"

	"github.com/siogw/siogw/hostabi/meter"
)

// The exports, ABI.md section 2.
const (
	exportMemory    = "memory"
	exportAlloc     = "siogw_alloc"
	exportConfigure = "siogw_configure"
	exportDecide    = "siogw_decide"
)

var exportTypes = []struct {
	name, typ string
	required  bool
}{
	{exportAlloc, "(i32) → (i32)", true},
	{exportDecide, "(i32, i32) → (i64)", true},
	{exportConfigure, "(i32, i32) → (i64)", false},
	{exportProgram, "(i32, i32) → (i64)", false},
	{exportManifest, "() → (i64)", false},
	{"_initialize", "() → ()", false},
}

// Check reads what wasm declares, and checks it as Compile does, without reading or compiling its code. When the
// error wraps ErrABI and there is an Info nonetheless, it is a module and no guest.
func Check(wasm []byte) (*meter.Info, error) {
	info, err := meter.Inspect(wasm)
	if err == nil {
		err = checkGuest(info)
	}
	if err != nil {
		err = fmt.Errorf("%w: %w", ErrABI, err)
	}
	return info, err
}

// checkGuest checks a module's exports and imports against ABI.md, sections 2 and 6.
func checkGuest(info *meter.Info) error {
	if !hasExport(info, exportMemory, meter.Memory) {
		return fmt.Errorf("export %q, a memory, is missing", exportMemory)
	}
	if info.Memory == nil {
		return fmt.Errorf("memory is imported; a guest brings its own")
	}
	for _, e := range exportTypes {
		switch got := signature(info, e.name); {
		case got == e.typ:
		case got != "":
			return fmt.Errorf("export %q is %s, not %s", e.name, got, e.typ)
		case e.required:
			return fmt.Errorf("export %q, a function %s, is missing", e.name, e.typ)
		}
	}
	if _, ok := info.Custom[ProgramSection]; ok != (signature(info, exportProgram) != "") {
		return fmt.Errorf("export %q and section %q go together", exportProgram, ProgramSection)
	}
	for _, i := range info.Imports {
		if err := CheckImport(i); err != nil {
			return err
		}
	}
	return nil
}

// CheckImport fails on what is no import of ABI.md, section 6. Names and types of WASI are left to Compile.
func CheckImport(i meter.Import) error {
	if i.Kind != meter.Func {
		return fmt.Errorf("import %s.%s is no function", i.Module, i.Name)
	}
	switch i.Module {
	case wasi_snapshot_preview1.ModuleName:
		return nil // Compile checks name and type
	case hostModule, optionalModule:
		f, ok := hostFuncs[i.Name]
		if !ok || i.Module == optionalModule && f.needs == 0 {
			return fmt.Errorf("import %s.%s is unknown", i.Module, i.Name)
		}
		if got := i.Type.String(); got != f.typ() {
			return fmt.Errorf("import %s.%s is %s, not %s", i.Module, i.Name, got, f.typ())
		}
		return nil
	}
	return fmt.Errorf("import %s.%s: there is no such module here", i.Module, i.Name)
}

func hasExport(info *meter.Info, name string, kind meter.Kind) bool {
	for _, e := range info.Exports {
		if e.Name == name {
			return e.Kind == kind
		}
	}
	return false
}

// signature gives the type of an exported function, the kind of an export that is none, "" when there is nothing of
// this name.
func signature(info *meter.Info, name string) string {
	for _, e := range info.Exports {
		switch {
		case e.Name != name:
		case e.Kind == meter.Func:
			return e.Type.String()
		default:
			return "a " + e.Kind.String()
		}
	}
	return ""
}
