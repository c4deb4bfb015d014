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
	vec s0 = sums[0], s1 = sums[1], s2 = sums[2], s3 = sums[3], s4 = sums[4],
	    s5 = sums[5], s6 = sums[6], s7 = sums[7], s8 = sums[8], s9 = sums[9],
	    s10 = sums[10], s11 = sums[11];
	for (int i = 0; i < ROUNDS; i++) {
		s0 = multiply_add(s0, factor, one);
		s1 = multiply_add(s1, factor, one);
		s2 = multiply_add(s2, factor, one);
		s3 = multiply_add(s3, factor, one);
		s4 = multiply_add(s4, factor, one);
		s5 = multiply_add(s5, factor, one);
		s6 = multiply_add(s6, factor, one);
		s7 = multiply_add(s7, factor, one);
		s8 = multiply_add(s8, factor, one);
		s9 = multiply_add(s9, factor, one);
		s10 = multiply_add(s10, factor, one);
		s11 = multiply_add(s11, factor, one);
	}
	const vec after[SUMS] = { s0, s1, s2, s3, s4, s5, s6, s7, s8, s9, s10, s11 };
	for (int i = 0; i < SUMS; i++)
		sums[i] = after[i];
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
