// The verdict is collected in parts, and written as JSON when the plugin has judged. See ABI.md, section 5.
#include "siogw.h"
#include "inner.h"

#include <string.h>

enum { NOTHING, ARGS, PATCH, TEXTS };

// What changes the arguments is of one sort.
static struct {
	enum { ALLOW, DENY, ABSTAIN } effect;
	int sort;
	siogw_buffer denial, args, auth, attachments, labels;
} verdict;

static siogw_buffer out;

void siogw_verdict_begin(void) {
	verdict.effect = ALLOW;
	verdict.sort = NOTHING;
	verdict.denial.n = verdict.args.n = verdict.auth.n = verdict.attachments.n = verdict.labels.n = 0;
}

// key begins a member of the verdict, or of an object that is collected.
static void key(siogw_buffer *b, siogw_text name) {
	if (b->n > 0) siogw_add_text(b, ",");
	siogw_add_quoted(b, name);
	siogw_add_text(b, ":");
}

static void number_key(siogw_buffer *b, uint32_t i) {
	if (b->n > 0) siogw_add_text(b, ",");
	siogw_add_text(b, "\"");
	siogw_add_integer(b, i);
	siogw_add_text(b, "\":");
}

static void member(siogw_buffer *b, const char *name, siogw_text json) {
	key(b, siogw_of(name));
	siogw_add(b, json.p, json.n);
}

static bool begin_denial(void) {
	bool first = verdict.effect != DENY;
	verdict.effect = DENY;
	return first;
}

void siogw_deny(const char *code, const char *reason) {
	if (!begin_denial()) return;
	member(&verdict.denial, "code", siogw_quote(siogw_of(code)));
	member(&verdict.denial, "reason", siogw_quote(siogw_of(reason)));
}

void siogw_deny_number(int64_t code, const char *reason) {
	if (!begin_denial()) return;
	member(&verdict.denial, "code", siogw_integer(code));
	member(&verdict.denial, "reason", siogw_quote(siogw_of(reason)));
}

void siogw_deny_data(siogw_text json) {
	if (verdict.effect != DENY) siogw_trap();
	member(&verdict.denial, "data", json);
}

bool siogw_denied(void) { return verdict.effect == DENY; }

void siogw_abstain(void) {
	if (verdict.effect != DENY) verdict.effect = ABSTAIN;
}

// change begins a change of a sort, and gives the buffer to write it to.
static siogw_buffer *change(int sort) {
	if (verdict.sort != NOTHING && verdict.sort != sort) siogw_trap();
	verdict.sort = sort;
	return &verdict.args;
}

void siogw_replace_args(siogw_text json) {
	siogw_buffer *b = change(ARGS);
	b->n = 0;
	siogw_add(b, json.p, json.n);
}

void siogw_replace_auth(siogw_text json) {
	verdict.auth.n = 0;
	siogw_add(&verdict.auth, json.p, json.n);
}

void siogw_replace_string(uint32_t i, siogw_text with) {
	siogw_buffer *b = change(TEXTS);
	number_key(b, i);
	siogw_add_quoted(b, with);
}

void siogw_patch(const char *op, siogw_text path, siogw_text value) {
	siogw_buffer *b = change(PATCH);
	if (b->n > 0) siogw_add_text(b, ",");
	siogw_add_text(b, "{\"op\":");
	siogw_add_quoted(b, siogw_of(op));
	siogw_add_text(b, ",\"path\":");
	siogw_add_quoted(b, path);
	if (value.n > 0) {
		siogw_add_text(b, ",\"value\":");
		siogw_add(b, value.p, value.n);
	}
	siogw_add_text(b, "}");
}

static void add_base64(siogw_buffer *b, siogw_text t) {
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	for (size_t i = 0; i < t.n; i += 3) {
		size_t n = t.n - i < 3 ? t.n - i : 3;
		uint32_t v = 0;
		for (size_t j = 0; j < 3; j++) v = v << 8 | (j < n ? (unsigned char)t.p[i + j] : 0);
		char four[4] = {letters[v >> 18], letters[v >> 12 & 63], n > 1 ? letters[v >> 6 & 63] : '=', n > 2 ? letters[v & 63] : '='};
		siogw_add(b, four, 4);
	}
}

void siogw_replace_attachment(uint32_t i, siogw_text with) {
	number_key(&verdict.attachments, i);
	siogw_add_text(&verdict.attachments, "\"");
	add_base64(&verdict.attachments, with);
	siogw_add_text(&verdict.attachments, "\"");
}

void siogw_label(const char *name, siogw_text json) { member(&verdict.labels, name, json); }

void siogw_score(double score) {
	if (!(score > -1e12 && score < 1e12)) siogw_trap();
	double size = score < 0 ? -score : score;
	uint64_t millionths = (uint64_t)(size * 1e6 + 0.5);
	if (millionths % 1000000 == 0) {
		siogw_label("score", siogw_integer((score < 0 ? -1 : 1) * (int64_t)(millionths / 1000000)));
		return;
	}
	// The leading 1 keeps the zeros of the fraction; the point takes its place.
	siogw_text whole = siogw_integer((int64_t)(millionths / 1000000)), part = siogw_integer((int64_t)(1000000 + millionths % 1000000));
	char *p = siogw_room(1 + whole.n + part.n), *to = p;
	if (score < 0) *to++ = '-';
	memcpy(to, whole.p, whole.n);
	memcpy(to + whole.n, part.p, part.n);
	to[whole.n] = '.';
	siogw_label("score", (siogw_text){p, (size_t)(to - p) + whole.n + part.n});
}

static void part(const char *name, const char *brackets, const siogw_buffer *b) {
	if (b->n == 0) return;
	key(&out, siogw_of(name));
	siogw_add(&out, brackets, *brackets ? 1 : 0);
	siogw_add(&out, b->p, b->n);
	siogw_add(&out, brackets + (*brackets ? 1 : 0), *brackets ? 1 : 0);
}

static void changes(void) {
	static const char *const names[] = {"", "args", "patch", "strings"}, *const brackets[] = {"", "", "[]", "{}"};
	part(names[verdict.sort], brackets[verdict.sort], &verdict.args);
	part("auth", "", &verdict.auth);
	part("attachments", "{}", &verdict.attachments);
}

siogw_text siogw_verdict_end(void) {
	static const char *const effects[] = {"{\"effect\":\"allow\"", "{\"effect\":\"deny\"", "{\"effect\":\"abstain\""};
	if (verdict.effect == ALLOW && verdict.sort == NOTHING && verdict.auth.n + verdict.attachments.n + verdict.labels.n == 0) {
		return (siogw_text){"", 0};
	}
	out.n = 0;
	siogw_add_text(&out, effects[verdict.effect]);
	if (verdict.effect == DENY && verdict.denial.n > 0) {
		siogw_add_text(&out, ",");
		siogw_add(&out, verdict.denial.p, verdict.denial.n);
	}
	if (verdict.effect == ALLOW) changes();
	part("labels", "{}", &verdict.labels);
	siogw_add_text(&out, "}");
	return (siogw_text){out.p, out.n};
}
