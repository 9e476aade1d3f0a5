package siogw.lib.moderation_test

import data.siogw.lib.moderation

rules := {
	"banned": ["eve"],
	"muted": {"/chat": {"bob": ["general"], "tom": ["*"]}},
	"read_only": {"/chat": ["news"], "/wall": ["*"]},
	"exempt": ["moderator"],
	"words": ["Badword"],
}

packet(kind, room, sub) := {
	"kind": kind, "namespace": "/chat", "room": room, "args": [{"text": "hello"}],
	"identity": {"authenticated": true, "sub": sub, "roles": []},
}

codes(sent) := {d.code | some d in denials} if denials := moderation.deny with data.moderation as rules with input as sent

test_banned if {
	every kind in ["connect", "join", "event", "leave"] {
		codes(packet(kind, "general", "eve")) == {"banned"}
	}
	codes(packet("event", "general", "ada")) == set()
}

test_muted if {
	codes(packet("event", "general", "bob")) == {"muted"}
	codes(packet("event", "other", "bob")) == set()
	codes(packet("event", "other", "tom")) == {"muted"}
	codes(packet("join", "general", "bob")) == set()
	codes(object.union(packet("event", "general", "bob"), {"namespace": "/"})) == set()
}

test_read_only if {
	codes(packet("event", "news", "ada")) == {"read_only"}
	codes(packet("join", "news", "ada")) == set()
	codes(object.union(packet("event", "any", "ada"), {"namespace": "/wall"})) == {"read_only"}
	codes(object.remove(object.union(packet("event", "any", "ada"), {"namespace": "/wall"}), ["room"])) == {"read_only"}
}

test_exempt if {
	moderator := {"identity": {"roles": ["moderator"]}}
	codes(object.union(packet("event", "news", "ada"), moderator)) == set()
	codes(object.union(packet("event", "general", "tom"), moderator)) == set()
	codes(object.union(packet("event", "general", "eve"), moderator)) == {"banned"}
	liar := {"identity": {"authenticated": false, "roles": ["moderator"]}}
	codes(object.union(packet("event", "news", "ada"), liar)) == {"read_only"}
}

test_words if {
	every text in ["badword", "a BADWORD!", "say:badword.", "Badword"] {
		codes(object.union(packet("event", "general", "ada"), {"args": [1, {"deep": ["ok", text]}]})) == {"words"}
	}
	every text in ["badwords", "bad word", "notbadword", ""] {
		codes(object.union(packet("event", "general", "ada"), {"args": [text]})) == set()
	}
}

test_nothing_without_data if {
	count(moderation.deny) == 0 with input as packet("event", "general", "eve")
}
