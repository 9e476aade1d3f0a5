// keeper: see README.md above this folder.
#include "siogw.h"

#include <string.h>

#define MAX_VALUE (64 << 10)

static siogw_text configured; // what configure found, as JSON

// What the answer is built in, till the verdict is given.
static struct {
	char *p;
	size_t n, cap;
} out;

static void put(siogw_text t) {
	if (out.n + t.n > out.cap) {
		char *room = siogw_room(out.cap = 2 * (out.n + t.n));
		if (out.n > 0) memcpy(room, out.p, out.n);
		out.p = room;
	}
	memcpy(out.p + out.n, t.p, t.n);
	out.n += t.n;
}

static void say(const char *s) { put(siogw_of(s)); }

static void quote(siogw_text t) { put(siogw_quote(t)); }

static const char *failure(int32_t status) {
	switch (status) {
	case SIOGW_KV_NO_ENTRY: return "\"none\"";
	case SIOGW_KV_FULL: return "\"full\"";
	case SIOGW_KV_SIZE: return "\"size\"";
	case SIOGW_KV_NO_NUMBER: return "\"number\"";
	case SIOGW_KV_UNAVAILABLE: return "\"unavailable\"";
	}
	return "\"ok\"";
}

static siogw_text argument(siogw_text command, int i) {
	const char pointer[] = {'/', '0' + i, 0};
	return siogw_get(command, pointer);
}

static int64_t number(siogw_text command, int i) {
	int64_t n = 0;
	siogw_integer_of(argument(command, i), &n);
	return n;
}

static void get(siogw_text key) {
	char *room = siogw_room(MAX_VALUE);
	int32_t n = siogw_kv_get(key, room, MAX_VALUE);
	if (n < 0) {
		say(failure(n));
		return;
	}
	say("{\"value\":");
	quote((siogw_text){room, n});
	say("}");
}

static void add(siogw_text command, siogw_text key) {
	int64_t sum = 0;
	int32_t status = siogw_kv_add(key, number(command, 2), number(command, 3), &sum);
	if (status < 0) say(failure(status));
	else put(siogw_integer(sum));
}

static void random_bytes(size_t n) {
	unsigned char *room = siogw_room(n);
	siogw_random(room, n);
	char *hex = siogw_room(2 * n);
	for (size_t i = 0; i < n; i++) {
		hex[2 * i] = "0123456789abcdef"[room[i] >> 4];
		hex[2 * i + 1] = "0123456789abcdef"[room[i] & 15];
	}
	quote((siogw_text){hex, 2 * n});
}

static void run(siogw_text command) {
	siogw_text verb = siogw_string(argument(command, 0)), key = siogw_string(argument(command, 1));
	if (siogw_is(verb, "set")) {
		say(failure(siogw_kv_set(key, siogw_string(argument(command, 2)), number(command, 3))));
	} else if (siogw_is(verb, "get")) {
		get(key);
	} else if (siogw_is(verb, "delete")) {
		int32_t n = siogw_kv_delete(key);
		say(n < 0 ? failure(n) : n ? "true" : "false");
	} else if (siogw_is(verb, "add")) {
		add(command, key);
	} else if (siogw_is(verb, "now")) {
		put(siogw_integer(siogw_time_ms()));
	} else if (siogw_is(verb, "random")) {
		random_bytes(number(command, 1));
	} else if (siogw_is(verb, "configured")) {
		put(configured);
	} else {
		siogw_deny("command", "there is no such command");
	}
}

const char *configure(siogw_text config) {
	if (siogw_kind_of(config) == SIOGW_OBJECT && siogw_get(config, "/random").n > 0) siogw_random(&out, 1);
	out.n = out.cap = 0;
	say("[");
	say(failure(siogw_kv_set(siogw_of("k"), siogw_of("v"), 0)));
	say(",");
	put(siogw_integer(siogw_time_ms()));
	say("]");
	configured = siogw_copy((siogw_text){out.p, out.n});
	return NULL;
}

void judge(siogw_text view) {
	out.n = out.cap = 0;
	say("[");
	for (siogw_members m = siogw_members_of(view); siogw_next_member(&m);) {
		if (m.index > 0) say(",");
		run(m.value);
	}
	say("]");
	if (!siogw_denied()) siogw_replace_args((siogw_text){out.p, out.n});
}
