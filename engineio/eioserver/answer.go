package eioserver

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/siogw/siogw/engineio"
)

const (
	plainText = "text/plain; charset=UTF-8"
	htmlText  = "text/html"
	jsonText  = "application/json"
)

// preflight adds the CORS header (Fetch, "CORS protocol") to whatever will be answered, and answers OPTIONS. With
// no origins configured CORS is off.
func (o *Options) preflight(w http.ResponseWriter, r *http.Request) bool {
	if len(o.Origins) == 0 {
		return false
	}
	h := w.Header()
	h.Set("Vary", "Origin")
	origin := r.Header.Get("Origin")
	if origin == "" || !o.originAllowed(r) {
		return r.Method == http.MethodOptions && origin == "" && noContent(w)
	}
	h.Set("Access-Control-Allow-Origin", origin)
	h.Set("Access-Control-Allow-Credentials", "true")
	if r.Method != http.MethodOptions {
		return false
	}
	h.Set("Vary", "Origin, Access-Control-Request-Headers")
	h.Set("Access-Control-Allow-Methods", "GET,POST")
	if wanted := r.Header.Get("Access-Control-Request-Headers"); wanted != "" {
		h.Set("Access-Control-Allow-Headers", wanted)
	}
	return noContent(w)
}

func noContent(w http.ResponseWriter) bool {
	w.WriteHeader(http.StatusNoContent)
	return true
}

// refuse answers with err: JSON; or, to a request for a WebSocket, the bare message with 400 as the reference
// does, unless the error has a status of its own.
func refuse(w http.ResponseWriter, req *request, err error) {
	var e *engineio.Error
	if !errors.As(err, &e) {
		e = &engineio.Error{Code: engineio.BadRequest, Status: http.StatusInternalServerError, Message: "Internal error"}
	}
	kind, body, status := jsonText, engineio.ErrorBody(e), e.HTTPStatus()
	if req.upgrade {
		w.Header().Set("Connection", "close")
		if e.Status == 0 {
			kind, body, status = htmlText, []byte(e.Text()), http.StatusBadRequest
		}
	}
	head(w, kind, len(body))
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

// refused tells whoever counts them.
func (s *Server) refused(req *request, err error) {
	if told := s.options().Refused; told != nil {
		told(req.Request, err)
	}
}

// bare answers with a status and nothing else.
func bare(w http.ResponseWriter, status int) {
	w.Header().Set("Content-Length", "0")
	w.WriteHeader(status)
}

func head(w http.ResponseWriter, kind string, length int) {
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Content-Length", strconv.Itoa(length))
}

// ok answers a POST.
func ok(w http.ResponseWriter) {
	head(w, htmlText, 2)
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write([]byte("ok"))
}

// send answers a GET with packets, and waits till they are written or the write deadline has passed.
func (s *Session) send(w http.ResponseWriter, req *request, batch []engineio.Packet) error {
	body, kind := s.payload(batch, req.jsonp)
	if req.jsonp {
		body = engineio.AppendJSONP(nil, req.index, body)
	}
	head(w, kind, len(body))
	w.Header().Set("Cache-Control", "no-store")
	if agent := req.UserAgent(); strings.Contains(agent, ";MSIE") || strings.Contains(agent, "Trident/") {
		w.Header().Set("X-XSS-Protection", "0") // its filter breaks what looks like script
	}
	rc := http.NewResponseController(w)
	_ = rc.SetWriteDeadline(time.Now().Add(s.now().WriteTimeout))
	_, err := w.Write(body)
	if err == nil {
		err = rc.Flush()
	}
	_ = rc.SetWriteDeadline(time.Time{}) // the connection is used again
	return err
}

// addHeader adds the acceptor's header to an answer.
func addHeader(to, from http.Header) {
	for k, values := range from {
		for _, v := range values {
			to.Add(k, v)
		}
	}
}
