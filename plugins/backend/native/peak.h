/* Measures how fast a thread multiplies and adds in registers: floats by multiply_add or
 * pairs of bf16 by add_pairs, in vectors of LANES sums. */
#include <time.h>

/* Enough independent sums to hide the latency of a multiply-add (some 4 cycles, two
 * started in each); with the two operands they leave two of sixteen registers. */
enum { SUMS = 12, ROUNDS = 2000, SLICES = 10 };

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Sums of floats approach 1 / (1 - factor), those of pairs grow slowly; the compiler
 * knows neither. */
INLINE void rounds(vec sums[SUMS], vec factor, vec one, int pairs)
{
	vec s[SUMS];
	UNROLL
	for (int k = 0; k < SUMS; k++)
		s[k] = sums[k];
	for (int i = 0; i < ROUNDS; i++)
		UNROLL
		for (int k = 0; k < SUMS; k++)
			s[k] = pairs ? add_pairs(s[k], (ints)factor, (ints)one)
				     : multiply_add(s[k], factor, one);
	UNROLL
	for (int k = 0; k < SUMS; k++)
		sums[k] = s[k];
}

static void float_rounds(vec sums[SUMS], vec factor, vec one)
{
	rounds(sums, factor, one, 0);
}

static void pair_rounds(vec sums[SUMS], vec factor, vec one)
{
	rounds(sums, factor, one, 1);
}

/* Multiply-adds a second in a slice of about a millisecond, `each` in a lane. */
static double slice(vec sums[SUMS], vec factor, vec one, int each)
{
	const double start = now();
	double done = 0, seconds;
	do {
		(each == 2 ? pair_rounds : float_rounds)(sums, factor, one);
		done += (double)each * LANES * SUMS * ROUNDS;
		seconds = now() - start;
	} while (seconds < 1e-3);
	return done / seconds;
}

/* The best slice: the system may interrupt others, or the clock rate may still be rising. */
static double peak(enum rnf_precision precision)
{
	const int each = precision == RNF_PRECISION_BF16 ? 2 : 1;
	volatile float start = 0.5f; /* hides the sums from the compiler */
	vec sums[SUMS], factor, one;
	double best = 0;
	for (int i = 0; i < SUMS; i++)
		sums[i] = start + (float)i - (vec){ 0 };
	factor = start - (vec){ 0 };
	one = 2 * start - (vec){ 0 };
	for (int i = 0; i < SLICES; i++) {
		const double rate = 2 * slice(sums, factor, one, each);
		if (rate > best) best = rate;
	}
	for (int i = 0; i < SUMS; i++)
		start = start + sums[i][0];
	return best;
}
