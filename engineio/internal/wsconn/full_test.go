package wsconn

import (
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/siogw/siogw/engineio"
)

// drainer is a Peer that says when there is room again.
type drainer struct {
	*recorder
	room chan bool
}

func (d drainer) Drained() { d.room <- true }

// A network that is full again and again never leaves anything behind, whoever writes while it makes room.
func TestFullAndAgain(t *testing.T) {
	const rounds, size = 2000, 60_000
	lim := limits
	lim.High, lim.Hard, lim.Write = 1, 1<<20, patience
	c, peer := bare(t, lim)
	small(t, peer)
	d := drainer{newRecorder(), make(chan bool, rounds)}
	c.Start(d)
	read := make(chan error, 1)
	go func() {
		_, err := io.CopyN(io.Discard, peer, rounds*(size+4))
		read <- err
	}()
	p := engineio.Packet{Type: engineio.Message, Data: []byte(strings.Repeat("x", size-1))}
	for range rounds {
		if !c.Send(p) {
			c.Flush()
			wait(t, d.room)
		}
	}
	if err := wait(t, read); err != nil {
		t.Error(err)
	}
	peer.Close()
	wait(t, d.ended)
	wait(t, d.gone)
}

// small lets a connection take little at a time.
func small(t *testing.T, peer net.Conn) {
	t.Helper()
	if tcp, ok := peer.(*net.TCPConn); ok {
		if err := tcp.SetReadBuffer(64 << 10); err != nil {
			t.Fatal(err)
		}
	}
	_ = peer.SetReadDeadline(time.Now().Add(patience))
}
