/* c: the model as one file of C99 that needs no library, for programs and for small machines:
 *   void NAME_predict(const uint8_t *image, float *p);
 * image [height][width][channels], 0 .. 255; p [classes]. Sums run in other orders than
 * rnframe's, so that probabilities differ in their last digits. */
#include "int8.h"

#include <stdlib.h>
#include <string.h>

/* -- words and numbers -- */

void writer_number(FILE *f, float value)
{
	char text[32];
	snprintf(text, sizeof text, "%.9g", (double)value);
	fprintf(f, "%s%sf", text, strpbrk(text, ".e") ? "" : ".0");
}

void writer_word(FILE *f, const char *text)
{
	for (; *text; text++) {
		const char c = *text;
		const int good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
				 (c >= '0' && c <= '9') || c == '_';
		fputc(good ? c : '_', f);
	}
}

/* Bytes that C might read otherwise are written by their numbers. */
static void write_string(FILE *f, const char *text)
{
	fputc('"', f);
	for (; *text; text++) {
		const unsigned char c = (unsigned char)*text;
		if (c < 32 || c > 126 || c == '"' || c == '\\' || c == '?') fprintf(f, "\\%03o", c);
		else fputc(c, f);
	}
	fputc('"', f);
}

static void begin_table(struct writer *w, const char *what, const char *type, int64_t n)
{
	fprintf(w->tables, "/* ");
	writer_word(w->tables, what);
	fprintf(w->tables, " */\nstatic const %s t%d[%lld] = {", type, w->n_tables, (long long)n);
}

static int end_table(struct writer *w, int64_t bytes)
{
	fputs("\n};\n", w->tables);
	w->table_bytes += bytes;
	return w->n_tables++;
}

int writer_table(struct writer *w, const char *what, const float *data, int64_t n)
{
	enum { A_LINE = 8 };
	begin_table(w, what, "float", n);
	for (int64_t i = 0; i < n; i++) {
		fputs(i % A_LINE ? " " : "\n\t", w->tables);
		writer_number(w->tables, data[i]);
		fputc(',', w->tables);
	}
	return end_table(w, 4 * n);
}

int writer_integers(struct writer *w, const char *what, const char *type, const int32_t *data,
		    int64_t n)
{
	const int a_line = strchr(type, '8') ? 16 : 8;
	begin_table(w, what, type, n);
	for (int64_t i = 0; i < n; i++)
		fprintf(w->tables, "%s%d,", i % a_line ? " " : "\n\t", data[i]);
	return end_table(w, strchr(type, '8') ? n : 4 * n);
}

/* -- the file -- */

static rnf_status write_floats(struct writer *w)
{
	const struct rnf_export_model *m = w->model;
	const struct rnf_export_value *x = &m->values[m->input];
	const struct rnf_export_value logits = { 1, 1, m->classes, NULL };
	char *declared = w->host->alloc(64);
	writer_place(w);
	w->floats = "memory";
	w->ram = 4 * w->memory;
	snprintf(declared, 64, "static float memory[%lld];\n", (long long)w->memory);
	w->declared = declared;
	const int scale = writer_table(w, "input_scale", m->scale, x->c);
	const int shift = writer_table(w, "input_shift", m->shift, x->c);
	fprintf(w->body, "void %s_predict(const uint8_t *image, float *p)\n{\n"
		"\tfor (int i = 0; i < %lld; i++)\n\t\tmemory[%lld + i] = (float)image[i] * "
		"t%d[i %% %lld] + t%d[i %% %lld];\n", w->name, (long long)(x->h * x->w * x->c),
		(long long)w->offset[m->input], scale, (long long)x->c, shift, (long long)x->c);
	RNF_TRY(writer_ops(w));
	fputs("\n\t/* probabilities */\n", w->body);
	writer_formula(w, m->predict, m->n_predict, &m->logits, &logits, "p");
	return RNF_OK;
}

static void write_classes(const struct writer *w, FILE *f)
{
	const struct rnf_export_model *m = w->model;
	if (!m->names) return;
	fprintf(f, "extern const char *const %s_classes[%lld];\n", w->name, (long long)m->classes);
	fprintf(f, "const char *const %s_classes[%lld] = {\n", w->name, (long long)m->classes);
	for (int64_t i = 0; i < m->classes; i++) {
		fputc('\t', f);
		write_string(f, m->names[i]);
		fputs(",\n", f);
	}
	fputs("};\n", f);
}

static void write_head(const struct writer *w, FILE *f)
{
	const struct rnf_export_model *m = w->model;
	const struct rnf_export_value *x = &m->values[m->input];
	fprintf(f, "/* ");
	writer_word(f, m->name);
	fprintf(f, ": a classifier, written by rnframe %s.\n"
		" *   void %s_predict(const uint8_t *image, float *p);\n"
		" * image[%lld][%lld][%lld], 0 .. 255, in; p[%lld], probabilities, out. One call at a time:\n"
		" * the memory is static.\n%s"
		" * Parameters: %lld. Constants (flash): %lld bytes. Memory (RAM): %lld bytes.\n"
		" * Multiply-adds: %lld.", m->version, w->name,
		(long long)x->h, (long long)x->w, (long long)x->c, (long long)m->classes,
		w->notes ? w->notes : "", (long long)m->parameters, (long long)w->table_bytes,
		(long long)w->ram, (long long)w->macs);
	if (w->measured > 0)
		fprintf(f, " A prediction takes %.3g ms on the machine that wrote this file (cc -O3).",
			w->measured);
	fprintf(f, " */\n#include <stdint.h>\n%s\n", w->main ? "#include <stdio.h>\n" : "");
	if (w->int8)
		fprintf(f, "void %s_sums(const uint8_t *image, int32_t *sums);\n", w->name);
	fprintf(f, "void %s_predict(const uint8_t *image, float *p);\n", w->name);
	write_classes(w, f);
}

/* *text is to be freed, also after a failure. */
static rnf_status make_text(const struct writer *w, const char *tables, const char *body, char **text,
			    size_t *n)
{
	FILE *f = open_memstream(text, n);
	if (!f) return w->host->fail(RNF_ENOMEM, "no memory");
	write_head(w, f);
	fprintf(f, "\n%s\n%s\n", w->declared, tables);
	writer_helpers(w, f);
	fprintf(f, "%s}\n", body);
	if (w->main) writer_main(w, f);
	const int bad = ferror(f);
	return fclose(f) != 0 || bad ? w->host->fail(RNF_ENOMEM, "no memory") : RNF_OK;
}

/* The file that is measured has no time in its head yet. */
static rnf_status write_file(struct writer *w, int fd, const char *tables, const char *body, int measure)
{
	char *text = NULL;
	size_t n = 0;
	rnf_status status = make_text(w, tables, body, &text, &n);
	if (status >= 0 && measure) {
		status = writer_measure(w, text, n);
		free(text);
		text = NULL;
		if (status >= 0) status = make_text(w, tables, body, &text, &n);
	}
	if (status >= 0) status = rnf_write_all(w->host, fd, text, n);
	free(text);
	return status;
}

/* A word of C made of the file's name. */
static const char *identifier(const struct rnf_host *host, const char *name)
{
	char *text = host->alloc(strlen(name) + 8);
	size_t n = 0;
	if (!(name[0] >= 'a' && name[0] <= 'z') && !(name[0] >= 'A' && name[0] <= 'Z'))
		n = (size_t)sprintf(text, "model_");
	for (; *name; name++) {
		const char c = *name;
		const int good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
				 (c >= '0' && c <= '9');
		text[n++] = good ? c : '_';
	}
	return text;
}

struct conf {
	int32_t int8, main, measure;
	int64_t calibrate;
};

static rnf_status write_body(struct writer *w, const struct conf *conf)
{
	enum { USUAL = 512 };
	if (!w->tables || !w->body) return w->host->fail(RNF_ENOMEM, "no memory");
	if (conf->calibrate > 0 && !conf->int8)
		return w->host->fail(RNF_EINVAL, "calibrate is for files in integers: --int8");
	return conf->int8 ? int8_write(w, conf->calibrate > 0 ? conf->calibrate : USUAL)
			  : write_floats(w);
}

static rnf_status write_c(const void *self, const struct rnf_host *host, int fd, const char *name,
			  const struct rnf_export_model *model)
{
	const struct conf *conf = self;
	struct writer w = { .host = host, .model = model, .name = identifier(host, name),
			    .int8 = conf->int8, .main = conf->main };
	char *tables = NULL, *body = NULL;
	size_t n_tables, n_body;
	w.tables = open_memstream(&tables, &n_tables);
	w.body = open_memstream(&body, &n_body);
	rnf_status status = write_body(&w, conf);
	const int bad_tables = w.tables && fclose(w.tables), bad_body = w.body && fclose(w.body);
	if (status >= 0 && (bad_tables || bad_body)) status = host->fail(RNF_ENOMEM, "no memory");
	if (status >= 0) status = write_file(&w, fd, tables, body, conf->measure);
	free(tables);
	free(body);
	return status;
}

static const struct rnf_params params = RNF_PARAMS(struct conf,
	RNF_BOOL(struct conf, int8, 0, "in integers: kernels and images of int8"),
	RNF_INT(struct conf, calibrate, 0, 0, 1000000, "images", "of training, from which int8 takes "
		"the ranges of values; 0: 512"),
	RNF_BOOL(struct conf, main, 0, "with a main that classifies a PPM file"),
	RNF_BOOL(struct conf, measure, 0, "compile it and say how long a prediction takes"));

static const struct rnf_export_impl impl = { .suffix = ".c", .write = write_c };

RNF_PLUGIN(export, c, "one file of C99 without any library", &params, impl)
