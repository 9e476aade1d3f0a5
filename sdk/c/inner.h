// What the SDK's files share.
#pragma once

#include "siogw.h"

// siogw_trap ends the call: the gateway denies, and makes a fresh instance.
_Noreturn void siogw_trap(void);

// buffer grows, and is used again in the next call.
typedef struct {
	char *p;
	size_t n, cap;
} siogw_buffer;

void siogw_add(siogw_buffer *b, const char *p, size_t n);
void siogw_add_text(siogw_buffer *b, const char *s);
void siogw_add_quoted(siogw_buffer *b, siogw_text t);
void siogw_add_integer(siogw_buffer *b, int64_t n);

// siogw_quoted reads from behind a quotation mark to behind the next, NULL when there is none; escaped tells whether raw
// has escapes, which siogw_unescape undoes in room.
const char *siogw_quoted(const char *at, const char *end, siogw_text *raw, bool *escaped);
siogw_text siogw_unescape(siogw_text raw);

// siogw_scalar gives the end of a number or word.
const char *siogw_scalar(const char *at, const char *end);

static inline bool siogw_is_space(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }

void siogw_room_begin(void); // gives all room back

void siogw_verdict_begin(void);
siogw_text siogw_verdict_end(void); // of length 0 for the plain allow
