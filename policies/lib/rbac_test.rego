package siogw.lib.rbac_test

import data.siogw.lib.rbac

access := {
	"roles": {
		"guest": {"permissions": [{"kinds": ["connect"], "namespaces": ["/chat"]}]},
		"member": {"inherits": ["guest"], "permissions": [
			{"kinds": ["join", "leave"], "namespaces": ["/chat"], "rooms": ["room:*", "lobby"]},
			{"kinds": ["event"], "namespaces": ["/chat"], "events": ["message"]},
		]},
		"admin": {"permissions": [{}]},
		"broken": {"permissions": [{"kinds": null}, {"kinds": []}, {"kinds": [7, true]}]},
		"a": {"inherits": ["b"]},
		"b": {"inherits": ["a"], "permissions": [{"kinds": ["event"], "events": ["loop"]}]},
	},
	"anonymous": ["guest"],
	"authenticated": ["guest"],
}

client(roles) := {"authenticated": true, "roles": roles}

event(name, who) := {"kind": "event", "namespace": "/chat", "event": name, "identity": who}

join(room, who) := {"kind": "join", "namespace": "/chat", "event": "join", "room": room, "identity": who}

connect(who) := {"kind": "connect", "namespace": "/chat", "identity": who}

test_a_role_permits_what_it_says if {
	rbac.allow with data.rbac as access with input as event("message", client(["member"]))
	not rbac.allow with data.rbac as access with input as event("kick", client(["member"]))
	not rbac.allow with data.rbac as access with input as object.union(event("message", client(["member"])), {"namespace": "/admin"})
	rbac.allow with data.rbac as access with input as event("kick", client(["admin"]))
}

test_a_role_permits_what_it_inherits if {
	rbac.allow with data.rbac as access with input as connect(client(["member"]))
	rbac.roles == {"member", "guest"} with data.rbac as access with input as connect(client(["member"]))
}

test_inheritance_in_a_circle_ends if {
	rbac.roles == {"a", "b", "guest"} with data.rbac as access with input as connect(client(["a"]))
	rbac.allow with data.rbac as access with input as event("loop", client(["a"]))
}

test_rooms_by_name_and_beginning if {
	every room in ["room:1", "room:", "lobby"] {
		rbac.allow with data.rbac as access with input as join(room, client(["member"]))
	}
	every room in ["room", "lobby2", "staff", ""] {
		not rbac.allow with data.rbac as access with input as join(room, client(["member"]))
	}
	not rbac.allow with data.rbac as access with input as object.remove(join("lobby", client(["member"])), ["room"])
}

test_everybody_with_an_identity if {
	rbac.allow with data.rbac as access with input as connect(client([]))
	not rbac.allow with data.rbac as access with input as event("message", client([]))
}

test_anonymous_clients_have_their_own_roles if {
	rbac.allow with data.rbac as access with input as connect({"authenticated": false, "roles": []})
	rbac.allow with data.rbac as access with input as {"kind": "connect", "namespace": "/chat"}
	not rbac.allow with data.rbac as object.remove(access, ["anonymous"]) with input as connect({"authenticated": false})
}

test_roles_without_an_identity_are_none if {
	not rbac.allow with data.rbac as access with input as event("kick", {"authenticated": false, "roles": ["admin"]})
}

test_roles_from_elsewhere if {
	rbac.allow_as({"member"}) with data.rbac as access with input as event("message", client([]))
	not rbac.allow_as({"guest"}) with data.rbac as access with input as event("message", client([]))
	not rbac.allow_as(set()) with data.rbac as access with input as event("message", client(["member"]))
}

test_what_is_no_list_matches_nothing if {
	not rbac.allow with data.rbac as access with input as event("message", client(["broken"]))
}

test_nothing_is_allowed_without_data if {
	not rbac.allow with input as event("message", client(["admin"]))
	rbac.roles == set() with input as event("message", client(["admin"]))
}

test_a_packet_without_a_namespace if {
	rbac.allow with data.rbac as access with input as {"kind": "handshake", "identity": client(["admin"])}
	not rbac.allow with data.rbac as access with input as {"kind": "connect", "identity": client(["member"])}
}
