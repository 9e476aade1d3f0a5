# METADATA
# title: Rooms and who enters them
# description: |
#   Reads data.rooms, by namespace and room:
#
#       /chat:
#         general: { everyone: true }
#         staff:   { roles: [moderator, admin] }
#         plans:   { members: [ada, bob] }          # by identity.sub
#         news:    { everyone: true, speakers: { roles: [editor] } }
#         "dm:*":  { named: true }                  # dm:ada:bob is for ada and bob
#         "*":     { roles: [admin] }               # all others
#
#   The entry of the room itself counts alone; where there is none, the longest pattern that fits. Who is not let in by
#   roles, members, everyone or named stays out. Rooms come from the mapping in siogw.yaml.
package siogw.lib.rooms

# METADATA
# description: The client may enter the room of this join.
may_join if {
	input.kind == "join"
	admits(entry)
}

# METADATA
# description: The client is in the room that this packet is about.
inside if input.room in input.session.rooms

# METADATA
# description: The client is in the room, and may still be; where the room has speakers, it is one of them.
may_speak if {
	inside
	admits(entry)
	speaks
}

# METADATA
# description: Leaving is always right.
may_leave if input.kind == "leave"

speaks if admits(object.get(entry, "speakers", {"everyone": true}))

listed := object.get(data.rooms, input.namespace, {})

# entry is what data says of the room.
entry := listed[input.room]

entry := listed[best] if {
	not input.room in object.keys(listed)
	[_, best] := max(fitting)
}

fitting contains [count(pattern), pattern] if {
	some pattern, _ in listed
	endswith(pattern, "*")
	startswith(input.room, trim_suffix(pattern, "*"))
}

admits(list) if list.everyone == true

admits(list) if {
	some role in list.roles
	role in authenticated.roles
}

admits(list) if {
	authenticated.sub != ""
	authenticated.sub in list.members
}

admits(list) if {
	list.named == true
	authenticated.sub != ""
	authenticated.sub in array.slice(split(input.room, ":"), 1, count(split(input.room, ":")))
}

authenticated := input.identity if input.identity.authenticated == true
