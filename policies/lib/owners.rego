# METADATA
# title: What belongs to whom
# description: |
#   Reads data.owners, by type and id of a resource, where the policy cannot tell the owner from the packet:
#
#       document: { d1: ada, d2: [ada, bob] }
package siogw.lib.owners

# METADATA
# description: The resource is the client's.
owns(type, id) if {
	sub == data.owners[type][id]
}

owns(type, id) if {
	sub in data.owners[type][id]
}

# METADATA
# description: The value names the client itself, for packets that say who sends them, as in is_self(input.args[0].from).
is_self(value) if value == sub

sub := input.identity.sub if {
	input.identity.authenticated == true
	input.identity.sub != ""
}
