package demo

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// report is what testdata/browser.cjs prints.
type report struct {
	Plain, Again, Notes, Counts, Policy, Config string
	Changed, Late                               int
	Errors                                      []string
	Widths                                      map[string]int
	Guarded, Bypassed                           map[string]shown
}

// shown is what a button's attack left on the page: beside it, and in the stream of decisions.
type shown struct {
	Effect, Text, Row string
	JSON              struct {
		ID          string `json:"decision_id"`
		Kind        string
		Event       string
		Effect      string
		Transformed bool
		Code        json.RawMessage
		Reason      string
	}
}

// The page in a real browser before the real binary: what every button shows, with the gateway and around it.
func TestBrowser(t *testing.T) {
	chromium, modules := needs(t)
	url, stop := startBinary(t)
	r := drive(t, url, chromium, modules)
	stop()

	for name, want := range map[string]struct{ effect, row, text, decision string }{
		"script":      {"transform", "changed", `Ada got “Look, Ada! *”`, "event message allow changed "},
		"room":        {"deny", "refused", `ack error room_forbidden: this room is for moderators`, `join join deny "room_forbidden"`},
		"admin":       {"deny", "refused", `ack error role_required: only moderators send admin events`, `event admin:ban deny "role_required"`},
		"impersonate": {"deny", "refused", `ack error not_you: a message must carry the sender's own name`, `event message deny "not_you"`},
		"oversize":    {"deny", "ended|refused", `disconnected: transport close \((payload )?too large\), then connected anew`, `(disconnect  allow|event  deny 301)`},
		"flood":       {"deny", "refused", `\d+ passed, \d+ refused, then disconnected; 403: too many events`, `event reaction deny 403`},
		"pollution":   {"deny", "refused", `ack error 300: malformed packet`, `event .*deny 300`},
		"token":       {"deny", "refused", `CONNECT_ERROR 201: invalid token`, `connect  deny 201`},
		"secret":      {"transform", "changed", `Mallory got api_key: \[redacted\]`, "emit debug allow changed "},
	} {
		got := r.Guarded[name]
		d := got.JSON
		decision := d.Kind + " " + d.Event + " " + d.Effect + " "
		if d.Transformed {
			decision += "changed "
		}
		decision += string(d.Code)
		matches(t, name+": effect", got.Effect, want.effect)
		matches(t, name+": row", got.Row, want.row)
		matches(t, name+": decision", strings.TrimSuffix(decision, " "), strings.TrimSuffix(want.decision, " "))
		matches(t, name+": text", got.Text, `(changed|refused) `+want.text+` `+d.ID[:min(8, len(d.ID))])
	}
	for name, want := range map[string]string{
		"script":      "Ada's browser got the markup as it was sent",
		"room":        "inside #staff, reading: “Moderators only.*",
		"admin":       "the server believed it: Ada was thrown out",
		"impersonate": "the room reads it as Ada's words",
		"oversize":    "64 KiB delivered to everyone in the room",
		"flood":       "200 reactions in Ada's face",
		"pollution":   "every object in Ada's page was an admin",
		"token":       "connected as a moderator",
		"secret":      "the server's key: sk_live_.*",
	} {
		matches(t, name+" around the gateway", r.Bypassed[name].Text, "got through "+want)
	}
	checkPage(t, r)
}

func checkPage(t *testing.T, r *report) {
	t.Helper()
	if len(r.Guarded) != 9 || len(r.Bypassed) != 9 {
		t.Errorf("%d and %d buttons, want 9", len(r.Guarded), len(r.Bypassed))
	}
	if len(r.Errors) > 0 {
		t.Errorf("the console shows %q", r.Errors)
	}
	matches(t, "a plain message", r.Plain, regexp.QuoteMeta("Ada #general is a < b && c > d, Mallory? <3"))
	matches(t, "after the bypass", r.Again, "Mallory #general back behind the gateway")
	matches(t, "Mallory's notes", r.Notes, `(?s).*refused: too many events ×\d+.*debug: .*redacted.*`)
	matches(t, "counts", r.Counts, `\d+ allowed 2 changed \d+ refused`)
	if r.Changed != 1 || r.Late == 0 {
		t.Errorf("%d messages are marked as changed, want 1; a late page shows %d decisions", r.Changed, r.Late)
	}
	if r.Policy != file(t, "policy.rego") || r.Config != file(t, "siogw.yaml") {
		t.Error("the tabs do not show the files")
	}
	for asked, got := range r.Widths {
		if width, _ := json.Number(asked).Int64(); int(width) != got || width == 0 {
			t.Errorf("at a width of %s the page is %d wide", asked, got)
		}
	}
}

// matches compares a text, blanks made one, with a whole pattern.
func matches(t *testing.T, what, got, pattern string) {
	t.Helper()
	got = strings.Join(strings.Fields(got), " ")
	if !regexp.MustCompile("^(?:" + strings.Join(strings.Fields(pattern), " ") + ")$").MatchString(got) {
		t.Errorf("%s: %q, want %s", what, got, pattern)
	}
}

// needs finds Chromium and the npm packages. Without them the test fails where it must run, else it is skipped.
func needs(t *testing.T) (chromium, modules string) {
	t.Helper()
	missing := t.Skipf
	if os.Getenv("SIOGW_REQUIRE_INTEROP") == "1" {
		missing = t.Fatalf
	}
	if testing.Short() {
		t.Skip("a browser takes its time")
	}
	chromium, err := exec.LookPath("chromium")
	if err != nil {
		missing("no chromium: %v", err)
	}
	if _, err := exec.LookPath("node"); err != nil {
		missing("no node: %v", err)
	}
	modules, err = filepath.Abs("../../test/interop/node_modules")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(modules, "playwright-core")); err != nil {
		missing("no playwright-core, see test/interop: %v", err)
	}
	return chromium, modules
}

// startBinary builds siogw and starts its demo on a free port. stop interrupts it, and expects a clean end.
func startBinary(t *testing.T) (url string, stop func()) {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "siogw")
	if out, err := exec.Command("go", "build", "-o", binary, "../../cmd/siogw").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	t.Cleanup(cancel)
	command := exec.CommandContext(ctx, binary, "demo", "--listen", "127.0.0.1:0")
	var log bytes.Buffer
	command.Stderr = &log
	out, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for url == "" && lines.Scan() {
		_, url, _ = strings.Cut(lines.Text(), "open ")
	}
	if url == "" {
		t.Fatalf("no address is printed: %v\n%s", command.Wait(), &log)
	}
	return url, func() {
		t.Helper()
		if err := command.Process.Signal(os.Interrupt); err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, out) // until its end
		if err := command.Wait(); err != nil {
			t.Errorf("after an interrupt: %v\n%s", err, &log)
		}
	}
}

func drive(t *testing.T, url, chromium, modules string) *report {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	command := exec.CommandContext(ctx, "node", "testdata/browser.cjs", url, chromium)
	command.Env = append(os.Environ(), "NODE_PATH="+modules)
	var failure bytes.Buffer
	command.Stderr = &failure
	out, err := command.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, &failure)
	}
	var r report
	if err := json.Unmarshal(out, &r); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	return &r
}
