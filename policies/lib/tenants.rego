# METADATA
# title: Tenants that never meet
# description: |
#   Reads data.tenants:
#
#       claim: tenant             # of the token; a path is written as a list: [org, id]
#       namespaces: "/tenant/"    # the tenant's name follows: /tenant/acme
#       rooms: "tenant:"          # and ":" or the end: tenant:acme:general
#       shared: [/]               # namespaces that belong to no tenant
#
#   What is not configured belongs to nobody: without namespaces every namespace must be shared, without rooms no room
#   is its tenant's.
package siogw.lib.tenants

# METADATA
# description: The client's tenant.
tenant := name if {
	input.identity.authenticated == true
	name := object.get(input.identity.claims, path, null)
	is_string(name)
	name != ""
	not contains(name, ":")
	not contains(name, "/")
}

path := data.tenants.claim if is_array(data.tenants.claim)

path := [data.tenants.claim] if is_string(data.tenants.claim)

# METADATA
# description: The namespace is the tenant's, or shared.
own_namespace if input.namespace in data.tenants.shared

own_namespace if input.namespace == concat("", [data.tenants.namespaces, tenant])

# METADATA
# description: The room of the packet is the tenant's.
own_room if input.room == concat("", [data.tenants.rooms, tenant])

own_room if startswith(input.room, concat("", [data.tenants.rooms, tenant, ":"]))

# METADATA
# description: The packet stays within the tenant; what is about no room is judged by its namespace. A handshake is
#   before all tenants.
allow if input.kind == "handshake"

allow if {
	own_namespace
	not input.room
}

allow if {
	own_namespace
	own_room
}

# METADATA
# description: The packet is for another tenant's namespace or room.
deny contains {"code": "tenant", "reason": "this belongs to another tenant"} if {
	input.kind != "handshake"
	not allow
}
