package backoff

import (
	"strings"
	"sync"
	"testing"
	"time"
)

var options = Options{Failures: 3, Window: 10 * time.Second, Pause: time.Second, MaxPause: 4 * time.Second}

// TestBreaker plays scripts: a client's letter and + for a call that goes well, - for one that fails, ~ for neither, and
// digits for half seconds that go by. The result says of each call: . made, x refused, O out of service, B back.
func TestBreaker(t *testing.T) {
	for name, c := range map[string]struct{ script, want string }{
		"in a row":                       {"a- a- a- b+ c+", "..Oxx"},
		"a success between":              {"a- a- b+ a- a- b+ a-", "......."},
		"too slow":                       {"a- 9 a- 9 9 a- a- a-", "....O"},
		"just in time":                   {"a- 9 a- 9 a-", "..O"},
		"neither counts":                 {"a- a- a~ a~ a-", "....O"},
		"one trial":                      {"a- a- a- 1 b+ 1 b+ b+", "..OxB."},
		"doubling to the cap":            {"a- a- a- 2 b- 3 c+ 1 c- 7 d+ 1 d- 8 e-", "..OOxOxOO"},
		"the same client waits longer":   {"a- a- a- 2 a- 4 a- 3 b- 1 a+", "..OOxOx"},
		"another client need not":        {"a- a- a- 2 a- 4 b+", "..OOB"},
		"an undecided trial comes again": {"a- a- a- 2 a~ a+", "..O.B"},
		"not back for long":              {"a- a- a- 2 b+ a- a- a- 3 b+ 1 b+", "..OB..OxB"},
		"back for long":                  {"a- a- a- 2 b+ 9 9 9 a- a- a- 2 b+", "..OB..OB"},
	} {
		b, now := New(options), time.Unix(1000, 0)
		b.now = func() time.Time { return now }
		var got strings.Builder
		for _, step := range strings.Fields(c.script) {
			if step[0] <= '9' {
				now = now.Add(time.Duration(step[0]-'0') * time.Second / 2)
				continue
			}
			p, ok := b.Enter(step[:1])
			if !ok {
				got.WriteByte('x')
				continue
			}
			switch ch := b.Leave(p, map[byte]Outcome{'+': Good, '-': Bad, '~': Neither}[step[1]]); {
			case ch.Out:
				got.WriteByte('O')
			case ch.Back:
				got.WriteByte('B')
			default:
				got.WriteByte('.')
			}
		}
		if got.String() != c.want {
			t.Errorf("%s: %s gives %s, want %s", name, c.script, &got, c.want)
		}
	}
}

func TestNever(t *testing.T) {
	b := New(Options{})
	for range 1000 {
		p, ok := b.Enter("a")
		if ch := b.Leave(p, Bad); !ok || ch != (Change{}) {
			t.Fatal("out of service")
		}
	}
}

// TestOneTrial: of many callers after the pause one gets through.
func TestOneTrial(t *testing.T) {
	b := New(options)
	now := time.Unix(1000, 0)
	b.now = func() time.Time { return now }
	for range options.Failures {
		p, _ := b.Enter("a")
		b.Leave(p, Bad)
	}
	now = now.Add(options.Pause)
	var wg sync.WaitGroup
	passes := make(chan Pass, 20)
	for range 20 {
		wg.Go(func() {
			if p, ok := b.Enter("b"); ok {
				passes <- p
			}
		})
	}
	wg.Wait()
	if len(passes) != 1 {
		t.Fatalf("%d trials", len(passes))
	}
	if st := b.Stats(); st != (Stats{true, 1, 19}) {
		t.Errorf("%+v", st)
	}
	if ch := b.Leave(<-passes, Good); !ch.Back {
		t.Error("not back")
	}
}
