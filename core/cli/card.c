/* rnframe card RUN: its model card. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/status.h"
#include "cli/cli.h"
#include "run/card.h"

static rnf_status write_card(struct rnf_experiment *e, struct rnf_subject *subject, const char *file)
{
	const char *text;
	if (!rnf_is_folder(subject->model))
		return rnf_fail(RNF_EINVAL, "%s is no run folder, which says how the model was trained",
				subject->model);
	if (file && access(file, F_OK) == 0)
		return rnf_fail(RNF_EINVAL, "%s exists; it is not overwritten", file);
	if (file) RNF_TRY(rnf_file_writable(file));
	RNF_TRY(rnf_subject_read(e, subject));
	RNF_TRY(rnf_subject_shapes(e, subject));
	rnf_card_text(e, subject->model, &text);
	if (file) return rnf_file_put(file, text, strlen(text));
	fputs(text, stdout);
	return RNF_OK;
}

rnf_status rnf_verb_card(const struct rnf_options *o)
{
	struct rnf_experiment *e = rnf_alloc(sizeof *e);
	if (o->n_words != 1)
		return rnf_fail(RNF_EINVAL, "card needs a run folder: rnframe card RUN --out RUN/README.md");
	struct rnf_subject subject = { .model = o->words[0] };
	const rnf_status status = write_card(e, &subject, o->out);
	rnf_loaded_drop(&subject.file);
	return status;
}
