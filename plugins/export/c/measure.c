/* How long a prediction takes here: cc compiles the file with a main that times it. */
#include "writer.h"

#include <stdlib.h>
#include <unistd.h>

enum { COMPILE_MS = 120000, RUN_MS = 60000 };

/* At least three predictions and a fifth of a second; the time of each goes to the file "ms". */
static const char timer[] =
"#include <stdint.h>\n#include <stdio.h>\n#include <time.h>\n"
"void %s_predict(const uint8_t *image, float *p);\n"
"int main(void)\n{\n"
"\tstatic uint8_t image[%lld];\n"
"\tstatic float p[%lld];\n"
"\tfor (int i = 0; i < %lld; i++)\n\t\timage[i] = (uint8_t)(i * 2654435761u >> 24);\n"
"\t%s_predict(image, p);\n"
"\tconst clock_t start = clock();\n"
"\tint n = 0;\n"
"\twhile (n < 3 || clock() - start < CLOCKS_PER_SEC / 5) {\n"
"\t\t%s_predict(image, p);\n\t\tn++;\n\t}\n"
"\tFILE *f = fopen(\"ms\", \"w\");\n"
"\tif (!f) return 1;\n"
"\tfprintf(f, \"%%g\\n\", 1e3 * (double)(clock() - start) / CLOCKS_PER_SEC / n);\n"
"\treturn fclose(f) != 0;\n}\n";

static const char *path_in(const struct writer *w, const char *dir, const char *name)
{
	const size_t n = strlen(dir) + strlen(name) + 2;
	char *path = w->host->alloc(n);
	snprintf(path, n, "%s/%s", dir, name);
	return path;
}

static const char *put_timer(const struct writer *w, const char *dir)
{
	const struct rnf_export_value *x = &w->model->values[w->model->input];
	const long long bytes = x->h * x->w * x->c;
	const size_t room = sizeof timer + 4 * strlen(w->name) + 80;
	char *text = w->host->alloc(room);
	const int n = snprintf(text, room, timer, w->name, bytes, (long long)w->model->classes, bytes,
			       w->name, w->name);
	return w->host->put(path_in(w, dir, "timer.c"), text, (size_t)n);
}

static rnf_status read_time(struct writer *w, const char *dir)
{
	FILE *f = fopen(path_in(w, dir, "ms"), "r");
	const int good = f && fscanf(f, "%lf", &w->measured) == 1 && w->measured > 0;
	if (f) fclose(f);
	return good ? RNF_OK : w->host->fail(RNF_EUNSUP, "--measure: the program wrote no time");
}

static const struct {
	const char *what;
	int limit_ms;
	const char *words[9];
} commands[] = {
	{ "compiling the file with cc", COMPILE_MS,
	  { "cc", "-std=c99", "-O3", "-Dmain=model_main", "-c", "model.c", NULL } },
	{ "linking it with cc", COMPILE_MS,
	  { "cc", "-std=c99", "-O3", "-o", "timer", "timer.c", "model.o", NULL } },
	{ "running it", RUN_MS, { "./timer", NULL } },
};
enum { COMMANDS = sizeof commands / sizeof *commands };

static rnf_status measure_in(struct writer *w, const char *dir, const char *text, size_t n)
{
	const char *bad = w->host->put(path_in(w, dir, "model.c"), text, n);
	if (!bad) bad = put_timer(w, dir);
	if (bad) return w->host->fail(RNF_EIO, "--measure: %s", bad);
	for (int i = 0; i < COMMANDS; i++) {
		bad = w->host->run(dir, commands[i].words, commands[i].limit_ms);
		if (bad)
			return w->host->fail(RNF_EUNSUP, "--measure: %s: %s", commands[i].what, bad);
	}
	return read_time(w, dir);
}

static void drop(const struct writer *w, const char *dir)
{
	static const char *const names[] = { "model.c", "timer.c", "model.o", "timer", "ms" };
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		unlink(path_in(w, dir, names[i]));
	rmdir(dir);
}

rnf_status writer_measure(struct writer *w, const char *text, size_t n)
{
	const char *tmp = getenv("TMPDIR");
	char *dir = w->host->alloc((tmp ? strlen(tmp) : 0) + 32);
	sprintf(dir, "%s/rnframe-XXXXXX", tmp && *tmp ? tmp : "/tmp");
	if (!mkdtemp(dir)) return w->host->fail(RNF_EIO, "%s: %s", dir, strerror(errno));
	const rnf_status status = measure_in(w, dir, text, n);
	drop(w, dir);
	return status;
}
