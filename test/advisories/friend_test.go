package advisories

import "testing"

// friend is a well-behaved client, on an address of its own.
type friend struct{ *conn }

// meet opens a session from 127.0.0.2.
func meet(t *testing.T, host, eio string) *friend {
	t.Helper()
	c, err := dial(host, "127.0.0.2")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if _, err := c.upgrade("EIO="+eio+"&transport=websocket", ""); err != nil {
		t.Fatalf("a well-behaved client is not let in: %v", err)
	}
	if err := c.connect(eio); err != nil {
		t.Fatalf("a well-behaved client is not let in: %v", err)
	}
	return &friend{c}
}

// ask sends an event and gives its ack.
func (f *friend) ask(t *testing.T, event string) string {
	t.Helper()
	if err := f.write(frame(0x81, "427"+event)); err != nil {
		t.Fatalf("a well-behaved client is cut off: %v", err)
	}
	answer, err := f.next("437")
	if err != nil {
		t.Fatalf("a well-behaved client is not served: %v", err)
	}
	return answer
}

func (f *friend) echo(t *testing.T) {
	t.Helper()
	if got := f.ask(t, `["echo","hello"]`); got != `437["hello"]` {
		t.Fatalf("a well-behaved client got %s", got)
	}
}

// during asks until the attack is over, and once more.
func (f *friend) during(t *testing.T, over <-chan *player) *player {
	t.Helper()
	for {
		f.echo(t)
		select {
		case p := <-over:
			f.echo(t)
			return p
		default:
		}
	}
}
