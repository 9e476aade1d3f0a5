# A policy of the size that a chat in production has: 19 rules over every kind of input.
package siogw.authz

import data.chat

default allow := false

admin if "admin" in input.identity.roles

member if "member" in input.identity.roles

moderator if {
	some role in input.identity.roles
	role in chat.moderating
}

own_room if input.room in input.session.rooms

known_namespace if input.namespace in chat.namespaces

allow if {
	input.kind == "handshake"
	input.session.secure
}

allow if {
	input.kind == "connect"
	input.identity.authenticated
	known_namespace
}

allow if {
	input.kind == "connect"
	input.namespace == "/admin"
	admin
}

allow if {
	input.kind == "join"
	member
	input.room in chat.rooms[input.namespace]
}

allow if input.kind == "leave"

allow if {
	input.kind == "event"
	input.event == "message"
	member
	own_room
}

allow if {
	input.kind == "event"
	input.event in chat.events
	member
}

allow if {
	input.kind == "event"
	startswith(input.event, "admin:")
	admin
}

allow if input.kind == "emit"

allow if input.kind == "ack"

deny contains {"code": "TOO_LONG", "reason": "message too long", "data": {"max": 2000}} if {
	input.event == "message"
	count(input.args[0].text) > 2000
}

deny contains "expired" if {
	input.identity.expires_at > 0
	input.identity.expires_at < time.parse_rfc3339_ns(input.time) / 1000000000
}

deny contains "impersonation" if {
	input.kind == "event"
	input.args[0].from
	input.args[0].from != input.identity.sub
	not moderator
}

transform := [{"op": "add", "path": "/args/0/from", "value": input.identity.sub}] if {
	input.kind == "event"
	input.event == "message"
	not input.args[0].from
}
