package gateway_test

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/gateway"
	"github.com/siogw/siogw/internal/rooms"
	"github.com/siogw/siogw/internal/siotest"
)

// numbered are rules whose parts show by what they do which n they are of: the room of an event is its argument n%2,
// and the policy wants it there and writes n into the last one.
type numbered struct {
	t        *testing.T
	n        int
	released atomic.Int32
}

func (one *numbered) rules() gateway.Rules {
	policy, err := engine.New(engine.Stage{Name: "policy", Plugin: judge(one.decide), Phase: engine.Policy})
	if err != nil {
		one.t.Fatal(err)
	}
	at := []gateway.RoomRule{{Namespace: "/", Event: "echo", Room: fmt.Sprint("/args/", one.n%2)}}
	return gateway.Rules{Engine: policy, Rooms: gateway.Rooms{Rules: rooms.Rules{Join: at, Target: at}}, Verifier: numberVerifier(one.n),
		Release: func() { one.released.Add(1) }}
}

func (one *numbered) decide(in *engine.Input) engine.Verdict {
	if one.released.Load() != 0 {
		one.t.Error("rules were asked after they were released")
	}
	if in.Kind == engine.Connect && in.Identity.Sub != fmt.Sprint(one.n) {
		return engine.Denied(engine.CodePolicyDenied, "half of each")
	}
	if in.Event != "echo" || in.Kind == engine.Ack {
		return allowAll(in)
	}
	if in.Room != []string{"even", "odd"}[one.n%2] {
		return engine.Denied(engine.CodePolicyDenied, "half of each")
	}
	return engine.Verdict{Effect: engine.Allow, Args: fmt.Appendf(nil, "%s,%d]", strings.TrimSuffix(string(in.Args), "]"), one.n)}
}

// numberVerifier proves an identity by its number.
type numberVerifier int

func (v numberVerifier) Verify(gateway.Credentials) (*engine.Identity, *engine.Denial) {
	return &engine.Identity{Authenticated: true, Sub: fmt.Sprint(int(v))}, nil
}

// TestSwapUnderLoad swaps rules while clients speak: nothing is lost, out of order, or decided by half of two rules,
// and each rules are released once, when nobody asks them any more.
func TestSwapUnderLoad(t *testing.T) {
	const swaps, clients = 60, 4
	all := []*numbered{{t: t, n: 1}}
	r := rigBefore(t, siotest.NewUpstream(t, nil), nil, func(o *gateway.Options) { o.Rules = all[0].rules() })
	swap := func() {
		one := &numbered{t: t, n: len(all) + 1}
		all = append(all, one)
		if err := r.Swap(one.rules()); err != nil {
			t.Error(err)
		}
	}
	stop, said := make(chan struct{}), make(chan struct{})
	var running sync.WaitGroup
	for who := range clients {
		c := siotest.NewClient(t, r.url, nil)
		c.Join("/", "")
		running.Go(func() { speak(t, c, who, said, stop) })
	}
	running.Go(func() { // handshakes and CONNECTs beside them
		for begin(said, stop) {
			c := siotest.NewClient(t, r.url, nil)
			c.Join("/", "")
			c.Stop()
		}
	})
	for range swaps {
		select { // clients have got further
		case <-said:
		case <-time.After(siotest.Wait):
			t.Fatal("nobody speaks any more")
		}
		swap()
	}
	close(stop)
	running.Wait()
	swap()
	if got := r.Generation(); got != uint64(len(all)) {
		t.Errorf("generation %d, want %d", got, len(all))
	}
	for _, one := range all {
		if n := one.released.Load(); (n == 1) == (one.n == len(all)) || n > 1 {
			t.Errorf("rules %d were released %d times", one.n, n)
		}
	}
	for _, e := range r.log.of(engine.Join) {
		if e.d.Generation == 0 || fmt.Sprint(e.d.Generation) != string(lastOf(e.d.Args)) {
			t.Fatalf("%s was logged as of generation %d", e.d.Args, e.d.Generation)
		}
	}
}

// lastOf gives the last element of a JSON array of numbers and simple strings.
func lastOf(args []byte) []byte {
	return args[bytes.LastIndexByte(args, ',')+1 : len(args)-1]
}

// begin tells that one more thing begins, and reports whether it is to.
func begin(said, stop chan struct{}) bool {
	select {
	case said <- struct{}{}:
		return true
	case <-stop:
		return false
	}
}

// speak sends numbered events, which the server sends back, and wants each once and in order, by rules that only
// ever go forward.
func speak(t *testing.T, c *siotest.Client, who int, said, stop chan struct{}) {
	const batch = 20
	lastIn, lastOut := 0, 0
	for first := 0; begin(said, stop); first += batch {
		for i := range batch {
			c.Put(fmt.Sprintf(`42["echo","even","odd",%d,%d]`, who, first+i))
		}
		for i := range batch {
			var in, out int
			text := c.Next().String()
			form := fmt.Sprintf(`42["echo","even","odd",%d,%d,%%d,%%d]`, who, first+i)
			if n, _ := fmt.Sscanf(text, form, &in, &out); n != 2 || in < lastIn || out < max(in, lastOut) {
				t.Errorf("%s after rules %d and %d, want %s", text, lastIn, lastOut, form)
				return
			}
			lastIn, lastOut = in, out
		}
	}
}

// TestSwapRefuses leaves the rules as they are.
func TestSwapRefuses(t *testing.T) {
	one := &numbered{t: t, n: 1}
	r := rigBefore(t, siotest.NewUpstream(t, nil), nil, func(o *gateway.Options) { o.Rules = one.rules() })
	for name, change := range map[string]func(*gateway.Rules){
		"no engine":   func(r *gateway.Rules) { r.Engine = nil },
		"room":        func(r *gateway.Rules) { r.Rooms.Join[0].Room = "/auth/x" },
		"IPv6 prefix": func(r *gateway.Rules) { r.Limits.IPv6Prefix = 48 },
	} {
		other := &numbered{t: t, n: 2}
		rules := other.rules()
		change(&rules)
		if err := r.Swap(rules); err == nil || r.Generation() != 1 || one.released.Load()+other.released.Load() != 0 {
			t.Errorf("%s: %v, generation %d", name, err, r.Generation())
		}
	}
}

// TestSwapLimits: the numbers hold for open sessions too, and what was used up stays so.
func TestSwapLimits(t *testing.T) {
	r := newRig(t, nil, func(o *gateway.Options) {
		o.Limits.EventsPerSession, o.Limits.Depth = gateway.Rate{Count: 3, Per: time.Hour}, 2
	})
	c, _ := r.joined(t, "/")
	say := func(id int, args, code string) {
		t.Helper()
		c.Put(fmt.Sprintf(`42%d["echo",%s]`, id, args))
		got := c.Next().String()
		if refused := strings.Contains(got, `"code":`+code+","); refused != (code != "") {
			t.Errorf("%d was answered %s, want code %q", id, got, code)
		}
	}
	swap := func(lim gateway.Limits) {
		t.Helper()
		policy, err := engine.New(engine.Stage{Name: "policy", Plugin: judge(allowAll), Phase: engine.Policy})
		if err == nil {
			err = r.Swap(gateway.Rules{Engine: policy, Limits: lim})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	say(1, `[[1]]`, "302")
	say(2, `1`, "")
	swap(gateway.Limits{EventsPerSession: gateway.Rate{Count: 2, Per: time.Hour}})
	say(3, `[[1]]`, "")
	say(4, `1`, "")
	say(5, `1`, "403")
	swap(gateway.Limits{Depth: 2})
	say(6, `1`, "")
	say(7, `[[1]]`, "302")
}
