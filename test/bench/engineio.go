package main

import (
	"net/url"
	"runtime"

	"github.com/siogw/siogw/engineio"
	"github.com/siogw/siogw/engineio/eioclient"
	"github.com/siogw/siogw/engineio/eioserver"
)

// serveSessions is the role of a relay of Engine.IO packets: both ends of siogw's sessions, and nothing between.
func serveSessions(address, upstream string, loops *eioserver.Loops) error {
	target, err := url.Parse(upstream + "/socket.io/")
	if err != nil {
		return err
	}
	front, err := eioserver.New(eioserver.Options{Loops: loops, Accept: func(o *eioserver.Opening) (engineio.Handler, error) {
		up, err := eioclient.Dial(o.Request.Context(), eioclient.Options{URL: target, Seat: o.Seat})
		if err != nil {
			return nil, err
		}
		up.Start(passer{o.Session})
		return passer{up}, nil
	}})
	if err != nil {
		return err
	}
	return serve(address, front)
}

// passer hands packets over to the other side.
type passer struct{ to engineio.Session }

func (p passer) Packet(m engineio.Packet) { p.to.Send(m) }
func (p passer) PassEnd()                 { p.to.Flush() }
func (p passer) Writable()                {}
func (p passer) Closed(engineio.Reason)   { p.to.Close(engineio.OtherSideClosed) }

func newLoops() *eioserver.Loops { return eioserver.NewLoops(runtime.GOMAXPROCS(0)) }
