package engineio

import (
	"errors"
	"testing"
)

// The numbers are a contract with clients, logs and metrics.
func TestCodesAndReasons(t *testing.T) {
	for code, want := range map[Code]string{UnknownTransport: "Transport unknown", UnsupportedRevision: "Unsupported protocol version",
		UpstreamUnavailable: "Upstream unavailable", -1: "Unknown", 7: "Unknown"} {
		if got := code.String(); got != want {
			t.Errorf("%d: %s", code, got)
		}
	}
	seen := map[string]bool{}
	for r := PeerClosed; r <= Compressed; r++ {
		if s := r.String(); s == "" || s == "unknown" || seen[s] {
			t.Errorf("%d: %q", r, s)
		}
		seen[r.String()] = true
	}
	if got := (Compressed + 1).String(); got != "unknown" {
		t.Error(got)
	}
}

func TestErrorStatus(t *testing.T) {
	cause := errors.New("why")
	for _, c := range []struct {
		err    Error
		status int
		text   string
	}{
		{Error{Code: BadRequest}, 400, "engine.io error 3: Bad request"},
		{Error{Code: Forbidden, Message: "no"}, 403, "engine.io error 4: no"},
		{Error{Code: Forbidden, Status: 429, Cause: cause}, 429, "engine.io error 4: Forbidden: why"},
	} {
		if c.err.HTTPStatus() != c.status || c.err.Error() != c.text || !errors.Is(&c.err, c.err.Cause) && c.err.Cause != nil {
			t.Errorf("%d %s", c.err.HTTPStatus(), c.err.Error())
		}
	}
}
