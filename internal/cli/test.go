package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/internal/app"
	"github.com/siogw/siogw/internal/config"
	"github.com/siogw/siogw/internal/scenario"
	"github.com/siogw/siogw/plugins/rego"
)

// testRun is what siogw test was told.
type testRun struct {
	source
	as        string
	run       string
	coverage  bool
	threshold float64
	watch     bool

	only *regexp.Regexp // run
}

func testCommand(s *streams) *cobra.Command {
	var t testRun
	cmd := &cobra.Command{
		Use:   "test [paths]",
		Short: "Run the tests of policies, and packet scenarios",
		Long: `Run Rego unit tests (files *_test.rego) and packet scenarios (files *.test.yaml), which the whole of the configuration
decides: rooms, shields, contract, plugins and policy, without a network. Paths are files and folders, by default the folder of
the configuration and those of its policies. docs/testing.md describes the files.
Exits with 0 when all passed, with 1 when one did not, and with 2 when they could not run.`,
		Example: `  siogw test -c siogw.yaml
  siogw test --run 'rooms|speaks' --watch
  siogw test --threshold 80 --format junit > report.xml`,
		RunE: func(cmd *cobra.Command, paths []string) error { return t.start(cmd, s, paths) },
	}
	t.flags(cmd)
	f := cmd.Flags()
	f.StringVar(&t.as, "format", "text", "text, json or junit")
	f.StringVar(&t.run, "run", "", "only tests whose name matches this `regexp`")
	f.BoolVar(&t.coverage, "coverage", false, "tell which lines of the policy the tests and scenarios reached")
	f.Float64Var(&t.threshold, "threshold", 0, "fail when less than this `percentage` of the policy is covered")
	f.BoolVar(&t.watch, "watch", false, "run again whenever a file changes, till interrupted")
	return cmd
}

func (t *testRun) start(cmd *cobra.Command, s *streams, paths []string) (err error) {
	if t.as != "text" && t.as != "json" && t.as != "junit" {
		return fmt.Errorf("--format: want text, json or junit, found %q", t.as)
	}
	if t.threshold < 0 || t.threshold > 100 {
		return fmt.Errorf("--threshold: want a percentage, found %v", t.threshold)
	}
	if t.only, err = regexp.Compile(t.run); err != nil {
		return fmt.Errorf("--run: %w", err)
	}
	if !t.watch {
		return t.once(cmd.Context(), s, paths)
	}
	ctx, stop := untilSignal(cmd.Context())
	defer stop()
	return watchFolders(ctx, func() []string { return t.roots(paths) }, func() {
		err := t.once(ctx, s, paths)
		if err != nil && !errors.Is(err, errFindings) {
			for _, e := range flatten(err) {
				fmt.Fprintln(s.err, "siogw:", e)
			}
		}
		fmt.Fprintln(s.err, "waiting for changes")
	})
}

// once runs all tests and prints what came of them.
func (t *testRun) once(ctx context.Context, s *streams, paths []string) error {
	cfg, err := t.load()
	if err != nil {
		return err
	}
	if len(paths) == 0 {
		paths = testRoots(cfg)
	}
	units, files, err := findTests(paths)
	if err != nil {
		return err
	}
	if len(units)+len(files) == 0 {
		return fmt.Errorf("no tests (*_test.rego, *.test.yaml) in %s", strings.Join(paths, ", "))
	}
	r, err := t.all(ctx, s, cfg, units, files)
	if err != nil {
		return err
	}
	if len(r.Tests) == 0 {
		return fmt.Errorf("no test matches %q", t.run)
	}
	if err := r.write(s.out, t.as); err != nil {
		return err
	}
	if !r.OK {
		return errFindings
	}
	return nil
}

// all runs the tests of the files.
func (t *testRun) all(ctx context.Context, s *streams, cfg *config.Config, units, files []string) (*testReport, error) {
	var covered *rego.Coverage
	o := app.JudgeOptions{Logger: logger(cfg.Log, s.err)}
	if t.coverage || t.threshold > 0 {
		covered = rego.NewCoverage()
		o.Watch = func(p *rego.Policy) engine.Plugin { return p.Covering(covered) }
	}
	off, err := app.NewOffline(ctx, cfg, o) // also where there are Rego tests alone: what run would refuse is not tested
	if err != nil {
		return nil, err
	}
	defer off.Close(ctx)
	r := &testReport{Tests: []testResult{}}
	if err := t.units(ctx, r, cfg, units, covered); err != nil {
		return nil, err
	}
	if err := t.scenarios(ctx, r, off, files); err != nil {
		return nil, err
	}
	r.finish(covered, t.threshold)
	return r, nil
}

func (t *testRun) units(ctx context.Context, r *testReport, cfg *config.Config, files []string, covered *rego.Coverage) error {
	if len(files) == 0 {
		return nil
	}
	o := rego.UnitOptions{Tests: files, Run: t.only, Coverage: covered}
	for _, p := range cfg.Policy.Paths {
		o.Paths = append(o.Paths, string(p))
	}
	if opa := cfg.OPAConfig(); opa != nil {
		o.LogRules = opa.LogRules
	}
	results, err := rego.RunUnits(ctx, o)
	if err != nil {
		return err
	}
	for i := range results {
		r.unit(&results[i])
	}
	return nil
}

// scenarios reads all files before it decides anything.
func (t *testRun) scenarios(ctx context.Context, r *testReport, off *app.Offline, names []string) error {
	var files []*scenario.File
	var errs []error
	for _, name := range names {
		f, err := scenario.Load(name)
		files, errs = append(files, f), append(errs, err)
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	for _, f := range files {
		for i := range f.Cases {
			if !t.only.MatchString(f.Cases[i].Name) {
				continue
			}
			start := time.Now()
			result, err := scenario.Run(ctx, off, f.Name, &f.Cases[i])
			if err != nil {
				return err
			}
			r.scenario(&result, time.Since(start))
		}
	}
	return nil
}

// roots gives what is watched: what is tested, and what it is tested with.
func (t *testRun) roots(paths []string) []string {
	cfg, err := t.load()
	if err != nil && cfg == nil {
		return append(paths, ".")
	}
	return append(testRoots(cfg), paths...)
}

// testRoots are the folders where tests are looked for: that of the configuration, and those of its policies.
func testRoots(cfg *config.Config) []string {
	roots := []string{filepath.Dir(cfg.File)} // of no file: here
	for _, p := range cfg.Policy.Paths {
		dir := string(p)
		if st, err := os.Stat(dir); err == nil && !st.IsDir() {
			dir = filepath.Dir(dir)
		}
		roots = append(roots, dir)
	}
	return roots
}

const (
	unitSuffix = "_test.rego"
	maxTests   = 10_000 // files
)

var scenarioSuffixes = []string{".test.yaml", ".test.yml"}

func isScenario(name string) bool {
	return slices.ContainsFunc(scenarioSuffixes, func(s string) bool { return strings.HasSuffix(name, s) })
}

// findTests gives the files below paths, each once, sorted. What is named and is no test is an error.
func findTests(paths []string) (units, files []string, err error) {
	seen := map[string]bool{}
	for _, root := range paths {
		err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return skipFolder(root, name, d, err)
			}
			full, err := filepath.Abs(name)
			switch {
			case err != nil:
				return err
			case seen[full]:
			case strings.HasSuffix(name, unitSuffix):
				units = append(units, name)
			case isScenario(name):
				files = append(files, name)
			case name == root:
				return fmt.Errorf("%s: tests are files named *%s or *%s", name, unitSuffix, scenarioSuffixes[0])
			}
			seen[full] = true
			if len(units)+len(files) > maxTests {
				return fmt.Errorf("more than %d files of tests", maxTests)
			}
			return nil
		})
		if err != nil {
			return nil, nil, err
		}
	}
	slices.Sort(units)
	slices.Sort(files)
	return units, files, nil
}

// skipFolder leaves out what is hidden, and what npm installs; what cannot be read below a root is none of ours.
func skipFolder(root, name string, d fs.DirEntry, err error) error {
	if err != nil {
		if name != root && d != nil && d.IsDir() {
			return fs.SkipDir
		}
		return err
	}
	if base := d.Name(); name != root && (strings.HasPrefix(base, ".") || base == "node_modules") {
		return fs.SkipDir
	}
	return nil
}
