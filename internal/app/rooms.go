package app

import (
	"strings"

	"github.com/siogw/siogw/gateway"
	"github.com/siogw/siogw/internal/config"
	"github.com/siogw/siogw/internal/rooms"
)

func roomRules(c *config.Rooms) gateway.Rooms {
	r := gateway.Rooms{Rules: c.Rules(), Emits: gateway.RoomEmits(c.Emits), OnRevoked: gateway.OnRevoked(c.OnRevoked)}
	for _, a := range c.RefusedAck {
		r.Refused = append(r.Refused, gateway.AckRule{At: strings.TrimPrefix(string(a.At), "/args"), Equals: a.Equals})
	}
	return r
}

// roomOverlaps tells of rules of which one takes events of another.
func roomOverlaps(c *config.Rooms) []string {
	m, err := rooms.Compile(c.Rules())
	if err != nil { // told when the configuration was read
		return nil
	}
	return m.Overlaps()
}
