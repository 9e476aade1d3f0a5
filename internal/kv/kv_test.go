package kv

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"sync"
	"testing"
	"time"
)

// clocked is a store whose time is set by hand.
func clocked(l Limits) (*Store, *time.Time) {
	s, now := New(l), time.Unix(1000, 0)
	s.now = func() time.Time { return now }
	return s, &now
}

func get(s *Store, key string) string {
	v, err := s.Get(context.Background(), nil, []byte(key))
	if err != nil {
		return err.Error()
	}
	return string(v)
}

func set(t *testing.T, s *Store, key, value string, ttl time.Duration) {
	t.Helper()
	if err := s.Set(context.Background(), []byte(key), []byte(value), ttl); err != nil {
		t.Fatal(err)
	}
}

func TestEnds(t *testing.T) {
	s, now := clocked(Limits{TTL: time.Minute})
	set(t, s, "short", "1", time.Second)
	set(t, s, "most", "2", 0)
	set(t, s, "cut", "3", time.Hour)
	set(t, s, "longer", "4", time.Second)
	set(t, s, "longer", "44", 10*time.Second)
	for _, step := range []struct {
		after time.Duration
		want  string
	}{
		{time.Second - 1, "1 2 3 44"}, {1, "no such entry 2 3 44"}, {9 * time.Second, "no such entry 2 3 no such entry"},
		{50 * time.Second, "no such entry no such entry no such entry no such entry"},
	} {
		*now = now.Add(step.after)
		if got := get(s, "short") + " " + get(s, "most") + " " + get(s, "cut") + " " + get(s, "longer"); got != step.want {
			t.Errorf("after %v: %s, want %s", step.after, got, step.want)
		}
	}
	if st := s.Stats(); st != (Stats{}) {
		t.Errorf("all has ended, and there is %+v", st)
	}
}

// TestAdd: an entry that is there keeps its end, so that a window does not move.
func TestAdd(t *testing.T) {
	ctx, a := context.Background(), []byte("a")
	s, now := clocked(Limits{})
	for want := int64(1); want < 4; want++ {
		if got, err := s.Add(ctx, a, 1, time.Second); got != want || err != nil {
			t.Fatalf("%d %v, want %d", got, err, want)
		}
		*now = now.Add(time.Second / 4)
	}
	*now = now.Add(time.Second / 4)
	if got, err := s.Add(ctx, a, 5, 0); got != 5 || err != nil {
		t.Errorf("in the next window: %d %v", got, err)
	}
	if got, _ := s.Add(ctx, a, math.MaxInt64, 0); got != math.MaxInt64 {
		t.Errorf("the greatest: %d", got)
	}
	set(t, s, "a", string(binary.LittleEndian.AppendUint64(nil, 1<<63)), 0)
	if got, _ := s.Add(ctx, a, -1, 0); got != math.MinInt64 {
		t.Errorf("the least: %d", got)
	}
	set(t, s, "a", "seven b", 0)
	if _, err := s.Add(ctx, a, 1, 0); !errors.Is(err, ErrNotNumber) {
		t.Error(err)
	}
}

// TestFull: nothing is lost to make room, and what ends or is deleted makes room.
func TestFull(t *testing.T) {
	ctx := context.Background()
	s, now := clocked(Limits{Entries: 2})
	set(t, s, "a", "1", time.Second)
	set(t, s, "b", "1", 0)
	if err := s.Set(ctx, []byte("c"), nil, 0); !errors.Is(err, ErrFull) {
		t.Error(err)
	}
	if _, err := s.Add(ctx, []byte("c"), 1, 0); !errors.Is(err, ErrFull) {
		t.Error(err)
	}
	set(t, s, "a", "changed", time.Second)
	*now = now.Add(time.Second)
	set(t, s, "c", "", 0)
	if there, _ := s.Delete(ctx, []byte("b")); !there {
		t.Error("b is gone")
	}
	if there, _ := s.Delete(ctx, []byte("b")); there {
		t.Error("b is there twice")
	}
	if st := s.Stats(); st != (Stats{1, 1 + Overhead, 2}) {
		t.Errorf("%+v", st)
	}
}

func TestBytes(t *testing.T) {
	ctx := context.Background()
	s, _ := clocked(Limits{Bytes: 2*Overhead + 10})
	set(t, s, "a", "1234", 0)
	set(t, s, "b", "1234", 0)
	for _, key := range []string{"a", "c"} {
		if err := s.Set(ctx, []byte(key), []byte("12345"), 0); !errors.Is(err, ErrFull) || get(s, "a") != "1234" {
			t.Errorf("%s: %v, a is %s", key, err, get(s, "a"))
		}
	}
	set(t, s, "a", "123", 0)
	set(t, s, "b", "12345", 0)
	if st := s.Stats(); st.Bytes != 2*Overhead+10 {
		t.Errorf("%+v", st)
	}
}

// TestCopies: what a caller does with its bytes afterwards changes nothing.
func TestCopies(t *testing.T) {
	ctx := context.Background()
	s := New(Limits{})
	key, value := []byte("key"), []byte("value")
	if err := s.Set(ctx, key, value, 0); err != nil {
		t.Fatal(err)
	}
	key[0], value[0] = 'x', 'x'
	got, err := s.Get(ctx, []byte("> "), []byte("key"))
	if err != nil || string(got) != "> value" {
		t.Fatalf("%q %v", got, err)
	}
	got[2] = 'y'
	if get(s, "key") != "value" {
		t.Error("changed through what was given out")
	}
}

func TestManyAdd(t *testing.T) {
	s := New(Limits{})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 100 {
				_, _ = s.Add(context.Background(), []byte("n"), 1, 0)
			}
		})
	}
	wg.Wait()
	if sum, _ := s.Add(context.Background(), []byte("n"), 0, 0); sum != 800 {
		t.Errorf("%d", sum)
	}
}

func TestSet(t *testing.T) {
	var all Set
	a, b := all.Store("a", Limits{}), all.Store("b", Limits{})
	set(t, a, "k", "of a", 0)
	if get(b, "k") == "of a" {
		t.Error("b reads a's")
	}
	if again := all.Store("a", Limits{Entries: 1}); get(again, "k") != "of a" {
		t.Error("a's is gone")
	}
	set(t, a, "l", "", 0)
	all.Limit("a", Limits{Entries: 1})
	all.Limit("nobody", Limits{})
	if err := a.Set(context.Background(), []byte("m"), nil, 0); !errors.Is(err, ErrFull) || get(a, "l") != "" {
		t.Errorf("the new limit: %v", err)
	}
	all.Keep("b")
	if get(all.Store("a", Limits{}), "k") == "of a" {
		t.Error("a was dropped, and is there")
	}
}

// FuzzStore compares with a map.
func FuzzStore(f *testing.F) {
	f.Add([]byte("aAbBcC"))
	f.Fuzz(func(t *testing.T, ops []byte) {
		ctx := context.Background()
		s, now := clocked(Limits{Entries: 4, Bytes: 8 * Overhead})
		type kept struct {
			value []byte
			end   time.Time
		}
		model := map[string]kept{}
		for i, op := range ops {
			key := fmt.Appendf(nil, "%d", op%7)
			for k, v := range model {
				if !now.Before(v.end) {
					delete(model, k)
				}
			}
			switch op >> 6 {
			case 0:
				value, ttl := ops[:i/2], time.Duration(1+op%5)*time.Second
				if s.Set(ctx, key, value, ttl) == nil {
					model[string(key)] = kept{value, now.Add(ttl)}
				}
			case 1:
				there, _ := s.Delete(ctx, key)
				if _, want := model[string(key)]; there != want {
					t.Fatalf("deleting %s: %v", key, there)
				}
				delete(model, string(key))
			case 2:
				*now = now.Add(time.Second / 2)
			default:
				got, err := s.Get(ctx, nil, key)
				if want, there := model[string(key)]; (err == nil) != there || !bytes.Equal(got, want.value) {
					t.Fatalf("%s is %q %v, want %q", key, got, err, want.value)
				}
			}
			if st := s.Stats(); st.Entries > 4 || st.Bytes > 8*Overhead {
				t.Fatalf("%+v", st)
			}
		}
	})
}
