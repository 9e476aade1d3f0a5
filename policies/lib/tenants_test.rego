package siogw.lib.tenants_test

import data.siogw.lib.tenants

shape := {"claim": "tenant", "namespaces": "/tenant/", "rooms": "tenant:", "shared": ["/"]}

packet(namespace, name) := {
	"kind": "connect", "namespace": namespace,
	"identity": {"authenticated": true, "claims": {"tenant": name}},
}

about(room, name) := object.union(packet("/", name), {"kind": "event", "room": room})

test_the_own_namespace if {
	tenants.allow with data.tenants as shape with input as packet("/tenant/acme", "acme")
	tenants.allow with data.tenants as shape with input as packet("/", "acme")
	count(tenants.deny) == 0 with data.tenants as shape with input as packet("/tenant/acme", "acme")
}

test_not_that_of_others if {
	every namespace in ["/tenant/other", "/tenant/", "/tenant/acme2", "/tenant/acme/x", "/admin", "/tenant/acm"] {
		not tenants.allow with data.tenants as shape with input as packet(namespace, "acme")
		some d in tenants.deny with data.tenants as shape with input as packet(namespace, "acme")
		d.code == "tenant"
	}
}

test_the_own_rooms if {
	tenants.allow with data.tenants as shape with input as about("tenant:acme", "acme")
	tenants.allow with data.tenants as shape with input as about("tenant:acme:general", "acme")
	every room in ["tenant:other:general", "tenant:acme2", "general", "tenant:", "tenant"] {
		not tenants.allow with data.tenants as shape with input as about(room, "acme")
	}
}

test_a_name_that_would_reach_further_is_none if {
	every name in ["", "acme:general", "a/b", 7, null, {"a": 1}] {
		not tenants.tenant with data.tenants as shape with input as packet("/", name)
		not tenants.own_room with data.tenants as shape with input as about("tenant:acme:general", name)
	}
}

test_the_claim_by_path if {
	deep := object.union(shape, {"claim": ["org", "id"]})
	who := {"authenticated": true, "claims": {"org": {"id": "acme"}}}
	tenants.allow with data.tenants as deep with input as object.union(packet("/tenant/acme", "other"), {"identity": who})
	not tenants.allow with data.tenants as deep with input as packet("/tenant/acme", "acme")
}

test_a_claim_that_nobody_verified if {
	liar := {"identity": {"authenticated": false}}
	not tenants.allow with data.tenants as shape with input as object.union(packet("/tenant/acme", "acme"), liar)
}

test_a_handshake_is_before_all_tenants if {
	tenants.allow with data.tenants as shape with input as {"kind": "handshake"}
	count(tenants.deny) == 0 with data.tenants as shape with input as {"kind": "handshake"}
}

test_nothing_without_data if {
	not tenants.allow with input as packet("/", "acme")
	count(tenants.deny) == 1 with input as packet("/", "acme")
}
