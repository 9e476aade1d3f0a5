package cli

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/siogw/siogw/internal/pluginkit"
)

func pluginPackCommand(s *streams) *cobra.Command {
	var out, as string
	cmd := &cobra.Command{
		Use:   "pack IN.wasm MANIFEST.json",
		Short: "Put a manifest into a module",
		Long: `Put a manifest into the custom section siogw.manifest of a module, in place of one that is there. For modules
that siogw plugin build does not make.`,
		Args: cobra.ExactArgs(2),
		RunE: func(_ *cobra.Command, args []string) error {
			if err := checkFormat(as); err != nil {
				return err
			}
			m, err := pluginkit.Open(args[0])
			if err != nil {
				return err
			}
			manifest, err := os.ReadFile(args[1])
			if err != nil {
				return err
			}
			if m.Wasm, err = pluginkit.Pack(m.Wasm, manifest); err != nil {
				return fmt.Errorf("%s, %s: %w", args[0], args[1], err)
			}
			if err := os.WriteFile(out, m.Wasm, 0o644); err != nil {
				return err
			}
			b := built{File: out, Name: m.Name, Bytes: len(m.Wasm), SHA256: m.SHA256()}
			return b.tell(s.out, as)
		},
	}
	cmd.Flags().StringVarP(&out, "output", "o", "", "the `file` to write; may be IN.wasm")
	_ = cmd.MarkFlagRequired("output") // the flag is there
	format(cmd, &as)
	return cmd
}
