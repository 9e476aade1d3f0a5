package decisionlog

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/siogw/siogw/engine"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func open(t *testing.T, o Options) *Log {
	t.Helper()
	l, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func closeLog(t *testing.T, l *Log) {
	t.Helper()
	if err := l.Close(context.Background()); err != nil {
		t.Error(err)
	}
}

func event(name string) *engine.Input { return &engine.Input{Kind: engine.Event, Event: name} }

// read gives each line's event, and the sum of what the lines say was dropped.
func read(t *testing.T, text string) (events []string, dropped int) {
	t.Helper()
	for l := range strings.Lines(text) {
		var v struct {
			Event   string
			Dropped int
		}
		if err := json.Unmarshal([]byte(l), &v); err != nil || !strings.HasSuffix(l, "\n") {
			t.Fatalf("%q: %v", l, err)
		}
		if v.Dropped == 0 {
			events = append(events, v.Event)
		}
		dropped += v.Dropped
	}
	return events, dropped
}

func TestFileIsAppendedTo(t *testing.T) {
	name := filepath.Join(t.TempDir(), "d.jsonl")
	for i := range 2 {
		l := open(t, Options{Output: name})
		for j := range 100 {
			l.Decision(event(fmt.Sprint(i*100+j)), &engine.Decision{})
		}
		closeLog(t, l)
		l.Decision(event("late"), &engine.Decision{})
		closeLog(t, l)
		if l.Dropped() != 1 {
			t.Errorf("%d dropped, want the late one", l.Dropped())
		}
	}
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	events, dropped := read(t, string(data))
	if len(events) != 200 || dropped != 0 {
		t.Fatalf("%d lines, %d dropped", len(events), dropped)
	}
	for i, e := range events {
		if e != fmt.Sprint(i) {
			t.Fatalf("line %d is %s", i, e)
		}
	}
	if st, _ := os.Stat(name); st.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", st.Mode())
	}
}

func TestOutputs(t *testing.T) {
	var out, err bytes.Buffer
	for _, output := range []string{"stdout", "stderr", "none"} {
		l := open(t, Options{Output: output, Stdout: &out, Stderr: &err})
		l.Decision(event(output), &engine.Decision{})
		closeLog(t, l)
	}
	if o, _ := read(t, out.String()); len(o) != 1 || o[0] != "stdout" {
		t.Errorf("stdout has %v", o)
	}
	if e, _ := read(t, err.String()); len(e) != 1 || e[0] != "stderr" {
		t.Errorf("stderr has %v", e)
	}
	if _, err := Open(Options{Output: t.TempDir()}); err == nil {
		t.Error("a folder was opened")
	}
	if _, err := Open(Options{Output: "none", Mask: []string{"x"}}); err == nil {
		t.Error("a bad mask was accepted")
	}
}

// stuck is an output that does not take anything until it is let go.
type stuck struct {
	entered, release chan struct{}
	once             sync.Once
	bytes.Buffer
}

func (s *stuck) Write(p []byte) (int, error) {
	s.once.Do(func() { close(s.entered); <-s.release })
	return s.Buffer.Write(p)
}

func TestSlowOutputDropsAndTells(t *testing.T) {
	out := &stuck{entered: make(chan struct{}), release: make(chan struct{})}
	l := open(t, Options{Output: "stdout", Stdout: out, Buffer: 1000})
	l.Decision(event("first"), &engine.Decision{})
	<-out.entered // the writer holds the first line; the buffer is empty
	size := len(new(masks).appendLine(nil, event("e000"), &engine.Decision{})) + 1
	for i := range 100 {
		l.Decision(event(fmt.Sprintf("e%03d", i)), &engine.Decision{}) // never waits, else the test hangs
	}
	kept := 1000 / size
	if got := l.Dropped(); got != uint64(100-kept) {
		t.Errorf("%d dropped, want %d", got, 100-kept)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := l.Close(ctx); err == nil {
		t.Error("closed while the output was stuck")
	}
	close(out.release)
	<-l.done
	events, dropped := read(t, out.String())
	if len(events) != 1+kept || events[0] != "first" || events[1] != "e000" || dropped != 100-kept {
		t.Errorf("%d lines, %d told as dropped; want %d, %d", len(events), dropped, 1+kept, 100-kept)
	}
}

// broken fails a number of times.
type broken struct {
	fails int
	bytes.Buffer
	wrote chan struct{}
}

func (b *broken) Write(p []byte) (int, error) {
	defer func() { b.wrote <- struct{}{} }()
	if b.fails--; b.fails >= 0 {
		return 0, errors.New("disk full")
	}
	return b.Buffer.Write(p)
}

func TestFailingOutputIsTold(t *testing.T) {
	out := &broken{fails: 2, wrote: make(chan struct{}, 9)}
	var said bytes.Buffer
	l := open(t, Options{Output: "stdout", Stdout: out, Logger: slog.New(slog.NewTextHandler(&said, nil))})
	for range 3 {
		l.Decision(event("e"), &engine.Decision{})
		<-out.wrote
	}
	closeLog(t, l)
	events, dropped := read(t, out.String())
	if len(events) != 1 || dropped != 2 || l.Dropped() != 2 {
		t.Errorf("%d lines, %d told, %d counted", len(events), dropped, l.Dropped())
	}
	if n := strings.Count(said.String(), "disk full"); n != 1 {
		t.Errorf("said %d times", n)
	}
}

func TestTap(t *testing.T) {
	l := open(t, Options{Output: "none"})
	l.Decision(event("nobody"), &engine.Decision{})
	tap, slow := l.Tap(10), l.Tap(1)
	for i := range 3 {
		l.Decision(event(fmt.Sprint(i)), &engine.Decision{})
	}
	slow.Close()
	slow.Close()
	if slow.Lost() != 2 || tap.Lost() != 0 {
		t.Errorf("lost %d and %d", slow.Lost(), tap.Lost())
	}
	l.Decision(event("3"), &engine.Decision{})
	closeLog(t, l)
	var got []string
	for line := range tap.Lines() {
		e, _ := read(t, string(line)+"\n")
		got = append(got, e...)
	}
	if fmt.Sprint(got) != "[0 1 2 3]" || len(slow.Lines()) != 1 {
		t.Errorf("got %v, %d", got, len(slow.Lines()))
	}
	if _, ok := <-l.Tap(1).Lines(); ok {
		t.Error("a line after the end")
	}
}

func TestManyCallers(t *testing.T) {
	var out bytes.Buffer
	l := open(t, Options{Output: "stdout", Stdout: &out})
	tap := l.Tap(1)
	var callers, reader sync.WaitGroup
	for range 8 {
		callers.Go(func() {
			for range 200 {
				l.Decision(event("e"), &engine.Decision{})
			}
		})
	}
	reader.Go(func() {
		for range tap.Lines() {
		}
	})
	for range 50 {
		l.Tap(1).Close()
	}
	callers.Wait()
	closeLog(t, l)
	reader.Wait()
	if events, dropped := read(t, out.String()); len(events) != 1600 || dropped != 0 {
		t.Errorf("%d lines, %d dropped", len(events), dropped)
	}
}

// What a decision costs its caller, and the writer.
func BenchmarkLog(b *testing.B) {
	l, err := Open(Options{Output: "stdout", Stdout: io.Discard})
	if err != nil {
		b.Fatal(err)
	}
	in, d := input(), decision()
	b.ReportAllocs()
	for b.Loop() {
		l.Decision(in, d)
	}
	if err := l.Close(context.Background()); err != nil {
		b.Fatal(err)
	}
}
