package hostabi

import (
	"context"
	"fmt"
	"strings"
)

// The custom sections of ABI.md, sections 3 and 10.
const (
	ManifestSection = "siogw.manifest"
	ProgramSection  = "siogw.program" // of a guest that is an interpreter
)

const (
	exportProgram  = "siogw_program"
	exportManifest = "siogw_manifest"
)

const (
	maxManifest = 64 << 10 // bytes
	askMemory   = 64 << 20 // bytes of the instance that is asked for its manifest
)

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

// Manifest gives the guest's manifest as it is written, nil when there is none: the custom section or, of an interpreter
// without one, what its program says. For that, an instance is started and thrown away.
func (m *Module) Manifest(_ context.Context) ([]byte, error) {
	raw, ok := m.info.Custom[ManifestSection]
	if ok || signature(m.info, exportManifest) == "" {
		return raw, nil
	}
	p := &Pool{module: m, opt: PoolOptions{Memory: askMemory}.withDefaults(), unconfigured: true}
	i, err := newInstance(p)
	if err != nil {
		return nil, err
	}
	defer i.close()
	i.begin(context.Background(), p.opt.StartTimeout, 0, nil)
	raw, err = i.call(i.mod.ExportedFunction(exportManifest), nil, maxManifest)
	if err != nil {
		return nil, i.explain(exportManifest, err)
	}
	return raw, nil
}
