// siogw.h: plugins of the siogw gateway in C. A plugin defines judge, and configure if it likes; everything else here
// is for them to call. Whatever goes wrong below, such as a view of another kind than expected, traps: the gateway
// then denies. README.md says how a plugin is built and tested; hostabi/ABI.md what the gateway promises.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// A text has a length and no zero at its end. Text that a function here gives is valid until the verdict is given;
// what must live longer, such as the configuration, is to be copied.
typedef struct {
	const char *p;
	size_t n;
} siogw_text;

// What the plugin defines. ------------------------------------------------------------------------------------------

// judge gets the view that the manifest asks for. What it does not deny is allowed.
void judge(siogw_text view);

// configure reads the operator's configuration: JSON, or nothing. It gives NULL, or why it refuses; a refused
// configuration keeps the gateway from starting. Optional.
const char *configure(siogw_text config);

// Texts. ------------------------------------------------------------------------------------------------------------

siogw_text siogw_of(const char *s);           // s up to its zero
bool siogw_is(siogw_text t, const char *s);   // the same bytes
bool siogw_same(siogw_text a, siogw_text b);
siogw_text siogw_copy(siogw_text t);          // for good; with a zero at its end
void *siogw_room(size_t n);                   // n bytes until the verdict is given; never NULL, never to be freed
siogw_text siogw_quote(siogw_text t);         // as a JSON string
siogw_text siogw_integer(int64_t n);          // as a JSON number

// JSON, as in the views args, fields and input and in the configuration. Nothing is built of it. -----------------------

typedef enum {
	SIOGW_NONE,   // nothing is there
	SIOGW_KEY,    // of a member; in a walk only
	SIOGW_STRING,
	SIOGW_NUMBER, // as it is written
	SIOGW_WORD,   // true, false or null
	SIOGW_ARRAY,
	SIOGW_OBJECT,
} siogw_kind;

// siogw_get gives the value at an RFC 6901 pointer as it is written, of length 0 when there is none.
siogw_text siogw_get(siogw_text json, const char *pointer);
siogw_text siogw_member(siogw_text object, siogw_text key);
siogw_kind siogw_kind_of(siogw_text value);
siogw_text siogw_string(siogw_text value);                // without quotes and escapes; empty when it is no string
double siogw_number(siogw_text value);                    // to 15 digits; 0 when it is no number
bool siogw_integer_of(siogw_text value, int64_t *to);     // false when it is no integer of at most 18 digits

// The members of one object or array, in turn: for (siogw_members m = siogw_members_of(v); siogw_next_member(&m);)
typedef struct {
	siogw_text key;   // of an object, without escapes
	int index;        // from 0
	siogw_text value; // as it is written
	siogw_text rest;  // the iterator's
} siogw_members;

siogw_members siogw_members_of(siogw_text container);
bool siogw_next_member(siogw_members *m);

// A walk comes by every key and scalar of a text, in order. siogw_next is false at the end; then bad tells whether the
// text was no JSON, or nested more than SIOGW_DEEP.
#define SIOGW_DEEP 128

typedef struct {
	siogw_kind kind;
	siogw_text text; // of a key or string without escapes
	int depth;       // arrays and objects around it
	bool bad;
	// The rest is the walk's.
	const char *base, *at, *end;
	int state;
	struct {
		siogw_text key;
		int index; // -1 in an object
	} path[SIOGW_DEEP];
} siogw_walk;

void siogw_walk_of(siogw_walk *w, siogw_text json, const char *base); // base: the pointer of json itself, such as "/args"
bool siogw_next(siogw_walk *w);
siogw_text siogw_pointer(const siogw_walk *w); // of the value, or of that behind the key

// The views strings and attachments. ----------------------------------------------------------------------------------

// for (siogw_strings s = siogw_strings_of(view); siogw_next_string(&s);)
typedef struct {
	uint32_t number; // in the view, from 0
	siogw_text text;
	siogw_text rest; // the iterator's, as is left
	uint32_t left;
} siogw_strings;

siogw_strings siogw_strings_of(siogw_text view);
bool siogw_next_string(siogw_strings *s);

typedef struct {
	uint32_t number; // in the packet, from 0
	uint32_t size;   // of the whole
	siogw_text data; // as many of its first bytes as the manifest's prefix says
	siogw_text rest;
	uint32_t left;
} siogw_attachments;

siogw_attachments siogw_attachments_of(siogw_text view);
bool siogw_next_attachment(siogw_attachments *a);

// The verdict. --------------------------------------------------------------------------------------------------------
// Without any of these a packet is allowed and unchanged. The first denial counts, and forgets all changes. Of
// replace_args, patch and replace_string a verdict holds one sort; another one after it traps.

void siogw_deny(const char *code, const char *reason);      // both are shown to the client
void siogw_deny_number(int64_t code, const char *reason);
void siogw_deny_data(siogw_text json);                      // after one of these: what else the client may know
bool siogw_denied(void);
void siogw_abstain(void);
void siogw_replace_args(siogw_text json);
void siogw_replace_auth(siogw_text json);
void siogw_replace_string(uint32_t i, siogw_text with);     // number i of the view strings, or of the arguments
void siogw_replace_attachment(uint32_t i, siogw_text with); // bytes; of none, it is left empty
void siogw_patch(const char *op, siogw_text path, siogw_text value); // RFC 6902, value as JSON, of length 0 for remove
void siogw_label(const char *key, siogw_text json);         // the policy sees input.plugins.NAME.key; each key once
void siogw_score(double score);                             // the label score, to 6 digits behind the point

// What else the host does. ----------------------------------------------------------------------------------------------

typedef enum { SIOGW_DEBUG, SIOGW_INFO, SIOGW_WARN, SIOGW_ERROR } siogw_level;

void siogw_log(siogw_level level, siogw_text line);  // 16 a packet, 1 KiB each
void siogw_count(const char *name, int64_t delta);   // a counter, named in a-z, 0-9 and _; 64 a packet

// The store, with the capability kv. Negative results are SIOGW_KV_….
enum { SIOGW_KV_NO_ENTRY = -1, SIOGW_KV_FULL = -2, SIOGW_KV_SIZE = -3, SIOGW_KV_NO_NUMBER = -4, SIOGW_KV_UNAVAILABLE = -5 };

int32_t siogw_kv_get(siogw_text key, void *to, size_t cap);                // the value's length; written if at most cap
int32_t siogw_kv_set(siogw_text key, siogw_text value, int64_t ttl_ms);    // 0
int32_t siogw_kv_delete(siogw_text key);                                   // 1, or 0 when there was none
int32_t siogw_kv_add(siogw_text key, int64_t delta, int64_t ttl_ms, int64_t *sum); // 0; a new entry lives ttl_ms
int64_t siogw_time_ms(void);                         // since 1970, of the packet; with the capability clock
void siogw_random(void *to, size_t n);               // with the capability random; 4 KiB a packet

// For tests outside of the gateway only: what the gateway would do. The verdict is JSON, of length 0 for the plain allow.
siogw_text siogw_run(siogw_text view);

#ifdef __cplusplus
}
#endif
