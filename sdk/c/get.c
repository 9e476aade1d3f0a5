// Values by their place, and numbers.
#include "siogw.h"
#include "inner.h"

siogw_text siogw_member(siogw_text object, siogw_text key) {
	if (siogw_kind_of(object) == SIOGW_OBJECT) {
		for (siogw_members m = siogw_members_of(object); siogw_next_member(&m);) {
			if (siogw_same(m.key, key)) return m.value;
		}
	}
	return (siogw_text){"", 0};
}

static siogw_text element(siogw_text array, siogw_text index) {
	int64_t i;
	bool canonical = index.n == 1 || (index.n > 1 && *index.p != '0');
	if (canonical && *index.p != '-' && siogw_integer_of(index, &i)) {
		for (siogw_members m = siogw_members_of(array); siogw_next_member(&m);) {
			if (m.index == i) return m.value;
		}
	}
	return (siogw_text){"", 0};
}

// token undoes ~0 and ~1.
static siogw_text token(const char *from, size_t n) {
	char *out = siogw_room(n), *to = out;
	for (size_t i = 0; i < n; i++) {
		bool escaped = from[i] == '~' && i + 1 < n;
		*to++ = !escaped ? from[i] : from[++i] == '1' ? '/' : '~';
	}
	return (siogw_text){out, (size_t)(to - out)};
}

static siogw_text trimmed(siogw_text t) {
	const char *spaces = " \n\t\r";
	for (bool more = true; more && t.n > 0;) {
		more = false;
		for (const char *s = spaces; *s; s++) {
			if (t.n > 0 && *t.p == *s) t.p++, t.n--, more = true;
			if (t.n > 0 && t.p[t.n - 1] == *s) t.n--, more = true;
		}
	}
	return t;
}

siogw_text siogw_get(siogw_text json, const char *pointer) {
	siogw_text v = trimmed(json);
	while (*pointer == '/' && v.n > 0) {
		const char *from = ++pointer;
		while (*pointer && *pointer != '/') pointer++;
		siogw_text t = token(from, (size_t)(pointer - from));
		v = *v.p == '[' ? element(v, t) : siogw_member(v, t);
	}
	return v;
}

bool siogw_integer_of(siogw_text v, int64_t *to) {
	bool negative = v.n > 0 && *v.p == '-';
	int64_t n = 0;
	size_t i = negative;
	if (v.n <= i || v.n - i > 18) return false;
	for (; i < v.n; i++) {
		if (v.p[i] < '0' || v.p[i] > '9') return false;
		n = n * 10 + (v.p[i] - '0');
	}
	*to = negative ? -n : n;
	return true;
}

// scaled gives m * 10^e. Factors up to 10^22 are exact.
static double scaled(double m, int e) {
	bool up = e > 0;
	for (int left = up ? e : -e; left > 0 && m != 0;) {
		double by = 1;
		for (int i = 0; i < 22 && left > 0; i++, left--) by *= 10;
		m = up ? m * by : m / by;
	}
	return m;
}

double siogw_number(siogw_text v) {
	if (siogw_kind_of(v) != SIOGW_NUMBER) return 0;
	bool negative = *v.p == '-', fraction = false;
	uint64_t m = 0;
	int e = 0, digits = 0;
	size_t i = negative;
	for (; i < v.n && v.p[i] != 'e' && v.p[i] != 'E'; i++) {
		if (v.p[i] == '.') {
			fraction = true;
			continue;
		}
		if (v.p[i] < '0' || v.p[i] > '9') return 0;
		if (digits < 18) {
			m = m * 10 + (uint64_t)(v.p[i] - '0');
			if (m > 0) digits++;
			e -= fraction;
		} else {
			e += !fraction;
		}
	}
	int written = 0, sign = 1;
	for (i++; i < v.n; i++) {
		if (v.p[i] == '-') sign = -1;
		else if (v.p[i] >= '0' && v.p[i] <= '9' && written < 100000000) written = written * 10 + (v.p[i] - '0');
	}
	// Beyond these there is nothing but 0 and infinity, whatever the digits: at most 4 MiB of them.
	e += sign * (written > 10000000 ? 10000000 : written);
	double d = scaled((double)m, e > 5000 ? 5000 : e < -5000 ? -5000 : e);
	return negative ? -d : d;
}
