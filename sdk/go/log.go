package siogw

import "fmt"

// Debugf logs a line at level debug. The gateway hears 16 lines a packet, 1 KiB of each.
func Debugf(format string, args ...any) { logText(0, fmt.Sprintf(format, args...)) }

// Infof logs a line at level info.
func Infof(format string, args ...any) { logText(1, fmt.Sprintf(format, args...)) }

// Warnf logs a line at level warn.
func Warnf(format string, args ...any) { logText(2, fmt.Sprintf(format, args...)) }

// Errorf logs a line at level error.
func Errorf(format string, args ...any) { logText(3, fmt.Sprintf(format, args...)) }
