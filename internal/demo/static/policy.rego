# What this chat allows. Whatever no rule allows is refused.
package siogw.authz

rooms := {
	"guest": {"general"},
	"member": {"general"},
	"moderator": {"general", "staff"},
}

# The rooms that the roles in the client's token open.
may_enter contains room if {
	some role in input.identity.roles
	some room in rooms[role]
}

moderator if "moderator" in input.identity.roles

own_message if input.args[0].from == input.identity.claims.name

# Client to server.

allow if input.kind == "handshake"

allow if {
	input.kind == "connect"
	input.namespace == "/chat"
	input.identity.authenticated
}

allow if {
	input.kind in {"join", "leave"}
	input.room in may_enter
}

allow if {
	input.kind == "event"
	input.event == "message"
	input.room in input.session.rooms
}

allow if {
	input.kind == "event"
	input.event in {"reaction", "profile", "debug"}
}

allow if {
	input.kind == "event"
	startswith(input.event, "admin:")
	moderator
}

# Refusals that say why.

deny contains {"code": "room_forbidden", "reason": "this room is for moderators"} if {
	input.kind == "join"
	not input.room in may_enter
}

deny contains {"code": "role_required", "reason": "only moderators send admin events"} if {
	input.kind == "event"
	startswith(input.event, "admin:")
	not moderator
}

deny contains {"code": "not_you", "reason": "a message must carry the sender's own name"} if {
	input.kind == "event"
	input.event == "message"
	not own_message
}

# Server to client: everything, but never a secret that the server lets slip.

allow if input.kind in {"emit", "ack"}

secret := `(AKIA[0-9A-Z]{16}|sk_live_[0-9A-Za-z]{16,})`

transform := [op |
	input.kind == "emit"
	input.event == "debug"
	some key, value in input.args[0]
	is_string(value)
	regex.match(secret, value)
	op := {
		"op": "replace",
		"path": concat("/", ["/args/0", key]),
		"value": regex.replace(value, secret, "[redacted]"),
	}
]
