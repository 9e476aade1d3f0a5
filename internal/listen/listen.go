// Package listen opens the sockets that clients reach: TCP or Unix, behind proxies that speak the PROXY
// protocol, and TLS with certificates that change while connections stay open.
package listen

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"
)

// Unix is what stands for the peers of a Unix socket in a list of networks, where they have no address.
var Unix = netip.Prefix{}

// SocketPath gives the path of an address of the form unix:/path; ok is false for host:port.
func SocketPath(address string) (path string, ok bool) { return strings.CutPrefix(address, "unix:") }

// Open listens on address, host:port or unix:/path. A Unix socket gets the permissions mode; one that
// nobody listens on any more is replaced.
func Open(address string, mode fs.FileMode) (net.Listener, error) {
	path, unix := SocketPath(address)
	if !unix {
		l, err := tcp.Listen(context.Background(), "tcp", address)
		return l, plain(err, address)
	}
	if err := removeStale(path); err != nil {
		return nil, err
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, plain(err, address)
	}
	if err := os.Chmod(path, mode); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

// plain says in words what happens most.
func plain(err error, address string) error {
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("%s is in use by another process", address)
	}
	return err
}

// removeStale removes the socket that a process left which did not end in order, and nothing else.
func removeStale(path string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if info.Mode().Type() != fs.ModeSocket {
		return fmt.Errorf("%s is there and no socket", path)
	}
	conn, err := net.DialTimeout("unix", path, time.Second)
	if err == nil {
		return errors.Join(fmt.Errorf("unix:%s is in use by another process", path), conn.Close())
	}
	if !errors.Is(err, syscall.ECONNREFUSED) {
		return err
	}
	return os.Remove(path)
}

// contains reports whether networks has the peer, by its address or as one of a Unix socket.
func contains(networks []netip.Prefix, peer net.Addr) bool {
	if _, unix := peer.(*net.UnixAddr); unix {
		return slices.Contains(networks, Unix)
	}
	tcp, ok := peer.(*net.TCPAddr)
	if !ok {
		return false
	}
	a := tcp.AddrPort().Addr().Unmap().WithZone("")
	return slices.ContainsFunc(networks, func(p netip.Prefix) bool { return p.Contains(a) })
}
