/* A main for an exported file: it reads an image and prints the classes, the likeliest first. */
#include "writer.h"

static const char text[] =
"/* The next number of the head; # begins a comment. -1: there is none. */\n"
"static int read_number(FILE *f)\n{\n"
"\tint c = getc(f), n = -1;\n"
"\twhile (c == ' ' || c == '\\t' || c == '\\r' || c == '\\n' || c == '#') {\n"
"\t\tif (c == '#')\n"
"\t\t\twhile (c != '\\n' && c != EOF)\n"
"\t\t\t\tc = getc(f);\n"
"\t\tc = getc(f);\n"
"\t}\n"
"\tfor (; c >= '0' && c <= '9' && n < 100000; c = getc(f))\n"
"\t\tn = (n < 0 ? 0 : n * 10) + (c - '0');\n"
"\treturn n;\n}\n\n"
"static int read_pixels(FILE *f, uint8_t *image)\n{\n"
"\tif (getc(f) != 'P' || getc(f) != '%c') return 0;\n"
"\tif (read_number(f) != %lld || read_number(f) != %lld || read_number(f) != 255) return 0;\n"
"\treturn fread(image, 1, %lld, f) == %lld;\n}\n\n"
"int main(int argc, char **argv)\n{\n"
"\tstatic uint8_t image[%lld];\n"
"\tstatic float p[%lld];\n"
"\tFILE *f = argc == 2 ? fopen(argv[1], \"rb\") : NULL;\n"
"\tif (!f || !read_pixels(f, image)) {\n"
"\t\tfprintf(stderr, \"usage: %%s FILE, an image P%c of %lld x %lld\\n\", argv[0]);\n"
"\t\treturn 2;\n"
"\t}\n"
"\tfclose(f);\n"
"\t%s_predict(image, p);\n"
"\tfor (int i = 0; i < %lld; i++) {\n"
"\t\tint best = 0;\n"
"\t\tfor (int k = 1; k < %lld; k++)\n"
"\t\t\tif (p[k] > p[best]) best = k;\n";

/* A printed one is less than all others. */
static const char rest[] =
"\t\tp[best] = -1;\n"
"\t}\n"
"\treturn 0;\n}\n";

void writer_main(const struct writer *w, FILE *f)
{
	const struct rnf_export_model *m = w->model;
	const struct rnf_export_value *x = &m->values[m->input];
	const long long h = x->h, width = x->w, bytes = x->h * x->w * x->c, k = m->classes;
	const char kind = x->c == 1 ? '5' : '6';
	fputc('\n', f);
	fprintf(f, text, kind, width, h, bytes, bytes, bytes, k, kind, width, h, w->name, k, k);
	if (m->names)
		fprintf(f, "\t\tprintf(\"%%s %%.4f\\n\", %s_classes[best], (double)p[best]);\n", w->name);
	else
		fputs("\t\tprintf(\"%d %.4f\\n\", best, (double)p[best]);\n", f);
	fputs(rest, f);
}
