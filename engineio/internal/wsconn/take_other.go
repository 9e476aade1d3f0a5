//go:build !linux

package wsconn

import (
	"context"
	"errors"
	"net"
	"net/http"
)

// There are no loops here, hence no Options.Seat, and none of these is called.

var errNoLoops = errors.New("there are no event loops on this system")

func takable(net.Conn) net.Conn { return nil }

func loopedServer(net.Conn, []byte, Options) (Conn, error) { return nil, errNoLoops }

func dialLooped(context.Context, string, http.Header, DialOptions) (Conn, []byte, *http.Response, error) {
	return nil, nil, nil, errNoLoops
}
