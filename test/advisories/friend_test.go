package advisories

import (
	"fmt"
	"testing"
	"time"
)

// friend is a well-behaved client, on an address of its own.
type friend struct{ *conn }

// pace is how long a friend waits between two questions.
const pace = 20 * time.Millisecond

// meet opens a session from 127.0.0.2.
func meet(t *testing.T, host, eio string) *friend {
	t.Helper()
	c, err := dial(host, "127.0.0.2")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if _, err = c.upgrade("EIO="+eio+"&transport=websocket", ""); err == nil {
		err = c.connect(eio)
	}
	if err != nil {
		t.Fatalf("a well-behaved client is not let in: %v", err)
	}
	return &friend{c}
}

// ask sends an event and gives its ack.
func (f *friend) ask(event string) (string, error) {
	if err := f.write(frame(0x81, "427"+event)); err != nil {
		return "", fmt.Errorf("a well-behaved client is cut off: %w", err)
	}
	answer, err := f.next("437")
	if err != nil {
		return "", fmt.Errorf("a well-behaved client is not served: %w", err)
	}
	return answer, nil
}

func (f *friend) echo() error {
	got, err := f.ask(`["echo","hello"]`)
	if err == nil && got != `437["hello"]` {
		err = fmt.Errorf("a well-behaved client got %s", got)
	}
	return err
}

// during asks until the attack is over, and once more.
func (f *friend) during(t *testing.T, over <-chan *player) *player {
	t.Helper()
	for {
		if err := f.echo(); err != nil {
			t.Error(err)
			return <-over
		}
		select {
		case p := <-over:
			if err := f.echo(); err != nil {
				t.Error(err)
			}
			return p
		case <-time.After(pace):
		}
	}
}
