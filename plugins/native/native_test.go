package native

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/internal/backoff"
	"github.com/siogw/siogw/plugins/wasm"
)

const patience = 30 * time.Second // of tests, for what must come

// self is the test's own binary as a plugin in this mode.
func self(t testing.TB, mode string) Options {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	_, sum, err := Sum(path)
	if err != nil {
		t.Fatal(err)
	}
	return Options{Name: "test", Path: path, SHA256: sum, Manifest: []byte(manifest), Args: []string{mode}, StartTimeout: patience, Memory: 4 << 30,
		Backoff: backoff.Options{Failures: 1000, Window: time.Minute, Pause: 10 * time.Millisecond, MaxPause: 100 * time.Millisecond}}
}

func start(t testing.TB, o Options) *Process {
	t.Helper()
	p, err := Start(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := p.Close(ctx); err != nil {
			t.Error(err)
		}
	})
	return p
}

func event(args string) *engine.Input {
	return &engine.Input{Kind: engine.Event, Direction: engine.In, Event: "e", Args: []byte(args), Session: &engine.Session{ID: "s", IP: "192.0.2.1"}}
}

func text(v *engine.Verdict) string {
	out := v.Effect.String()
	if v.Effect == engine.Deny {
		out += fmt.Sprintf(" %d %s %s", v.Code, v.Custom, v.Data)
	}
	if v.Args != nil {
		out += " " + string(v.Args)
	}
	if v.Labels != nil {
		out += " " + string(v.Labels)
	}
	return out
}

// eventually asks till the process answers.
func eventually(t *testing.T, p *Plugin) {
	t.Helper()
	for deadline := time.Now().Add(patience); ; {
		v := p.Decide(context.Background(), event(`["ok"]`))
		if v.Err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("it does not come back: %v", v.Err)
		}
		time.Sleep(time.Millisecond)
	}
}

func TestVerdicts(t *testing.T) {
	p := New(start(t, self(t, "serve")), patience, nil)
	for args, want := range map[string]string{
		`["ok"]`:      "allow",
		`["deny"]`:    `deny 110 "revoked" {"since":5}`,
		`["abstain"]`: "abstain",
		`["change"]`:  `allow ["changed"] {"seen":1}`,
		`["patch"]`:   `allow ["patch",2]`,
		`["fail"]`:    "deny 111  ",
		`["panic"]`:   "deny 111  ",
		`["nothing"]`: "deny 111  ",
		`["liar"]`:    "deny 111  ",
		`["drop"]`:    "deny 105  ", // there is no attachment
	} {
		v := p.Decide(t.Context(), event(args))
		if got := text(&v); got != want || (v.Err != nil) != (strings.HasPrefix(want, "deny 1") && v.Code != engine.CodePluginDenied) {
			t.Errorf("%s: %s (%v), want %s", args, got, v.Err, want)
		}
	}
	in := event(`["drop"]`)
	in.Attachments = []engine.Attachment{{Data: []byte("x")}}
	in.Args = []byte(`["drop"]`)
	if v := p.Decide(t.Context(), in); v.Err != nil || len(v.Attachments) != 1 || v.Attachments[0].Data != nil {
		t.Errorf("drop: %+v", v)
	}
	in = event(`["deny"]`)
	in.Kind = engine.Emit
	if v := p.Decide(t.Context(), in); v.Effect != engine.Abstain || v.Err != nil {
		t.Errorf("a kind that the manifest does not name: %v", v)
	}
}

// TestPipelined: many at a time, each gets its own answer.
func TestPipelined(t *testing.T) {
	o := self(t, "serve")
	o.InFlight = 8
	p := New(start(t, o), patience, nil)
	var wg sync.WaitGroup
	for i := range 64 {
		wg.Go(func() {
			for j := range 50 {
				args, want := `["ok"]`, "allow"
				if (i+j)%3 == 0 {
					args, want = `["deny"]`, `deny 110 "revoked" {"since":5}`
				}
				if v := p.Decide(context.Background(), event(args)); text(&v) != want {
					t.Errorf("%s: %s (%v)", args, text(&v), v.Err)
				}
			}
		})
	}
	wg.Wait()
	if s := p.Stats(); s.UnderWay != 0 || s.Late != 0 || s.Restarts != 0 {
		t.Errorf("%+v", s)
	}
}

// TestSurroundings: what a process finds around it.
func TestSurroundings(t *testing.T) {
	t.Setenv("SECRET_OF_THE_GATEWAY", "x")
	o := self(t, "serve")
	o.Dir = t.TempDir()
	o.Env, o.Args = []string{"OWN=1", "PLUGIN_PROTOCOL_VERSIONS=99"}, append(o.Args, "--flag")
	p := New(start(t, o), patience, nil)
	v := p.Decide(t.Context(), event(`["where"]`))
	var got struct {
		Dir, Own, Stdin string
		Env, Args       []string
	}
	if err := json.Unmarshal(v.Labels, &got); err != nil {
		t.Fatal(err, v.Err)
	}
	if dir, _ := filepath.EvalSymlinks(o.Dir); got.Dir != dir || got.Own != "1" || got.Stdin != "0 <nil>" || !slices.Equal(got.Args, []string{"serve", "--flag"}) {
		t.Errorf("%+v", got)
	}
	if !slices.Contains(got.Env, "PLUGIN_CLIENT_CERT") {
		t.Error("no mutual TLS")
	}
	for _, name := range got.Env {
		if name != "OWN" && name != "PWD" && name != "SIOGW_PLUGIN" && !strings.HasPrefix(name, "PLUGIN_") {
			t.Errorf("it has %s", name)
		}
	}
}

// TestRelative: a path is relative to the gateway's folder, whatever folder the program runs in.
func TestRelative(t *testing.T) {
	o := self(t, "serve")
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "sub"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(o.Path, filepath.Join(dir, "sub", "program")); err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	o.Path, o.Dir = "sub/program", ""
	v := New(start(t, o), patience, nil).Decide(t.Context(), event(`["where"]`))
	if want := filepath.Join(dir, "sub"); !strings.Contains(string(v.Labels), want) {
		t.Errorf("%s, %v: want it in %s", v.Labels, v.Err, want)
	}
}

// TestLate: a question that has no answer in time fails, keeps its place, and its answer is dropped when it comes.
func TestLate(t *testing.T) {
	o := self(t, "serve")
	o.InFlight = 1
	tally := &wasm.Tally{}
	proc := start(t, o)
	hasty, patient := New(proc, time.Millisecond, tally), New(proc, patience, tally)
	v := hasty.Decide(t.Context(), event(`["slow"]`))
	if v.Code != engine.CodePluginTimeout || !errors.Is(v.Err, ErrTimeout) {
		t.Errorf("%+v", v)
	}
	eventually(t, patient) // waits for the one place
	if s := proc.Stats(); s.Late != 1 || s.UnderWay != 0 {
		t.Errorf("%+v", s)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if v := patient.Decide(ctx, event(`["stall"]`)); !errors.Is(v.Err, context.Canceled) {
		t.Errorf("%+v", v)
	}
	if v := hasty.Decide(t.Context(), event(`["ok"]`)); v.Code != engine.CodePluginBusy || !errors.Is(v.Err, ErrBusy) {
		t.Errorf("with all places taken: %+v", v)
	}
}

// TestStalled: a process that answers nothing is replaced once it is out of service for that, one that answers with errors
// is not.
func TestStalled(t *testing.T) {
	for args, restarts := range map[string]uint64{`["stall"]`: 1, `["fail"]`: 0} {
		o := self(t, "serve")
		o.Backoff.Failures = 3
		tally := &wasm.Tally{}
		p := New(start(t, o), patience, tally)
		if restarts > 0 {
			p.timeout = 50 * time.Millisecond
		}
		for range 3 {
			if v := p.Decide(t.Context(), event(args)); v.Err == nil {
				t.Errorf("%s passes", args)
			}
		}
		if tally.Outs() != 1 {
			t.Errorf("%s: out of service %d times", args, tally.Outs())
		}
		p.timeout = patience
		eventually(t, p)
		if got := p.Stats().Restarts; got != restarts {
			t.Errorf("%s: %d restarts", args, got)
		}
	}
}

// TestHostile: whatever a process does, the question fails, and another process serves the next.
func TestHostile(t *testing.T) {
	for mode, why := range map[string]string{
		"garbage": "malformed", "unknown": "not asked", "twice": "", "large": "larger than max", "serve": "it has ended", "nonsense": "",
	} {
		t.Run(mode, func(t *testing.T) {
			var out logged
			o := self(t, mode)
			o.Logger = slog.New(slog.NewTextHandler(&out, nil))
			p := New(start(t, o), patience, nil)
			v := p.Decide(t.Context(), event(`["exit"]`))
			if v.Err == nil && mode != "twice" {
				t.Fatalf("%+v", v)
			}
			if mode == "nonsense" {
				if v.Code != engine.CodePluginError {
					t.Errorf("%+v", v)
				}
				if v := p.Decide(t.Context(), event(`["ok"]`)); v.Err != nil || p.Stats().Restarts != 0 {
					t.Errorf("after nonsense: %+v", v)
				}
				return
			}
			for deadline := time.Now().Add(patience); p.Stats().Restarts == 0; time.Sleep(time.Millisecond) {
				if time.Now().After(deadline) {
					t.Fatal("it is not started again")
				}
			}
			eventually(t, p)
			if mode == "twice" {
				why = "a second one"
			} else if v.Code != engine.CodePluginDown {
				t.Errorf("code %d: %v", v.Code, v.Err)
			}
			if !strings.Contains(out.String(), why) && !strings.Contains(out.String(), "stream has ended") {
				t.Errorf("the log lacks %q: %s", why, &out)
			}
		})
	}
}

// TestDeaf: a process that reads nothing holds up nobody for longer than the timeout.
func TestDeaf(t *testing.T) {
	o := self(t, "deaf")
	o.InFlight = 4
	p := New(start(t, o), 20*time.Millisecond, nil)
	big := `["` + strings.Repeat("x", 1<<20) + `"]`
	for i := range 6 {
		want := engine.CodePluginTimeout
		if i >= o.InFlight {
			want = engine.CodePluginBusy
		}
		if v := p.Decide(t.Context(), event(big)); v.Code != want {
			t.Errorf("%d: %d %v", i, v.Code, v.Err)
		}
	}
}

func TestTooLarge(t *testing.T) {
	p := New(start(t, self(t, "serve")), patience, nil)
	if v := p.Decide(t.Context(), event(strings.Repeat(" ", 64<<20))); v.Code != engine.CodePluginError || !errors.Is(v.Err, ErrLarge) {
		t.Errorf("%d %v", v.Code, v.Err)
	}
	if v := p.Decide(t.Context(), event(strings.Repeat(" ", 63<<20))); v.Err != nil {
		t.Error(v.Err)
	}
}

// TestNoStart: what does not start is refused with a reason.
func TestNoStart(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Options)
		want   string
	}{
		"ends":      {func(o *Options) { o.Args[0] = "ends" }, "Failed to read any lines"},
		"mute":      {func(o *Options) { o.Args[0], o.StartTimeout = "mute", 500*time.Millisecond }, "did not serve within 500ms"},
		"silent":    {func(o *Options) { o.Args[0], o.StartTimeout = "silent", time.Second }, "did not serve within 1s"},
		"babble":    {func(o *Options) { o.Args[0] = "babble" }, "Unrecognized remote plugin message"},
		"strange":   {func(o *Options) { o.Args[0] = "strange" }, "its first message"},
		"checksum":  {func(o *Options) { o.SHA256 = strings.Repeat("0", 64) }, "another checksum"},
		"gone":      {func(o *Options) { o.Path = "/gone" }, "no such file"},
		"directory": {func(o *Options) { o.Dir = "/gone" }, "no such file"},
		"config":    {func(o *Options) { o.Config = []byte("[]") }, "refused to serve: no such config"},
		"manifest":  {func(o *Options) { o.Manifest = []byte(`{"abi":1,"view":"args"}`) }, "is not the one that is in it"},
		"pure":      {func(o *Options) { o.Manifest = []byte(`{"abi":1,"pure":true}`) }, "for WebAssembly only"},
		"none":      {func(o *Options) { o.Manifest = nil }, "no manifest"},
	} {
		t.Run(name, func(t *testing.T) {
			o := self(t, "serve")
			c.change(&o)
			p, err := Start(t.Context(), o)
			if err == nil {
				p.Close(t.Context())
			}
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "plugin test: ") {
				t.Errorf("%v, want %s", err, c.want)
			}
		})
	}
}

// TestMemory: a process that leaks is replaced.
func TestMemory(t *testing.T) {
	if n, err := resident(os.Getpid()); err != nil || n == 0 {
		t.Skip("this system does not tell") // only Linux does
	}
	o := self(t, "serve")
	o.Memory = 240 << 20
	p := New(start(t, o), patience, nil)
	pid := p.Stats().PID
	if v := p.Decide(t.Context(), event(`["leak"]`)); v.Err != nil && v.Code != engine.CodePluginDown {
		t.Fatal(v.Err)
	}
	gone(t, pid)
	eventually(t, p)
	if p.Stats().Restarts != 1 {
		t.Errorf("%+v", p.Stats())
	}
}

type logged struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// TestPrinting: lines go to the log, cut and counted.
func TestPrinting(t *testing.T) {
	var out logged
	tally := &wasm.Tally{}
	o := self(t, "serve")
	o.Logger, o.Line = slog.New(slog.NewTextHandler(&out, nil)), tally.Line
	p := New(start(t, o), patience, tally)
	if v := p.Decide(t.Context(), event(`["print"]`)); v.Err != nil {
		t.Fatal(v.Err)
	}
	for deadline := time.Now().Add(patience); tally.DroppedLines() < 500; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d lines dropped: %s", tally.DroppedLines(), &out)
		}
	}
	if s := out.String(); !strings.Contains(s, "line 0 xxx") || !strings.Contains(s, "plugin=test stream=stdout") || strings.Contains(s, strings.Repeat("x", maxLine)) {
		t.Errorf("%.3000s", s)
	}
}

// gone waits for the end of a process.
func gone(t *testing.T, pid int) {
	t.Helper()
	for deadline := time.Now().Add(patience); alive(pid); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("process %d is still there", pid)
		}
	}
}

// alive is false for what waits for its parent to notice its end, too.
func alive(pid int) bool {
	if syscall.Kill(pid, 0) != nil {
		return false
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	_, state, _ := bytes.Cut(stat, []byte(") "))
	return err != nil || !bytes.HasPrefix(state, []byte("Z"))
}

// TestEnds: Close ends a process and what it started, whatever they do.
func TestEnds(t *testing.T) {
	for _, args := range []string{`["ok"]`, `["stall"]`, `["fork"]`, "stopped"} {
		p := New(start(t, self(t, "serve")), 20*time.Millisecond, nil)
		pids := []int{p.Stats().PID}
		if args == "stopped" {
			if err := syscall.Kill(pids[0], syscall.SIGSTOP); err != nil {
				t.Fatal(err)
			}
		}
		if args == `["fork"]` {
			p.timeout = patience
		}
		v := p.Decide(t.Context(), event(args))
		if args == `["fork"]` {
			var l struct{ PID int }
			if err := json.Unmarshal(v.Labels, &l); err != nil {
				t.Fatal(err, v.Err)
			}
			pids = append(pids, l.PID)
		}
		if err := p.process.Close(t.Context()); err != nil {
			t.Error(err)
		}
		for _, pid := range pids {
			gone(t, pid)
		}
		if v := p.Decide(t.Context(), event(`["ok"]`)); v.Code != engine.CodePluginDown || p.InService() {
			t.Errorf("after the end: %+v", v)
		}
	}
}

// TestNoOrphan: a process ends with its gateway, even when that is killed.
func TestNoOrphan(t *testing.T) {
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path)
	cmd.Env = append(os.Environ(), "NATIVE_TEST_HOST=1", "TMPDIR="+t.TempDir()) // where what is killed leaves its socket
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var pid int
	if _, err := fmt.Fscan(out, &pid); err != nil || !alive(pid) {
		t.Errorf("pid %d: %v", pid, err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Error(err)
	}
	_ = cmd.Wait() // killed
	gone(t, pid)
}

// TestSet: those who ask for the same share a process, which ends with the last of them.
func TestSet(t *testing.T) {
	var s Set
	o := self(t, "serve")
	a, endA, err := s.Acquire(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	o.Logger = slog.New(slog.DiscardHandler) // makes no difference
	b, endB, err := s.Acquire(t.Context(), o)
	if err != nil || a != b {
		t.Fatal("two processes", err)
	}
	o.Env = []string{"X=1"}
	c, endC, err := s.Acquire(t.Context(), o)
	if err != nil || c == a {
		t.Fatal("one process for two environments", err)
	}
	pid := a.Stats().PID
	if err := endA(t.Context()); err != nil || !alive(pid) {
		t.Error("it has ended with the first", err)
	}
	if err := errors.Join(endB(t.Context()), endC(t.Context())); err != nil {
		t.Error(err)
	}
	gone(t, pid)
	o.SHA256 = ""
	if _, _, err := s.Acquire(t.Context(), o); !errors.Is(err, ErrChecksum) || len(s.held) != 0 {
		t.Errorf("%v, %d held", err, len(s.held))
	}
}
