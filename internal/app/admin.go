package app

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Admin gives the handler of the admin listener: /healthz says that the process is up, /readyz that new
// clients would be served, /metrics is for Prometheus, /shields lists the virtual patches as JSON; POST /reload does what
// [App.ReadAgain] does, and POST /reauthorize has all live connections judged again; /.well-known/jwks.json has the public keys of the gateway's own tokens, and POST /tickets gives a
// one-time ticket.
func (a *App) Admin() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, "ok") })
	mux.HandleFunc("GET /readyz", a.ready)
	mux.HandleFunc("GET /shields", a.listShields)
	mux.HandleFunc("POST /reload", a.serveReload)
	mux.HandleFunc("POST /reauthorize", a.serveReauthorize)
	mux.HandleFunc("POST /tickets", a.serveTickets)
	mux.HandleFunc("GET /.well-known/jwks.json", a.serveKeySet)
	mux.Handle("GET /metrics", promhttp.HandlerFor(a.registry(), promhttp.HandlerOpts{}))
	return mux
}

func (a *App) ready(w http.ResponseWriter, r *http.Request) {
	if a.draining.Load() {
		answer(w, http.StatusServiceUnavailable, "draining")
		return
	}
	if a.current.Load().judge.Missing {
		answer(w, http.StatusServiceUnavailable, "no policy yet: "+a.agent.Waiting())
		return
	}
	if err := a.gateway.Ready(r.Context()); err != nil {
		answer(w, http.StatusServiceUnavailable, "upstream unreachable: "+err.Error())
		return
	}
	text := "ok"
	for _, u := range a.gateway.Upstreams() {
		for _, s := range u.Servers {
			if !s.Up {
				text += fmt.Sprintf("\ndown: upstream %s, %s: %s", u.Name, s.Address, s.Error)
			}
		}
	}
	answer(w, http.StatusOK, text)
}

func answer(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = fmt.Fprintln(w, text) // a reader that is gone needs no answer
}

// listShields tells the states and counts of the virtual patches.
func (a *App) listShields(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(a.current.Load().shields.List(true)) // a reader that is gone needs no answer
}

// serveReload reloads, and tells what changed, or why nothing did. No page may ask for it: a browser on the operator's
// machine reaches the listener too.
func (a *App) serveReload(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Origin") != "" || r.Header.Get("Sec-Fetch-Site") != "" {
		answer(w, http.StatusForbidden, "not for browsers")
		return
	}
	done, err := a.ReadAgain(context.WithoutCancel(r.Context())) // half of it would be worse than none
	if err != nil {
		answer(w, http.StatusUnprocessableEntity, err.Error())
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(done) // a reader that is gone needs no answer
}
