package native

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"time"

	"github.com/hashicorp/go-hclog"
	plugin "github.com/hashicorp/go-plugin"
	"github.com/hashicorp/go-plugin/runner"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/siogw/siogw/plugins/native/wire"
)

// graceTime is for a process to end by itself when its stream has.
const graceTime = time.Second

// ErrRefused says that the program does not take its manifest or configuration.
var ErrRefused = errors.New("it refused to serve")

// run is one process that serves.
type run struct {
	client *plugin.Client
	child  *child
	dir    string // with its socket
	link   *link
	cancel context.CancelFunc // of the stream
}

// judge is the program in go-plugin's set; its client is the connection.
type judge struct{ plugin.NetRPCUnsupportedPlugin }

func (judge) GRPCServer(*plugin.GRPCBroker, *grpc.Server) error { return errors.ErrUnsupported }

func (judge) GRPCClient(_ context.Context, _ *plugin.GRPCBroker, c *grpc.ClientConn) (any, error) {
	return c, nil
}

// start starts the program and waits till it serves.
func (p *Process) start(ctx context.Context) (*run, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, p.opt.StartTimeout, fmt.Errorf("it did not serve within %v", p.opt.StartTimeout))
	defer cancel()
	r := &run{}
	inTime := func() bool { return true }
	r.client = plugin.NewClient(&plugin.ClientConfig{
		HandshakeConfig:  plugin.HandshakeConfig{ProtocolVersion: wire.Version, MagicCookieKey: wire.CookieKey, MagicCookieValue: wire.CookieValue},
		Plugins:          plugin.PluginSet{wire.Name: judge{}},
		AllowedProtocols: []plugin.Protocol{plugin.ProtocolGRPC},
		RunnerFunc: func(_ hclog.Logger, cmd *exec.Cmd, dir string) (runner.Runner, error) {
			r.child, r.dir = newChild(&p.opt, cmd.Env), dir
			inTime = context.AfterFunc(ctx, func() { _ = r.child.Kill(ctx) }) // or go-plugin waits, some of it without an end; never fails
			return r.child, nil
		},
		AutoMTLS: true, SkipHostEnv: true, StartTimeout: p.opt.StartTimeout,
		Stderr: p.lines("stderr"), SyncStderr: p.lines("stderr"), SyncStdout: p.lines("stdout"), Logger: hclog.NewNullLogger(),
		GRPCDialOptions: []grpc.DialOption{grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(wire.MaxMessage), grpc.MaxCallSendMsgSize(wire.MaxMessage))},
	})
	err := p.connect(r)
	if err == nil && inTime() {
		return r, nil
	}
	r.end(0)
	if why := context.Cause(ctx); why != nil {
		err = errors.Join(why, err)
	}
	return nil, err
}

func (p *Process) lines(stream string) *lines { return &lines{opt: &p.opt, stream: stream} }

// connect opens the stream and greets the program.
func (p *Process) connect(r *run) error {
	protocol, err := r.client.Client()
	if err != nil {
		return err
	}
	made, err := protocol.Dispense(wire.Name)
	if err != nil {
		return err
	}
	var ctx context.Context
	ctx, r.cancel = context.WithCancel(context.Background())
	desc := &grpc.StreamDesc{StreamName: wire.Stream, ServerStreams: true, ClientStreams: true}
	stream, err := made.(*grpc.ClientConn).NewStream(ctx, desc, wire.Method)
	if err != nil {
		return err
	}
	hello, _ := json.Marshal(wire.Hello{Plugin: p.opt.Name, Manifest: p.opt.Manifest, Config: p.opt.Config}) // strings only
	if err := stream.SendMsg(&wrapperspb.BytesValue{Value: hello}); err != nil {
		return err
	}
	var m wrapperspb.BytesValue
	if err := stream.RecvMsg(&m); err != nil {
		return err
	}
	var w wire.Welcome
	if err := json.Unmarshal(m.Value, &w); err != nil {
		return fmt.Errorf("its first message: %w", err)
	}
	if w.Error != "" {
		return fmt.Errorf("%w: %.1000s", ErrRefused, w.Error)
	}
	r.link = newLink(stream, p.opt.InFlight, &p.late)
	return nil
}

// end stops the process: it may end by itself within grace, and is killed then. It waits for that.
func (r *run) end(grace time.Duration) {
	if r.link != nil {
		r.link.fail(errors.New("it is stopped"))
	}
	if r.child != nil {
		select {
		case <-r.child.exited:
		case <-time.After(grace):
			_ = r.child.Kill(context.Background()) // never fails
		}
	}
	if r.cancel != nil {
		r.cancel()
	}
	r.client.Kill() // it is dead: go-plugin clears up, but not after a start that failed
	if r.dir != "" {
		_ = os.RemoveAll(r.dir) // what is left of it does no harm
	}
}
