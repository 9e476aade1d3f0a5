//go:build !linux

package listen

import "net"

// tcp listens. Package net gives each connection its keep-alive.
var tcp net.ListenConfig
