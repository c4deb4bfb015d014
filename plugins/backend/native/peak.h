/* How fast a thread multiplies and adds in registers, by multiply_add and vec of
 * LANES floats. */
#include <time.h>

/* Enough independent sums to hide a multiply-add's latency (some 4 cycles, two
 * begun in each); with the two operands they leave two of sixteen registers. */
enum { SUMS = 12, ROUNDS = 2000, SLICES = 10 };

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Each sum comes closer to 1 / (1 - factor); none is known to the compiler. */
static void rounds(vec sums[SUMS], vec factor, vec one)
{
	vec s[SUMS];
	UNROLL
	for (int k = 0; k < SUMS; k++)
		s[k] = sums[k];
	for (int i = 0; i < ROUNDS; i++)
		UNROLL
		for (int k = 0; k < SUMS; k++)
			s[k] = multiply_add(s[k], factor, one);
	UNROLL
	for (int k = 0; k < SUMS; k++)
		sums[k] = s[k];
}

/* Operations a second of a slice of about a millisecond. */
static double slice(vec sums[SUMS], vec factor, vec one)
{
	const double start = now();
	double operations = 0, seconds;
	do {
		rounds(sums, factor, one);
		operations += 2.0 * LANES * SUMS * ROUNDS;
		seconds = now() - start;
	} while (seconds < 1e-3);
	return operations / seconds;
}

/* The best slice: others may be cut short by the system, or by the clock rate
 * that rises. */
static double peak(void)
{
	volatile float start = 0.5f; /* keeps the compiler from knowing the sums */
	vec sums[SUMS], factor, one;
	double best = 0;
	for (int i = 0; i < SUMS; i++)
		sums[i] = start + (float)i - (vec){ 0 };
	factor = start - (vec){ 0 };
	one = 2 * start - (vec){ 0 };
	for (int i = 0; i < SLICES; i++) {
		const double rate = slice(sums, factor, one);
		if (rate > best) best = rate;
	}
	for (int i = 0; i < SUMS; i++)
		start = start + sums[i][0];
	return best;
}
