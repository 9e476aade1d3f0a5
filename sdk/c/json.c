// JSON is read where it stands. The host has checked it; of text that is none, these functions say so or find less, and
// stay inside of it.
#include "siogw.h"
#include "inner.h"

#include <string.h>

static const char *skip_space(const char *at, const char *end) {
	while (at < end && *at <= ' ' && siogw_is_space(*at)) at++;
	return at;
}

#define ALL(byte) (UINT64_C(0x0101010101010101) * (byte))

// marks has the high bit of the bytes of w that are c; of those above the first such, maybe wrongly.
static uint64_t marks(uint64_t w, unsigned char c) {
	w ^= ALL(c);
	return (w - ALL(1)) & ~w & ALL(0x80);
}

// plain gives the first quotation mark or backslash, or where fewer than 8 bytes are left. It looks at 8 bytes at once.
static const char *plain(const char *at, const char *end) {
	for (; end - at >= 8; at += 8) {
		uint64_t w;
		memcpy(&w, at, 8);
		uint64_t found = marks(w, '"') | marks(w, '\\');
		if (found) return at + __builtin_ctzll(found) / 8;
	}
	return at;
}

const char *siogw_quoted(const char *at, const char *end, siogw_text *raw, bool *escaped) {
	*escaped = false;
	for (const char *from = at; (at = plain(at, end)) < end; at++) {
		if (*at == '"') {
			*raw = (siogw_text){from, (size_t)(at - from)};
			return at + 1;
		}
		if (*at == '\\') {
			*escaped = true;
			if (++at == end) break;
		}
	}
	return NULL;
}

const char *siogw_scalar(const char *at, const char *end) {
	while (at < end && *at != ',' && *at != ']' && *at != '}' && *at > ' ') at++;
	return at;
}

// value_end gives the end of the value that begins at at, NULL when there is none.
static const char *value_end(const char *at, const char *end) {
	siogw_text raw;
	bool escaped;
	for (int depth = 0; at < end;) {
		char c = *at;
		if (c == '"') {
			if (!(at = siogw_quoted(at + 1, end, &raw, &escaped))) return NULL;
		} else if (c == '[' || c == '{') {
			depth++, at++;
			continue;
		} else if (c == ']' || c == '}') {
			if (--depth < 0) return NULL;
			at++;
		} else if (depth > 0 && (siogw_is_space(c) || c == ',' || c == ':')) {
			at++;
			continue;
		} else {
			const char *from = at;
			if ((at = siogw_scalar(at, end)) == from) return NULL;
		}
		if (depth == 0) return at;
	}
	return NULL;
}

static int32_t hex4(const char *at, const char *end) {
	int32_t r = 0;
	if (end - at < 4) return -1;
	for (int i = 0; i < 4; i++) {
		char c = at[i];
		int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
		if (digit < 0) return -1;
		r = r << 4 | digit;
	}
	return r;
}

static char *put_rune(char *to, int32_t r) {
	if (r < 0x80) {
		*to++ = (char)r;
		return to;
	}
	if (r < 0x800) {
		*to++ = (char)(0xc0 | r >> 6);
	} else {
		if (r < 0x10000) {
			*to++ = (char)(0xe0 | r >> 12);
		} else {
			*to++ = (char)(0xf0 | r >> 18);
			*to++ = (char)(0x80 | (r >> 12 & 0x3f));
		}
		*to++ = (char)(0x80 | (r >> 6 & 0x3f));
	}
	*to++ = (char)(0x80 | (r & 0x3f));
	return to;
}

// code_point reads what stands behind \u; a surrogate alone becomes U+FFFD.
static const char *code_point(const char *at, const char *end, int32_t *r) {
	*r = hex4(at, end);
	if (*r < 0) siogw_trap();
	at += 4;
	if (*r < 0xd800 || *r >= 0xe000) return at;
	int32_t low = *r < 0xdc00 && end - at >= 6 && at[0] == '\\' && at[1] == 'u' ? hex4(at + 2, end) : -1;
	if (low < 0xdc00 || low >= 0xe000) {
		*r = 0xfffd;
		return at;
	}
	*r = (*r - 0xd800) * 0x400 + (low - 0xdc00) + 0x10000;
	return at + 6;
}

// unescape needs no more room than raw: an escape is at least as long as what it stands for.
siogw_text siogw_unescape(siogw_text raw) {
	char *out = siogw_room(raw.n), *to = out;
	for (const char *at = raw.p, *end = raw.p + raw.n; at < end;) {
		char c = *at++;
		if (c != '\\') {
			*to++ = c;
			continue;
		}
		if (at == end) siogw_trap();
		int32_t r = *at++;
		switch (r) {
		case 'b': r = '\b'; break;
		case 'f': r = '\f'; break;
		case 'n': r = '\n'; break;
		case 'r': r = '\r'; break;
		case 't': r = '\t'; break;
		case 'u': at = code_point(at, end, &r); break;
		case '"': case '\\': case '/': break;
		default: siogw_trap();
		}
		to = put_rune(to, r);
	}
	return (siogw_text){out, (size_t)(to - out)};
}

siogw_kind siogw_kind_of(siogw_text v) {
	if (v.n == 0) return SIOGW_NONE;
	switch (*v.p) {
	case '"': return SIOGW_STRING;
	case '[': return SIOGW_ARRAY;
	case '{': return SIOGW_OBJECT;
	case 't': case 'f': case 'n': return SIOGW_WORD;
	}
	return SIOGW_NUMBER;
}

siogw_text siogw_string(siogw_text v) {
	siogw_text raw = {v.p, 0};
	bool escaped = false;
	if (v.n == 0 || *v.p != '"' || !siogw_quoted(v.p + 1, v.p + v.n, &raw, &escaped)) return (siogw_text){"", 0};
	return escaped ? siogw_unescape(raw) : raw;
}

siogw_members siogw_members_of(siogw_text v) {
	siogw_members m = {.index = -1};
	const char *end = v.p + v.n, *at = skip_space(v.p, end);
	while (end > at && siogw_is_space(end[-1])) end--;
	if (at < end && (*at == '[' || *at == '{')) m.rest = (siogw_text){at, (size_t)(end - at)};
	return m;
}

// The rest begins with the bracket, or the comma, in front of the next member, and ends with the closing bracket.
bool siogw_next_member(siogw_members *m) {
	const char *at = m->rest.p, *end = at + m->rest.n;
	if (m->rest.n == 0) return false;
	m->rest.n = 0;
	char closing = end[-1];
	bool first = m->index < 0;
	if (!first && *at != ',') return false;
	at = skip_space(at + 1, end);
	if (at == end || *at == closing) return false;
	if (closing == '}') {
		siogw_text raw;
		bool escaped;
		if (*at != '"' || !(at = siogw_quoted(at + 1, end, &raw, &escaped))) return false;
		m->key = escaped ? siogw_unescape(raw) : raw;
		at = skip_space(at, end);
		if (at == end || *at != ':') return false;
		at = skip_space(at + 1, end);
	}
	const char *to = value_end(at, end);
	if (!to) return false;
	m->value = (siogw_text){at, (size_t)(to - at)};
	to = skip_space(to, end);
	m->rest = (siogw_text){to, (size_t)(end - to)};
	m->index++;
	return true;
}
