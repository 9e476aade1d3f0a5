package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"syscall"
	"time"

	"github.com/siogw/siogw/internal/decisionlog"
)

// DefaultListen is where the demo answers unless told otherwise.
const DefaultListen = "127.0.0.1:8080"

// stopTime bounds the end of the demo.
const stopTime = 5 * time.Second

// Assemble builds a gateway from the configuration file, with sets as of `--set key=value` over it and env
// for the environment.
type Assemble func(ctx context.Context, file string, sets, env []string) (*Assembled, error)

// Assembled is a gateway that is ready to serve.
type Assembled struct {
	Handler http.Handler
	Log     *decisionlog.Log                // where its decisions go
	Stop    func(ctx context.Context) error // ends its sessions, then frees what it holds, Log too
}

// Options says how to run the demo.
type Options struct {
	Listen   string // host:port; "" for DefaultListen. A port in use is replaced by a free one
	Out      io.Writer
	Open     func(url string) // is given the page's address once it answers, e.g. to open a browser; nil for nothing
	Assemble Assemble
}

// Run serves the demo until ctx ends, which is no error. It fails when it cannot listen or build the gateway.
func Run(ctx context.Context, o Options) error {
	if o.Listen == "" {
		o.Listen = DefaultListen
	}
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

// demo is everything that runs. What is opened is closed by stop, last first.
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
	d.onStop(chat.shutdown)
	d.serve(behind, chat.mux, nil)

	front, err := d.listen(o.Listen)
	if err != nil {
		return nil, err
	}
	d.url = "http://" + front.Addr().String() + "/"
	d.onStop(func(context.Context) error { return ignoreClosed(front.Close()) })
	decisions := newStream()
	guarded, err := d.assemble(ctx, o.Assemble, []string{"listen=" + front.Addr().String(),
		"upstream.url=http://" + behind.Addr().String()}, []string{"CHAT_JWT_SECRET=" + secret})
	if err != nil {
		return nil, err
	}
	go decisions.follow(guarded.Log.Tap(tapBuffer))
	mux := http.NewServeMux()
	mux.Handle("/", guarded.Handler)
	mux.Handle("GET /demo/decisions", decisions)
	mux.Handle("/bypass/socket.io/", http.StripPrefix("/bypass", chat.engine)) // around the gateway
	d.serve(front, mux, decisions.close)
	return d, nil
}

// assemble builds the gateway from the files that the page shows.
func (d *demo) assemble(ctx context.Context, build Assemble, sets, env []string) (*Assembled, error) {
	dir, err := os.MkdirTemp("", "siogw-demo-")
	if err != nil {
		return nil, err
	}
	d.onStop(func(context.Context) error { return os.RemoveAll(dir) })
	file, err := writeFiles(dir)
	if err != nil {
		return nil, err
	}
	guarded, err := build(ctx, file, sets, env)
	if err != nil {
		return nil, err
	}
	d.onStop(guarded.Stop)
	return guarded, nil
}

// listen takes the address, or a free port of the same host when it is in use.
func (d *demo) listen(address string) (net.Listener, error) {
	l, err := net.Listen("tcp", address)
	if !errors.Is(err, syscall.EADDRINUSE) {
		return l, err
	}
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	d.notice = address + " is in use, so this is on a free port."
	return net.Listen("tcp", net.JoinHostPort(host, "0"))
}

// serve answers on l until stop. onShutdown, when not nil, ends the answers that would never end.
func (d *demo) serve(l net.Listener, h http.Handler, onShutdown func()) {
	server := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, MaxHeaderBytes: 64 << 10}
	if onShutdown != nil {
		server.RegisterOnShutdown(onShutdown)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			d.failed <- err
		}
	}()
	d.onStop(func(ctx context.Context) error {
		err := server.Shutdown(ctx)
		if err != nil {
			err = server.Close()
		}
		<-done
		return err
	})
}

func (d *demo) onStop(f func(context.Context) error) { d.closes = append(d.closes, f) }

// stop ends everything within stopTime.
func (d *demo) stop() error {
	ctx, cancel := context.WithTimeout(context.Background(), stopTime)
	defer cancel()
	var errs []error
	for i := len(d.closes) - 1; i >= 0; i-- {
		errs = append(errs, d.closes[i](ctx))
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

func ignoreClosed(err error) error {
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}
