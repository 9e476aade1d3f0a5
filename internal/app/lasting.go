package app

import (
	"crypto"
	"sync"
	"sync/atomic"

	"github.com/siogw/siogw/internal/config"
	"github.com/siogw/siogw/internal/identity"
	"github.com/siogw/siogw/internal/ticket"
)

// lasting is what a gateway has of its own, whatever configuration is in force: the key that it made for itself, the tickets
// that it gave, and their counts. The zero value is ready. Safe for concurrent use.
type lasting struct {
	signed  atomic.Uint64                // tokens for the upstream
	refused [len(noTicket)]atomic.Uint64 // requests for a ticket

	mu      sync.Mutex
	key     crypto.Signer
	tickets *ticket.Memory
}

// lastingOf gives what k keeps; what nobody keeps begins anew.
func lastingOf(k *Keep) *lasting {
	if k == nil {
		return &lasting{}
	}
	return &k.lasting
}

// signer gives the key, which is made once.
func (l *lasting) signer() (crypto.Signer, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.key != nil {
		return l.key, nil
	}
	var err error
	l.key, err = identity.NewKey()
	return l.key, err
}

// store gives the tickets, nil while cfg and those before it have none.
func (l *lasting) store(cfg *config.Config) *ticket.Memory {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.tickets == nil && cfg.Identity.Tickets.On() {
		l.tickets = ticket.NewMemory(ticketLimits(cfg), nil)
	}
	return l.tickets
}

// limit takes the limits of a configuration that is in force.
func (l *lasting) limit(cfg *config.Config) {
	if s := l.store(cfg); s != nil {
		s.Limit(ticketLimits(cfg))
	}
}

func ticketLimits(cfg *config.Config) ticket.Limits {
	t := &cfg.Identity.Tickets
	return ticket.Limits{Entries: t.Entries, Bytes: int64(t.Bytes)}
}
