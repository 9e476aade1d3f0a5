package app

import (
	"errors"
	"fmt"
	"slices"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/internal/config"
	"github.com/siogw/siogw/plugins/contract"
)

// contractStage is the name of the contract's stage, in decisions and in the log.
const contractStage = "contract"

// loadContract loads the contract, one that is off too, and gives its stage.
func (j *Judge) loadContract(cfg *config.Config) ([]engine.Stage, error) {
	c := &cfg.Contract
	if len(c.Files) == 0 {
		return nil, nil
	}
	o := contract.Options{AllowUnknown: c.UnknownEvents == "allow", Recovery: c.Recovery}
	for _, f := range c.Files {
		o.Files = append(o.Files, string(f))
	}
	var err error
	if j.Contract, err = contract.Load(o); err != nil {
		return nil, contractErrors(cfg, err)
	}
	return []engine.Stage{{Name: contractStage, Plugin: j.Contract, Phase: engine.Contract, Mode: engine.Mode(c.Mode)}}, nil
}

// contractErrors gives mistakes the form of those in the configuration. A file that cannot be read has the place
// of its key.
func contractErrors(cfg *config.Config, err error) error {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return err
	}
	var out []error
	for _, e := range joined.Unwrap() {
		if own, ok := e.(*contract.Error); ok {
			if i := slices.Index(cfg.Contract.Files, config.Path(own.File)); own.Line == 0 && own.Path == "" && i >= 0 {
				out = append(out, cfg.Error(fmt.Sprintf("contract.files.%d", i), own))
				continue
			}
			e = &config.Error{Source: own.File, Line: own.Line, Column: own.Column, Key: own.Path, Message: own.Message, Err: own}
		}
		out = append(out, e)
	}
	return errors.Join(out...)
}
