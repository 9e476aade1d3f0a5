package rego

import (
	"testing"
	"time"
)

func TestOptionDefaults(t *testing.T) {
	for set, want := range map[time.Duration]time.Duration{0: DefaultTimeout, -1: 0, time.Minute: time.Minute} {
		if got := (&Options{Timeout: set}).timeout(); got != want {
			t.Errorf("Timeout %v is %v, want %v", set, got, want)
		}
	}
	for set, want := range map[int]int{0: DefaultMaxBytes, 5: 5} {
		if got := (&Options{MaxBytes: set}).maxBytes(); got != want {
			t.Errorf("MaxBytes %d is %d, want %d", set, got, want)
		}
	}
}
