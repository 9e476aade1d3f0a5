package native

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/rpc"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	plugin "github.com/hashicorp/go-plugin"
	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/siogw/siogw/plugins/native/wire"
	sdk "github.com/siogw/siogw/sdk/native"
)

const manifest = `{"abi":1,"name":"test","view":"args","kinds":["event"]}`

// TestMain makes the test's own binary a plugin, when it is started as one, and a gateway that holds one.
func TestMain(m *testing.M) {
	switch {
	case os.Getenv(wire.CookieKey) == wire.CookieValue:
		serve(os.Args[1])
	case os.Getenv("NATIVE_TEST_HOST") != "":
		host()
	default:
		goleak.VerifyTestMain(m)
	}
}

// serve is a plugin of one character.
func serve(mode string) {
	if raw, ok := raws[mode]; ok {
		plugin.Serve(&plugin.ServeConfig{
			HandshakeConfig: plugin.HandshakeConfig{ProtocolVersion: wire.Version, MagicCookieKey: wire.CookieKey, MagicCookieValue: wire.CookieValue},
			Plugins:         plugin.PluginSet{wire.Name: raw}, Logger: hclog.NewNullLogger(), GRPCServer: plugin.DefaultGRPCServer})
		return
	}
	switch mode {
	case "mute":
		time.Sleep(time.Hour)
	case "babble":
		fmt.Println(strings.Repeat("x", 100_000))
		time.Sleep(time.Hour)
	case "ends":
		os.Exit(3)
	}
	sdk.Serve([]byte(manifest), func(config []byte) (sdk.Plugin, error) {
		if string(config) != "{}" {
			return nil, fmt.Errorf("no such config: %s", config)
		}
		return sdk.Func(decide), nil
	})
}

var leaked [][]byte // of leaks

// decide does what it is told.
func decide(ctx context.Context, view []byte) sdk.Verdict {
	v := sdk.Allow()
	switch strings.Trim(string(view), `[]"`) {
	case "deny":
		v = sdk.Deny("revoked", "no more")
		v.Data = map[string]int{"since": 5}
	case "abstain":
		v = sdk.Abstain()
	case "change":
		v.Args, v.Labels = []byte(`["changed"]`), map[string]any{"seen": 1}
	case "patch":
		v.Patch = []byte(`[{"op":"add","path":"/args/-","value":2}]`)
	case "drop":
		v.Attachments = map[int]*[]byte{0: nil}
	case "fail":
		v = sdk.Fail(fmt.Errorf("the database is down"))
	case "panic":
		panic("boom")
	case "nothing":
		v = sdk.Verdict{}
	case "liar":
		v = sdk.Deny("x", "y")
		v.Args = []byte(`[1]`)
	case "slow": // later than a gateway on a busy machine notices the deadline
		<-ctx.Done()
		time.Sleep(time.Second)
	case "stall":
		select {}
	case "exit":
		os.Exit(3)
	case "leak":
		for range 64 {
			b := make([]byte, 4<<20)
			for i := range b {
				b[i] = 1
			}
			leaked = append(leaked, b)
		}
	case "print":
		for i := range 1000 {
			fmt.Println("line", i, strings.Repeat("x", 5000))
		}
		fmt.Fprintln(os.Stderr, "\xffto stderr")
	case "fork":
		cmd := exec.Command("/bin/sleep", "1000")
		cmd.Stdout, cmd.Stderr = os.NewFile(1, "stdout"), os.NewFile(2, "stderr") // it holds the pipes
		if err := cmd.Start(); err != nil {
			return sdk.Fail(err)
		}
		v.Labels = map[string]any{"pid": cmd.Process.Pid}
	case "where":
		dir, _ := os.Getwd()
		var names []string
		for _, e := range os.Environ() {
			name, _, _ := strings.Cut(e, "=")
			names = append(names, name)
		}
		in, err := io.ReadAll(os.Stdin)
		v.Labels = map[string]any{"dir": dir, "env": names, "own": os.Getenv("OWN"), "args": os.Args[1:], "stdin": fmt.Sprint(len(in), err)}
	}
	return v
}

// raw is a plugin that keeps to the protocol only as far as it likes.
type raw func(stream grpc.ServerStream, first []byte) error

// Server implements plugin.Plugin.
func (raw) Server(*plugin.MuxBroker) (any, error) { return nil, nil }

// Client implements plugin.Plugin.
func (raw) Client(*plugin.MuxBroker, *rpc.Client) (any, error) { return nil, nil }

// GRPCServer implements plugin.GRPCPlugin.
func (r raw) GRPCServer(_ *plugin.GRPCBroker, g *grpc.Server) error {
	handle := func(_ any, stream grpc.ServerStream) error {
		var hello wrapperspb.BytesValue
		if err := stream.RecvMsg(&hello); err != nil {
			return err
		}
		return r(stream, hello.Value)
	}
	g.RegisterService(&grpc.ServiceDesc{ServiceName: wire.Service, HandlerType: (*any)(nil),
		Streams: []grpc.StreamDesc{{StreamName: wire.Stream, Handler: handle, ServerStreams: true, ClientStreams: true}},
		Methods: []grpc.MethodDesc{{MethodName: "Unary", Handler: unary}}}, r)
	return nil
}

func (raw) GRPCClient(context.Context, *plugin.GRPCBroker, *grpc.ClientConn) (any, error) {
	return nil, nil
}

// unary is the way not taken, for the benchmark.
func unary(_ any, ctx context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
	var m wrapperspb.BytesValue
	if err := decode(&m); err != nil {
		return nil, err
	}
	v := decide(ctx, m.Value)
	return &wrapperspb.BytesValue{Value: v.JSON()}, nil
}

func say(stream grpc.ServerStream, m []byte) error {
	return stream.SendMsg(&wrapperspb.BytesValue{Value: m})
}

// answering greets and then gives, for each message, what answer makes of its first question.
func answering(answer func(q wire.Question) []byte) raw {
	return func(stream grpc.ServerStream, _ []byte) error {
		if err := say(stream, []byte("{}")); err != nil {
			return err
		}
		for {
			var m wrapperspb.BytesValue
			if err := stream.RecvMsg(&m); err != nil {
				return err
			}
			for q := range wire.Questions(m.Value) {
				if string(q.View) == `["ok"]` {
					if err := say(stream, wire.AppendAnswer(nil, &wire.Answer{ID: q.ID})); err != nil {
						return err
					}
					continue
				}
				if err := say(stream, answer(q)); err != nil {
					return err
				}
			}
		}
	}
}

var raws = map[string]raw{
	"garbage": answering(func(wire.Question) []byte { return []byte("garbage") }),
	"unknown": answering(func(q wire.Question) []byte { return wire.AppendAnswer(nil, &wire.Answer{ID: q.ID + 7}) }),
	"twice": answering(func(q wire.Question) []byte {
		return wire.AppendAnswer(wire.AppendAnswer(nil, &wire.Answer{ID: q.ID}), &wire.Answer{ID: q.ID})
	}),
	"large": answering(func(q wire.Question) []byte {
		return wire.AppendAnswer(nil, &wire.Answer{ID: q.ID, Verdict: make([]byte, wire.MaxMessage)})
	}),
	"nonsense": answering(func(q wire.Question) []byte {
		return wire.AppendAnswer(nil, &wire.Answer{ID: q.ID, Verdict: []byte(`{"effect":"allow","effect":"deny"}`)})
	}),
	"silent":  func(stream grpc.ServerStream, _ []byte) error { select {} },
	"deaf":    func(stream grpc.ServerStream, _ []byte) error { _ = say(stream, []byte("{}")); select {} },
	"strange": func(stream grpc.ServerStream, _ []byte) error { _ = say(stream, []byte("hello")); select {} },
}

// host is a gateway that holds a plugin, says its number, and waits to be killed.
func host() {
	path, _ := os.Executable()
	_, sum, err := Sum(path)
	if err != nil {
		panic(err)
	}
	p, err := Start(context.Background(), Options{Name: "held", Path: path, SHA256: sum, Manifest: []byte(manifest), Args: []string{"serve"},
		Logger: slog.New(slog.NewTextHandler(os.Stderr, nil))})
	if err != nil {
		panic(err)
	}
	fmt.Println(p.Stats().PID)
	time.Sleep(time.Hour)
}
