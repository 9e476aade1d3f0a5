package siogw.lib.network_test

import data.siogw.lib.network

known := {"/admin": ["10.0.0.0/8", "2001:db8::/32"], "*": ["0.0.0.0/0"]}

from(namespace, ip) := {"kind": "connect", "namespace": namespace, "session": {"ip": ip}}

test_networks if {
	every ip in ["10.0.0.0", "10.255.255.255", "2001:db8::1"] {
		network.allow with data.network as known with input as from("/admin", ip)
		count(network.deny) == 0 with data.network as known with input as from("/admin", ip)
	}
	every ip in ["9.255.255.255", "11.0.0.0", "2001:db9::1", "", "nonsense"] {
		not network.allow with data.network as known with input as from("/admin", ip)
		count(network.deny) == 1 with data.network as known with input as from("/admin", ip)
	}
}

test_other_namespaces if {
	network.allow with data.network as known with input as from("/chat", "192.0.2.1")
	not network.allow with data.network as known with input as from("/chat", "2001:db8::1")
	not network.allow with data.network as {"/admin": []} with input as from("/chat", "192.0.2.1")
	not network.allow with input as from("/chat", "192.0.2.1")
}

test_handshake if {
	network.allow with input as {"kind": "handshake", "session": {"ip": "192.0.2.1"}}
	count(network.deny) == 0 with input as {"kind": "handshake", "session": {"ip": "192.0.2.1"}}
}
