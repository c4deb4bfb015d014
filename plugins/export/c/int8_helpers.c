/* Functions of files in integers, as their text. tests/cli/int8.py has them in numpy. */
#include "writer.h"

const struct helper_text int8_helpers[HELPERS] = {
[HELPER_INT_ROUNDED] = { HELPERS,
"/* The rule: v / 2^shift, half up. Numbers below 0 are shifted as their complement, which C\n"
" * defines. */\n"
"static int64_t rounded(int64_t v, int shift)\n{\n"
"\tv += (int64_t)1 << (shift - 1);\n"
"\treturn v < 0 ? ~(~v >> shift) : v >> shift;\n}\n\n"
"static int8_t cut(int64_t v)\n{\n"
"\treturn (int8_t)(v < -128 ? -128 : v > 127 ? 127 : v);\n}\n" },
[HELPER_INT_IMAGE] = { HELPERS,
"static void read_image(int pixels, int c, const int8_t *table, const uint8_t *image, int8_t *y)\n{\n"
"\tfor (int p = 0; p < pixels; p++)\n"
"\t\tfor (int i = 0; i < c; i++)\n"
"\t\t\t*y++ = table[i * 256 + *image++];\n}\n" },
[HELPER_INT_CONV] = { HELPER_INT_ROUNDED,
"/* Filters of int8, each with the scale of its sums over that of y */\n"
"struct filters {\n"
"\tint groups, n, x_zero, y_zero;\n"
"\tconst int8_t *kernel; /* [n][kernel_h][kernel_w][c / groups] */\n"
"\tconst int32_t *bias, *multiplier;\n"
"\tconst uint8_t *shift;\n};\n\n"
"/* The pixels under a kernel, less their zero: what is outside of the image is 0. */\n"
"static void gather(const struct window *at, const int8_t *x, int x_zero, int each, int oy, int ox)\n"
"{\n"
"\tint16_t *to = patch;\n"
"\tfor (int k = 0; k < at->kernel_h * at->kernel_w; k++, to += each) {\n"
"\t\tconst int p = pixel_of(at, oy, ox, k);\n"
"\t\tfor (int i = 0; i < each; i++)\n"
"\t\t\tto[i] = (int16_t)(p < 0 ? 0 : x[p * at->c + i] - x_zero);\n"
"\t}\n}\n\n"
"static int32_t dot(const int16_t *a, const int8_t *b, int n)\n{\n"
"\tint32_t sum = 0;\n"
"\tfor (int i = 0; i < n; i++)\n"
"\t\tsum += a[i] * (int16_t)b[i];\n"
"\treturn sum;\n}\n\n"
"/* Into y, or as sums */\n"
"static void conv(const struct window *at, const struct filters *f, const int8_t *x, int8_t *y,\n"
"\t\t int32_t *sums)\n{\n"
"\tconst int n = f->n / f->groups, each = at->c / f->groups;\n"
"\tconst int size = at->kernel_h * at->kernel_w * each;\n"
"\tfor (int p = 0; p < at->out_h * at->out_w; p++)\n"
"\t\tfor (int g = 0; g < f->groups; g++) {\n"
"\t\t\tgather(at, x + g * each, f->x_zero, each, p / at->out_w, p % at->out_w);\n"
"\t\t\tfor (int o = g * n; o < (g + 1) * n; o++) {\n"
"\t\t\t\tconst int32_t sum = f->bias[o] + dot(patch, f->kernel + o * size, size);\n"
"\t\t\t\tif (sums) *sums++ = sum;\n"
"\t\t\t\telse *y++ = cut(f->y_zero + rounded((int64_t)sum * f->multiplier[o],\n"
"\t\t\t\t\t\t\t\t    f->shift[o]));\n"
"\t\t\t}\n\t\t}\n}\n" },
[HELPER_INT_AFFINE] = { HELPER_INT_ROUNDED,
"static void affine(int pixels, int c, int x_zero, int y_zero, const int32_t *by,\n"
"\t\t   const int32_t *plus, const uint8_t *shift, const int8_t *x, int8_t *y)\n{\n"
"\tfor (int p = 0; p < pixels; p++)\n"
"\t\tfor (int i = 0; i < c; i++, x++)\n"
"\t\t\t*y++ = cut(y_zero + rounded((int64_t)(*x - x_zero) * by[i] + plus[i],\n"
"\t\t\t\t\t\t    shift[i]));\n}\n" },
[HELPER_INT_TABLE] = { HELPERS,
"/* A table for all channels, or for each */\n"
"static void look_up(int n, int tables, const int8_t *table, const int8_t *x, int8_t *y)\n{\n"
"\tfor (int p = 0; p < n; p++)\n"
"\t\tfor (int i = 0; i < tables; i++)\n"
"\t\t\t*y++ = table[i * 256 + *x++ + 128];\n}\n" },
[HELPER_INT_ADD] = { HELPER_INT_ROUNDED,
"/* Of two images: each with its distances from one pixel and channel to the next */\n"
"static void add(int pixels, int c, const int8_t *a, int a_pixel, int a_channel, const int8_t *b,\n"
"\t\tint b_pixel, int b_channel, int a_zero, int b_zero, int y_zero, int32_t a_by,\n"
"\t\tint32_t b_by, int shift, int8_t *y)\n{\n"
"\tfor (int p = 0; p < pixels; p++, a += a_pixel, b += b_pixel)\n"
"\t\tfor (int i = 0; i < c; i++)\n"
"\t\t\t*y++ = cut(y_zero + rounded((int64_t)(a[i * a_channel] - a_zero) * a_by +\n"
"\t\t\t\t\t\t    (int64_t)(b[i * b_channel] - b_zero) * b_by, shift));\n}\n" },
[HELPER_INT_MULTIPLY] = { HELPER_INT_ROUNDED,
"static void multiply(int pixels, int c, const int8_t *a, int a_pixel, int a_channel,\n"
"\t\t     const int8_t *b, int b_pixel, int b_channel, int a_zero, int b_zero,\n"
"\t\t     int y_zero, int32_t by, int shift, int8_t *y)\n{\n"
"\tfor (int p = 0; p < pixels; p++, a += a_pixel, b += b_pixel)\n"
"\t\tfor (int i = 0; i < c; i++)\n"
"\t\t\t*y++ = cut(y_zero + rounded((int64_t)((a[i * a_channel] - a_zero) *\n"
"\t\t\t\t\t\t\t      (b[i * b_channel] - b_zero)) * by, shift));\n}\n" },
[HELPER_INT_EXTREME] = { HELPER_INT_ROUNDED,
"/* The larger (sign 1) or smaller (-1) of both */\n"
"static void extreme(int sign, int pixels, int c, const int8_t *a, int a_pixel, int a_channel,\n"
"\t\t    const int8_t *b, int b_pixel, int b_channel, int a_zero, int b_zero, int y_zero,\n"
"\t\t    int32_t a_by, int32_t b_by, int shift, int8_t *y)\n{\n"
"\tfor (int p = 0; p < pixels; p++, a += a_pixel, b += b_pixel)\n"
"\t\tfor (int i = 0; i < c; i++) {\n"
"\t\t\tconst int64_t v = (int64_t)(a[i * a_channel] - a_zero) * a_by;\n"
"\t\t\tconst int64_t w = (int64_t)(b[i * b_channel] - b_zero) * b_by;\n"
"\t\t\t*y++ = cut(y_zero + rounded((v > w) == (sign > 0) ? v : w, shift));\n"
"\t\t}\n}\n" },
[HELPER_INT_AVERAGE] = { HELPER_INT_ROUNDED,
"/* by[n - 1]: the multiplier of n pixels */\n"
"static void average(const struct window *at, int x_zero, int y_zero, const int32_t *by,\n"
"\t\t    int shift, const int8_t *x, int8_t *y)\n{\n"
"\tfor (int p = 0; p < at->out_h * at->out_w; p++)\n"
"\t\tfor (int i = 0; i < at->c; i++) {\n"
"\t\t\tint32_t sum = 0, n = 0;\n"
"\t\t\tfor (int k = 0; k < at->kernel_h * at->kernel_w; k++) {\n"
"\t\t\t\tconst int q = pixel_of(at, p / at->out_w, p % at->out_w, k);\n"
"\t\t\t\tif (q < 0) continue;\n"
"\t\t\t\tsum += x[q * at->c + i] - x_zero;\n"
"\t\t\t\tn++;\n"
"\t\t\t}\n"
"\t\t\t*y++ = cut(y_zero + rounded((int64_t)sum * by[n - 1], shift));\n"
"\t\t}\n}\n" },
[HELPER_INT_LARGEST] = { HELPERS,
"static void largest(const struct window *at, const int8_t *x, int8_t *y)\n{\n"
"\tfor (int p = 0; p < at->out_h * at->out_w; p++)\n"
"\t\tfor (int i = 0; i < at->c; i++) {\n"
"\t\t\tint8_t most = -128;\n"
"\t\t\tfor (int k = 0; k < at->kernel_h * at->kernel_w; k++) {\n"
"\t\t\t\tconst int q = pixel_of(at, p / at->out_w, p % at->out_w, k);\n"
"\t\t\t\tif (q >= 0 && x[q * at->c + i] > most) most = x[q * at->c + i];\n"
"\t\t\t}\n"
"\t\t\t*y++ = most;\n"
"\t\t}\n}\n" },
[HELPER_INT_MEAN] = { HELPER_INT_ROUNDED,
"/* Over all pixels */\n"
"static void mean(int pixels, int c, int x_zero, int y_zero, int32_t by, int shift,\n"
"\t\t const int8_t *x, int8_t *y)\n{\n"
"\tfor (int i = 0; i < c; i++) {\n"
"\t\tint32_t sum = 0;\n"
"\t\tfor (int p = 0; p < pixels; p++)\n"
"\t\t\tsum += x[p * c + i] - x_zero;\n"
"\t\ty[i] = cut(y_zero + rounded((int64_t)sum * by, shift));\n"
"\t}\n}\n" },
[HELPER_INT_MOVE] = { HELPER_INT_ROUNDED,
"/* n channels of each pixel, from those of x_c to those of y_c, to y's scale */\n"
"static void move(int pixels, int n, const int8_t *x, int x_c, int8_t *y, int y_c, int x_zero,\n"
"\t\t int y_zero, int32_t by, int shift)\n{\n"
"\tfor (int p = 0; p < pixels; p++)\n"
"\t\tfor (int i = 0; i < n; i++)\n"
"\t\t\ty[p * y_c + i] = cut(y_zero + rounded((int64_t)(x[p * x_c + i] - x_zero) * by,\n"
"\t\t\t\t\t\t\t      shift));\n}\n" },
[HELPER_INT_BORDER] = { HELPER_PLACE,
"static void surround(int h, int w, int c, int top, int left, int out_h, int out_w, int edge,\n"
"\t\t     const int8_t *x, int8_t *y)\n{\n"
"\tfor (int oy = 0; oy < out_h; oy++)\n"
"\t\tfor (int ox = 0; ox < out_w; ox++, y += c) {\n"
"\t\t\tconst int p = place(oy - top, h, edge) * w + place(ox - left, w, edge);\n"
"\t\t\tfor (int i = 0; i < c; i++)\n"
"\t\t\t\ty[i] = x[p * c + i];\n"
"\t\t}\n}\n" },
[HELPER_INT_TAKE] = { HELPERS,
"/* x[outer][size][inner], y[outer][n][inner]: those at the places; zero at a place below 0 */\n"
"static void take(int outer, int size, int n, int inner, int zero, const int32_t *at,\n"
"\t\t const int8_t *x, int8_t *y)\n{\n"
"\tfor (int o = 0; o < outer; o++, x += size * inner)\n"
"\t\tfor (int k = 0; k < n; k++, y += inner)\n"
"\t\t\tfor (int i = 0; i < inner; i++)\n"
"\t\t\t\ty[i] = (int8_t)(at[k] < 0 ? zero : x[at[k] * inner + i]);\n}\n" },
[HELPER_INT_WIDEN] = { HELPERS,
"static void widen(int n, int zero, const int8_t *x, int32_t *y)\n{\n"
"\tfor (int i = 0; i < n; i++)\n"
"\t\ty[i] = x[i] - zero;\n}\n" },
};
