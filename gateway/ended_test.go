package gateway_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/gateway"
	"github.com/siogw/siogw/internal/siotest"
)

// keeper is a plugin that keeps something for each session that it is asked about.
type keeper struct {
	mu   sync.Mutex
	kept map[string]bool
	deny engine.Kind
}

func (k *keeper) Decide(_ context.Context, in *engine.Input) engine.Verdict {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.kept[in.Session.ID] = true
	return denyKind(k.deny)(in)
}

// EndSession implements engine.SessionEnder.
func (k *keeper) EndSession(id string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.kept, id)
}

func (k *keeper) empty() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return len(k.kept) == 0
}

// TestPluginsHearOfTheEnd: whichever way a session ends, and also when its handshake is refused.
func TestPluginsHearOfTheEnd(t *testing.T) {
	for name, end := range map[string]func(c *siotest.Client, p *siotest.Peer){
		"client":    func(c *siotest.Client, _ *siotest.Peer) { c.Stop() },
		"server":    func(_ *siotest.Client, p *siotest.Peer) { p.Close() },
		"malformed": func(c *siotest.Client, _ *siotest.Peer) { c.Put("4x") },
		"handshake": nil,
	} {
		t.Run(name, func(t *testing.T) {
			k := &keeper{kept: map[string]bool{}}
			if end == nil {
				k.deny = engine.Handshake
			}
			r := newRig(t, nil, func(o *gateway.Options) {
				var err error
				if o.Engine, err = engine.New(engine.Stage{Name: "keeper", Plugin: k, Phase: engine.Policy}); err != nil {
					t.Fatal(err)
				}
			})
			if end == nil {
				if _, err := siotest.Dial(r.url, nil); err == nil {
					t.Fatal("the handshake passed")
				}
			} else {
				c, p := r.joined(t, "/")
				if k.empty() {
					t.Fatal("nothing is kept")
				}
				end(c, p)
			}
			for deadline := time.Now().Add(siotest.Wait); !k.empty(); time.Sleep(time.Millisecond) {
				if time.Now().After(deadline) {
					t.Fatalf("kept for ever: %v", k.kept)
				}
			}
		})
	}
}

// TestPowers: what a plugin changes in each kind and direction that has arguments is what the other side gets.
func TestPowers(t *testing.T) {
	r := newRig(t, func(in *engine.Input) engine.Verdict {
		v := allowAll(in)
		if len(in.Attachments) == 2 && (in.Kind != engine.Event || in.Event != "echo") {
			v.Args = []byte(`["` + in.Kind.String() + `",null,{"_placeholder":true,"num":1}]`)
			v.Attachments = []engine.Attachment{{}, {Data: []byte("new")}}
		}
		return v
	}, nil)
	c, p := r.joined(t, "/")
	const args = `[%"old",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]`
	packet := func(head, event string) string { return head + strings.Replace(args, "%", event, 1) }
	send := func(text string) {
		t.Helper()
		if err := p.Send(text, "a", "b"); err != nil {
			t.Fatal(err)
		}
	}
	send(packet("452-", `"e",`))
	c.Want(`451-["e","emit",null,{"_placeholder":true,"num":0}]`, "binary:6e6577")
	send(packet("452-5", `"ask",`)) // asks for an answer
	c.Want(`451-5["ask","emit",null,{"_placeholder":true,"num":0}]`, "binary:6e6577")
	c.Put(packet("462-5", ""))
	c.PutBinary("a", "b")
	c.Put(packet("452-", `"in",`))
	c.PutBinary("a", "b")
	c.Want(`451-["in","event",null,{"_placeholder":true,"num":0}]`, "binary:6e6577") // the upstream sends it back
	c.Put(packet("452-9", `"echo",`))
	c.PutBinary("a", "b")
	c.Want(`461-9["ack",null,{"_placeholder":true,"num":0}]`, "binary:6e6577")
	got := strings.Join(p.Got(), "\n")
	for _, want := range []string{`461-5["ack",null,{"_placeholder":true,"num":0}]`, `451-["in","event",null,{"_placeholder":true,"num":0}]`} {
		if !strings.Contains(got, want) {
			t.Errorf("the upstream did not get %s, but %s", want, got)
		}
	}
}
