# METADATA
# title: Roles for a time
# description: |
#   Reads data.grants, a list:
#
#       - { sub: ada, role: moderator, from: "2026-06-01T00:00:00Z", until: "2026-06-02T00:00:00Z", namespaces: [/chat], rooms: [general] }
#
#   from, namespaces and rooms may be left out; a grant without until never counts. The time is the packet's, so what
#   depends on a grant is decided anew each time.
package siogw.lib.grants

# METADATA
# description: The roles that are granted to the client now, for this namespace and room.
roles contains grant.role if {
	input.identity.authenticated == true
	some grant in data.grants
	grant.sub == input.identity.sub
	within(grant, "namespaces", namespace)
	within(grant, "rooms", room)
	now := time.parse_rfc3339_ns(input.time)
	now < time.parse_rfc3339_ns(grant.until)
	begun(grant, now)
}

default namespace := null

namespace := input.namespace

default room := null

room := input.room

begun(grant, _) if not "from" in object.keys(grant)

begun(grant, now) if time.parse_rfc3339_ns(grant.from) <= now

within(grant, key, _) if not key in object.keys(grant)

within(grant, key, value) if value in grant[key]
