# METADATA
# title: Baseline
# description: >-
#   Decides where no policy is configured. What passed the limits, the canonical form and the contract is
#   allowed: nothing is being authorized. Copy it as the beginning of a policy of your own.
package siogw.authz

default allow := false

allow if {
	input.version == "siogw/v1"
	input.kind in {"handshake", "connect", "join", "leave", "event", "ack", "emit"}
}
