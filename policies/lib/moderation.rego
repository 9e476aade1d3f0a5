# METADATA
# title: Moderation
# description: |
#   Reads data.moderation:
#
#       banned: [eve]                               # by identity.sub: out of everything
#       muted: { /chat: { bob: [general], tom: ["*"] } }   # hears, does not speak
#       read_only: { /chat: [news] }                # rooms where only exempt roles speak; "*" is the namespace
#       exempt: [moderator]                         # roles that may always speak
#       words: [badword]                            # whole words, any case, in any string of a packet
#
#   Speaking is sending an event. Rates are the gateway's: limits.events in siogw.yaml.
package siogw.lib.moderation

# METADATA
# description: What moderation has against the packet.
deny contains {"code": "banned", "reason": "banned"} if {
	input.identity.authenticated == true
	input.identity.sub in data.moderation.banned
}

deny contains {"code": "muted", "reason": "muted"} if {
	input.kind == "event"
	not exempt
	applies(data.moderation.muted[input.namespace][input.identity.sub])
}

deny contains {"code": "read_only", "reason": "only to be read"} if {
	input.kind == "event"
	not exempt
	applies(data.moderation.read_only[input.namespace])
}

deny contains {"code": "words", "reason": "a word that is not wanted here"} if {
	input.kind == "event"
	some_word
}

# METADATA
# description: The client has a role that moderation does not touch.
exempt if {
	input.identity.authenticated == true
	some role in data.moderation.exempt
	role in input.identity.roles
}

applies(rooms) if "*" in rooms

applies(rooms) if input.room in rooms

some_word if {
	count(data.moderation.words) > 0
	walk(input.args, [_, text])
	is_string(text)
	some word in regex.split(`[^\p{L}\p{N}]+`, lower(text))
	word in {lower(w) | some w in data.moderation.words}
}
