package siogw.lib.grants_test

import data.siogw.lib.grants

given := [
	{"sub": "ada", "role": "moderator", "from": "2026-06-01T00:00:00Z", "until": "2026-06-02T00:00:00Z", "namespaces": ["/chat"], "rooms": ["general"]},
	{"sub": "ada", "role": "guest", "until": "2026-07-01T00:00:00Z"},
	{"sub": "ada", "role": "endless"},
	{"sub": "ada", "role": "never", "until": "soon"},
	{"sub": "ada", "role": "odd", "from": null, "until": "2026-07-01T00:00:00Z"},
	{"sub": "bob", "role": "admin", "until": "2027-01-01T00:00:00Z"},
]

at(time, namespace, room) := {
	"time": time, "namespace": namespace, "room": room,
	"identity": {"authenticated": true, "sub": "ada"},
}

granted(time) := found if found := grants.roles with data.grants as given with input as at(time, "/chat", "general")

test_both_ends_of_a_grant if {
	granted("2026-05-31T23:59:59.999Z") == {"guest"}
	granted("2026-06-01T00:00:00Z") == {"guest", "moderator"}
	granted("2026-06-01T23:59:59.999Z") == {"guest", "moderator"}
	granted("2026-06-02T00:00:00Z") == {"guest"}
	granted("2026-07-01T00:00:00Z") == set()
}

test_places if {
	day := "2026-06-01T12:00:00Z"
	grants.roles == {"guest"} with data.grants as given with input as at(day, "/chat", "staff")
	grants.roles == {"guest"} with data.grants as given with input as at(day, "/", "general")
	grants.roles == {"guest"} with data.grants as given with input as object.remove(at(day, "/chat", ""), ["room", "namespace"])
}

test_nobody_else if {
	liar := {"identity": {"authenticated": false}}
	grants.roles == set() with data.grants as given with input as object.union(at("2026-06-01T12:00:00Z", "/chat", "general"), liar)
	grants.roles == set() with input as at("2026-06-01T12:00:00Z", "/chat", "general")
}
