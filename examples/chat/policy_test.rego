package siogw.authz_test

import data.siogw.authz

ada := {"authenticated": true, "sub": "ada", "roles": ["member"], "claims": {"rooms": ["general"]}}

test_everybody_may_open_a_session if authz.allow with input as {"kind": "handshake"}

test_nobody_connects_without_a_name if {
	not authz.allow with input as {"kind": "connect", "namespace": "/chat", "identity": {"authenticated": false}}
}

test_a_name_connects_to_the_chat_only if {
	authz.allow with input as {"kind": "connect", "namespace": "/chat", "identity": ada}
	not authz.allow with input as {"kind": "connect", "namespace": "/admin", "identity": ada}
}

test_rooms_are_those_of_the_token if {
	authz.allow with input as {"kind": "join", "room": "general", "identity": ada}
	not authz.allow with input as {"kind": "join", "room": "staff", "identity": ada}
}

test_moderators_go_everywhere if {
	authz.allow with input as {"kind": "join", "room": "staff", "identity": {"roles": ["moderator"]}}
}

test_the_longest_message if {
	text := concat("", [x | some _ in numbers.range(1, 500); x := "x"])
	every tried in [[text, 0], [concat("", [text, "x"]), 1]] {
		count(authz.deny) == tried[1] with input as {"event": "message", "args": [{"text": tried[0]}]}
	}
}
