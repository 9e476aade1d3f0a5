package demo

import (
	"context"
	"embed"
	"io"
	"io/fs"
	"net/http"
	"time"

	"github.com/siogw/siogw/engineio"
	"github.com/siogw/siogw/engineio/eioserver"
)

//go:embed static
var embedded embed.FS

// static gives the files of the page, the policy and the configuration among them.
func static() fs.FS {
	sub, err := fs.Sub(embedded, "static")
	if err != nil { // the name is a constant
		panic(err)
	}
	return sub
}

// pageSecurity keeps the page to what it is made of, should anything that the chat shows ever become markup.
const pageSecurity = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; " +
	"connect-src 'self' ws: wss:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// upstream is the chat server: the page, a login without passwords, and Socket.IO.
type upstream struct {
	secret []byte
	engine *eioserver.Server
	mux    *http.ServeMux
}

func newUpstream(secret []byte) (*upstream, error) {
	c := newChat()
	engine, err := eioserver.New(eioserver.Options{
		Accept: func(o *eioserver.Opening) (engineio.Handler, error) { return c.add(o.Session), nil },
	})
	if err != nil {
		return nil, err
	}
	u := &upstream{secret: secret, engine: engine, mux: http.NewServeMux()}
	u.mux.Handle("/socket.io/", engine)
	u.mux.HandleFunc("POST /login", u.login)
	u.mux.Handle("/", page(http.FileServerFS(static())))
	return u, nil
}

// login answers a form with a user's name by a token: {"token":"..."}.
func (u *upstream) login(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 1<<10)
	token, err := issue(r.PostFormValue("user"), u.secret, time.Now())
	if err != nil {
		http.Error(w, "no such user", http.StatusForbidden)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = io.WriteString(w, `{"token":"`+token+`"}`) // a client that left needs none
}

// shutdown closes the sessions.
func (u *upstream) shutdown(ctx context.Context) error { return u.engine.Shutdown(ctx) }

// page adds the headers of a page; files are read anew each time, for they change with the binary only.
func page(files http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", pageSecurity)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-cache")
		files.ServeHTTP(w, r)
	})
}
