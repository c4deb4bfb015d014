/* Functions of exported files, as their text. They need no header and no library. */
#include "writer.h"

static const struct helper_text helpers[HELPERS] = {
[HELPER_EXP] = { HELPERS,
"/* exp(x) to within 2e-7 of itself, where x is cut to +-87 */\n"
"static float exp_of(float x)\n{\n"
"\tunion { uint32_t bits; float f; } two;\n"
"\tif (!(x > -87.0f)) x = x != x ? x : -87.0f;\n"
"\tif (x > 87.0f) x = 87.0f;\n"
"\tconst float t = x * 1.44269504f;\n"
"\tconst int32_t n = x != x ? 0 : (int32_t)(t < 0 ? t - 0.5f : t + 0.5f);\n"
"\tconst float r = (x - (float)n * 0.693359375f) + (float)n * 2.12194440e-4f;\n"
"\tfloat p = 1.0f / 5040.0f;\n"
"\tp = p * r + 1.0f / 720.0f;\n"
"\tp = p * r + 1.0f / 120.0f;\n"
"\tp = p * r + 1.0f / 24.0f;\n"
"\tp = p * r + 1.0f / 6.0f;\n"
"\tp = p * r + 0.5f;\n"
"\tp = p * r + 1.0f;\n"
"\tp = p * r + 1.0f;\n"
"\ttwo.bits = (uint32_t)(n + 127) << 23;\n"
"\treturn p * two.f;\n}\n" },
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
"static float tanh_of(float x)\n{\n"
"\tconst float e = exp_of(x < 0 ? 2.0f * x : -2.0f * x), y = (1.0f - e) / (1.0f + e);\n"
"\treturn x < 0 ? -y : y;\n}\n" },
[HELPER_ERF] = { HELPER_EXP,
"/* Abramowitz and Stegun, 7.1.26: to within 1.5e-7 */\n"
"static float erf_of(float x)\n{\n"
"\tconst float z = x < 0 ? -x : x, t = 1.0f / (1.0f + 0.3275911f * z);\n"
"\tfloat p = 1.061405429f;\n"
"\tp = p * t - 1.453152027f;\n"
"\tp = p * t + 1.421413741f;\n"
"\tp = p * t - 0.284496736f;\n"
"\tp = p * t + 0.254829592f;\n"
"\tconst float y = 1.0f - p * t * exp_of(-z * z);\n"
"\treturn x < 0 ? -y : y;\n}\n" },
[HELPER_SIGMOID] = { HELPER_EXP,
"static float sigmoid_of(float x)\n{\n"
"\tconst float e = exp_of(x < 0 ? x : -x), large = 1.0f / (1.0f + e);\n"
"\treturn x < 0 ? e * large : large;\n}\n" },
[HELPER_SOFTPLUS] = { HELPER_EXP,
"/* log(1 + e) = 2 atanh(e / (2 + e)) */\n"
"static float softplus_of(float x)\n{\n"
"\tconst float e = exp_of(x < 0 ? x : -x), z = e / (2.0f + e), s = z * z;\n"
"\tfloat p = 1.0f / 13.0f;\n"
"\tp = p * s + 1.0f / 11.0f;\n"
"\tp = p * s + 1.0f / 9.0f;\n"
"\tp = p * s + 1.0f / 7.0f;\n"
"\tp = p * s + 1.0f / 5.0f;\n"
"\tp = p * s + 1.0f / 3.0f;\n"
"\tp = p * s + 1.0f;\n"
"\treturn (x > 0 ? x : 0) + 2.0f * z * p;\n}\n" },
[HELPER_WINDOW] = { HELPERS,
"/* A window over an image (h, w, c); over the edge there is nothing. */\n"
"struct window {\n"
"\tint h, w, c, kernel_h, kernel_w, stride, dilation, top, left, out_h, out_w;\n"
"};\n\n"
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
[HELPER_CONV] = { HELPER_WINDOW,
"/* y[k] += what one pixel gives: x[each] of a group, kernel[each][filters] */\n"
"static void add_pixel(const float *x, int each, const float *kernel, int filters, int n,\n"
"\t\t      float *y)\n{\n"
"\tfor (int i = 0; i < each; i++, kernel += filters)\n"
"\t\tfor (int o = 0; o < n; o++)\n"
"\t\t\ty[o] += x[i] * kernel[o];\n}\n\n"
"/* x[h][w][c], kernel[kernel_h][kernel_w][c / groups][filters], y[out_h][out_w][filters] */\n"
"static void conv(const struct window *at, int groups, int filters, const float *x,\n"
"\t\t const float *kernel, float *y)\n{\n"
"\tconst int each = at->c / groups, n = filters / groups;\n"
"\tfor (int oy = 0; oy < at->out_h; oy++)\n"
"\t\tfor (int ox = 0; ox < at->out_w; ox++, y += filters) {\n"
"\t\t\tfor (int o = 0; o < filters; o++)\n"
"\t\t\t\ty[o] = 0;\n"
"\t\t\tfor (int k = 0; k < at->kernel_h * at->kernel_w; k++) {\n"
"\t\t\t\tconst int p = pixel_of(at, oy, ox, k);\n"
"\t\t\t\tif (p < 0) continue;\n"
"\t\t\t\tfor (int g = 0; g < groups; g++)\n"
"\t\t\t\t\tadd_pixel(x + p * at->c + g * each, each,\n"
"\t\t\t\t\t\t  kernel + k * each * filters + g * n, filters, n,\n"
"\t\t\t\t\t\t  y + g * n);\n"
"\t\t\t}\n\t\t}\n}\n" },
[HELPER_AVERAGE] = { HELPER_WINDOW,
"static void average(const struct window *at, const float *x, float *y)\n{\n"
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
[HELPER_LARGEST] = { HELPER_WINDOW,
"static void largest(const struct window *at, const float *x, float *y)\n{\n"
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
"static void mean(int pixels, int c, const float *x, float *y)\n{\n"
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
[HELPER_PRODUCT] = { HELPERS,
"/* y[h][n][m] = a[h][n][d] b[h][d][m], each h for itself */\n"
"static void product(int h, int n, int d, int m, const float *a, const float *b, float *y)\n{\n"
"\tfor (int o = 0; o < h; o++, b += d * m)\n"
"\t\tfor (int i = 0; i < n; i++, a += d, y += m) {\n"
"\t\t\tfor (int k = 0; k < m; k++)\n"
"\t\t\t\ty[k] = 0;\n"
"\t\t\tfor (int j = 0; j < d; j++)\n"
"\t\t\t\tfor (int k = 0; k < m; k++)\n"
"\t\t\t\t\ty[k] += a[j] * b[j * m + k];\n"
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
