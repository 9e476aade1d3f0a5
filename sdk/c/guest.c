// The plugin as the gateway sees it: see ABI.md, sections 2 and 6. An import is asked for only by a plugin that uses it.
#include "siogw.h"
#include "inner.h"

#include <stdlib.h>

__attribute__((weak)) const char *configure(siogw_text config) {
	(void)config;
	return NULL;
}

siogw_text siogw_run(siogw_text view) {
	siogw_room_begin();
	siogw_verdict_begin();
	judge(view);
	return siogw_verdict_end();
}

#ifdef __wasm__

static char *view;

static uint64_t place(siogw_text t) { return t.n == 0 ? 0 : (uint64_t)(uintptr_t)t.p << 32 | t.n; }

__attribute__((export_name("siogw_alloc"))) void *siogw_alloc(uint32_t n) {
	free(view);
	return view = malloc(n);
}

__attribute__((export_name("siogw_configure"))) uint64_t siogw_configure(const char *p, uint32_t n) {
	siogw_room_begin();
	const char *problem = configure((siogw_text){p, n});
	return problem ? place(siogw_of(*problem ? problem : "it is refused")) : 0;
}

__attribute__((export_name("siogw_decide"))) uint64_t siogw_decide(const char *p, uint32_t n) {
	return place(siogw_run((siogw_text){p, n}));
}

#define IMPORT(name) __attribute__((import_module("siogw"), import_name(name))) extern

IMPORT("log") void host_log(int32_t level, const char *p, size_t n);
IMPORT("counter") void host_counter(const char *p, size_t n, int64_t delta);
IMPORT("kv_get") int32_t host_kv_get(const char *k, size_t kn, void *to, size_t cap);
IMPORT("kv_set") int32_t host_kv_set(const char *k, size_t kn, const char *v, size_t vn, int64_t ttl);
IMPORT("kv_delete") int32_t host_kv_delete(const char *k, size_t kn);
IMPORT("kv_add") int32_t host_kv_add(const char *k, size_t kn, int64_t delta, int64_t ttl, int64_t *sum);
IMPORT("time_ms") int64_t host_time_ms(void);
IMPORT("random") void host_random(void *to, size_t n);

void siogw_log(siogw_level level, siogw_text line) { host_log(level, line.p, line.n); }

void siogw_count(const char *name, int64_t delta) {
	siogw_text t = siogw_of(name);
	host_counter(t.p, t.n, delta);
}

int32_t siogw_kv_get(siogw_text key, void *to, size_t cap) { return host_kv_get(key.p, key.n, to, cap); }

int32_t siogw_kv_set(siogw_text key, siogw_text value, int64_t ttl_ms) {
	return host_kv_set(key.p, key.n, value.p, value.n, ttl_ms);
}

int32_t siogw_kv_delete(siogw_text key) { return host_kv_delete(key.p, key.n); }

int32_t siogw_kv_add(siogw_text key, int64_t delta, int64_t ttl_ms, int64_t *sum) {
	return host_kv_add(key.p, key.n, delta, ttl_ms, sum);
}

int64_t siogw_time_ms(void) { return host_time_ms(); }

void siogw_random(void *to, size_t n) { host_random(to, n); }

#else // In tests outside of the gateway: lines go to stderr, nothing counts, and there is no store.

#include <stdio.h>
#include <string.h>
#include <time.h>

void siogw_log(siogw_level level, siogw_text line) {
	static const char *const names[] = {"debug", "info", "warn", "error"};
	fprintf(stderr, "%s: %.*s\n", names[level & 3], (int)line.n, line.p);
}

void siogw_count(const char *name, int64_t delta) { (void)name, (void)delta; }

int32_t siogw_kv_get(siogw_text key, void *to, size_t cap) {
	(void)key, (void)to, (void)cap;
	return SIOGW_KV_UNAVAILABLE;
}

int32_t siogw_kv_set(siogw_text key, siogw_text value, int64_t ttl_ms) {
	(void)key, (void)value, (void)ttl_ms;
	return SIOGW_KV_UNAVAILABLE;
}

int32_t siogw_kv_delete(siogw_text key) {
	(void)key;
	return SIOGW_KV_UNAVAILABLE;
}

int32_t siogw_kv_add(siogw_text key, int64_t delta, int64_t ttl_ms, int64_t *sum) {
	(void)key, (void)delta, (void)ttl_ms, (void)sum;
	return SIOGW_KV_UNAVAILABLE;
}

int64_t siogw_time_ms(void) { return (int64_t)time(NULL) * 1000; }

void siogw_random(void *to, size_t n) { memset(to, 0x5a, n); }

#endif
