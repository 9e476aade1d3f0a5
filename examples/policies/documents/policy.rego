package siogw.authz

import data.siogw.lib.grants
import data.siogw.lib.owners
import data.siogw.lib.quota
import data.siogw.lib.rooms

allow if input.kind in {"handshake", "emit", "ack", "leave"}

# Everybody with a token may open and read.
allow if {
	input.kind in {"connect", "join"}
	input.identity.authenticated
}

# Who edits has it open, speaks for itself, and owns it or edits it by a grant.
allow if {
	edits
	owners.owns("document", input.room)
}

allow if {
	edits
	"editor" in grants.roles
}

edits if {
	input.event == "edit"
	rooms.inside
	owners.is_self(input.args[0].by)
}

deny contains d if some d in quota.deny
