package demo

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func decision(n int, more string) []byte {
	return fmt.Appendf(nil, `{"n":%d,"kind":"event",%s}`, n, more)
}

func TestStreamCounts(t *testing.T) {
	s := newStream()
	s.add(decision(1, `"effect":"allow"`))
	s.add(decision(2, `"effect":"allow","transformed":true`))
	s.add(decision(3, `"effect":"deny"`))
	s.add([]byte(`{"kind":"disconnect","effect":"allow"}`))
	s.add([]byte(`no decision`))
	if want := (totals{1, 1, 1}); s.totals != want || len(s.past) != 4 {
		t.Errorf("totals %+v with %d kept, want %+v with 4", s.totals, len(s.past), want)
	}
}

func TestStreamKeepsTheLast(t *testing.T) {
	s := newStream()
	for i := range pastKept + 5 {
		s.add(decision(i, `"effect":"allow"`))
	}
	_, past, sums := s.join()
	if len(past) != pastKept || !strings.HasPrefix(string(past[0]), `{"n":5,`) || sums.Allow != pastKept+5 {
		t.Errorf("%d kept from %s on, %d counted", len(past), past[0], sums.Allow)
	}
}

// A reader may fall behind by readerBuffer decisions, not by one more; the others lose nothing by it.
func TestStreamCutsSlowReaders(t *testing.T) {
	s := newStream()
	slow, _, _ := s.join()
	for i := range readerBuffer {
		s.add(decision(i, `"effect":"allow"`))
	}
	if len(s.readers) != 1 {
		t.Fatal("cut off too early")
	}
	fresh, _, _ := s.join()
	s.add(decision(-1, `"effect":"allow"`))
	if s.readers[slow] || !s.readers[fresh] || len(fresh) != 1 {
		t.Error("the wrong reader was cut off")
	}
	s.leave(slow) // a second end does nothing
}

func TestStreamRefusesReaders(t *testing.T) {
	s := newStream()
	for range maxReaders {
		if r, _, _ := s.join(); r == nil {
			t.Fatal("refused below the limit")
		}
	}
	if r, _, _ := s.join(); r != nil {
		t.Error("admitted above the limit")
	}
	s.close()
	if r, _, _ := s.join(); r != nil || len(s.readers) != 0 {
		t.Error("admitted after the end")
	}
}

func TestStreamServes(t *testing.T) {
	s := newStream()
	s.add(decision(1, `"effect":"deny"`))
	server := httptest.NewServer(s)
	defer server.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	request, _ := http.NewRequestWithContext(ctx, "GET", server.URL, nil)
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	lines := bufio.NewScanner(answer.Body)
	read := func(want ...string) {
		t.Helper()
		for _, w := range append(want, "") {
			if !lines.Scan() || lines.Text() != w {
				t.Fatalf("got %q, want %q (%v)", lines.Text(), w, lines.Err())
			}
		}
	}
	read("event: hello", `data: {"allow":0,"transform":0,"deny":1}`)
	read("event: past", `data: {"n":1,"kind":"event","effect":"deny"}`)
	s.add(decision(2, `"effect":"allow"`))
	read("event: decision", `data: {"n":2,"kind":"event","effect":"allow"}`)
	s.close()
	if lines.Scan() {
		t.Errorf("more after the end: %q", lines.Text())
	}
}
