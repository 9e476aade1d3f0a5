// Command siogw is a security gateway for Socket.IO. See siogw help.
package main

import (
	"os"

	"github.com/siogw/siogw/internal/cli"
)

func main() {
	os.Exit(cli.Run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
