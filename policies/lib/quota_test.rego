package siogw.lib.quota_test

import data.siogw.lib.quota

limits := {"default": {"bytes": 10, "attachments": 0}, "member": {"bytes": 100, "attachments": 1}, "half": {"bytes": 5}}

packet(bytes, attachments, roles) := {
	"kind": "event", "direction": "in", "bytes": bytes,
	"attachments": [{"bytes": 1, "type": "image/png"} | some _ in numbers.range(1, attachments); attachments > 0],
	"identity": {"authenticated": true, "roles": roles},
}

codes(sent) := {d.code | some d in denials} if denials := quota.deny with data.quota as limits with input as sent

test_bytes if {
	codes(packet(10, 0, [])) == set()
	codes(packet(11, 0, [])) == {"bytes"}
	codes(packet(100, 0, ["member"])) == set()
	codes(packet(101, 0, ["member"])) == {"bytes"}
	codes(packet(10, 0, ["half"])) == set()
}

test_attachments if {
	codes(packet(1, 1, ["member"])) == set()
	codes(packet(1, 2, ["member"])) == {"attachments"}
	codes(packet(1, 1, [])) == {"attachments"}
}

test_the_server_has_no_quota if {
	codes(object.union(packet(1000, 0, []), {"kind": "emit", "direction": "out"})) == set()
	codes(object.union(packet(1000, 0, []), {"kind": "ack", "direction": "out"})) == set()
	codes(object.union(packet(1000, 0, []), {"kind": "ack"})) == {"bytes"}
}

test_roles_that_nobody_verified if {
	codes(object.union(packet(11, 0, ["member"]), {"identity": {"authenticated": false}})) == {"bytes"}
}

test_the_most_is_told if {
	denials := quota.deny with data.quota as limits with input as packet(101, 0, ["member"])
	{d.data.max | some d in denials} == {100}
}

test_nothing_without_data if count(quota.deny) == 0 with input as packet(1000, 9, [])
