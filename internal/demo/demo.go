package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// DefaultListen is where the demo answers unless told otherwise.
const DefaultListen = "127.0.0.1:8080"

// stopTime is what each part of the demo has to end in order; then it is cut, which is no failure.
const stopTime = time.Second

// Options says how to run the demo.
type Options struct {
	Listen string           // host:port; "" for DefaultListen. A port in use is replaced by a free one
	Out    io.Writer        // where the address is printed
	Open   func(url string) // is given the page's address once it answers, e.g. [OpenBrowser]; nil for nothing
	Logger *slog.Logger     // what the gateway says of itself; nil for nothing
}

// Run serves the demo until ctx ends, which is no error. It fails when it cannot listen or build the gateway.
func Run(ctx context.Context, o Options) error {
	if o.Listen == "" {
		o.Listen = DefaultListen
	}
	fmt.Fprintln(o.Out, "siogw demo: starting. The first time it compiles the sanitizer, which takes some seconds.")
	d, err := start(ctx, o)
	if err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	d.announce(o)
	select {
	case <-ctx.Done():
		return d.stop()
	case err := <-d.failed:
		return errors.Join(fmt.Errorf("demo: %w", err), d.stop())
	}
}

// demo is everything that runs. closes are called by stop, the last first.
type demo struct {
	url    string
	notice string
	failed chan error
	closes []func(context.Context) error
}

func start(ctx context.Context, o Options) (_ *demo, err error) {
	d := &demo{failed: make(chan error, 2)}
	defer func() {
		if err != nil {
			err = errors.Join(err, d.stop())
		}
	}()
	secret := randomText(32)
	chat, err := newUpstream([]byte(secret))
	if err != nil {
		return nil, err
	}
	behind, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	d.serve(behind, chat.mux)
	d.onStop(chat.shutdown)

	front, err := d.listen(o.Listen)
	if err != nil {
		return nil, err
	}
	d.url = "http://" + front.Addr().String() + "/"
	d.onStop(func(context.Context) error { return ignoreClosed(front.Close()) })
	decisions := newStream()
	guarded, err := d.assemble(ctx, o.Logger, []string{"listen=" + front.Addr().String(),
		"upstream.url=http://" + behind.Addr().String()}, []string{"CHAT_JWT_SECRET=" + secret})
	if err != nil {
		return nil, err
	}
	go decisions.follow(guarded.Log().Tap(tapBuffer))
	mux := http.NewServeMux()
	mux.Handle("/", guarded.Handler())
	mux.Handle("GET /demo/decisions", decisions)
	mux.Handle("/bypass/socket.io/", http.StripPrefix("/bypass", chat.engine)) // around the gateway
	d.serve(front, mux)
	d.onStop(guarded.Stop) // before the server: it waits for open requests, and sessions and the log hold some
	return d, nil
}

func (d *demo) onStop(f func(context.Context) error) { d.closes = append(d.closes, f) }

// stop ends everything.
func (d *demo) stop() error {
	var errs []error
	for i := len(d.closes) - 1; i >= 0; i-- {
		ctx, cancel := context.WithTimeout(context.Background(), stopTime)
		if err := d.closes[i](ctx); !errors.Is(err, context.DeadlineExceeded) {
			errs = append(errs, err)
		}
		cancel()
	}
	d.closes = nil
	return errors.Join(errs...)
}

func (d *demo) announce(o Options) {
	if d.notice != "" {
		fmt.Fprintln(o.Out, d.notice)
	}
	fmt.Fprintf(o.Out, "\n  siogw demo: open %s\n  Ctrl-C ends it.\n\n", d.url)
	if o.Open != nil {
		o.Open(d.url)
	}
}
