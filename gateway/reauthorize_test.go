package gateway_test

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/gateway"
	"github.com/siogw/siogw/internal/siotest"
)

// fickle is a policy and a verifier that change their minds without a swap.
type fickle struct {
	noRoom, noNamespace, badKeys, noKeys atomic.Bool
	again                                atomic.Int64 // identities that were proved once more
}

func (f *fickle) Verify(c gateway.Credentials) (*engine.Identity, *engine.Denial) {
	if c.Again {
		f.again.Add(1)
	}
	switch {
	case f.noKeys.Load():
		return nil, &engine.Denial{Code: engine.CodeKeys, Reason: "no keys"}
	case f.badKeys.Load():
		return nil, &engine.Denial{Code: engine.CodeTokenInvalid, Reason: "other keys"}
	}
	return &engine.Identity{Authenticated: true, Sub: "ada", Issuer: "x"}, nil
}

func (f *fickle) decide(in *engine.Input) engine.Verdict {
	switch {
	case in.Kind == engine.Connect && f.noNamespace.Load() && in.Namespace == "/a" && strings.Contains(string(in.Auth), "member"):
		return engine.Denied(engine.CodePolicyDenied, "no more")
	case in.Kind == engine.Join && f.noRoom.Load() && in.Room == "b" && string(in.Args) == `["b"]` && len(in.Session.Rooms) == 1:
		return engine.Denied(engine.CodePolicyDenied, "not there")
	}
	return tellRooms(in)
}

// changing is a client in two rooms, of which b may be given up.
func changing(t *testing.T, mode gateway.OnRevoked) (*fickle, *rig, *siotest.Client, *script) {
	f := &fickle{}
	r, c, s := scripted(t, f.decide, func(o *gateway.Options) {
		usual(o)
		o.Verifier, o.Rooms.OnRevoked, o.Reauthorize.Within = f, mode, 10*time.Millisecond
	})
	c.Put(`42["join","a"]`, `42["join","b"]`)
	s.Next()
	s.Next()
	return f, r, c, s
}

// judged waits till a pass has counted one more of what.
func judged(t *testing.T, count func() uint64, want uint64) {
	t.Helper()
	for end := time.Now().Add(siotest.Wait); count() < want; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%d were judged, want %d", count(), want)
		}
	}
}

func TestJudgedAgainAndKept(t *testing.T) {
	f, r, c, _ := changing(t, "")
	r.Reauthorize("test")
	judged(t, func() uint64 { return r.Stats().KeptRooms }, 2)
	f.noKeys.Store(true) // a provider that is down ends nobody
	r.Reauthorize("test")
	judged(t, func() uint64 { return r.Stats().KeptRooms }, 4)
	where(t, c, "a b")
	if st := r.Stats(); st.Kept != 2 || st.Revoked+st.RevokedRooms != 0 || f.again.Load() == 0 {
		t.Errorf("%+v", st)
	}
}

func TestRevokedNamespaces(t *testing.T) {
	f, r, c, s := changing(t, "")
	c.Join("/a", `{"role":"member"}`)
	f.noNamespace.Store(true)
	r.Reauthorize("test")
	if got := c.Next().String(); !strings.HasPrefix(got, `42/a,["siogw:denied",{"error":{"code":100,"reason":"no more",`) {
		t.Errorf("told %s", got)
	}
	c.Want("41/a,")
	if got := s.Next(); got != "1" {
		t.Errorf("the server got %s", got)
	}
	where(t, c, "a b") // the other namespace stays
	f.badKeys.Store(true)
	r.Reauthorize("test")
	if got := c.Next().String(); !strings.HasPrefix(got, `42["siogw:denied",{"error":{"code":201,`) {
		t.Errorf("told %s", got)
	}
	c.Want("41")
	if st := r.Stats(); st.Revoked != 2 || st.Kept != 1 {
		t.Errorf("%+v", st)
	}
	found := false
	for _, e := range r.log.of(engine.Connect) {
		found = found || e.d.Code == engine.CodePolicyDenied && e.in.Namespace == "/a" && string(e.in.Auth) == `{"role":"member"}`
	}
	if !found {
		t.Error("the log does not tell")
	}
}

func TestRevokedRooms(t *testing.T) {
	for mode, want := range map[gateway.OnRevoked][]string{
		gateway.RevokedDisconnect: {"42", "41"}, gateway.RevokedLeave: {"42"}, gateway.RevokedDenyEmits: {"42"},
	} {
		t.Run(string(mode), func(t *testing.T) {
			f, r, c, s := changing(t, mode)
			f.noRoom.Store(true)
			r.Reauthorize("test")
			for _, prefix := range want {
				if got := c.Next().String(); !strings.HasPrefix(got, prefix) {
					t.Fatalf("the client got %s, want %s", got, prefix)
				}
			}
			switch mode {
			case gateway.RevokedDisconnect:
				if got := s.Next(); got != "1" {
					t.Errorf("the server got %s", got)
				}
				return
			case gateway.RevokedLeave:
				if got := s.Next(); got != `2["leave","b"]` {
					t.Errorf("the server got %s", got)
				}
			case gateway.RevokedDenyEmits:
				s.Put(`42["say","b"]`)
			}
			where(t, c, "a")
			s.Put(`42["say","a"]`)
			c.Want(`42["say","a"]`)
			if st := r.Stats(); st.RevokedRooms != 1 || st.Revoked != 0 {
				t.Errorf("%+v", st)
			}
		})
	}
}

// TestSwapJudgesAgain: other rules are a reason.
func TestSwapJudgesAgain(t *testing.T) {
	_, r, c, _ := changing(t, "")
	policy, err := engine.New(engine.Stage{Name: "policy", Plugin: judge(denyKind(engine.Connect)), Phase: engine.Policy})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Swap(gateway.Rules{Engine: policy, Reauthorize: gateway.Reauthorize{Within: time.Millisecond}}); err != nil {
		t.Fatal(err)
	}
	c.Want("41")
}

// TestKeptIsBounded: what could not be kept is refused.
func TestKeptIsBounded(t *testing.T) {
	for _, off := range []bool{false, true} {
		_, c, s := scripted(t, tellRooms, func(o *gateway.Options) {
			usual(o)
			o.Reauthorize = gateway.Reauthorize{Keep: 100, Off: off}
		})
		c.Put(fmt.Sprintf(`40/a,{"x":%q}`, strings.Repeat("a", 91)))
		if got := c.Next().String(); strings.Contains(got, `"code":325`) == off {
			t.Errorf("off %v: one byte too many was answered %s", off, got)
		}
		c.Put(fmt.Sprintf(`40/b,{"x":%q}`, strings.Repeat("a", 60))) // 68 bytes
		if got := c.Next().String(); !strings.HasPrefix(got, "40/b,") {
			t.Error(got)
		}
		c.Put(`421["join","0123456789"]`) // 10 and 4 and 14, of 30 that are left beside {} of /
		if got := s.Next(); !strings.HasPrefix(got, `21["join"`) {
			t.Error(got)
		}
		c.Put(`422["join","x"]`)
		if off {
			s.Next()
			continue
		}
		if got := c.Next().String(); !strings.Contains(got, `"code":325`) {
			t.Error(got)
		}
	}
}

// TestPassesTakeTurns: a newer pass ends the one before, and shutting down ends the newest.
func TestPassesTakeTurns(t *testing.T) {
	_, r, c, _ := changing(t, "")
	policy, err := engine.New(engine.Stage{Name: "policy", Plugin: judge(tellRooms), Phase: engine.Policy})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Swap(gateway.Rules{Engine: policy, Reauthorize: gateway.Reauthorize{Within: time.Hour}}); err != nil {
		t.Fatal(err)
	}
	for range 20 {
		r.Reauthorize("again")
	}
	where(t, c, "a b")
}
