package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/internal/app"
	"github.com/siogw/siogw/internal/inputjson"
	"github.com/siogw/siogw/plugins/rego"
)

const maxInput = 16 << 20 // bytes of an input document

func evalCommand(s *streams) *cobra.Command {
	var c source
	var input, as string
	cmd := &cobra.Command{
		Use:   "eval",
		Short: "Decide one input, and tell which rules made the decision",
		Long: `Decide one input document (policies/schema/input.json describes it) with the configured policy and plugins,
and tell which rules made the decision. The document is taken as it is: tokens, limits and rooms are not looked at.
Exits with 0 when it is allowed and with 1 when it is denied.`,
		Example: `  echo '{"kind":"connect","namespace":"/admin"}' | siogw eval -c siogw.yaml --input -`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkFormat(as); err != nil {
				return err
			}
			return eval(cmd.Context(), s, &c, input, as)
		},
	}
	c.flags(cmd)
	format(cmd, &as)
	cmd.Flags().StringVarP(&input, "input", "i", "-", "the `file` with the input document, - for stdin")
	return cmd
}

func eval(ctx context.Context, s *streams, c *source, input, as string) error {
	in, err := readInput(s, input)
	if err != nil {
		return err
	}
	cfg, err := c.load()
	if err != nil {
		return err
	}
	var watched watcher
	j, err := app.NewJudge(ctx, cfg, app.JudgeOptions{Logger: logger(cfg.Log, s.err), Watch: watched.watch})
	if err != nil {
		return err
	}
	defer j.Close(ctx)
	d := j.Engine.Decide(ctx, in)
	e := explain(&d)
	e.Input = about(in)
	if seen := watched.input; seen != nil {
		x := j.Policy.Explain(ctx, seen)
		e.Policy = &x
		if j.Shadow != nil {
			y := j.Shadow.Explain(ctx, seen)
			e.Shadow = &y
		}
	}
	if as == "json" {
		err = indented(s.out, e)
	} else {
		err = e.text(s.out)
	}
	if err == nil && d.Effect != engine.Allow {
		err = errFindings
	}
	return err
}

func readInput(s *streams, name string) (*engine.Input, error) {
	r := s.in
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		r = f
	} else {
		name = "stdin"
	}
	data, err := io.ReadAll(io.LimitReader(r, maxInput+1))
	if err != nil {
		return nil, err
	}
	if len(data) > maxInput {
		return nil, fmt.Errorf("%s: larger than %d bytes", name, maxInput)
	}
	in, err := inputjson.ParseInput([]byte(strings.TrimSpace(string(data))))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if in.Time.IsZero() {
		in.Time = time.Now()
	}
	return in, nil
}

// watcher stands in the policy's place and notes what it is asked.
type watcher struct {
	policy *rego.Policy
	input  *engine.Input // nil: it was not asked
}

func (w *watcher) watch(p *rego.Policy) engine.Plugin {
	w.policy = p
	return w
}

// Decide implements engine.Plugin.
func (w *watcher) Decide(ctx context.Context, in *engine.Input) engine.Verdict {
	seen := *in
	w.input = &seen
	return w.policy.Decide(ctx, in)
}

// evaluation is what eval tells.
type evaluation struct {
	Input       string            `json:"-"`
	Effect      string            `json:"effect"`
	Code        json.RawMessage   `json:"code,omitempty"`
	Reason      string            `json:"reason,omitempty"`
	Data        json.RawMessage   `json:"data,omitempty"`
	By          string            `json:"by,omitempty"`
	Transformed bool              `json:"transformed"`
	Args        json.RawMessage   `json:"args,omitempty"` // what would be forwarded, where it changed
	Auth        json.RawMessage   `json:"auth,omitempty"`
	Steps       []step            `json:"steps"`
	Policy      *rego.Explanation `json:"policy,omitempty"` // absent: it was not asked
	Shadow      *rego.Explanation `json:"shadow,omitempty"` // what policy.shadow says of the same input
}

type step struct {
	Plugin      string          `json:"plugin"`
	Mode        string          `json:"mode"`
	Effect      string          `json:"effect"`
	Code        json.RawMessage `json:"code,omitempty"`
	Reason      string          `json:"reason,omitempty"`
	Rules       []string        `json:"rules,omitempty"`
	Labels      json.RawMessage `json:"labels,omitempty"`
	Transformed bool            `json:"transformed,omitempty"`
	Error       string          `json:"error,omitempty"`
	Micros      float64         `json:"us"` // of this one time, the first after loading
}

func explain(d *engine.Decision) *evaluation {
	e := &evaluation{Effect: d.Effect.String(), Code: code(&d.Denial), Reason: d.Reason, Data: rego.HideSecrets(d.Data), By: d.By,
		Transformed: d.Transformed(), Args: rego.HideSecrets(d.Args), Auth: rego.HideSecrets(d.Auth), Steps: []step{}}
	for i := range d.Steps {
		v := &d.Steps[i].Verdict
		st := step{Plugin: d.Steps[i].Plugin, Mode: d.Steps[i].Mode.String(), Effect: v.Effect.String(), Code: code(&v.Denial), Reason: v.Reason,
			Rules: v.Rules, Labels: rego.HideSecrets(v.Labels), Transformed: v.Transforms(), Micros: float64(d.Steps[i].Took.Nanoseconds()/100) / 10}
		if v.Err != nil {
			st.Error = v.Err.Error()
		}
		e.Steps = append(e.Steps, st)
	}
	return e
}

func code(d *engine.Denial) json.RawMessage {
	if d.Code == engine.CodeNone && d.Custom == nil {
		return nil
	}
	return d.Shown()
}
