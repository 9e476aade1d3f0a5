# METADATA
# title: What clients do not get to see
# description: |
#   Reads data.redaction, a list of fields of what the server sends:
#
#       - { namespace: /chat, events: [user, users], path: /args/0/email, roles: [admin] }
#       - { namespace: /chat, events: [users], path: "/args/0/*/phone", with: "" }
#
#   path is a JSON pointer; "*" stands for every member or element. Who has one of the roles sees the field. The value
#   is replaced by with, null where it is not given; a field that is not there is not made. For others than events
#   see the plugin std:secrets.
package siogw.lib.redaction

# METADATA
# description: The operations for the rule transform.
operations := [operation |
	input.kind == "emit"
	some field in data.redaction
	field.namespace == input.namespace
	input.event in field.events
	not sees(field)
	some path in found(field.path)
	operation := {"op": "replace", "path": path, "value": object.get(field, "with", null)}
]

sees(field) if {
	input.identity.authenticated == true
	some role in field.roles
	role in input.identity.roles
}

found(pointer) := {concat("/", array.concat(["", "args"], [escape(key) | some key in path])) |
	steps := array.slice(split(pointer, "/"), 2, count(split(pointer, "/")))
	walk(input.args, [path, _])
	count(path) == count(steps)
	every i, step in steps {
		fits(step, path[i])
	}
}

fits("*", _)

fits(step, key) if unescape(step) == sprintf("%v", [key])

# The two escapes of RFC 6901, section 4.
escape(key) := replace(replace(sprintf("%v", [key]), "~", "~0"), "/", "~1")

unescape(step) := replace(replace(step, "~1", "/"), "~0", "~")
