package siogw.authz

import data.siogw.lib.moderation
import data.siogw.lib.rbac
import data.siogw.lib.rooms

# What a role permits at all, in data.rbac; rooms have a say of their own.
allow if {
	rbac.allow
	not input.kind in {"join", "event"}
}

allow if {
	rbac.allow
	rooms.may_join
}

allow if {
	rbac.allow
	rooms.may_speak
}

deny contains d if some d in moderation.deny
