# A chat: members enter the rooms that their token names, and speak where they are.
package siogw.authz

member if "member" in input.identity.roles

moderator if "moderator" in input.identity.roles

allow if input.kind in {"handshake", "leave", "emit", "ack"}

allow if {
	input.kind == "connect"
	input.namespace == "/chat"
	input.identity.authenticated
}

allow if {
	input.kind == "join"
	member
	input.room in input.identity.claims.rooms
}

allow if {
	input.kind == "join"
	moderator
}

allow if {
	input.kind == "event"
	input.event == "message"
	input.room in input.session.rooms
}

deny contains {"code": "too_long", "reason": "a message has at most 500 characters", "data": {"max": 500}} if {
	input.event == "message"
	count(input.args[0].text) > 500
}

# The server learns from the gateway who speaks, and not from the client.
transform := [{"op": "add", "path": "/args/0/from", "value": input.identity.sub}] if {
	input.kind == "event"
	input.event == "message"
}
