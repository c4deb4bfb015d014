#include "run/predictions.h"

#include <errno.h>
#include <fcntl.h>
#include <rnframe/random.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/csv.h"
#include "base/file.h"
#include "base/lines.h"
#include "base/status.h"

static const char head[] = "index,true,predicted,p_true,p_predicted";

static void write_row(const struct rnf_report *r, const struct rnf_prediction *p, FILE *out)
{
	fprintf(out, "%lld,", (long long)p->index);
	rnf_csv_text(out, r->labels[p->label]);
	if (p->class < 0) {
		fputs(",,," RNF_CSV_END, out);
		return;
	}
	fputc(',', out);
	rnf_csv_text(out, r->labels[p->class]);
	fprintf(out, ",%.9g,%.9g" RNF_CSV_END, (double)p->p_label, (double)p->p_class);
}

void rnf_predictions_csv(const struct rnf_report *r, FILE *out)
{
	fprintf(out, "%s" RNF_CSV_END, head);
	for (int64_t i = 0; i < r->tally->n; i++)
		write_row(r, &r->tally->predictions[i], out);
}

/* -- back -- */

static void add(struct rnf_answered *a, int right)
{
	if ((a->n & (a->n - 1)) == 0) { /* full at powers of two */
		unsigned char *more = realloc(a->right, (size_t)(a->n ? 2 * a->n : 1));
		if (!more) rnf_no_memory((size_t)a->n);
		a->right = more;
	}
	a->right[a->n++] = (unsigned char)right;
}

static uint64_t mix_text(uint64_t hash, const char *text)
{
	for (; *text; text++)
		hash = rnf_random_key(hash, (unsigned char)*text);
	return rnf_random_key(hash, 256);
}

static int read_row(char *line, struct rnf_answered *a)
{
	const char *fields[5];
	for (size_t i = 0; i < 5; i++) {
		fields[i] = line ? rnf_csv_field(&line) : NULL;
		if (!fields[i]) return 0;
	}
	if (line || !*fields[0] || !*fields[1]) return 0;
	a->images = mix_text(mix_text(a->images, fields[0]), fields[1]);
	add(a, !strcmp(fields[1], fields[2]));
	return 1;
}

static rnf_status read_rows(FILE *file, const char *path, struct rnf_answered *a)
{
	struct rnf_line line;
	line.number = 0;
	for (;;) {
		RNF_TRY(rnf_line_read(&line, file, path));
		if (line.n == 0) return RNF_OK;
		line.text[strcspn(line.text, "\r\n")] = 0;
		if (line.number == 1 ? strcmp(line.text, head) != 0 : !read_row(line.text, a))
			return rnf_fail(RNF_EINVAL, "%s:%zu: is not a line of %s", path, line.number,
					RNF_PREDICTIONS);
	}
}

rnf_status rnf_predictions_read(const char *path, struct rnf_answered *a)
{
	*a = (struct rnf_answered){ 0 };
	FILE *file;
	if (access(path, F_OK) != 0 && errno == ENOENT)
		return rnf_fail(RNF_ENOENT, "%s is not there", path);
	RNF_TRY(rnf_file_read(path, O_NOFOLLOW, &file));
	const rnf_status status = read_rows(file, path, a);
	fclose(file);
	if (status < 0) free(a->right);
	if (status < 0) a->right = NULL;
	return status;
}
