/* rnframe pack RUN [FILE]: a run in an archive, for others. */
#include <stdio.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/running.h"
#include "base/status.h"
#include "cli/cli.h"
#include "cli/suffix.h"
#include "plugin/answer.h"
#include "plugin/loader.h"
#include "run/pack.h"

static const char usual[] = ".tar.gz"; /* without FILE */

struct packer {
	const struct rnf_feature *feature;
	const struct rnf_archive_impl *impl;
	const char *ending;
};

static rnf_status find_packer(const char *file, struct packer *packer)
{
	const struct rnf_feature **list;
	struct rnf_suffixes suffixes = { .file = file };
	size_t n;
	RNF_TRY(rnf_loader_all("archive", &list, &n));
	for (size_t i = 0; i < n; i++) {
		const struct rnf_archive_impl *impl = list[i]->impl;
		for (size_t k = 0; impl->write && impl->endings && impl->endings[k]; k++)
			if (rnf_suffix_offer(&suffixes, impl->endings[k]))
				*packer = (struct packer){ list[i], impl, impl->endings[k] };
	}
	return rnf_suffix_check(&suffixes, "no plugin that writes archives is built");
}

static rnf_status write_pack(const struct packer *packer, const char *file,
			     const struct rnf_pack *pack)
{
	int fd;
	RNF_TRY(rnf_file_begin(file, 0, &fd));
	rnf_answer_begin();
	rnf_running_set(packer->feature);
	rnf_status status = packer->impl->write(&rnf_host, fd, packer->ending, pack->files, pack->n);
	rnf_running_set(NULL);
	status = rnf_answer(packer->feature, "write", status);
	return rnf_file_commit(file, fd, status);
}

static void print_done(const char *file, const struct rnf_pack *pack)
{
	printf("%s:\n", file);
	for (size_t i = 0; i < pack->n; i++)
		printf("%10zu  %s\n", pack->files[i].n, pack->files[i].name);
}

/* Only a name that the user has given is overwritten. */
static rnf_status name_file(const struct rnf_predictor *p, const char **file)
{
	if (*file) return RNF_OK;
	*file = rnf_format("%s%s", rnf_predictor_experiment(p)->conf.root.name, usual);
	if (access(*file, F_OK) != 0) return rnf_file_writable(*file);
	return rnf_fail(RNF_EINVAL, "%s exists; it is not overwritten unless you name it", *file);
}

static rnf_status pack_run(struct rnf_predictor **p, const char *dir, const char *file)
{
	const struct rnf_subject subject = { .model = dir };
	struct packer packer = { 0 };
	struct rnf_pack pack;
	RNF_TRY(find_packer(file ? file : rnf_format("model%s", usual), &packer));
	if (file) RNF_TRY(rnf_file_writable(file));
	if (!rnf_is_folder(dir))
		return rnf_fail(RNF_EINVAL, "%s is no run folder, which holds the report as well", dir);
	RNF_TRY(rnf_predictor_open(&subject, p));
	RNF_TRY(name_file(*p, &file));
	RNF_TRY(rnf_pack_make(*p, dir, &pack));
	RNF_TRY(write_pack(&packer, file, &pack));
	print_done(file, &pack);
	return RNF_OK;
}

rnf_status rnf_verb_pack(const struct rnf_options *o)
{
	struct rnf_predictor *p = NULL;
	if (o->n_words < 1)
		return rnf_fail(RNF_EINVAL, "pack needs a run folder: rnframe pack RUN model.tar.gz");
	const rnf_status status = pack_run(&p, o->words[0], o->words[1]);
	rnf_predictor_close(p);
	return status;
}
