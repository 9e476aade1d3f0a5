package identity

import (
	"testing"
	"time"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/gateway"
	"github.com/siogw/siogw/internal/ticket"
)

// TestTicketAgain: what a used ticket has proved is still proved when a live connection is judged again, to its end, and to
// nobody else.
func TestTicketAgain(t *testing.T) {
	v, store, at := ticketed(t, "auth.ticket")
	text := must(store.Issue(ticket.Grant{Sub: "u1", Expires: now.Add(time.Minute), Lifetime: time.Hour, Namespace: "/chat"}))
	c := gateway.Credentials{Auth: []byte(`{"ticket":"` + text + `"}`), Namespace: "/chat"}
	id, denial := v.Verify(c)
	if denial != nil {
		t.Fatal(denial)
	}
	c.Again, c.Before = true, id
	if again, denial := v.Verify(c); denial != nil || again != id {
		t.Errorf("%+v %v", again, denial)
	}
	elsewhere := c
	elsewhere.Namespace = "/admin"
	wantDenied(t, v, elsewhere, engine.CodeTicketBound)
	stranger := c
	stranger.Before = &engine.Identity{Authenticated: true, Sub: "u1"}
	wantDenied(t, v, stranger, engine.CodeTicketUsed)
	*at = now.Add(time.Hour)
	wantDenied(t, v, c, engine.CodeTicketExpired)
}
