package native

import (
	"bytes"
	"log/slog"
	"strings"
	"sync"
	"time"
)

// maxLine bounds a line that is logged, in bytes; the rest of it is dropped.
const maxLine = 1 << 10

// lines puts what a process prints into the log, line by line. Safe for concurrent use.
type lines struct {
	opt    *Options
	stream string // stdout or stderr

	mu   sync.Mutex
	line []byte
}

// Write implements io.Writer; it never fails.
func (w *lines) Write(p []byte) (int, error) {
	n := len(p)
	w.mu.Lock()
	defer w.mu.Unlock()
	for {
		part, rest, whole := bytes.Cut(p, []byte{'\n'})
		w.line = append(w.line, part[:min(len(part), maxLine-len(w.line))]...)
		if !whole {
			return n, nil
		}
		w.tell()
		w.line, p = w.line[:0], rest
	}
}

func (w *lines) tell() {
	text := strings.TrimSpace(strings.ToValidUTF8(string(w.line), "\ufffd"))
	if l := w.opt.Logger; l != nil && text != "" && (w.opt.Line == nil || w.opt.Line(time.Now())) {
		l.Info(text, "plugin", w.opt.Name, "stream", w.stream)
	}
}

func (p *Process) log(level slog.Level, text string, args ...any) {
	if l := p.opt.Logger; l != nil {
		l.Log(p.stop, level, text, append([]any{"plugin", p.opt.Name}, args...)...)
	}
}

func (p *Process) warn(text string, args ...any) { p.log(slog.LevelWarn, text, args...) }
func (p *Process) info(text string, args ...any) { p.log(slog.LevelInfo, text, args...) }
