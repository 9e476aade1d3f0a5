# METADATA
# title: How much at once, by role
# description: |
#   Reads data.quota: the most that a packet of a client may have, by role; the largest of the client's roles counts.
#
#       default: { bytes: 4096, attachments: 0 }
#       member:  { bytes: 65536, attachments: 2 }
#
#   default is everybody's, and that of who has no identity. What no role limits is limited by siogw.yaml alone.
package siogw.lib.quota

# METADATA
# description: The packet is larger than the client's roles allow.
deny contains {"code": "bytes", "reason": "too large", "data": {"max": most("bytes")}} if {
	input.kind in {"event", "join", "leave", "ack"}
	input.direction == "in"
	input.bytes > most("bytes")
}

deny contains {"code": "attachments", "reason": "too many attachments", "data": {"max": most("attachments")}} if {
	input.kind in {"event", "join", "leave", "ack"}
	input.direction == "in"
	count(input.attachments) > most("attachments")
}

most(what) := max({n |
	some role in (own | {"default"})
	n := data.quota[role][what]
})

own contains role if {
	input.identity.authenticated == true
	some role in input.identity.roles
}
