package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/siogw/siogw/internal/pluginkit"
)

func pluginNewCommand(s *streams) *cobra.Command {
	var p pluginkit.Project
	cmd := &cobra.Command{
		Use:   "new DIR",
		Short: "Make a project that builds and passes its tests",
		Long: `Make a project in DIR, which must be empty or not there: code, manifest, fixtures and a README. It needs
its language's usual tools and no network but npm's for assemblyscript: without --sdk, the SDK is copied into it.`,
		Example: `  siogw plugin new --lang go quiet`,
		Args:    cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			names, err := pluginkit.New(args[0], p)
			if err != nil {
				return err
			}
			next := "cd " + args[0]
			if first := pluginkit.Next(p.Lang); first != "" {
				next += " && " + first
			}
			_, err = fmt.Fprintf(s.out, "%s: %s\n\nNext: %s && siogw plugin test\n", args[0], strings.Join(names, " "), next)
			return err
		},
	}
	cmd.Flags().StringVar(&p.Lang, "lang", "go", "the `language`: "+strings.Join(pluginkit.Languages(), ", "))
	cmd.Flags().StringVar(&p.Name, "name", "", "the plugin's `name` (default that of the folder)")
	cmd.Flags().StringVar(&p.SDK, "sdk", "", "use the SDK in this `folder`")
	return cmd
}
