package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/internal/app"
	"github.com/siogw/siogw/internal/config"
	"github.com/siogw/siogw/plugins/rego"
)

func checkCommand(s *streams) *cobra.Command {
	var c source
	var as string
	var defaults, memo bool
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Check the configuration, the policy, the plugins and the keys",
		Long: `Check everything that run would load, without listening: the configuration, the policy (compiled, and
checked against the types of the input), the plugins (loaded, and tried on harmless inputs), keys and certificate.
Exits with 1 when it finds a mistake.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkFormat(as); err != nil {
				return err
			}
			if defaults {
				_, err := io.WriteString(s.out, config.Defaults)
				return err
			}
			return check(cmd.Context(), s, &c, checkOptions{as, memo})
		},
	}
	c.flags(cmd)
	format(cmd, &as)
	cmd.Flags().BoolVar(&defaults, "print-defaults", false, "print a configuration file with every key and its default, and do nothing else")
	cmd.Flags().BoolVar(&memo, "explain-memo", false, "tell, by kind and event, what of the input decisions are remembered by, and what in the policy prevents it")
	return cmd
}

// checkOptions say what check tells, and how.
type checkOptions struct {
	as   string // text or json
	memo bool   // with the policy's memo
}

// report is what check tells.
type report struct {
	OK       bool            `json:"ok"`
	File     string          `json:"file"`
	Errors   []problem       `json:"errors"`
	Warnings []string        `json:"warnings"`
	Upstream string          `json:"upstream,omitempty"`
	Policy   *policyReport   `json:"policy,omitempty"`
	Contract *contractReport `json:"contract,omitempty"`
	Plugins  []pluginReport  `json:"plugins,omitempty"`
}

// problem is an error; Line and Key are there when it is one of the configuration.
type problem struct {
	config.Error
	Text string `json:"text"` // the whole in one line
}

type policyReport struct {
	Paths    []config.Path `json:"paths"`
	Mode     string        `json:"mode"`
	Baseline bool          `json:"baseline"`
	Bundles  bool          `json:"bundles,omitempty"` // it comes by OPA's bundles, which are not fetched here
	Shadow   []config.Path `json:"shadow,omitempty"`
	Sample   int           `json:"sample,omitempty"` // the shadow is asked about one packet of so many

	Evaluator string `json:"evaluator"`     // closures or topdown
	Why       string `json:"why,omitempty"` // topdown, though policy.evaluator is auto

	MemoEnabled bool            `json:"memo_enabled,omitempty"`
	Memo        []rego.MemoPlan `json:"memo,omitempty"` // with --explain-memo
}

type pluginReport struct {
	Name    string `json:"name"`
	Source  string `json:"source"`
	SHA256  string `json:"sha256"`
	Bytes   int    `json:"bytes"`
	View    string `json:"view"`
	Phase   string `json:"phase"`
	Mode    string `json:"mode"`
	OnError string `json:"on_error"`
}

func check(ctx context.Context, s *streams, c *source, o checkOptions) error {
	if c.file != "" {
		if _, err := os.Stat(c.file); err != nil {
			return err
		}
	}
	r := inspect(ctx, s, c, o)
	show := r.text
	if o.as == "json" {
		show = r.json
	}
	if err := show(s); err != nil {
		return err
	}
	if !r.OK {
		return errFindings
	}
	return nil
}

// inspect loads everything and lists what is wrong.
func inspect(ctx context.Context, s *streams, c *source, o checkOptions) *report {
	cfg, err := c.load()
	r := &report{File: cfg.File, Errors: []problem{}, Warnings: []string{}}
	if err != nil {
		r.add(err)
		return r
	}
	r.Warnings = append(r.Warnings, app.Warnings(cfg)...)
	r.Upstream = strings.Join(cfg.Servers(), ", ")
	_, err = app.LoadCertificates(cfg)
	r.add(err)
	j, err := app.NewJudge(ctx, cfg, app.JudgeOptions{Logger: logger(cfg.Log, s.err), Dry: true})
	r.add(err)
	if err != nil {
		return r
	}
	r.Warnings = append(r.Warnings, j.Warnings...)
	r.add(errors.Join(j.Try(ctx, cfg)...))
	r.Policy = &policyReport{Paths: cfg.Policy.Paths, Mode: engine.Mode(cfg.Policy.Mode).String(), Baseline: j.Baseline, Bundles: j.Missing}
	if j.Shadow != nil {
		r.Policy.Shadow, r.Policy.Sample = cfg.Policy.Shadow.Paths, cfg.Policy.Shadow.Sample
	}
	r.Policy.Evaluator, r.Policy.Why = j.Policy.Evaluator()
	if o.memo {
		r.Policy.MemoEnabled, r.Policy.Memo = cfg.Policy.Memo.Enabled, j.Policy.MemoPlans()
	}
	r.Contract = contractOf(cfg, j)
	for _, p := range j.Plugins {
		r.Plugins = append(r.Plugins, pluginReport{Name: p.Config.Name, Source: string(p.Config.Source), SHA256: p.SHA256,
			Bytes: p.Size, View: p.Manifest.View, Phase: p.Config.Phase, Mode: engine.Mode(p.Config.Mode).String(), OnError: p.Config.OnError})
	}
	r.add(j.Close(ctx))
	r.OK = len(r.Errors) == 0
	return r
}

func (r *report) add(err error) {
	for _, e := range flatten(err) {
		p := problem{Text: e.Error()}
		var ce *config.Error
		if errors.As(e, &ce) {
			p.Error = *ce
		} else {
			p.Message = e.Error()
		}
		r.Errors = append(r.Errors, p)
	}
}

func (r *report) json(s *streams) error {
	e := json.NewEncoder(s.out)
	e.SetIndent("", "  ")
	return e.Encode(r)
}

func (r *report) text(s *streams) error {
	for _, p := range r.Errors {
		fmt.Fprintln(s.err, p.Text)
	}
	for _, w := range r.Warnings {
		fmt.Fprintln(s.err, "warning:", w)
	}
	if !r.OK {
		return nil
	}
	fmt.Fprintf(s.out, "%s: fine\n", orDefaults(r.File))
	fmt.Fprintf(s.out, "  upstream  %s\n", r.Upstream)
	if r.Policy.Bundles {
		fmt.Fprintf(s.out, "  policy    by bundles, %s\n", r.Policy.Mode)
	} else if r.Policy.Baseline {
		fmt.Fprintln(s.out, "  policy    the baseline, which authorizes nothing")
	} else {
		fmt.Fprintf(s.out, "  policy    %v, %s\n", r.Policy.Paths, r.Policy.Mode)
	}
	if len(r.Policy.Shadow) > 0 {
		fmt.Fprintf(s.out, "  shadow    %v, asked about one packet of %d\n", r.Policy.Shadow, r.Policy.Sample)
	}
	if r.Policy.Why != "" {
		fmt.Fprintf(s.out, "            evaluated by topdown, some ten times slower than compiled: %s\n", r.Policy.Why)
	}
	memoText(s.out, r.Policy.MemoEnabled, r.Policy.Memo)
	r.Contract.text(s.out)
	for _, p := range r.Plugins {
		fmt.Fprintf(s.out, "  plugin    %s: %s, %s, %s, on error %s, %d KiB, sees %s, sha256 %s\n",
			p.Name, p.Source, p.Phase, p.Mode, p.OnError, p.Bytes>>10, p.View, p.SHA256)
	}
	return nil
}

func orDefaults(file string) string {
	if file == "" {
		return "no file"
	}
	return file
}
