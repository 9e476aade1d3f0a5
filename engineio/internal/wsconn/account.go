package wsconn

// account tells how much memory the connection holds, beside what an idle one does. c.mu is held.
func (c *portable) account() {
	if c.opt.Account == nil {
		return
	}
	if n := cap(c.out) + c.inHand + c.reading; n != c.held {
		c.opt.Account(n - c.held)
		c.held = n
	}
}

// hasRead notes the size of the buffer that a message is read into.
func (c *portable) hasRead(size int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.reading = size
	c.account()
}

// readDone gives the buffer of a message back.
func (c *portable) readDone(buf []byte) {
	putBuffer(buf)
	if c.reading > 0 { // which only this goroutine sets
		c.hasRead(0)
	}
}
