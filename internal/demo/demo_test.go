package demo

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/siogw/siogw/internal/decisionlog"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// closed stands for a gateway: it refuses all, and remembers what it was made from.
type closed struct {
	file      string
	sets, env []string
	stopped   bool
}

func (c *closed) assemble(_ context.Context, file string, sets, env []string) (*Assembled, error) {
	c.file, c.sets, c.env = file, sets, env
	log, err := decisionlog.Open(decisionlog.Options{Output: "none"})
	if err != nil {
		return nil, err
	}
	return &Assembled{Handler: http.NotFoundHandler(), Log: log, Stop: func(ctx context.Context) error {
		c.stopped = true
		return log.Close(ctx)
	}}, nil
}

// run starts the demo, calls visit with its address, ends it, and gives what it printed.
func run(t *testing.T, listen string, gateway *closed, visit func(url string)) string {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var out bytes.Buffer
	err := Run(ctx, Options{Listen: listen, Out: &out, Assemble: gateway.assemble, Open: func(url string) {
		visit(url)
		cancel()
	}})
	if err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestRun(t *testing.T) {
	var gateway closed
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	var url string
	out := run(t, "127.0.0.1:0", &gateway, func(u string) {
		url = u
		for path, want := range map[string]int{"": 404, "bypass/": 404, "bypass/socket.io/?EIO=4&transport=polling": 200} {
			if got := get(t, client, u+path); got != want {
				t.Errorf("%q: %d, want %d", path, got, want)
			}
		}
		stream, err := client.Get(u + "demo/decisions") // stays open: the end must not wait for it
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { stream.Body.Close() })
	})
	if !strings.Contains(out, "open "+url) {
		t.Errorf("the address %s is not printed: %s", url, out)
	}
	if !gateway.stopped || !slices.ContainsFunc(gateway.sets, func(s string) bool { return strings.HasPrefix(s, "upstream.url=http://127.0.0.1:") }) {
		t.Errorf("gateway %+v", gateway)
	}
	if _, err := os.Stat(gateway.file); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the configuration is left behind: %v", err)
	}
}

func get(t *testing.T, client *http.Client, url string) int {
	t.Helper()
	answer, err := client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	return answer.StatusCode
}

func TestRunOnAPortInUse(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	out := run(t, taken.Addr().String(), &closed{}, func(url string) {
		if strings.Contains(url, taken.Addr().String()) {
			t.Errorf("serves on %s, which another holds", url)
		}
	})
	if !strings.Contains(out, taken.Addr().String()+" is in use") {
		t.Errorf("not told: %s", out)
	}
}

func TestRunFails(t *testing.T) {
	broken := errors.New("broken")
	fail := func(context.Context, string, []string, []string) (*Assembled, error) { return nil, broken }
	if err := Run(t.Context(), Options{Listen: "127.0.0.1:0", Out: &bytes.Buffer{}, Assemble: fail}); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
	for _, address := range []string{"nonsense", "127.0.0.1:99999"} {
		if err := Run(t.Context(), Options{Listen: address, Out: &bytes.Buffer{}, Assemble: fail}); err == nil || errors.Is(err, broken) {
			t.Errorf("%s: %v", address, err)
		}
	}
}
