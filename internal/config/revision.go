package config

// revisions checks that clients and upstream have an Engine.IO revision in common.
func (d *decoder) revisions() {
	up := &d.cfg.Upstream
	switch {
	case up.EIO == 3 && !d.cfg.EIO3:
		d.fail("upstream.eio", "an Engine.IO 3 server has clients of Engine.IO 3 only: set eio3 as well")
	case up.EIO == 3 && up.Translate:
		d.fail("upstream.translate", "an Engine.IO 3 server needs no translation")
	case up.Translate && !d.cfg.EIO3:
		d.fail("upstream.translate", "there is nothing to translate: set eio3 as well")
	}
}
