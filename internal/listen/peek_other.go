//go:build !unix

package listen

import (
	"net"
	"syscall"
)

// rawOf gives nil: upgrades are net/http's on this system.
func rawOf(net.Conn) syscall.RawConn { return nil }

func gone(syscall.RawConn) bool { return false }

func said(syscall.RawConn) bool { return false }
