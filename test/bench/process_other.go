//go:build !linux

package main

import (
	"errors"
	"syscall"
	"time"
)

func attributes() *syscall.SysProcAttr { return nil }

func cpuTime(int) (time.Duration, error) { return 0, errors.ErrUnsupported }

func sleepUntil(t time.Time) { time.Sleep(time.Until(t)) }

func fineTimers() {}
