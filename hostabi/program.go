package hostabi

import (
	"fmt"
	"strings"
)

// ProgramSection is the custom section that holds the program of a guest that is an interpreter, ABI.md section 10.
const ProgramSection = "siogw.program"

const exportProgram = "siogw_program"

// loadProgram gives the guest its program, if it is an interpreter.
func (i *instance) loadProgram() error {
	f := i.mod.ExportedFunction(exportProgram)
	if f == nil {
		return nil
	}
	text, err := i.call(f, i.pool.module.info.Custom[ProgramSection], MaxVerdict)
	if err == nil && text != nil {
		err = fmt.Errorf("%w: %.*s", ErrProgram, MaxConfigError, strings.ToValidUTF8(string(text), "�"))
	}
	return err
}
