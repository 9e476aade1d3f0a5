# A policy of ordinary size: roles, rooms, kinds. Everything that the load sends is allowed.
package siogw.authz

grants := {
	"guest": {"ping", "whoami"},
	"member": {"message", "typing", "read", "react", "profile"},
	"moderator": {"mute", "kick", "pin"},
}

default_rooms := {"general", "random", "help"}

allow if input.kind in {"handshake", "leave", "emit"}

allow if {
	input.kind == "connect"
	input.namespace in {"/", "/chat"}
}

allow if {
	input.kind == "connect"
	input.namespace == "/admin"
	"admin" in input.identity.roles
}

allow if {
	input.kind == "join"
	input.room in default_rooms
}

allow if {
	input.kind == "join"
	startswith(input.room, sprintf("user:%s", [input.identity.sub]))
}

allow if {
	input.kind == "event"
	may_send
	may_target
}

allow if {
	input.kind == "ack"
	input.direction == "in"
	input.identity.authenticated
}

may_send if {
	some role in input.identity.roles
	input.event in grants[role]
}

may_send if "admin" in input.identity.roles

may_send if {
	not input.identity.authenticated
	input.event in grants.guest
}

may_target if not input.room

may_target if input.room in input.session.rooms

may_target if input.room in default_rooms

may_target if "moderator" in input.identity.roles

deny contains "message too long" if {
	input.event == "message"
	count(input.args[0].text) > 2000
}

deny contains "banned" if input.identity.claims.banned == true

deny contains {"code": "read_only", "reason": "the room is read-only"} if {
	input.event == "message"
	input.args[0].room == "announcements"
	not "moderator" in input.identity.roles
}

deny contains "attachments are off" if {
	input.event == "message"
	count(input.attachments) > 4
}
