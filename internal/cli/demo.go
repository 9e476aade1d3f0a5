package cli

import (
	"context"
	"log/slog"
	"os/signal"
	"syscall"

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
			ctx, stop := signal.NotifyContext(cmd.Context(), syscall.SIGINT, syscall.SIGTERM)
			defer stop()
			context.AfterFunc(ctx, stop) // the second signal does what it does by default
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
