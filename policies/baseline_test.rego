package siogw.authz_test

import data.siogw.authz

test_every_kind_is_allowed if {
	every kind in {"handshake", "connect", "join", "leave", "event", "ack", "emit"} {
		authz.allow with input as {"version": "siogw/v1", "kind": kind}
	}
}

test_no_other_kind_is_allowed if {
	every kind in {"", "disconnect", "admin", null, 1} {
		not authz.allow with input as {"version": "siogw/v1", "kind": kind}
	}
}

test_no_other_version_is_allowed if {
	not authz.allow with input as {"version": "siogw/v2", "kind": "event"}
	not authz.allow with input as {"kind": "event"}
}

test_nothing_is_not_allowed if {
	not authz.allow with input as {}
}
