/* Pairs of bf16 values, 32 bits each, the first one in the low half. They are stored
 * where floats are, and only moved as floats. A processor that multiplies them defines
 * HAS_PAIRS and these functions itself. The versions here do the same, except for
 * denormals, for tests only: users are never offered a slower bf16. */
#ifdef HAS_PAIRS
enum { PAIRS_EMULATED = 0 };
#else
enum { PAIRS_EMULATED = 1 };

/* sum + the product of each lane's seconds, then + that of its firsts, rounded after each */
static inline vec add_pairs(vec sum, ints a, ints b)
{
	const ints second = all_bits(0xffff0000u);
	const vec one = multiply_add((vec)(a & second), (vec)(b & second), sum);
	return multiply_add((vec)(a << 16), (vec)(b << 16), one);
}

/* Lane l: value l of the first and of the second vector. */
static inline ints narrow_two(vec first, vec second)
{
	ints pairs;
	for (int l = 0; l < LANES; l++)
		pairs[l] = (int)native_pair(first[l], second[l]);
	return pairs;
}

/* LANES / 2 floats at `to`: values 2 l and 2 l + 1 of the vector. */
static inline void narrow_half(float *to, vec v)
{
	uint32_t pairs[LANES / 2];
	for (int l = 0; l < LANES / 2; l++)
		pairs[l] = native_pair(v[2 * l], v[2 * l + 1]);
	memcpy(to, pairs, sizeof pairs);
}
#endif

/* sum + the products of the value at `a` with all of b: pairs, or floats. */
INLINE vec add_products(const float *a, vec b, vec sum, int pairs)
{
	uint32_t bits;
	if (!pairs) return multiply_add(all(*a), b, sum);
	memcpy(&bits, a, sizeof bits);
	return add_pairs(sum, all_bits(bits), (ints)b);
}
