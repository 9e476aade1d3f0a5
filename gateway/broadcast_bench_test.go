package gateway_test

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/engineio"
)

// discard is an end of a session that keeps nothing.
type discard struct{ packets int }

func (d *discard) Send(engineio.Packet) bool { d.packets++; return true }
func (*discard) Flush()                      {}
func (*discard) Pause()                      {}
func (*discard) Resume()                     {}
func (*discard) Close(engineio.Reason)       {}

// What one delivery of a broadcast costs without the kernel: the same emit to 100 sessions, then another one.
func BenchmarkBroadcast(b *testing.B) {
	guest := sanitizer(b)
	all := emitStages(b, `package siogw.authz
allow if input.kind != "emit"
allow if input.room in input.session.rooms
deny contains "silenced" if { input.kind == "emit"; "silenced" in input.identity.roles }`, guest)
	all = slices.DeleteFunc(all, func(s engine.Stage) bool { return s.Name == "first" }) // it is slow itself
	for _, c := range []struct {
		name       string
		stages     []engine.Stage
		markup     string
		broadcasts int
	}{
		{"none", []engine.Stage{{Name: "none", Phase: engine.Policy, Plugin: allows{}}}, "", 4 << 20},
		{"none, apart", []engine.Stage{{Name: "none", Phase: engine.Policy, Plugin: allows{}}}, "", 0},
		{"all", all, "", 4 << 20},
		{"all, apart", all, "", 0},
		{"all, changed", all, "<b>x</b>", 4 << 20},
		{"all, changed, apart", all, "<b>x</b>", 0},
	} {
		for _, size := range []int{100, 2048} {
			b.Run(fmt.Sprintf("%s/%d", c.name, size), func(b *testing.B) {
				broadcast(b, newCrowd(b, emitRules(b, c.stages, c.broadcasts)), c.markup+strings.Repeat("x", size-70))
			})
		}
	}
}

// broadcast emits text to 100 sessions in a room; an operation is one delivery.
func broadcast(b *testing.B, c *crowd, text string) {
	c.log.off = true
	var clients [100]discard
	for i := range clients {
		down, up := c.Wire(&clients[i], &discard{})
		c.up = append(c.up, up)
		hand(down, fmt.Sprintf(`0{"token":"user%d"}`, i))
		hand(up, `0{"sid":"y"}`)
		hand(down, `2["join","a"]`)
	}
	b.ReportAllocs()
	runtime.GC()
	from, n := cpuTime(b), 0
	var emit []byte
	for b.Loop() {
		if n%len(clients) == 0 {
			emit = fmt.Appendf(emit[:0], `2["message",{"n":%d,"room":"a","text":"%s"}]`, n, text)
		}
		to := c.up[n%len(clients)]
		to.Packet(engineio.Packet{Type: engineio.Message, Data: emit})
		to.PassEnd()
		n++
	}
	b.ReportMetric(float64(cpuTime(b)-from)/float64(b.N), "cpu-ns/op")
	for i := range clients {
		n -= clients[i].packets - 1 // the answer to CONNECT
	}
	if n != 0 {
		b.Fatalf("%d emits were not delivered", n)
	}
}
