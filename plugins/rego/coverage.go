package rego

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/cover"

	"github.com/siogw/siogw/engine"
)

// Coverage notes which lines of a policy were reached, by unit tests and by decisions together. It is safe for
// concurrent use.
type Coverage struct {
	cover *cover.Cover

	mu      sync.Mutex
	modules map[string]*ast.Module
}

// FileCoverage tells of one file of the policy.
type FileCoverage struct {
	File     string `json:"file"`
	Covered  int    `json:"covered"`     // lines with rules and expressions that were reached
	Lines    int    `json:"lines"`       // all such
	NotLines []int  `json:"not_covered"` // those that were not, ascending
}

// NewCoverage gives one that has seen nothing.
func NewCoverage() *Coverage {
	return &Coverage{cover: cover.New(), modules: map[string]*ast.Module{}}
}

// add makes modules, less tests, part of the report.
func (c *Coverage) add(modules map[string]*ast.Module) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, m := range modules {
		if file := m.Package.Loc().File; !strings.HasSuffix(file, "_test.rego") && file != defaultsName && !isLibrary(file) {
			c.modules[file] = m
		}
	}
}

// Files gives the report, sorted by file.
func (c *Coverage) Files() []FileCoverage {
	c.mu.Lock()
	defer c.mu.Unlock()
	report := c.cover.Report(c.modules)
	out := []FileCoverage{}
	for _, file := range slices.Sorted(maps.Keys(c.modules)) {
		f := FileCoverage{File: file, NotLines: []int{}}
		if r := report.Files[file]; r != nil {
			f.Covered, f.Lines = r.CoveredLines, r.CoveredLines+r.NotCoveredLines
			f.NotLines = rows(r.NotCovered)
		}
		out = append(out, f)
	}
	return out
}

func rows(ranges []cover.Range) []int {
	out := []int{}
	for _, r := range ranges {
		for row := r.Start.Row; row <= r.End.Row; row++ {
			out = append(out, row)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Percent gives the covered part of all lines of files, 100 where there are none.
func Percent(files []FileCoverage) float64 {
	covered, all := 0, 0
	for _, f := range files {
		covered, all = covered+f.Covered, all+f.Lines
	}
	if all == 0 {
		return 100
	}
	return 100 * float64(covered) / float64(all)
}

// Covering gives p as a plugin that decides the same and notes in c what it reached.
func (p *Policy) Covering(c *Coverage) engine.Plugin {
	c.add(p.compiler.Modules)
	return &covering{p, c}
}

type covering struct {
	policy   *Policy
	coverage *Coverage
}

// Decide implements engine.Plugin.
func (c *covering) Decide(ctx context.Context, in *engine.Input) engine.Verdict {
	if input, err := c.policy.reads.input(in); err == nil && !c.policy.silent(in) {
		t := c.policy.start(ctx, in, input).WithQueryTracer(c.coverage.cover)
		_, _ = run(ctx, t) // what comes of it, the decision tells
	}
	return c.policy.Decide(ctx, in)
}
