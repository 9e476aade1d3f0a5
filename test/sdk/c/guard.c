// message-guard: see README.md above this folder.
#include "siogw.h"

#include <string.h>

static struct {
	int64_t max_length, max_depth, max_number, max_attachment;
	siogw_text words, roles; // as they are in the configuration
} conf;

// What is found in one packet.
static struct {
	int masked, cards, shouting;
} found;

static const char *limit(siogw_text v, int64_t *to) {
	return siogw_integer_of(v, to) && *v.p != '-' && *to <= 1000000000 ? NULL : "a limit is no integer from 0 to 1000000000";
}

static const char *texts(siogw_text v, siogw_kind container, siogw_text *to) {
	if (siogw_kind_of(v) != container) return "words want a list, roles an object";
	for (siogw_members m = siogw_members_of(v); siogw_next_member(&m);) {
		if (siogw_kind_of(m.value) != SIOGW_STRING) return "words and roles want texts";
		if (container == SIOGW_ARRAY && siogw_string(m.value).n == 0) return "an empty word";
	}
	*to = siogw_copy(v);
	return NULL;
}

const char *configure(siogw_text config) {
	conf.max_length = 200, conf.max_depth = 8, conf.max_number = 1000000, conf.max_attachment = 1 << 20;
	if (config.n == 0) return NULL;
	if (siogw_kind_of(config) != SIOGW_OBJECT) return "want an object";
	const char *problem = NULL;
	for (siogw_members m = siogw_members_of(config); !problem && siogw_next_member(&m);) {
		if (siogw_is(m.key, "max_length")) problem = limit(m.value, &conf.max_length);
		else if (siogw_is(m.key, "max_depth")) problem = limit(m.value, &conf.max_depth);
		else if (siogw_is(m.key, "max_number")) problem = limit(m.value, &conf.max_number);
		else if (siogw_is(m.key, "max_attachment")) problem = limit(m.value, &conf.max_attachment);
		else if (siogw_is(m.key, "words")) problem = texts(m.value, SIOGW_ARRAY, &conf.words);
		else if (siogw_is(m.key, "roles")) problem = texts(m.value, SIOGW_OBJECT, &conf.roles);
		else problem = "an unknown key";
	}
	return problem;
}

static bool digit(char c) { return c >= '0' && c <= '9'; }
static char lower(char c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; }

static bool contains(siogw_text t, siogw_text word) {
	for (size_t i = 0; i + word.n <= t.n; i++) {
		size_t n = 0;
		while (n < word.n && lower(t.p[i + n]) == lower(word.p[n])) n++;
		if (n == word.n) return true;
	}
	return false;
}

static void refuse(const char *code, const char *reason) {
	char line[32] = "denied: ";
	siogw_deny(code, reason);
	siogw_log(SIOGW_INFO, siogw_of(strcat(line, code)));
}

// run gives the end of the run of digits that begins at from.
static size_t run(siogw_text t, size_t from, int *digits) {
	size_t i = from;
	for (*digits = 0; i < t.n; i++) {
		bool joint = (t.p[i] == ' ' || t.p[i] == '-') && digit(t.p[i - 1]) && i + 1 < t.n && digit(t.p[i + 1]);
		if (digit(t.p[i])) ++*digits;
		else if (!joint) break;
	}
	return i;
}

static bool luhn(siogw_text t) {
	int sum = 0, n = 0;
	for (size_t i = t.n; i-- > 0;) {
		if (!digit(t.p[i])) continue;
		int d = (t.p[i] - '0') << (n++ & 1);
		sum += d > 9 ? d - 9 : d;
	}
	return sum % 10 == 0;
}

// mask gives t with its cards masked. It is copied at the first card.
static siogw_text mask(siogw_text t, int *cards) {
	char *copy = NULL;
	for (size_t i = 0, to; i < t.n; i = to) {
		int digits;
		to = i + 1;
		if (!digit(t.p[i])) continue;
		to = run(t, i, &digits);
		if (digits < 13 || digits > 19 || !luhn((siogw_text){t.p + i, to - i})) continue;
		if (!copy) t.p = copy = memcpy(siogw_room(t.n), t.p, t.n);
		++*cards;
		for (size_t j = i; digits > 4; j++) {
			if (digit(copy[j])) copy[j] = '*', digits--;
		}
	}
	return t;
}

static void text(const siogw_walk *w) {
	siogw_text t = w->text;
	int64_t points = 0, capitals = 0, small = 0;
	for (size_t i = 0; i < t.n; i++) {
		points += (t.p[i] & 0xc0) != 0x80;
		capitals += t.p[i] >= 'A' && t.p[i] <= 'Z';
		small += t.p[i] >= 'a' && t.p[i] <= 'z';
	}
	if (points > conf.max_length) {
		refuse("too_long", "a text is too long");
		return;
	}
	for (siogw_members m = siogw_members_of(conf.words); siogw_next_member(&m);) {
		if (contains(t, siogw_string(m.value))) {
			refuse("banned_word", "a word is not allowed");
			return;
		}
	}
	found.shouting += capitals >= 8 && small == 0;
	int cards = 0;
	siogw_text masked = mask(t, &cards);
	if (cards > 0) {
		siogw_patch("replace", siogw_pointer(w), siogw_quote(masked));
		found.masked++;
		found.cards += cards;
	}
}

static void role(siogw_text view) {
	siogw_text event = siogw_get(view, "/event");
	if (event.n == 0) return;
	siogw_text want = siogw_member(conf.roles, siogw_string(event));
	if (want.n == 0) return;
	for (siogw_members m = siogw_members_of(siogw_get(view, "/identity/roles")); siogw_next_member(&m);) {
		if (siogw_same(siogw_string(m.value), siogw_string(want))) return;
	}
	refuse("role", "a role is missing");
	char *data = siogw_room(want.n + 10);
	memcpy(data, "{\"role\":", 8);
	memcpy(data + 8, want.p, want.n);
	data[8 + want.n] = '}';
	siogw_deny_data((siogw_text){data, want.n + 9});
}

// texts_of looks at the arguments, or at the payload of a CONNECT.
static void texts_of(siogw_text json, const char *base) {
	siogw_walk w;
	for (siogw_walk_of(&w, json, base); !siogw_denied() && siogw_next(&w);) {
		if (w.depth > conf.max_depth) {
			refuse("too_deep", "nested too deep");
		} else if (w.kind == SIOGW_STRING) {
			text(&w);
		} else if (w.kind == SIOGW_NUMBER) {
			double n = siogw_number(w.text);
			if (n > (double)conf.max_number || -n > (double)conf.max_number) {
				siogw_deny_number(422, "a number is too large");
				siogw_log(SIOGW_INFO, siogw_of("denied: 422"));
			}
		}
	}
}

static void attachments(siogw_text list) {
	for (siogw_members m = siogw_members_of(list); siogw_next_member(&m);) {
		int64_t bytes;
		if (siogw_integer_of(siogw_get(m.value, "/bytes"), &bytes) && bytes > conf.max_attachment) {
			siogw_replace_attachment((uint32_t)m.index, siogw_of("removed"));
		}
	}
}

void judge(siogw_text view) {
	memset(&found, 0, sizeof found);
	if (conf.roles.n > 0) role(view);
	for (siogw_members m = siogw_members_of(view); !siogw_denied() && siogw_next_member(&m);) {
		if (siogw_is(m.key, "args")) texts_of(m.value, "/args");
		else if (siogw_is(m.key, "auth")) texts_of(m.value, "/auth");
		else if (siogw_is(m.key, "attachments")) attachments(m.value);
	}
	if (siogw_denied()) return;
	if (found.shouting > 0) siogw_label("shouting", siogw_integer(found.shouting));
	if (found.cards > 0) {
		siogw_label("masked", siogw_integer(found.masked));
		siogw_score(found.cards);
		siogw_count("masked", found.cards);
	}
}
