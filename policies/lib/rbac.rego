# METADATA
# title: Roles and what they may do
# description: |
#   Reads data.rbac:
#
#       roles:
#         guest:     { permissions: [{ kinds: [connect], namespaces: [/chat] }] }
#         member:    { inherits: [guest], permissions: [{ kinds: [join, leave], namespaces: [/chat], rooms: ["room:*"] },
#                                                       { kinds: [event], namespaces: [/chat], events: [message, typing] }] }
#         admin:     { permissions: [{}] }
#       anonymous: [guest]        # the roles of who has no identity
#       authenticated: [member]   # those of everybody who has one, beside the roles of the token
#
#   A permission has the words of a plugin's match, and rooms. A list that is not there matches everything; a pattern
#   is a value, or its beginning and "*". A packet without a room matches no list of rooms.
package siogw.lib.rbac

# METADATA
# description: The roles that the client has, inherited ones among them.
roles := reachable(own)

# METADATA
# description: One of the roles permits the packet.
allow if permits(roles)

# METADATA
# description: The roles in the set from permit the packet, by themselves or by what they inherit. For roles from
#   elsewhere, such as data.siogw.lib.grants.roles.
allow_as(from) if permits(reachable(from))

own contains role if {
	input.identity.authenticated == true
	some role in input.identity.roles
}

own contains role if {
	input.identity.authenticated == true
	some role in data.rbac.authenticated
}

own contains role if {
	not input.identity.authenticated
	some role in data.rbac.anonymous
}

inherited[role] := object.get(definition, "inherits", []) if some role, definition in data.rbac.roles

reachable(from) := graph.reachable(inherited, from)

permits(held) if {
	some role in held
	some permission in data.rbac.roles[role].permissions
	covers(permission)
}

covers(permission) if {
	matches(permission, "kinds", input.kind)
	matches(permission, "namespaces", namespace)
	matches(permission, "events", event)
	matches(permission, "rooms", room)
}

default namespace := null

namespace := input.namespace

default event := null

event := input.event

default room := null

room := input.room

# A list that is there and empty, or no list, matches nothing.
matches(permission, key, _) if not key in object.keys(permission)

matches(permission, key, value) if {
	some pattern in permission[key]
	like(pattern, value)
}

like(pattern, value) if pattern == value

like(pattern, value) if {
	endswith(pattern, "*")
	is_string(value)
	startswith(value, trim_suffix(pattern, "*"))
}
