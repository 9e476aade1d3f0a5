package wsconn

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"time"
)

// late is a context whose timer has not fired yet.
type late struct {
	context.Context
	at time.Time
}

func (l late) Deadline() (time.Time, bool) { return l.at, true }

func TestBecause(t *testing.T) {
	timeout := &net.OpError{Op: "read", Err: os.ErrDeadlineExceeded}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	past, future := time.Now().Add(-time.Second), time.Now().Add(time.Hour)
	for name, c := range map[string]struct {
		ctx  context.Context
		err  error
		want error
		also bool // err is told with want
	}{
		"cancelled":           {gone, timeout, context.Canceled, true},
		"the network's clock": {late{t.Context(), past}, timeout, context.DeadlineExceeded, true},
		"another error":       {late{t.Context(), past}, io.EOF, io.EOF, false},
		"another's deadline":  {late{t.Context(), future}, timeout, timeout, false},
		"no deadline":         {t.Context(), timeout, timeout, false},
	} {
		err := because(c.ctx, c.err)
		if !errors.Is(err, c.want) || !errors.Is(err, c.err) || (err == c.err) == c.also {
			t.Errorf("%s: %v", name, err)
		}
	}
}
