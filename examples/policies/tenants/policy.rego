package siogw.authz

import data.siogw.lib.network
import data.siogw.lib.redaction
import data.siogw.lib.tenants

support if "support" in input.identity.roles

allow if tenants.allow

allow if {
	support
	network.allow
}

deny contains d if {
	not support
	some d in tenants.deny
}

deny contains d if {
	support
	some d in network.deny
}

transform := redaction.operations
