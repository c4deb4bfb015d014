/* Functions of exported files, as their text. They need no header and no library. Their speed is
 * that of loops which gcc -O3 and clang -O3 vectorise. */
#include "writer.h"

static const struct helper_text helpers[HELPERS] = {
[HELPER_SIGN] = { HELPERS,
"/* No function of one value has a branch: then compilers vectorise the loops that call it. */\n"
"union word {\n\tfloat f;\n\tuint32_t bits;\n};\n\n"
"static inline float size_of(float x)\n{\n"
"\tunion word y;\n"
"\ty.f = x;\n"
"\ty.bits &= 0x7fffffffu;\n"
"\treturn y.f;\n}\n\n"
"/* y >= 0 with the sign of x */\n"
"static inline float with_sign(float y, float x)\n{\n"
"\tunion word a, b;\n"
"\ta.f = y;\n"
"\tb.f = x;\n"
"\ta.bits |= b.bits & 0x80000000u;\n"
"\treturn a.f;\n}\n" },
[HELPER_EXP] = { HELPER_SIGN,
"/* exp(x) to within 2e-7 of itself, where x is cut to +-87; NaN of NaN */\n"
"static inline float exp_of(float x)\n{\n"
"\tunion word cut, two;\n"
"\tcut.f = size_of(x);\n"
"\tconst int32_t size = (int32_t)cut.bits, most = 0x42ae0000; /* 87.0f */\n"
"\tconst uint32_t nan = -(uint32_t)(size > 0x7f800000);\n"
"\tcut.bits = (uint32_t)(size < most ? size : most);\n"
"\tcut.f = with_sign(cut.f, x);\n"
"\tconst int32_t n = (int32_t)(cut.f * 1.44269504f + with_sign(0.5f, x));\n"
"\tconst float r = (cut.f - (float)n * 0.693359375f) + (float)n * 2.12194440e-4f;\n"
"\tfloat p = 1.0f / 5040.0f;\n"
"\tp = p * r + 1.0f / 720.0f;\n"
"\tp = p * r + 1.0f / 120.0f;\n"
"\tp = p * r + 1.0f / 24.0f;\n"
"\tp = p * r + 1.0f / 6.0f;\n"
"\tp = p * r + 0.5f;\n"
"\tp = p * r + 1.0f;\n"
"\tp = p * r + 1.0f;\n"
"\ttwo.bits = (uint32_t)(n + 127) << 23 | nan;\n"
"\treturn p * two.f;\n}\n" },
[HELPER_BY_SIGN] = { HELPER_EXP,
"/* a where x < 0, else b */\n"
"static inline float by_sign(float x, float a, float b)\n{\n"
"\tunion word of, yes, no;\n"
"\tof.f = x;\n"
"\tyes.f = a;\n"
"\tno.f = b;\n"
"\tof.bits = -(of.bits >> 31);\n"
"\tyes.bits = (yes.bits & of.bits) | (no.bits & ~of.bits);\n"
"\treturn yes.f;\n}\n" },
[HELPER_SQRT] = { HELPERS,
"static float sqrt_of(float x)\n{\n"
"\tunion { uint32_t bits; float f; } y;\n"
"\tif (!(x > 0)) return 0;\n"
"\ty.f = x;\n"
"\ty.bits = (y.bits >> 1) + 0x1fbd1df5u;\n"
"\tfor (int i = 0; i < 4; i++)\n"
"\t\ty.f = 0.5f * (y.f + x / y.f);\n"
"\treturn y.f;\n}\n" },
[HELPER_TANH] = { HELPER_EXP,
"static inline float tanh_of(float x)\n{\n"
"\tconst float e = exp_of(-2.0f * size_of(x));\n"
"\treturn with_sign((1.0f - e) / (1.0f + e), x);\n}\n" },
[HELPER_ERF] = { HELPER_EXP,
"/* Abramowitz and Stegun, 7.1.26: to within 1.5e-7 */\n"
"static inline float erf_of(float x)\n{\n"
"\tconst float z = size_of(x), t = 1.0f / (1.0f + 0.3275911f * z);\n"
"\tfloat p = 1.061405429f;\n"
"\tp = p * t - 1.453152027f;\n"
"\tp = p * t + 1.421413741f;\n"
"\tp = p * t - 0.284496736f;\n"
"\tp = p * t + 0.254829592f;\n"
"\treturn with_sign(1.0f - p * t * exp_of(-z * z), x);\n}\n" },
[HELPER_SIGMOID] = { HELPER_BY_SIGN,
"static inline float sigmoid_of(float x)\n{\n"
"\tconst float e = exp_of(-size_of(x));\n"
"\treturn by_sign(x, e, 1.0f) / (1.0f + e);\n}\n" },
[HELPER_SOFTPLUS] = { HELPER_EXP,
"/* log(1 + e) = 2 atanh(e / (2 + e)) */\n"
"static inline float softplus_of(float x)\n{\n"
"\tconst float e = exp_of(-size_of(x)), z = e / (2.0f + e), s = z * z;\n"
"\tfloat p = 1.0f / 13.0f;\n"
"\tp = p * s + 1.0f / 11.0f;\n"
"\tp = p * s + 1.0f / 9.0f;\n"
"\tp = p * s + 1.0f / 7.0f;\n"
"\tp = p * s + 1.0f / 5.0f;\n"
"\tp = p * s + 1.0f / 3.0f;\n"
"\tp = p * s + 1.0f;\n"
"\treturn (x > 0 ? x : 0) + 2.0f * z * p;\n}\n" },
[HELPER_TANH_SOFTPLUS] = { HELPER_BY_SIGN,
"/* tanh(log(1 + exp(x))) = d / (d + 2), d = exp(x) (exp(x) + 2). Where x >= 0, numerator and\n"
" * denominator are divided by exp(2x), which could overflow. */\n"
"static inline float tanh_softplus_of(float x)\n{\n"
"\tconst float e = exp_of(-size_of(x)), square = e * e, twice = 2.0f * e;\n"
"\tconst float d = by_sign(x, square, 1.0f) + twice;\n"
"\treturn d / (d + 2.0f * by_sign(x, 1.0f, square));\n}\n" },
[HELPER_WINDOW] = { HELPERS,
"/* A window over an image (h, w, c); over the edge there is nothing. */\n"
"struct window {\n"
"\tint h, w, c, kernel_h, kernel_w, stride, dilation, top, left, out_h, out_w;\n"
"};\n" },
[HELPER_PIXEL] = { HELPER_WINDOW,
"/* The pixel of output (oy, ox) that pixel k of the kernel meets; -1: none. */\n"
"static int pixel_of(const struct window *at, int oy, int ox, int k)\n{\n"
"\tconst int r = oy * at->stride + k / at->kernel_w * at->dilation - at->top;\n"
"\tconst int s = ox * at->stride + k % at->kernel_w * at->dilation - at->left;\n"
"\treturn r < 0 || r >= at->h || s < 0 || s >= at->w ? -1 : r * at->w + s;\n}\n" },
[HELPER_PLACE] = { HELPERS,
"/* What stands at i of n pixels and those around them: the edge repeated, or a reflection. */\n"
"static int place(int i, int n, int edge)\n{\n"
"\tif (i >= 0 && i < n) return i;\n"
"\tif (edge) return i < 0 ? 0 : n - 1;\n"
"\treturn i < 0 ? -i : 2 * (n - 1) - i;\n}\n" },
[HELPER_BORDER] = { HELPER_PLACE,
"static void surround(int h, int w, int c, int top, int left, int out_h, int out_w, int edge,\n"
"\t\t     const float *x, float *y)\n{\n"
"\tfor (int oy = 0; oy < out_h; oy++)\n"
"\t\tfor (int ox = 0; ox < out_w; ox++, y += c) {\n"
"\t\t\tconst int p = place(oy - top, h, edge) * w + place(ox - left, w, edge);\n"
"\t\t\tfor (int i = 0; i < c; i++)\n"
"\t\t\t\ty[i] = x[p * c + i];\n"
"\t\t}\n}\n" },
[HELPER_SUM] = { HELPERS,
"/* y[n] += x[inputs] kernel[inputs][filters]. Compilers vectorise the loop over filters; it loads\n"
" * and stores a sum once for eight inputs. */\n"
"static inline void add_inputs(const float *restrict x, int inputs, const float *restrict kernel,\n"
"\t\t\t      int filters, int n, float *restrict y)\n{\n"
"\tint i = 0;\n"
"\tfor (; i + 8 <= inputs; i += 8, kernel += 8 * filters)\n"
"\t\tfor (int o = 0; o < n; o++)\n"
"\t\t\ty[o] += x[i] * kernel[o] + x[i + 1] * kernel[filters + o] +\n"
"\t\t\t\tx[i + 2] * kernel[2 * filters + o] + x[i + 3] * kernel[3 * filters + o] +\n"
"\t\t\t\tx[i + 4] * kernel[4 * filters + o] + x[i + 5] * kernel[5 * filters + o] +\n"
"\t\t\t\tx[i + 6] * kernel[6 * filters + o] + x[i + 7] * kernel[7 * filters + o];\n"
"\tfor (; i < inputs; i++, kernel += filters)\n"
"\t\tfor (int o = 0; o < n; o++)\n"
"\t\t\ty[o] += x[i] * kernel[o];\n}\n\n"
"/* The same, sixteen filters at a time: compilers unroll a loop of constant length. */\n"
"static void add_product(const float *x, int inputs, const float *kernel, int filters, int n,\n"
"\t\t\tfloat *y)\n{\n"
"\tfor (; n >= 16; n -= 16, kernel += 16, y += 16)\n"
"\t\tadd_inputs(x, inputs, kernel, filters, 16, y);\n"
"\tif (n > 0) add_inputs(x, inputs, kernel, filters, n, y);\n}\n" },
[HELPER_CONV] = { HELPER_SUM,
"/* y[k] += x[k] kernel[k]: a filter for each channel */\n"
"static void add_each(const float *restrict x, const float *restrict kernel, int n,\n"
"\t\t     float *restrict y)\n{\n"
"\tfor (int k = 0; k < n; k++)\n"
"\t\ty[k] += x[k] * kernel[k];\n}\n\n"
"/* y[filters] += what one row of the kernel gives; its first column meets column `left` of x[w][c].\n"
" * Without groups the row is one product, since its pixels lie side by side. */\n"
"static void add_row(const struct window *at, int groups, int filters, int left, const float *x,\n"
"\t\t    const float *kernel, float *y)\n{\n"
"\tconst int each = at->c / groups, n = filters / groups;\n"
"\tint first = 0, end = at->kernel_w;\n"
"\twhile (left + first * at->dilation < 0)\n"
"\t\tfirst++;\n"
"\twhile (left + (end - 1) * at->dilation >= at->w)\n"
"\t\tend--;\n"
"\tconst int columns = groups == 1 && at->dilation == 1 ? end - first : 1;\n"
"\tfor (int k = first; k < end; k += columns) {\n"
"\t\tconst float *in = x + (left + k * at->dilation) * at->c;\n"
"\t\tconst float *by = kernel + k * each * filters;\n"
"\t\tif (each == 1 && n == 1) add_each(in, by, filters, y);\n"
"\t\telse\n"
"\t\t\tfor (int g = 0; g < groups; g++)\n"
"\t\t\t\tadd_product(in + g * each, columns * each, by + g * n, filters, n,\n"
"\t\t\t\t\t    y + g * n);\n"
"\t}\n}\n\n"
"/* x[h][w][c], kernel[kernel_h][kernel_w][c / groups][filters], y[out_h][out_w][filters] */\n"
"static void conv(const struct window *at, int groups, int filters, const float *x,\n"
"\t\t const float *kernel, float *y)\n{\n"
"\tconst int row = at->kernel_w * (at->c / groups) * filters;\n"
"\tfor (int oy = 0; oy < at->out_h; oy++)\n"
"\t\tfor (int ox = 0; ox < at->out_w; ox++, y += filters) {\n"
"\t\t\tfor (int o = 0; o < filters; o++)\n"
"\t\t\t\ty[o] = 0;\n"
"\t\t\tfor (int k = 0; k < at->kernel_h; k++) {\n"
"\t\t\t\tconst int r = oy * at->stride - at->top + k * at->dilation;\n"
"\t\t\t\tif (r >= 0 && r < at->h)\n"
"\t\t\t\t\tadd_row(at, groups, filters, ox * at->stride - at->left,\n"
"\t\t\t\t\t\tx + r * at->w * at->c, kernel + k * row, y);\n"
"\t\t\t}\n\t\t}\n}\n" },
[HELPER_NORM] = { HELPERS,
"static void norm(int pixels, int c, const float *restrict x, const float *by, const float *mean,\n"
"\t\t const float *shift, float *restrict y)\n{\n"
"\tfor (int p = 0; p < pixels; p++, x += c, y += c)\n"
"\t\tfor (int i = 0; i < c; i++)\n"
"\t\t\ty[i] = by[i] * (x[i] - mean[i]) + shift[i];\n}\n" },
[HELPER_AVERAGE] = { HELPER_PIXEL,
"static void average(const struct window *at, const float *restrict x, float *restrict y)\n{\n"
"\tfor (int oy = 0; oy < at->out_h; oy++)\n"
"\t\tfor (int ox = 0; ox < at->out_w; ox++, y += at->c) {\n"
"\t\t\tint count = 0;\n"
"\t\t\tfor (int i = 0; i < at->c; i++)\n"
"\t\t\t\ty[i] = 0;\n"
"\t\t\tfor (int k = 0; k < at->kernel_h * at->kernel_w; k++) {\n"
"\t\t\t\tconst int p = pixel_of(at, oy, ox, k);\n"
"\t\t\t\tif (p < 0) continue;\n"
"\t\t\t\tcount++;\n"
"\t\t\t\tfor (int i = 0; i < at->c; i++)\n"
"\t\t\t\t\ty[i] += x[p * at->c + i];\n"
"\t\t\t}\n"
"\t\t\tfor (int i = 0; i < at->c; i++)\n"
"\t\t\t\ty[i] *= 1.0f / (float)count;\n"
"\t\t}\n}\n" },
[HELPER_LARGEST] = { HELPER_PIXEL,
"static void largest(const struct window *at, const float *restrict x, float *restrict y)\n{\n"
"\tfor (int oy = 0; oy < at->out_h; oy++)\n"
"\t\tfor (int ox = 0; ox < at->out_w; ox++, y += at->c) {\n"
"\t\t\tint count = 0;\n"
"\t\t\tfor (int k = 0; k < at->kernel_h * at->kernel_w; k++) {\n"
"\t\t\t\tconst int p = pixel_of(at, oy, ox, k);\n"
"\t\t\t\tif (p < 0) continue;\n"
"\t\t\t\tfor (int i = 0; i < at->c; i++) {\n"
"\t\t\t\t\tconst float v = x[p * at->c + i];\n"
"\t\t\t\t\tif (!count || v > y[i]) y[i] = v;\n"
"\t\t\t\t}\n"
"\t\t\t\tcount = 1;\n"
"\t\t\t}\n\t\t}\n}\n" },
[HELPER_MEAN] = { HELPERS,
"/* over all pixels */\n"
"static void mean(int pixels, int c, const float *restrict x, float *restrict y)\n{\n"
"\tfor (int i = 0; i < c; i++)\n"
"\t\ty[i] = 0;\n"
"\tfor (int p = 0; p < pixels; p++)\n"
"\t\tfor (int i = 0; i < c; i++)\n"
"\t\t\ty[i] += x[p * c + i];\n"
"\tfor (int i = 0; i < c; i++)\n"
"\t\ty[i] *= 1.0f / (float)pixels;\n}\n" },
[HELPER_COPY] = { HELPERS,
"/* n channels of each pixel, from those of x_c to those of y_c */\n"
"static void copy(int pixels, int n, const float *x, int x_c, float *y, int y_c)\n{\n"
"\tfor (int p = 0; p < pixels; p++)\n"
"\t\tfor (int i = 0; i < n; i++)\n"
"\t\t\ty[p * y_c + i] = x[p * x_c + i];\n}\n" },
[HELPER_LOG] = { HELPERS,
"/* x = 2^n m, m within a factor of sqrt(2) around 1; log(m) = 2 atanh((m - 1) / (m + 1)) */\n"
"static float log_of(float x)\n{\n"
"\tunion { uint32_t bits; float f; } m;\n"
"\tfloat below = 0;\n"
"\tif (!(x > 0)) return x != x ? x : -3.0e38f;\n"
"\tif (x < 1.17549435e-38f) {\n"
"\t\tx *= 16777216.0f;\n"
"\t\tbelow = -24.0f;\n"
"\t}\n"
"\tm.f = x;\n"
"\tconst uint32_t shifted = m.bits + 0x004afb0du;\n"
"\tconst float n = (float)((int32_t)(shifted >> 23) - 127);\n"
"\tm.bits = (shifted & 0x007fffffu) + 0x3f3504f3u;\n"
"\tconst float q = (m.f - 1.0f) / (m.f + 1.0f), r = q * q;\n"
"\tfloat p = 2.0f / 9.0f;\n"
"\tp = p * r + 2.0f / 7.0f;\n"
"\tp = p * r + 2.0f / 5.0f;\n"
"\tp = p * r + 2.0f / 3.0f;\n"
"\treturn (n + below) * 0.693145752f + ((n + below) * 1.42860677e-6f + (2.0f * q + q * (r * p)));\n"
"}\n" },
[HELPER_TAKE] = { HELPERS,
"/* x[outer][size][inner], y[outer][n][inner]: those at the places; zeros at a place below 0 */\n"
"static void take(int outer, int size, int n, const int32_t *at, int inner, const float *x, float *y)\n{\n"
"\tfor (int o = 0; o < outer; o++, x += size * inner)\n"
"\t\tfor (int k = 0; k < n; k++, y += inner)\n"
"\t\t\tfor (int i = 0; i < inner; i++)\n"
"\t\t\t\ty[i] = at[k] < 0 ? 0 : x[at[k] * inner + i];\n}\n" },
[HELPER_PRODUCT] = { HELPER_SUM,
"/* y[h][n][m] = a[h][n][d] b[h][d][m], each h for itself */\n"
"static void product(int h, int n, int d, int m, const float *a, const float *b, float *y)\n{\n"
"\tfor (int o = 0; o < h; o++, b += d * m)\n"
"\t\tfor (int i = 0; i < n; i++, a += d, y += m) {\n"
"\t\t\tfor (int k = 0; k < m; k++)\n"
"\t\t\t\ty[k] = 0;\n"
"\t\t\tadd_product(a, d, b, m, m, y);\n"
"\t\t}\n}\n" },
};

static const struct helper_text *text_of(int helper)
{
	return helpers[helper].text ? &helpers[helper] : &int8_helpers[helper];
}

void writer_want(struct writer *w, enum helper helper)
{
	for (; helper != HELPERS; helper = text_of(helper)->needs)
		w->wanted[helper] = 1;
}

void writer_helpers(const struct writer *w, FILE *f)
{
	for (int i = 0; i < HELPERS; i++)
		if (w->wanted[i]) fprintf(f, "%s\n", text_of(i)->text);
}
