# Who hears which emit: members of the room, by their roles, and not the author himself.
package siogw.authz

clearance := {"staff": {"moderator", "admin"}, "help": {"member", "moderator", "admin"}}

allow if input.kind in {"handshake", "connect", "join", "leave", "event", "ack"}

allow if {
	input.kind == "emit"
	not input.room
}

allow if {
	input.kind == "emit"
	input.room in input.session.rooms
	may_hear
}

may_hear if not clearance[input.room]

may_hear if {
	some role in input.identity.roles
	role in clearance[input.room]
}

deny contains "the room is silenced" if {
	input.kind == "emit"
	input.room == "staff"
	"silenced" in input.identity.roles
}
