/* Images through an exported model, on any machine: the class of each and, in integers, the sums
 * of the last layer. */
#include "machine.h"

#include "images.h" /* int8.py images */

void model_predict(const uint8_t *image, float *p);
void model_sums(const uint8_t *image, int32_t *sums);

enum { CLASSES = 10 };

static void put_hex(uint32_t n)
{
	char text[10] = "00000000 ";
	for (int i = 0; i < 8; i++)
		text[i] = "0123456789abcdef"[n >> (28 - 4 * i) & 15];
	put(text);
}

int main(void)
{
	for (int i = 0; i < IMAGES; i++) {
		static float p[CLASSES];
		int best = 0;
		model_predict(images[i], p);
		for (int k = 1; k < CLASSES; k++)
			if (p[k] > p[best]) best = k;
		put_hex((uint32_t)best);
#ifdef SUMS
		static int32_t sums[CLASSES];
		model_sums(images[i], sums);
		for (int k = 0; k < CLASSES; k++)
			put_hex((uint32_t)sums[k]);
#endif
		put("\n");
	}
	return 0;
}
