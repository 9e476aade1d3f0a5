package cli

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/siogw/siogw/internal/pluginkit"
)

// benchArgs is what a plugin is measured with when nothing is given: a line of a chat.
const benchArgs = `[{"room":"general","text":"hi there, are you coming to the party tonight?"}]`

func pluginBenchCommand(s *streams) *cobra.Command {
	var f guestFlags
	var in pluginInput
	var d time.Duration
	var as string
	cmd := &cobra.Command{
		Use:   "bench PLUGIN",
		Short: "Measure what a plugin costs",
		Long: `Measure a plugin on one input (default a line of a chat): time for a call as the gateway makes it, fuel, memory,
and beside it a guest that allows everything with the same view.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkFormat(as); err != nil {
				return err
			}
			if d < time.Millisecond || d > time.Minute {
				return errors.New("--time: want 1ms to 1m")
			}
			if in.args == "" && in.input == "" && in.attachments == nil {
				in.args = benchArgs
			}
			t, err := newTrial(s, args[0], &f, &in)
			if err != nil {
				return err
			}
			t.options.Logger = nil // a line a call would be what is measured
			b, err := pluginkit.Measure(cmd.Context(), t.module, t.input, t.options, d)
			if err != nil {
				return err
			}
			if as == "json" {
				return indented(s.out, b)
			}
			return benchText(s.out, &b)
		},
	}
	f.flags(cmd)
	in.flags(cmd, "")
	cmd.Flags().DurationVar(&d, "time", time.Second, "how long to measure")
	format(cmd, &as)
	return cmd
}

func benchText(to io.Writer, b *pluginkit.Bench) error {
	_, err := fmt.Fprintf(to, `time     %.0f ns a call, median of %d calls (%s)
minimal  %.0f ns a call of a guest that allows everything; ratio %.1f
fuel     %d a call
memory   %d KiB
start    %.0f ms
`, b.NS, b.Calls, b.Effect, b.Minimal, b.Ratio, b.Fuel, b.Memory>>10, b.StartMS)
	return err
}
