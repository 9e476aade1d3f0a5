// Texts, the memory that they are in, and the views strings and attachments.
#include "siogw.h"
#include "inner.h"

#include <stdlib.h>
#include <string.h>

void siogw_trap(void) { __builtin_trap(); }

siogw_text siogw_of(const char *s) { return (siogw_text){s, strlen(s)}; }

bool siogw_same(siogw_text a, siogw_text b) { return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0); }

bool siogw_is(siogw_text t, const char *s) { return siogw_same(t, siogw_of(s)); }

siogw_text siogw_copy(siogw_text t) {
	char *p = malloc(t.n + 1);
	if (!p) siogw_trap();
	if (t.n > 0) memcpy(p, t.p, t.n);
	p[t.n] = 0;
	return (siogw_text){p, t.n};
}

// Room is given from chunks, each twice as large as the one before. They are kept for the calls that follow.
static char *chunks[20];
static unsigned chunk;
static size_t used;

static size_t size_of(unsigned i) { return (size_t)4096 << i; }

void siogw_room_begin(void) { chunk = 0, used = 0; }

void *siogw_room(size_t n) {
	if (n > size_of(19) / 2) siogw_trap();
	n = (n + 7) & ~(size_t)7;
	while (used + n > size_of(chunk)) {
		if (++chunk == sizeof chunks / sizeof *chunks) siogw_trap();
		used = 0;
	}
	if (!chunks[chunk] && !(chunks[chunk] = malloc(size_of(chunk)))) siogw_trap();
	used += n;
	return chunks[chunk] + used - n;
}

void siogw_add(siogw_buffer *b, const char *p, size_t n) {
	if (n > b->cap - b->n) {
		size_t cap = b->cap * 2 > b->n + n ? b->cap * 2 : b->n + n + 256;
		if (cap > 64 << 20 || !(b->p = realloc(b->p, cap))) siogw_trap();
		b->cap = cap;
	}
	if (n > 0) memcpy(b->p + b->n, p, n);
	b->n += n;
}

void siogw_add_text(siogw_buffer *b, const char *s) { siogw_add(b, s, strlen(s)); }

void siogw_add_integer(siogw_buffer *b, int64_t n) {
	char digits[20], *p = digits + sizeof digits;
	uint64_t u = n < 0 ? -(uint64_t)n : (uint64_t)n;
	do *--p = (char)('0' + u % 10);
	while (u /= 10);
	if (n < 0) *--p = '-';
	siogw_add(b, p, (size_t)(digits + sizeof digits - p));
}

// Runs of bytes that need no escape are added at once.
void siogw_add_quoted(siogw_buffer *b, siogw_text t) {
	static const char hex[] = "0123456789abcdef";
	siogw_add(b, "\"", 1);
	size_t from = 0;
	for (size_t i = 0; i < t.n; i++) {
		unsigned char c = (unsigned char)t.p[i];
		if (c >= ' ' && c != '"' && c != '\\') continue;
		siogw_add(b, t.p + from, i - from);
		from = i + 1;
		char escape[6] = {'\\', (char)c};
		if (c < ' ') memcpy(escape, (char[]){'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]}, 6);
		siogw_add(b, escape, c < ' ' ? 6 : 2);
	}
	siogw_add(b, t.p + from, t.n - from);
	siogw_add(b, "\"", 1);
}

static siogw_buffer scratch;

static siogw_text from_scratch(void) {
	siogw_text t = {siogw_room(scratch.n), scratch.n};
	memcpy((char *)t.p, scratch.p, scratch.n);
	return t;
}

siogw_text siogw_quote(siogw_text t) {
	scratch.n = 0;
	siogw_add_quoted(&scratch, t);
	return from_scratch();
}

siogw_text siogw_integer(int64_t n) {
	scratch.n = 0;
	siogw_add_integer(&scratch, n);
	return from_scratch();
}

static uint32_t take32(siogw_text *view) {
	const unsigned char *p = (const unsigned char *)view->p;
	if (view->n < 4) siogw_trap();
	*view = (siogw_text){view->p + 4, view->n - 4};
	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static siogw_text take(siogw_text *view) {
	uint32_t n = take32(view);
	siogw_text t = {view->p, n};
	if (n > view->n) siogw_trap();
	*view = (siogw_text){view->p + n, view->n - n};
	return t;
}

siogw_strings siogw_strings_of(siogw_text view) {
	siogw_strings s = {.number = UINT32_MAX, .rest = view};
	s.left = take32(&s.rest);
	return s;
}

bool siogw_next_string(siogw_strings *s) {
	if (s->left == 0) {
		if (s->rest.n > 0) siogw_trap();
		return false;
	}
	s->left--;
	s->number++;
	s->text = take(&s->rest);
	return true;
}

siogw_attachments siogw_attachments_of(siogw_text view) {
	siogw_attachments a = {.number = UINT32_MAX, .rest = view};
	a.left = take32(&a.rest);
	return a;
}

bool siogw_next_attachment(siogw_attachments *a) {
	if (a->left == 0) {
		if (a->rest.n > 0) siogw_trap();
		return false;
	}
	a->left--;
	a->number++;
	a->size = take32(&a->rest);
	a->data = take(&a->rest);
	return true;
}
