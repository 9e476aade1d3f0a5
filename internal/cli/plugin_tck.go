package cli

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/siogw/siogw/hostabi/tck"
	"github.com/siogw/siogw/internal/app"
	"github.com/siogw/siogw/internal/pluginkit"
)

func pluginTCKCommand(s *streams) *cobra.Command {
	var f guestFlags
	var opt tck.Options
	var as string
	cmd := &cobra.Command{
		Use:   "tck PLUGIN",
		Short: "Hold a module to the guest ABI",
		Long: `Check a module against every clause of hostabi/ABI.md that a guest can break: exports and imports, buffers, configuration,
verdicts on ordinary and hostile packets of every kind, that pure answers repeat, memory over many calls, and fuel. Each line names the
clause. Exits with 1 when a check fails, and with 2 when the checks cannot be made.`,
		Example: `  siogw plugin tck quiet.wasm --config '{"words":["darn"]}'`,
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkFormat(as); err != nil {
				return err
			}
			if opt.Calls < 2 || opt.Calls > 10_000_000 || opt.Fuel < 1 {
				return errors.New("--calls: want 2 to 10000000, and --fuel above 0")
			}
			g, err := f.options(s)
			if err != nil {
				return err
			}
			m, err := pluginkit.Open(args[0])
			if err != nil {
				return err
			}
			if m.Native != "" {
				return fmt.Errorf("%s: a program of its own does not speak the guest ABI", args[0])
			}
			opt.Config, opt.Memory, opt.Timeout, opt.CacheDir = g.Config, g.Memory, g.Timeout, app.CacheDir()
			r, err := tck.Guest(cmd.Context(), tck.Module{Name: m.Name, Wasm: m.Wasm, Manifest: m.Manifest}, opt)
			if err != nil {
				return err
			}
			if as == "json" {
				err = indented(s.out, r)
			} else {
				err = r.Text(s.out, printable)
			}
			if err == nil && !r.OK() {
				err = errFindings
			}
			return err
		},
	}
	f.flags(cmd)
	cmd.Flags().IntVar(&opt.Calls, "calls", 10_000, "the `number` of calls in the longest run")
	cmd.Flags().Int64Var(&opt.Fuel, "fuel", tck.DefaultFuel, "what an ordinary packet may cost, in units of `fuel`")
	format(cmd, &as)
	return cmd
}
