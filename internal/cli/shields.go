package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/siogw/siogw/internal/config"
	"github.com/siogw/siogw/internal/shields"
)

func shieldsCommand(s *streams) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "shields",
		Short: "List the virtual patches for published attacks",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(shieldsListCommand(s), shieldsShowCommand(s))
	return cmd
}

// shieldSource says whose states and counts are told.
type shieldSource struct {
	source
	admin string
}

func (c *shieldSource) flags(cmd *cobra.Command) {
	c.source.flags(cmd)
	cmd.Flags().StringVar(&c.admin, "admin", "", "the `URL` of the admin listener of a running gateway (default that of the configuration)")
}

func shieldsListCommand(s *streams) *cobra.Command {
	var c shieldSource
	var as string
	cmd := &cobra.Command{
		Use:   "list",
		Short: "Print id, state, count, and what stops which attack",
		Long: `Print every shield: its id, its state (fixed where nothing could switch it off), how often it met its
attack, what stops the attack and what the attack is. Counts are those of the gateway that listens at --admin, or at the
admin.listen of the configuration; - where none answers, or where the gateway never notices the attack.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkFormat(as); err != nil {
				return err
			}
			list, err := c.list(cmd.Context())
			if err != nil {
				return err
			}
			if as == "json" {
				return indented(s.out, list)
			}
			return table(s.out, list)
		},
	}
	c.flags(cmd)
	format(cmd, &as)
	return cmd
}

func shieldsShowCommand(s *streams) *cobra.Command {
	var c shieldSource
	var as string
	cmd := &cobra.Command{
		Use:   "show ID",
		Short: "Print one shield, with the bytes that set its attack off",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkFormat(as); err != nil {
				return err
			}
			shield := shields.Find(args[0])
			if shield == nil {
				return fmt.Errorf("no shield %q; siogw shields list has them", args[0])
			}
			list, err := c.list(cmd.Context())
			if err != nil {
				return err
			}
			for _, st := range list {
				if st.ID == shield.ID {
					return show(s.out, st, shield.Trigger(), as)
				}
			}
			return fmt.Errorf("the gateway at %s has no shield %s", c.admin, shield.ID)
		},
	}
	c.flags(cmd)
	format(cmd, &as)
	return cmd
}

// list gives what a running gateway tells, or the states of the configuration. A gateway that was asked for by
// name and does not answer is an error.
func (c *shieldSource) list(ctx context.Context) ([]shields.Status, error) {
	if c.admin != "" {
		return askShields(ctx, strings.TrimSuffix(c.admin, "/"))
	}
	cfg, err := c.load()
	if err != nil && (cfg.File != "" || c.file != "" || len(c.sets) > 0) {
		return nil, err
	}
	if err != nil { // no configuration at all
		cfg = config.Default()
	} else if host, port, err := net.SplitHostPort(cfg.Admin.Listen); err == nil {
		if list, err := askShields(ctx, "http://"+net.JoinHostPort(reachable(host), port)); err == nil {
			return list, nil
		}
	}
	set, err := shields.New(cfg.Shields.Options())
	if err != nil {
		return nil, err
	}
	return set.List(false), nil
}

// reachable gives the host to dial for one that is listened on.
func reachable(host string) string {
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		return "127.0.0.1"
	}
	return host
}

const (
	askTimeout = 5 * time.Second
	maxAnswer  = 1 << 20 // bytes
)

// askShields asks the admin listener of a gateway.
func askShields(ctx context.Context, admin string) ([]shields.Status, error) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, admin+"/shields", nil)
	if err != nil {
		return nil, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s/shields: %s", admin, resp.Status)
	}
	var list []shields.Status
	if err := json.NewDecoder(io.LimitReader(resp.Body, maxAnswer)).Decode(&list); err != nil {
		return nil, fmt.Errorf("%s/shields: %w", admin, err)
	}
	if len(list) == 0 {
		return nil, errors.New(admin + "/shields: no shields; is it a gateway's admin listener?")
	}
	return list, nil
}

// count is the text of a count.
func count(st *shields.Status) string {
	switch {
	case st.Count != nil:
		return strconv.FormatUint(*st.Count, 10)
	case st.CountedAs != "":
		return "with " + st.CountedAs
	}
	return "-"
}

func table(out io.Writer, list []shields.Status) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "ID\tSTATE\tCOUNT\tBY\tSTOPS")
	for i := range list {
		st := &list[i]
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", st.ID, st.State, count(st), st.By, st.Stops)
	}
	return w.Flush()
}

func show(out io.Writer, st shields.Status, trigger, as string) error {
	if as == "json" {
		return indented(out, struct {
			shields.Status
			Trigger string `json:"trigger,omitempty"`
		}{st, trigger})
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, row := range [][2]string{
		{"id", strings.Join(append([]string{st.ID}, st.Aliases...), ", ")}, {"stops", st.Stops}, {"affects", st.Affects},
		{"by", string(st.By)}, {"how", st.How}, {"state", st.State}, {"count", count(&st)},
	} {
		fmt.Fprintf(w, "%s\t%s\n", row[0], row[1])
	}
	if err := w.Flush(); err != nil || trigger == "" {
		return err
	}
	_, err := fmt.Fprintf(out, "\ntrigger\n%s", trigger)
	return err
}

func indented(out io.Writer, v any) error {
	e := json.NewEncoder(out)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
}
