package siogw.lib.redaction_test

import data.siogw.lib.redaction

fields := [
	{"namespace": "/chat", "events": ["user"], "path": "/args/0/email", "roles": ["admin"]},
	{"namespace": "/chat", "events": ["users"], "path": "/args/0/*/phone", "with": ""},
	{"namespace": "/chat", "events": ["user"], "path": "/args/0/a~1b~0c"},
]

emit(event, args, roles) := {
	"kind": "emit", "namespace": "/chat", "event": event, "args": args,
	"identity": {"authenticated": true, "roles": roles},
}

operations(packet) := made if made := redaction.operations with data.redaction as fields with input as packet

test_a_field if {
	operations(emit("user", [{"email": "a@b.c", "name": "Ada"}], [])) == [{"op": "replace", "path": "/args/0/email", "value": null}]
}

test_who_may_see_it if {
	operations(emit("user", [{"email": "a@b.c"}], ["admin"])) == []
	liar := {"identity": {"authenticated": false}}
	count(operations(object.union(emit("user", [{"email": "a@b.c"}], ["admin"]), liar))) == 1
}

test_every_element if {
	operations(emit("users", [[{"phone": 1}, {}, {"phone": 2}]], [])) == [
		{"op": "replace", "path": "/args/0/0/phone", "value": ""},
		{"op": "replace", "path": "/args/0/2/phone", "value": ""},
	]
}

test_every_member if {
	operations(emit("users", [{"ada": {"phone": 1}, "x/y~z": {"phone": 2}}], [])) == [
		{"op": "replace", "path": "/args/0/ada/phone", "value": ""},
		{"op": "replace", "path": "/args/0/x~1y~0z/phone", "value": ""},
	]
}

test_escapes if {
	operations(emit("user", [{"a/b~c": 1}], [])) == [{"op": "replace", "path": "/args/0/a~1b~0c", "value": null}]
}

test_nothing_else if {
	operations(emit("user", [{"name": "Ada"}], [])) == []
	operations(emit("other", [{"email": "a@b.c"}], [])) == []
	operations(object.union(emit("user", [{"email": "a@b.c"}], []), {"kind": "event"})) == []
	operations(object.union(emit("user", [{"email": "a@b.c"}], []), {"namespace": "/"})) == []
	redaction.operations == [] with input as emit("user", [{"email": "a@b.c"}], [])
}
