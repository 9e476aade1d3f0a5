package manage

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/logging"
)

// logger is OPA's logger upon slog.
type logger struct{ to *slog.Logger }

func newLogger(to *slog.Logger) logging.Logger { return logger{to} }

func (l logger) log(level slog.Level, format string, args []any) {
	if !l.to.Enabled(context.Background(), level) {
		return
	}
	text := format
	if len(args) > 0 {
		text = fmt.Sprintf(format, args...)
	}
	l.to.Log(context.Background(), level, text)
}

// Debug is described by [logging.Logger], as are the others.
func (l logger) Debug(format string, args ...any) { l.log(slog.LevelDebug, format, args) }

// Info is OPA's word on its own work, of which the gateway's log tells what matters.
func (l logger) Info(format string, args ...any) { l.log(slog.LevelInfo, format, args) }

// Warn is described by [logging.Logger].
func (l logger) Warn(format string, args ...any) { l.log(slog.LevelWarn, format, args) }

// Error is described by [logging.Logger].
func (l logger) Error(format string, args ...any) { l.log(slog.LevelError, format, args) }

// WithFields is described by [logging.Logger].
func (l logger) WithFields(fields map[string]any) logging.Logger {
	var args []any
	for _, key := range slices.Sorted(maps.Keys(fields)) {
		args = append(args, key, fields[key])
	}
	return logger{l.to.With(args...)}
}

// GetLevel says what is worth preparing.
func (l logger) GetLevel() logging.Level {
	if l.to.Enabled(context.Background(), slog.LevelDebug) {
		return logging.Debug
	}
	return logging.Info
}

// SetLevel does nothing: the level is the gateway's.
func (logger) SetLevel(logging.Level) {}

// console gives JSON lines as OPA's console has them.
func console(w io.Writer) *slog.Logger {
	return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if level, ok := a.Value.Any().(slog.Level); ok && a.Key == slog.LevelKey {
			a.Value = slog.StringValue(strings.ToLower(level.String()))
		}
		return a
	}}))
}
