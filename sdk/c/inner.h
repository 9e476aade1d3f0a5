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

void siogw_room_begin(void); // gives all room back

void siogw_verdict_begin(void);
siogw_text siogw_verdict_end(void); // of length 0 for the plain allow
