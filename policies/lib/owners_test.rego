package siogw.lib.owners_test

import data.siogw.lib.owners

known := {"document": {"d1": "ada", "d2": ["ada", "bob"]}}

who(sub) := {"identity": {"authenticated": true, "sub": sub}}

test_owner if {
	owners.owns("document", "d1") with data.owners as known with input as who("ada")
	owners.owns("document", "d2") with data.owners as known with input as who("bob")
	not owners.owns("document", "d1") with data.owners as known with input as who("bob")
	not owners.owns("document", "d3") with data.owners as known with input as who("ada")
	not owners.owns("image", "d1") with data.owners as known with input as who("ada")
	not owners.owns("document", "d1") with input as who("ada")
}

test_self if {
	owners.is_self("ada") with input as who("ada")
	not owners.is_self("bob") with input as who("ada")
	not owners.is_self("") with input as who("")
	not owners.is_self("ada") with input as {"identity": {"authenticated": false, "sub": "ada"}}
}
