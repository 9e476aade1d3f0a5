// A walk through JSON text: no recursion, and nothing is built.
#include "siogw.h"
#include "inner.h"

#include <string.h>

enum { VALUE, FIRST, KEY, COLON, AFTER, ENDED };

void siogw_walk_of(siogw_walk *w, siogw_text json, const char *base) {
	w->base = base;
	w->kind = SIOGW_NONE;
	w->text = (siogw_text){"", 0};
	w->depth = 0;
	w->bad = false;
	w->at = json.p;
	w->end = json.p + json.n;
	w->state = VALUE;
}

static bool fail(siogw_walk *w) {
	w->bad = true;
	w->state = ENDED;
	return false;
}

static bool tell(siogw_walk *w, siogw_kind kind, siogw_text text, int next) {
	w->kind = kind;
	w->text = text;
	w->state = next;
	return true;
}

static bool string(siogw_walk *w, siogw_text *text) {
	bool escaped;
	const char *to = *w->at == '"' ? siogw_quoted(w->at + 1, w->end, text, &escaped) : NULL;
	if (!to) return false;
	if (escaped) *text = siogw_unescape(*text);
	w->at = to;
	return true;
}

static bool scalar(siogw_walk *w) {
	siogw_text t = {w->at, (size_t)(siogw_scalar(w->at, w->end) - w->at)};
	w->at += t.n;
	return t.n > 0 ? tell(w, siogw_kind_of(t), t, AFTER) : fail(w);
}

static bool open(siogw_walk *w) {
	if (w->depth == SIOGW_DEEP) return false;
	w->path[w->depth].index = *w->at++ == '[' ? 0 : -1;
	w->path[w->depth++].key = (siogw_text){"", 0};
	w->state = FIRST;
	return true;
}

// next_place is about to read behind a value, and finds out what comes; false when that is no JSON.
static bool next_place(siogw_walk *w) {
	if (w->depth == 0) return false;
	bool array = w->path[w->depth - 1].index >= 0;
	bool first = w->state == FIRST;
	if (*w->at == (array ? ']' : '}')) {
		w->at++;
		w->depth--;
		w->state = AFTER;
		return true;
	}
	if (!first) {
		if (*w->at != ',') return false;
		w->at++;
		if (array) w->path[w->depth - 1].index++;
	}
	w->state = array ? VALUE : KEY;
	return true;
}

bool siogw_next(siogw_walk *w) {
	while (w->state != ENDED) {
		const char *at = w->at, *end = w->end;
		while (at < end && *at <= ' ' && siogw_is_space(*at)) at++;
		w->at = at;
		if (at == end) {
			w->bad = w->state != AFTER || w->depth > 0;
			w->state = ENDED;
			return false;
		}
		siogw_text t;
		switch (w->state) {
		case KEY:
			if (!string(w, &t)) return fail(w);
			w->path[w->depth - 1].key = t;
			return tell(w, SIOGW_KEY, t, COLON);
		case COLON:
			if (*w->at++ != ':') return fail(w);
			w->state = VALUE;
			break;
		case VALUE:
			if (*at == '"') return string(w, &t) ? tell(w, SIOGW_STRING, t, AFTER) : fail(w);
			if (*at != '[' && *at != '{') return scalar(w);
			if (!open(w)) return fail(w);
			break;
		default:
			if (!next_place(w)) return fail(w);
		}
	}
	return false;
}

// A step is at most a key of which every byte is escaped, or an index.
siogw_text siogw_pointer(const siogw_walk *w) {
	size_t n = strlen(w->base);
	for (int i = 0; i < w->depth; i++) n += w->path[i].index < 0 ? 1 + 2 * w->path[i].key.n : 12;
	char *out = siogw_room(n), *to = out + strlen(w->base);
	memcpy(out, w->base, strlen(w->base));
	for (int i = 0; i < w->depth; i++) {
		siogw_text t = w->path[i].index < 0 ? w->path[i].key : siogw_integer(w->path[i].index);
		*to++ = '/';
		for (size_t j = 0; j < t.n; j++) {
			if (t.p[j] == '~' || t.p[j] == '/') {
				*to++ = '~';
				*to++ = t.p[j] == '/' ? '1' : '0';
			} else {
				*to++ = t.p[j];
			}
		}
	}
	return (siogw_text){out, (size_t)(to - out)};
}
