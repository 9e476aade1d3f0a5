//go:build unix

package cli

import (
	"os"

	"golang.org/x/sys/unix"
)

// columns gives the width of a terminal; false for what is none.
func columns(f *os.File) (int, bool) {
	size, err := unix.IoctlGetWinsize(int(f.Fd()), unix.TIOCGWINSZ)
	if err != nil {
		return 0, false
	}
	return int(size.Col), true
}
