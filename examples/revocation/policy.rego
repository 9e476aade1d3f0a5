package siogw.authz

# The plugin refuses who is revoked; everybody else who is known may do everything.
allow if input.kind == "handshake"

allow if input.identity.authenticated
