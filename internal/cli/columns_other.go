//go:build !unix

package cli

import "os"

// columns takes nothing for a terminal here.
func columns(*os.File) (int, bool) { return 0, false }
