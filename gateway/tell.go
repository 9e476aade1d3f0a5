package gateway

import (
	"bytes"
	"errors"
	"net/http"
	"net/url"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/internal/strictjson"
	"github.com/siogw/siogw/socketio"
)

// Teller says to the upstream who a client is, in the place of what the client sent. It is safe for concurrent use.
type Teller interface {
	// Handshake takes out of the headers and the query of the upstream's handshake what the upstream is not to see of
	// the client's, and tells of in.Identity in the headers, which may be nil.
	Handshake(in *engine.Input, header http.Header, query url.Values) error
	// Strip gives the payload of a CONNECT, a strict JSON object, without what the upstream is not to see of the
	// client's. It does not change auth.
	Strip(auth []byte) ([]byte, error)
	// Connect puts into a stripped payload what tells of in.Identity.
	Connect(in *engine.Input, stripped []byte) ([]byte, error)
	// Token tells of in.Identity by itself; "" where that is not done, or not of nobody.
	Token(in *engine.Input) (string, error)
}

// errTell is in what a Teller has failed with.
var errTell = errors.New("the upstream cannot be told who this is")

// tellFailed refuses what could not be told, or put into the upstream's form.
func tellFailed(err error) engine.Decision {
	if errors.Is(err, errTell) {
		return failed(engine.CodeTell, err)
	}
	return failed(engine.CodeTransform, err)
}

// tellHandshake changes what the upstream's handshake is made of. In front of a server 2.x the identity is that of the
// main namespace, by which its session is.
func (s *session) tellHandshake(header http.Header, query url.Values) error {
	if s.gen.Tell == nil {
		return nil
	}
	in := s.input(engine.Handshake, engine.In, nil)
	switch {
	case s.late == nil:
		in.Turn = nil // a handshake holds up nobody
	case s.late.who != nil:
		in.Identity = s.late.who
	}
	if err := s.gen.Tell.Handshake(in, header, query); err != nil {
		return errors.Join(errTell, err)
	}
	return nil
}

// tellConnect puts the gateway's word into a CONNECT that passes.
func (s *session) tellConnect(j *job) error {
	if err := s.strip(j); err != nil {
		return err
	}
	return s.introduce(j)
}

// strip takes the client's word out of it.
func (s *session) strip(j *job) error {
	if s.gen.Tell == nil {
		return nil
	}
	auth, err := s.gen.Tell.Strip(j.auth())
	return j.setAuth(auth, err)
}

func (s *session) introduce(j *job) error {
	if s.gen.Tell == nil {
		return nil
	}
	auth, err := s.gen.Tell.Connect(j.in, j.auth())
	return j.setAuth(auth, err)
}

// auth gives the payload of a CONNECT.
func (j *job) auth() []byte {
	if j.pkt.Data == nil {
		return []byte("{}")
	}
	return j.pkt.Data
}

// setAuth replaces it, unless err is why it cannot be.
func (j *job) setAuth(auth []byte, err error) error {
	if err == nil && !bytes.Equal(auth, j.auth()) {
		j.pkt.Data, j.raw = auth, nil
		err = j.writeQuery()
	}
	if err != nil {
		return errors.Join(errTell, err)
	}
	return nil
}

// tellLate does the same to a CONNECT for a server 2.x, whose query it makes, and gives what of that is the client's own.
func (s *session) tellLate(j *job) (own string, err error) {
	if err := s.strip(j); err != nil {
		return "", err
	}
	if own, err = socketio.AuthQuery(j.auth()); err != nil {
		return "", err
	}
	j.pkt.Query = own
	return own, s.introduce(j)
}

// ownQuery gives the query of the handshake as the upstream may see it.
func (s *session) ownQuery() url.Values {
	query := s.said().request.URL.Query()
	if s.tellHandshake(nil, query) != nil {
		return url.Values{}
	}
	return query
}

// tellRenewal makes the event that tells the upstream of a refresh, nil for none.
func (s *session) tellRenewal(j *job) ([]byte, error) {
	if s.gen.Tell == nil || s.gen.TellEvent == "" {
		return nil, nil
	}
	token, err := s.gen.Tell.Token(j.in)
	if err != nil {
		return nil, errors.Join(errTell, err)
	}
	if token == "" {
		return nil, nil
	}
	data := strictjson.AppendQuote([]byte{'['}, s.gen.TellEvent)
	data = append(strictjson.AppendQuote(append(data, ','), token), ']')
	return s.g.opt.Parser.Append(nil, &socketio.Packet{Type: socketio.Event, Namespace: j.n.name, Data: data}), nil
}
