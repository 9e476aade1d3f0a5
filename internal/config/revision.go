package config

// revision checks that clients and an upstream, the section key, have an Engine.IO revision in common.
func (d *decoder) revision(key string, eio int, translate bool) {
	switch {
	case eio == 3 && d.cfg.Parser == "msgpack" && key != "upstream": // which is told at parser
		d.fail(key+".eio", "msgpack is not spoken over Engine.IO 3")
	case eio == 3 && translate:
		d.fail(key+".translate", "an Engine.IO 3 server needs no translation")
	case translate && !d.cfg.EIO3:
		d.fail(key+".translate", "there is nothing to translate: set eio3 as well")
	}
}
