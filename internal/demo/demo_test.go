package demo

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// run starts the demo, calls visit with its address, ends it, and gives what it printed.
func run(t *testing.T, listen string, visit func(url string)) string {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var out bytes.Buffer
	err := Run(ctx, Options{Listen: listen, Out: &out, Open: func(url string) {
		visit(url)
		cancel()
	}})
	if err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestRun(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	var url string
	out := run(t, "127.0.0.1:0", func(u string) {
		url = u
		const handshake = "socket.io/?EIO=4&transport=polling"
		for path, want := range map[string]int{"": 200, "demo.js": 200, "nothing": 404, handshake: 200,
			"bypass/" + handshake: 200, "bypass/": 404} {
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
	if left, err := os.ReadDir(os.TempDir()); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
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
	out := run(t, taken.Addr().String(), func(url string) {
		if strings.Contains(url, taken.Addr().String()) {
			t.Errorf("serves on %s, which another holds", url)
		}
	})
	if !strings.Contains(out, taken.Addr().String()+" is in use") {
		t.Errorf("not told: %s", out)
	}
}

func TestRunFails(t *testing.T) {
	for _, address := range []string{"nonsense", "127.0.0.1:99999"} {
		if err := Run(t.Context(), Options{Listen: address, Out: &bytes.Buffer{}}); err == nil {
			t.Errorf("listens on %s", address)
		}
	}
	t.Setenv("TMPDIR", "/nowhere")
	if err := Run(t.Context(), Options{Listen: "127.0.0.1:0", Out: &bytes.Buffer{}}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("without a folder for its files: %v", err)
	}
}
