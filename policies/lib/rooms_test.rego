package siogw.lib.rooms_test

import data.siogw.lib.rooms

listed := {"/chat": {
	"general": {"everyone": true},
	"staff": {"roles": ["moderator"]},
	"plans": {"members": ["ada", ""]},
	"news": {"everyone": true, "speakers": {"roles": ["editor"]}},
	"mute": {"everyone": true, "speakers": null},
	"dm:*": {"named": true},
	"dm:!*": {"roles": ["moderator"]},
	"odd": {},
	"nothing": null,
	"*": {"roles": ["admin"]},
}}

packet(kind, room, sub, roles) := {
	"kind": kind, "namespace": "/chat", "room": room,
	"identity": {"authenticated": true, "sub": sub, "roles": roles},
	"session": {"rooms": [room]},
}

joins(room, sub, roles) if rooms.may_join with data.rooms as listed with input as packet("join", room, sub, roles)

speaks(room, sub, roles) if rooms.may_speak with data.rooms as listed with input as packet("event", room, sub, roles)

test_open_rooms if {
	joins("general", "ada", [])
	rooms.may_join with data.rooms as listed with input as {"kind": "join", "namespace": "/chat", "room": "general"}
}

test_rooms_by_role if {
	joins("staff", "ada", ["moderator"])
	not joins("staff", "ada", ["member", "admin"])
}

test_rooms_by_member if {
	joins("plans", "ada", [])
	not joins("plans", "eve", [])
	not joins("plans", "", [])
}

test_rooms_that_name_who_is_in if {
	joins("dm:ada:bob", "ada", [])
	joins("dm:ada:bob", "bob", [])
	not joins("dm:ada:bob", "eve", [])
	not joins("dm:ada:bob", "dm", [])
	not joins("dm:ada:bob", "ada:bob", [])
	not joins("dm::bob", "", [])
}

test_the_longest_pattern_counts_alone if {
	joins("dm:!ada", "eve", ["moderator"])
	not joins("dm:!ada", "!ada", [])
	joins("unheard", "ada", ["admin"])
	not joins("unheard", "ada", [])
	not joins("staff", "ada", ["admin"])
}

test_a_room_that_admits_nobody if {
	not joins("odd", "ada", ["admin", "moderator"])
	not joins("nothing", "ada", ["admin", "moderator"])
}

test_a_namespace_without_rooms if {
	not rooms.may_join with data.rooms as listed with input as object.union(packet("join", "general", "ada", []), {"namespace": "/"})
	not rooms.may_join with input as packet("join", "general", "ada", ["admin"])
}

test_what_is_said_without_proof_does_not_count if {
	liar := {"identity": {"authenticated": false}}
	not rooms.may_join with data.rooms as listed with input as object.union(packet("join", "staff", "ada", ["moderator"]), liar)
	not rooms.may_join with data.rooms as listed with input as object.union(packet("join", "plans", "ada", []), liar)
	not rooms.may_join with data.rooms as listed with input as object.union(packet("join", "dm:ada:bob", "ada", []), liar)
}

test_only_joins_join if not rooms.may_join with data.rooms as listed with input as packet("event", "general", "ada", [])

test_members_speak if {
	speaks("general", "ada", [])
	not rooms.may_speak with data.rooms as listed with input as object.union(packet("event", "general", "ada", []), {"session": {"rooms": []}})
}

test_who_is_no_longer_admitted_is_silent if not speaks("staff", "ada", [])

test_speakers if {
	speaks("news", "ada", ["editor"])
	not speaks("news", "ada", [])
	not speaks("mute", "ada", ["editor"])
}

test_leaving_is_always_right if {
	rooms.may_leave with input as packet("leave", "staff", "eve", [])
	not rooms.may_leave with input as packet("event", "staff", "eve", [])
}
