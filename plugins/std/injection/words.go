package main

import "strings"

func set(words string) map[string]bool {
	out := map[string]bool{}
	for _, w := range strings.Fields(words) {
		out[w] = true
	}
	return out
}

var (
	statements = set(`select insert update delete create drop alter truncate begin use with set explain grant replace merge declare show describe`)
	objects    = set(`table database user view schema index function procedure trigger login role column if`)
	comparison = set(`= == < > <= >= <> != like is in between regexp rlike sounds := ilike similar`)
	arithmetic = set(`+ - * / % ^ | || & && ~ <= >=`)
	sqlWords   = set(`or and xor not null is like in between limit offset order group by having where from select union all
		asc desc true false then else end case when if exists distinct as rlike regexp div mod int`)
)

// call is a function or table, and how bad its name is.
type call struct {
	score int
	paren bool // only where it is called
	sure  bool // it needs no expression around it
}

var functions = map[string]call{
	"pg_sleep": {certain, true, true}, "xp_cmdshell": {likely, false, true}, "xp_dirtree": {likely, false, true},
	"xp_regread": {likely, false, true}, "sp_oacreate": {likely, false, true}, "sp_executesql": {odd, false, true},
	"dbms_pipe": {certain, false, true}, "dbms_lock": {certain, false, true}, "utl_http": {certain, false, true}, "utl_inaddr": {certain, false, true},
	"dbms_ldap": {certain, false, true}, "dbms_xmlgen": {certain, false, true}, "ctxsys": {certain, false, true},
	"information_schema": {likely, false, true}, "sysobjects": {odd, false, false}, "syscolumns": {odd, false, false},
	"sqlite_master": {odd, false, true}, "pg_catalog": {odd, false, true}, "pg_shadow": {odd, false, false}, "pg_user": {odd, false, false},
	"all_tables": {odd, false, false}, "user_tables": {odd, false, false}, "v$version": {odd, false, false},
	"sleep": {certain, true, false}, "benchmark": {certain, true, false}, "load_file": {certain, true, true},
	"extractvalue": {certain, true, false}, "updatexml": {certain, true, false}, "randomblob": {certain, true, false},
	"load_extension": {certain, true, true}, "pg_read_file": {certain, true, true}, "lo_import": {certain, true, true},
	"sys_eval": {certain, true, true}, "sys_exec": {certain, true, true}, "openrowset": {certain, true, true},
	"exp": {certain, true, false}, "gtid_subset": {certain, true, true}, "convert": {certain, true, false}, "ascii": {certain, true, false},
	"substring": {certain, true, false}, "substr": {certain, true, false}, "chr": {certain, true, false}, "char": {certain, true, false},
	"database": {certain, true, false}, "@@version": {odd, false, true}, "@@datadir": {odd, false, true}, "@@hostname": {odd, false, true},
}

var mongoOperators = set(`eq ne gt gte lt lte in nin and or not nor exists type expr jsonschema jsonSchema mod regex options text where
	elemMatch elemmatch all size function accumulator set unset inc push pull pullAll addToSet rename lookup out merge comment natural slice
	geoWithin near nearSphere search query orderby`)
