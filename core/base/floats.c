#include "base/floats.h"

#include <math.h>
#include <string.h>

#if defined(__SSE__)

/* 0x1f80: exceptions masked; 0x8040: flush to zero, denormals are zero. The six lowest
 * bits are sticky exception flags. */
unsigned rnf_float_mode(void)
{
	return __builtin_ia32_stmxcsr() & ~0x3fu;
}

void rnf_float_mode_put(unsigned mode)
{
	__builtin_ia32_ldmxcsr(mode);
}

enum { PLAIN = 0x1f80, POLICY = 0x1f80 | 0x8040 };

#elif defined(__aarch64__)

unsigned rnf_float_mode(void)
{
	uint64_t fpcr;
	__asm__ volatile("mrs %0, fpcr" : "=r"(fpcr));
	return (unsigned)fpcr;
}

void rnf_float_mode_put(unsigned mode)
{
	__asm__ volatile("msr fpcr, %0" : : "r"((uint64_t)mode));
}

enum { PLAIN = 0, POLICY = 1 << 24 /* FZ */ };

#else

unsigned rnf_float_mode(void)
{
	return 0;
}

void rnf_float_mode_put(unsigned mode)
{
	(void)mode;
}

enum { PLAIN = 0, POLICY = 0 };

#endif

/* An emulator such as valgrind may have fewer modes than the processor. */
static unsigned taken(unsigned mode)
{
	const unsigned before = rnf_float_mode();
	rnf_float_mode_put(mode);
	const unsigned after = rnf_float_mode();
	rnf_float_mode_put(before);
	return after;
}

unsigned rnf_float_mode_plain(void)
{
	return taken(PLAIN);
}

unsigned rnf_float_mode_policy(void)
{
	return taken(POLICY);
}

const char *rnf_float_denormals(void)
{
	return rnf_float_mode_policy() == rnf_float_mode_plain() ? "kept" : "flushed";
}

const struct rnf_spread rnf_spread_empty = { .min = INFINITY, .max = -INFINITY };

static inline void add(struct rnf_spread *spread, double x)
{
	spread->count++;
	if (isnan(x)) {
		spread->nan++;
	} else if (isinf(x)) {
		spread->infinite++;
	} else {
		if (x < spread->min) spread->min = x;
		if (x > spread->max) spread->max = x;
	}
}

void rnf_spread_add(struct rnf_spread *spread, const float *x, int64_t n)
{
	for (int64_t i = 0; i < n; i++)
		add(spread, (double)x[i]);
}

void rnf_spread_add_doubles(struct rnf_spread *spread, const double *x, int64_t n)
{
	for (int64_t i = 0; i < n; i++)
		add(spread, x[i]);
}

/* NaN or infinity: all bits of the exponent are set. */
int64_t rnf_count_bad(const float *x, int64_t n)
{
	int64_t bad = 0;
	for (int64_t i = 0; i < n; i++) {
		uint32_t bits;
		memcpy(&bits, &x[i], sizeof bits);
		bad += (bits & 0x7f800000) == 0x7f800000;
	}
	return bad;
}
