package wire

import (
	"errors"
	"sync"
	"testing"
)

// What is put while a message is on its way goes into the next one, whole, in order, and in as few as fit.
func TestOutbox(t *testing.T) {
	o, done := NewOutbox(), make(chan struct{})
	sent, goOn := make(chan []byte), make(chan bool)
	var all sync.WaitGroup
	all.Go(func() {
		if err := o.Send(done, func(m []byte) error { sent <- m; <-goOn; return nil }); err != nil {
			t.Error(err)
		}
	})
	put := func(id uint64, size int) { o.PutAnswer(&Answer{ID: id, Verdict: make([]byte, size)}) }
	put(1, 0)
	if got, err := answers(<-sent); err != nil || len(got) != 1 || got[0].ID != 1 {
		t.Error(got, err)
	}
	const half = BatchSize/2 - sizeBytes - idBytes
	sizes := []int{10, half, half, half, 2 * BatchSize, 5} // the second and third do not fit behind the first
	for i, size := range sizes {
		put(uint64(2+i), size)
	}
	var ids []uint64
	for _, want := range []int{2, 2, 1, 1} {
		goOn <- true
		got, err := answers(<-sent)
		if err != nil || len(got) != want {
			t.Errorf("%d records, want %d, %v", len(got), want, err)
		}
		for _, a := range got {
			if len(a.Verdict) != sizes[a.ID-2] {
				t.Errorf("%d bytes of %d", len(a.Verdict), a.ID)
			}
			ids = append(ids, a.ID)
		}
	}
	for i, id := range ids {
		if id != uint64(2+i) {
			t.Errorf("in this order: %v", ids)
		}
	}
	o.PutQuestion(&Question{ID: 9, View: []byte("[]")})
	goOn <- true
	if got, err := questions(<-sent); err != nil || len(got) != 1 || string(got[0].View) != "[]" {
		t.Error(got, err)
	}
	close(done)
	goOn <- true
	all.Wait()
}

// The first error ends it.
func TestOutboxFails(t *testing.T) {
	o, broken := NewOutbox(), errors.New("broken")
	o.PutAnswer(&Answer{})
	if err := o.Send(nil, func([]byte) error { return broken }); !errors.Is(err, broken) {
		t.Error(err)
	}
}
