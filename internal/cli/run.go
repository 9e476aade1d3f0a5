package cli

import (
	"context"
	"errors"
	"net"
	"strings"

	"github.com/spf13/cobra"

	"github.com/siogw/siogw/internal/app"
)

func runCommand(s *streams) *cobra.Command {
	var c source
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Run the gateway",
		Long: `Run the gateway until it is told to stop. SIGTERM and SIGINT drain: new clients are refused, the open
sessions are closed so that their clients come back elsewhere, within ten seconds. A second one ends it at once.
SIGHUP reads the configuration again, with all that it names, and the certificates. Flags and environment stay in
force. What is not good is refused as a whole; see also reload.watch and tls.reload.
The gateway's own log goes to stderr, the decision log by default to stdout.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return run(cmd.Context(), s, &c) },
	}
	c.flags(cmd)
	return cmd
}

// errStopped is the end of a start that was interrupted.
var errStopped = errors.New("stopped before it had started")

func run(ctx context.Context, s *streams, c *source) error {
	cfg, err := c.load()
	if err != nil {
		return err
	}
	log := logger(cfg.Log, s.err)
	for _, w := range app.Warnings(cfg) {
		log.Warn(w)
	}
	ctx, stop := untilSignal(ctx)
	defer stop()
	a, err := app.New(ctx, cfg, app.Options{Stdout: s.out, Stderr: s.err, Logger: log, Version: buildVersion().Version, Load: c.load})
	if err != nil && ctx.Err() != nil {
		return errStopped // whatever it was at then failed because of that
	}
	if err != nil {
		return err
	}
	defer onHangup(func() { _, _ = a.ReadAgain(ctx) })() // it logs
	err = a.Serve(ctx, func(clients, admin net.Addr) {
		log.Info("listening", "address", clients.String(), "path", cfg.Path, "upstream", strings.Join(cfg.Servers(), ", "),
			"admin", address(admin))
	})
	if err == nil {
		log.Info("stopped")
	}
	return err
}

func address(a net.Addr) string {
	if a == nil {
		return "none"
	}
	return a.String()
}
