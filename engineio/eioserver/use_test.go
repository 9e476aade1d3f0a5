package eioserver

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// A session's heartbeat is the one that it was told: other options slow no session down, and hurry none.
func TestUseKeepsHeartbeat(t *testing.T) {
	r := newRig(t, fast)
	old := r.dial(t, "")
	o := *r.options()
	o.PingInterval = time.Hour
	r.Use(&o)
	fresh := r.dial(t, "")
	for range 3 { // and after its pongs
		expect(t, old, "2")
		put(t, old, "3")
	}
	put(t, fresh, "4hello")
	expect(t, fresh, "4hello") // and no ping before
}

// A request that came before other options is judged by those that it came with.
func TestServeByOlder(t *testing.T) {
	r := newRig(t, nil)
	before := r.options()
	o := *before
	o.Transports = []string{"websocket"}
	r.Use(&o)
	for by, want := range map[*Options]int{before: http.StatusOK, &o: http.StatusBadRequest} {
		w := httptest.NewRecorder()
		r.Serve(by, w, httptest.NewRequest("GET", overPolling, nil))
		if w.Code != want {
			t.Errorf("%d %s", w.Code, w.Body)
		}
	}
}
