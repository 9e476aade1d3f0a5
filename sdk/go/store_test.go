package siogw

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"
)

func TestStore(t *testing.T) {
	defer ClearStore()
	if _, err := Get("k"); !errors.Is(err, ErrNone) {
		t.Error(err)
	}
	long := strings.Repeat("v", 1000)
	for key, value := range map[string]string{"k": "v", "long": long, "empty": ""} {
		if err := Set(key, []byte(value), time.Hour); err != nil {
			t.Error(err)
		}
		if got, err := Get(key); string(got) != value || err != nil {
			t.Errorf("%s: %q %v", key, got, err)
		}
	}
	if there, err := Delete("k"); !there || err != nil {
		t.Error(there, err)
	}
	if there, err := Delete("k"); there || err != nil {
		t.Error("it was there twice", err)
	}
	for _, key := range []string{"", strings.Repeat("k", 257)} {
		_, get := Get(key)
		_, del := Delete(key)
		_, add := Add(key, 1, 0)
		for _, err := range []error{get, del, add, Set(key, nil, 0)} {
			if !errors.Is(err, ErrSize) {
				t.Error(err)
			}
		}
	}
	if err := Set("k", make([]byte, maxValue+1), 0); !errors.Is(err, ErrSize) {
		t.Error(err)
	}
	if err := Set("gone", nil, time.Millisecond); err != nil {
		t.Error(err)
	}
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		if _, err := Get("gone"); errors.Is(err, ErrNone) {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("it lives on")
		}
	}
}

func TestAdd(t *testing.T) {
	defer ClearStore()
	for _, step := range []struct{ delta, want int64 }{{1, 1}, {41, 42}, {-50, -8}, {math.MinInt64, math.MinInt64}, {math.MaxInt64, -1}, {math.MaxInt64, math.MaxInt64 - 1}, {2, math.MaxInt64}} {
		if got, err := Add("n", step.delta, time.Hour); got != step.want || err != nil {
			t.Errorf("%d gives %d %v, want %d", step.delta, got, err, step.want)
		}
	}
	if err := Set("n", []byte("no"), 0); err != nil {
		t.Error(err)
	}
	if _, err := Add("n", 1, 0); !errors.Is(err, ErrNotNumber) {
		t.Error(err)
	}
}

func TestDropped(t *testing.T) {
	out, err := encode(Verdict{Dropped: []int{1}, Attachments: map[string][]byte{"0": nil}})
	if err != nil || string(out) != `{"effect":"allow","attachments":{"0":"","1":null}}` {
		t.Errorf("%s %v", out, err)
	}
}
