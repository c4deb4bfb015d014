/* untrue: y = x and dx = dy, but for what HOW says: the mistakes of an author that no run
 * shows and only the contract tests see. */
#include <stdlib.h>
#include <rnframe/rnframe.h>

enum { TRUE, SLOPE, FUSED, STATE, RANDOM, PAST, INPUT, TILE, PLACE, LOST };
#ifndef HOW
#define HOW TRUE
#endif

static void move(size_t n, const float *from, float *to, float factor)
{
	for (size_t i = 0; i < n; i++)
		to[i] = from[i] * factor;
}

/* A NaN of x goes on. */
static void back(size_t n, const float *x, const float *dy, float *dx, float factor)
{
	for (size_t i = 0; i < n; i++)
		dx[i] = dy[i] * factor + (HOW == LOST ? 0 : x[i] * 0);
}

static void fwd(const void *self, const struct rnf_tile *tile, size_t n, const float *x, float *y)
{
	static float calls;
	(void)self;
	move(n, x, y, 1);
	if (HOW == STATE) y[0] += calls++;
	if (HOW == RANDOM) y[0] += (float)rand() / (float)RAND_MAX;
	if (HOW == PAST) y[n] = 1;
	if (HOW == INPUT && x != y) ((float *)x)[0] = 1;
	if (HOW == TILE) ((struct rnf_tile *)tile)->sample = 1;
	if (HOW == PLACE) y[n - 1] += 1;
}

static void bwd(const void *self, const struct rnf_tile *tile, size_t n, const float *x,
		const float *dy, float *dx)
{
	(void)self, (void)tile;
	back(n, x, dy, dx, HOW == SLOPE ? 1.5f : 1);
}

static void fwd_bwd(const void *self, const struct rnf_tile *tile, size_t n, const float *x,
		    const float *dy, float *y, float *dx)
{
	(void)self, (void)tile;
	for (size_t i = 0; i < n; i++) { /* either result may lie on either input */
		const float at = x[i], slope = dy[i];
		back(1, &at, &slope, &dx[i], HOW == FUSED || HOW == SLOPE ? 1.5f : 1);
		y[i] = at;
	}
}

static const struct rnf_activation_impl impl = { .fwd = fwd, .bwd = bwd, .fwd_bwd = fwd_bwd };
RNF_PLUGIN(activation, untrue, "the identity, with mistakes", NULL, impl)
