# METADATA
# title: Who may come from where
# description: |
#   Reads data.network, by namespace ("*" for those that are not named):
#
#       /admin: [10.0.0.0/8, 2001:db8::/32]
#       "*": [0.0.0.0/0, ::/0]
#
#   A namespace without a list, its own or that of "*", is closed to everybody.
package siogw.lib.network

# METADATA
# description: The client's address is in a network that the namespace admits. A handshake is before all namespaces.
allow if input.kind == "handshake"

allow if {
	some cidr in object.get(data.network, input.namespace, object.get(data.network, "*", []))
	net.cidr_contains(cidr, input.session.ip)
}

# METADATA
# description: The client's address is not in any of them.
deny contains {"code": "network", "reason": "not from this network"} if not allow
