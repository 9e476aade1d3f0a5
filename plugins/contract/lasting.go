package contract

import "github.com/siogw/siogw/engine"

// Depends implements engine.Lasting: a contract looks at the packet alone.
func (c *Contract) Depends(dst []byte, _ *engine.Input) (key []byte, ok bool) { return dst, true }
