package tck

import (
	"fmt"

	"github.com/siogw/siogw/hostabi"
	"github.com/siogw/siogw/hostabi/meter"
)

// declared are the clauses that a module breaks by what it declares. broken says how, "" for not.
var declared = []struct {
	clause, check, want string
	broken              func(*meter.Info) string
}{
	{"ABI-1.2", "one memory of its own", "a memory that the module defines", func(i *meter.Info) string {
		if i.Memory == nil {
			return "none"
		}
		return ""
	}},
	{"ABI-2.1", "the exports that must be there", "memory; siogw_alloc (i32) → (i32); siogw_decide (i32, i32) → (i64)", func(i *meter.Info) string {
		for _, e := range i.Exports {
			if e.Name == "memory" && e.Kind == meter.Memory {
				return wrongFunction(i, true, "siogw_alloc", "siogw_decide")
			}
		}
		return "memory is not exported"
	}},
	{"ABI-2.2", "the exports that may be there", "the types of section 2", func(i *meter.Info) string {
		return wrongFunction(i, false, "siogw_configure", "_initialize", "siogw_program", "siogw_manifest")
	}},
	{"ABI-6.1", "the imports", "functions of siogw, siogw_optional and wasi_snapshot_preview1, with their types", func(i *meter.Info) string {
		for _, imp := range i.Imports {
			if err := hostabi.CheckImport(imp); err != nil {
				return err.Error()
			}
		}
		return ""
	}},
	{"ABI-10.1", "an interpreter has a program", "the export siogw_program and the section siogw.program, or neither", func(i *meter.Info) string {
		_, section := i.Custom[hostabi.ProgramSection]
		export := false
		for _, e := range i.Exports {
			export = export || e.Name == "siogw_program"
		}
		if section != export {
			return fmt.Sprintf("export %t, section %t", export, section)
		}
		return ""
	}},
}

var functionTypes = map[string]string{"siogw_alloc": "(i32) → (i32)", "siogw_decide": "(i32, i32) → (i64)", "siogw_configure": "(i32, i32) → (i64)",
	"siogw_program": "(i32, i32) → (i64)", "siogw_manifest": "() → (i64)", "_initialize": "() → ()"}

func wrongFunction(i *meter.Info, required bool, names ...string) string {
	for _, name := range names {
		got := ""
		for _, e := range i.Exports {
			if e.Name == name {
				got = e.Kind.String()
				if e.Kind == meter.Func {
					got = e.Type.String()
				}
			}
		}
		if got == "" && required {
			return name + " is missing"
		}
		if got != "" && got != functionTypes[name] {
			return name + " is " + got
		}
	}
	return ""
}
