package cli

import (
	"cmp"
	"fmt"
	"io"
	"strings"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/internal/app"
	"github.com/siogw/siogw/internal/config"
	"github.com/siogw/siogw/plugins/contract"
)

// contractReport is what check tells of the contract.
type contractReport struct {
	Files         []config.Path       `json:"files"`
	Mode          string              `json:"mode"`
	UnknownEvents string              `json:"unknown_events"`
	Namespaces    []contract.Coverage `json:"namespaces"`
}

// contractOf gives nil where there is no contract.
func contractOf(cfg *config.Config, j *app.Judge) *contractReport {
	if j.Contract == nil {
		return nil
	}
	return &contractReport{Files: cfg.Contract.Files, Mode: engine.Mode(cfg.Contract.Mode).String(),
		UnknownEvents: cfg.Contract.UnknownEvents, Namespaces: j.Contract.Coverage()}
}

func (r *contractReport) text(w io.Writer) {
	if r == nil {
		return
	}
	fmt.Fprintf(w, "  contract  %v, %s, unknown events: %s\n", r.Files, r.Mode, r.UnknownEvents)
	for _, n := range r.Namespaces {
		fmt.Fprintf(w, "            %s in: %s; out: %s\n", n.Namespace, names(n.In), names(n.Out))
	}
}

func names(list []string) string { return cmp.Or(strings.Join(list, ", "), "none") }
