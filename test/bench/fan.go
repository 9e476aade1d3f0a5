package main

import (
	"cmp"
	_ "embed"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// fanSettings is how much of broadcasts is measured.
type fanSettings struct {
	clients, rounds, emits int
	dir                    string
}

// fanRow is one thing between a server that emits to all and its clients.
type fanRow struct {
	name, title string
	more        string // of siogw's configuration
	role        string // of this program, where it is no siogw
	changed     bool   // the emits hold markup
	apart       bool   // siogw keeps no broadcasts
}

const (
	emitRooms  = "rooms: { join: [{ event: join, room: /args/0 }], target: [{ event: message, room: /args/0/room }] }\n"
	emitPolicy = jwt + emitRooms + "policy: { paths: [emit.rego], timeout: 10s }\n"
	emitEach   = jwt + emitRooms + "policy: { paths: [emit.rego, emit_each.rego], timeout: 10s }\n"
	emitPlugin = `
plugins: [{ name: sanitize, source: "std:html-sanitizer", match: { kinds: [emit], events: [message] }, timeout: 10s }]
`
	emitContract = `
contract: { files: [emit.yaml], unknown_events: allow }
`
)

var fanRows = []fanRow{
	{name: "relay", title: "bare relay (gorilla)", role: "relay"},
	{name: "loops", title: "its Engine.IO alone, event loop", role: "loops"},
	{name: "plain", title: "siogw, no policy"},
	{name: "policy", title: "siogw, Rego: rooms and roles", more: emitPolicy},
	{name: "each", title: "siogw, Rego: each client by itself", more: emitEach},
	{name: "contract", title: "siogw, Rego and a contract", more: emitPolicy + emitContract},
	{name: "wasm", title: "siogw, Rego and sanitizer", more: emitPolicy + emitPlugin},
	{name: "changed", title: "siogw, Rego and sanitizer that changes", more: emitPolicy + emitPlugin, changed: true},
	{name: "plain-apart", title: "no policy, limits.broadcasts: 0", apart: true},
	{name: "contract-apart", title: "Rego and a contract, the same", more: emitPolicy + emitContract, apart: true},
	{name: "changed-apart", title: "sanitizer that changes, the same", more: emitPolicy + emitPlugin, changed: true, apart: true},
}

//go:embed emit.rego
var emitRego []byte

//go:embed emit_each.rego
var emitEachRego []byte

const emitYAML = `
namespaces:
  /:
    out:
      message: [{ type: object, required: [room, text], additionalProperties: false, properties: {
        n: { type: integer }, room: { type: string, maxLength: 64 }, from: { type: string }, text: { type: string, maxLength: 4000 } } }]
`

// fan measures one emit of the server to all clients: "bench fan".
func fan(args []string) error {
	var s fanSettings
	flags := flag.NewFlagSet("bench fan", flag.ContinueOnError)
	flags.IntVar(&s.clients, "clients", 1000, "clients that hear each emit")
	flags.IntVar(&s.rounds, "rounds", 5, "turns of each row; the median counts")
	flags.IntVar(&s.emits, "emits", 20, "emits of each size in a turn")
	only := flags.String("only", "", "the rows to measure, by name, with commas between; all when empty")
	if err := flags.Parse(args); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "siogw-fan-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	s.dir = dir
	up, err := startSelf("emitter")
	if err != nil {
		return err
	}
	defer up.stop()
	var groups []*group
	defer func() {
		for _, g := range groups {
			g.close()
		}
	}()
	for i := range fanRows {
		if *only != "" && !slices.Contains(strings.Split(*only, ","), fanRows[i].name) {
			continue
		}
		g, err := gather(s, &fanRows[i], up.address)
		if err != nil {
			return fmt.Errorf("%s: %w", fanRows[i].name, err)
		}
		groups = append(groups, g)
	}
	for round := range s.rounds + 1 { // the rows take turns: machines drift
		for _, g := range groups {
			if err := g.turn(s.emits, round == 0); err != nil {
				return fmt.Errorf("%s: %w", g.row.name, err)
			}
		}
	}
	printFan(s, groups)
	return nil
}

// start starts the process of the row.
func (row *fanRow) start(s fanSettings, upstream string) (*process, error) {
	if row.role != "" {
		return startSelf(row.role, upstream)
	}
	binary := filepath.Join(s.dir, "siogw")
	if _, err := os.Stat(binary); err != nil {
		if out, err := exec.Command("go", "build", "-trimpath", "-o", binary, "./cmd/siogw").CombinedOutput(); err != nil {
			return nil, fmt.Errorf("build siogw: %w\n%s", err, out)
		}
	}
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	config, rules := row.name+".yaml", base
	if row.apart {
		rules = strings.Replace(rules, "limits:\n", "limits:\n  broadcasts: 0\n", 1)
	}
	for name, text := range map[string]string{"emit.rego": string(emitRego), "emit_each.rego": string(emitEachRego),
		"emit.yaml": emitYAML, config: fmt.Sprintf(rules, address, upstream) + row.more} {
		if err := os.WriteFile(filepath.Join(s.dir, name), []byte(text), 0o600); err != nil {
			return nil, err
		}
	}
	return startProcess(address, exec.Command(binary, "run", "-c", filepath.Join(s.dir, config)))
}

const fanLine = "%-40s %10s %10s %8s %10s %10s %8s\n"

// printFan prints, for each size, the CPU time of a delivery, that as a share of siogw's without a policy, and when the
// last client had it.
func printFan(s fanSettings, groups []*group) {
	fmt.Printf("one emit to %d clients, %d rounds of %d\n\n", s.clients, s.rounds, s.emits)
	fmt.Printf(fanLine, "", "100 B µs", "/ plain", "last ms", "2 KB µs", "/ plain", "last ms")
	var plain *group
	for _, g := range groups {
		if g.row.name == "plain" {
			plain = g
		}
	}
	for _, g := range groups {
		cells := []any{g.row.title}
		for i := range g.sizes {
			ratio := "-"
			if plain != nil {
				ratio = ratioOf(g.sizes[i].cpu, plain.sizes[i].cpu)
			}
			cells = append(cells, micros(median(g.sizes[i].cpu)), ratio, fmt.Sprintf("%.1f", float64(median(g.sizes[i].last))/float64(time.Millisecond)))
		}
		fmt.Printf(fanLine, cells...)
	}
}

// ratioOf gives the median of the ratios of two rows, turn by turn.
func ratioOf(a, b []time.Duration) string {
	var all []float64
	for i := range min(len(a), len(b)) {
		if b[i] > 0 {
			all = append(all, float64(a[i])/float64(b[i]))
		}
	}
	return fmt.Sprintf("%.2f", median(all))
}

func median[T cmp.Ordered](list []T) (m T) {
	if len(list) == 0 {
		return m
	}
	return slices.Sorted(slices.Values(list))[len(list)/2]
}
