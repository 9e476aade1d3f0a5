package native

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"
	plugin "github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/siogw/siogw/plugins/native/wire"
)

const (
	aloneTime = time.Minute // for the gateway that started the program to connect
	lastTime  = time.Second // for the reason of a failure to be sent; the gateway kills the program when it has it
)

// Serve serves the gateway that started the program, and ends the program with it. manifest is the file that stands beside
// the program, embedded: the gateway goes by that file, and a program serves by no other than its own. What is printed
// goes to the gateway's log.
func Serve(manifest []byte, start Start) {
	s := &server{manifest: manifest, start: start, ended: make(chan error, 1), begun: make(chan struct{})}
	go func() {
		select {
		case <-s.begun:
		case <-time.After(aloneTime):
			fmt.Fprintln(os.Stderr, "no gateway has connected")
			os.Exit(1)
		}
		if err := <-s.ended; err != nil {
			time.Sleep(lastTime)
			os.Exit(1)
		}
		os.Exit(0)
	}()
	plugin.Serve(&plugin.ServeConfig{
		HandshakeConfig: plugin.HandshakeConfig{ProtocolVersion: wire.Version, MagicCookieKey: wire.CookieKey, MagicCookieValue: wire.CookieValue},
		Plugins:         plugin.PluginSet{wire.Name: &served{server: s}},
		Logger:          hclog.NewNullLogger(),
		GRPCServer: func(o []grpc.ServerOption) *grpc.Server {
			return grpc.NewServer(append(o, grpc.MaxRecvMsgSize(wire.MaxMessage), grpc.MaxSendMsgSize(wire.MaxMessage))...)
		},
	})
}

// served is the program in go-plugin's set.
type served struct {
	plugin.NetRPCUnsupportedPlugin
	server *server
}

// GRPCServer implements plugin.GRPCPlugin.
func (p *served) GRPCServer(_ *plugin.GRPCBroker, g *grpc.Server) error {
	g.RegisterService(&grpc.ServiceDesc{ServiceName: wire.Service, HandlerType: (*any)(nil), Streams: []grpc.StreamDesc{
		{StreamName: wire.Stream, Handler: p.server.handle, ServerStreams: true, ClientStreams: true}}}, p.server)
	return nil
}

// GRPCClient implements plugin.GRPCPlugin.
func (p *served) GRPCClient(context.Context, *plugin.GRPCBroker, *grpc.ClientConn) (any, error) {
	return nil, errors.ErrUnsupported
}

// server serves one stream.
type server struct {
	manifest []byte
	start    Start
	once     sync.Once
	begun    chan struct{}
	ended    chan error
}

func (s *server) handle(_ any, stream grpc.ServerStream) error {
	first := false
	s.once.Do(func() { first = true; close(s.begun) })
	if !first {
		return errors.New("there is a stream already")
	}
	err := s.serve(stream)
	s.ended <- err
	return err
}

func (s *server) serve(stream grpc.ServerStream) error {
	p, err := s.greet(stream)
	var w wire.Welcome
	if err != nil {
		w.Error = err.Error()
	}
	b, _ := json.Marshal(w) // a string
	if errSend := stream.SendMsg(&wrapperspb.BytesValue{Value: b}); err != nil || errSend != nil {
		return errors.Join(err, errSend)
	}
	if c, ok := p.(io.Closer); ok {
		defer c.Close() // it is the end anyway
	}
	l := &line{plugin: p, stream: stream, out: wire.NewOutbox()}
	done := make(chan struct{})
	defer close(done)
	go l.out.Send(done, func(m []byte) error { return stream.SendMsg(&wrapperspb.BytesValue{Value: m}) }) // read sees an error, too
	return l.read()
}

// greet makes the plugin that the gateway asks for.
func (s *server) greet(stream grpc.ServerStream) (Plugin, error) {
	var m wrapperspb.BytesValue
	if err := stream.RecvMsg(&m); err != nil {
		return nil, err
	}
	var h wire.Hello
	if err := json.Unmarshal(m.Value, &h); err != nil {
		return nil, fmt.Errorf("the gateway's first message: %w", err)
	}
	if !bytes.Equal(h.Manifest, s.manifest) {
		return nil, errors.New("the manifest beside the program is not the one that is in it")
	}
	if len(h.Config) == 0 {
		h.Config = []byte("{}")
	}
	return s.start(h.Config)
}

// line is the stream, once it carries questions.
type line struct {
	plugin Plugin
	stream grpc.ServerStream
	out    *wire.Outbox
}

// read has each question judged in a goroutine of its own: the gateway bounds how many there are.
func (l *line) read() error {
	for {
		var m wrapperspb.BytesValue
		err := l.stream.RecvMsg(&m)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		came := time.Now()
		for q, err := range wire.Questions(m.Value) {
			if err != nil {
				return err
			}
			go l.judge(q, came.Add(q.Time))
		}
	}
}

func (l *line) judge(q wire.Question, until time.Time) {
	ctx, cancel := context.WithDeadline(l.stream.Context(), until)
	defer cancel()
	v := safely(ctx, l.plugin, q.View)
	l.out.PutAnswer(&wire.Answer{ID: q.ID, Verdict: v.JSON()})
}

// safely makes a failure of a panic: one packet must not end the process, and others' packets with it.
func safely(ctx context.Context, p Plugin, view []byte) (v Verdict) {
	defer func() {
		if r := recover(); r != nil {
			v = Fail(fmt.Errorf("panic: %v", r))
		}
	}()
	return p.Decide(ctx, view)
}
