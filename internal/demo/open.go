package demo

import (
	"os/exec"
	"runtime"
)

// OpenBrowser shows url in the user's browser, where there is one: it is a courtesy, and tells no failure. It
// serves as [Options].Open.
func OpenBrowser(url string) {
	name, args := "xdg-open", []string{url}
	switch runtime.GOOS {
	case "darwin":
		name = "open"
	case "windows":
		name, args = "rundll32", []string{"url.dll,FileProtocolHandler", url}
	}
	command := exec.Command(name, args...)
	if command.Start() == nil {
		go func() { _ = command.Wait() }() // leaves no zombie
	}
}
