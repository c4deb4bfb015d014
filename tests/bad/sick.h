/* What the bad plugins do wrong on demand. */
#ifndef TEST_BAD_SICK_H
#define TEST_BAD_SICK_H

#include <math.h>
#include <rnframe/rnframe.h>
#include <unistd.h>
#ifdef __SSE__
#include <xmmintrin.h>
#endif

enum sick { SICK_NO, SICK_NAN, SICK_INFINITE, SICK_HUGE, SICK_MODE, SICK_CRASH, SICK_HANG };
static const char *const sick_words[] = { "no", "nan", "infinite", "huge", "mode",
					  "crash", "hang", NULL };

/* What a value becomes; SICK_MODE: the thread rounds towards zero from
 * here on. */
static inline float sick(int32_t what, float value)
{
	switch (what) {
	case SICK_NAN: return NAN;
	case SICK_INFINITE: return -INFINITY;
	case SICK_HUGE: return 1e30f;
#ifdef __SSE__
	case SICK_MODE: _mm_setcsr(_mm_getcsr() | 0x6000); return value;
#endif
	case SICK_CRASH: *(volatile char *)16 = 0; return value;
	case SICK_HANG: while (1) pause();
	default: return value;
	}
}

#endif
