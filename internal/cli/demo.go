package cli

import (
	"log/slog"

	"github.com/spf13/cobra"

	"github.com/siogw/siogw/internal/demo"
)

func demoCommand(s *streams) *cobra.Command {
	var listen string
	var open bool
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Try siogw: a chat server, the gateway before it, and a page with attacks",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, stop := untilSignal(cmd.Context())
			defer stop()
			log := slog.New(slog.NewTextHandler(s.err, &slog.HandlerOptions{Level: slog.LevelWarn}))
			o := demo.Options{Listen: listen, Out: s.out, Logger: log}
			if open {
				o.Open = demo.OpenBrowser
			}
			return demo.Run(ctx, o)
		},
	}
	cmd.Flags().StringVar(&listen, "listen", demo.DefaultListen, "the `address` of the page")
	cmd.Flags().BoolVar(&open, "open", false, "open the page in a browser")
	return cmd
}
