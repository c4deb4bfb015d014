#include "lib/plugin.h"
#include "lib/program.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/status.h"

enum { SIZE = 1300000, SMALL = 5 };

static char folder[] = "/tmp/rnframe-tar-XXXXXX";

/* What the archives hold: d/large (SIZE bytes) and d/small. */
static uint8_t large[SIZE];

struct wanted {
	const char *name;
	uint8_t *bytes;
	int64_t size, calls;
};

static const struct rnf_archive_impl *plugin(void)
{
	return test_feature("archive", "tar")->impl;
}

static void shell(const char *command)
{
	test_shell("cd %s && (%s) 2>/dev/null", folder, command);
}

static void make_folder(void)
{
	char path[256];
	uint64_t state = 1;
	ck_assert_ptr_nonnull(mkdtemp(folder));
	shell("mkdir d && printf small > d/small && ln -s small d/link");
	for (int i = 0; i < SIZE; i++) {
		state = state * 6364136223846793005u + 1442695040888963407u;
		large[i] = (uint8_t)(state >> 56);
	}
	snprintf(path, sizeof path, "%s/d/large", folder);
	FILE *file = fopen(path, "wb");
	ck_assert_uint_eq(fwrite(large, 1, SIZE, file), SIZE);
	fclose(file);
}

static void remove_folder(void)
{
	shell("rm -rf d && rm -f *");
	remove(folder);
}

static void *found(void *context, const char *name, int64_t size)
{
	struct wanted *w = context;
	w->calls++;
	if (size < 0 || strcmp(name, w->name) != 0) return NULL;
	w->size = size;
	w->bytes = rnf_host.alloc((size_t)size + 1);
	return w->bytes;
}

/* An archive made by `command` gives the file `name` with these bytes. */
static rnf_status unpack(const char *file, struct wanted *w)
{
	char path[256];
	snprintf(path, sizeof path, "%s/%s", folder, file);
	return plugin()->read(&rnf_host, path, found, w);
}

static int probed(const char *file)
{
	char path[256];
	uint8_t head[512];
	snprintf(path, sizeof path, "%s/%s", folder, file);
	FILE *opened = fopen(path, "rb");
	const size_t n = fread(head, 1, sizeof head, opened);
	fclose(opened);
	return plugin()->probe(head, n);
}

static void flip(const char *name, long at)
{
	char path[256];
	snprintf(path, sizeof path, "%s/%s", folder, name);
	FILE *file = fopen(path, "r+b");
	ck_assert_ptr_nonnull(file);
	fseek(file, at, at < 0 ? SEEK_END : SEEK_SET);
	const int byte = fgetc(file);
	fseek(file, -1, SEEK_CUR);
	fputc(byte ^ 1, file);
	fclose(file);
}

START_TEST(tar_files_packed_and_not)
{
	static const char *const files[] = { "a.tar", "a.tar.gz", "a.tar.xz" };
	make_folder();
	shell("tar cf a.tar d && tar czf a.tar.gz d && XZ_OPT=-0 tar cJf a.tar.xz d");
	for (int i = 0; i < 3; i++) {
		struct wanted w = { .name = "large" }, s = { .name = "small" };
		ck_assert(probed(files[i]));
		ck_assert_int_eq(unpack(files[i], &w), RNF_OK);
		ck_assert_int_eq(w.size, SIZE);
		ck_assert_mem_eq(w.bytes, large, SIZE);
		ck_assert_int_eq(w.calls, 2); /* neither the folder nor the link */
		ck_assert_int_eq(unpack(files[i], &s), RNF_OK);
		ck_assert_int_eq(s.size, SMALL);
		ck_assert_mem_eq(s.bytes, "small", SMALL);
	}
	remove_folder();
}
END_TEST

START_TEST(single_packed_files)
{
	make_folder();
	shell("gzip -c d/large > large.gz && xz -c d/small > small.xz");
	struct wanted w = { .name = "" }, s = { .name = "" };
	ck_assert(probed("large.gz") && probed("small.xz"));
	ck_assert_int_eq(unpack("large.gz", &w), RNF_OK);
	ck_assert_int_eq(w.size, SIZE);
	ck_assert_mem_eq(w.bytes, large, SIZE);
	ck_assert_int_eq(unpack("small.xz", &s), RNF_OK);
	ck_assert_int_eq(s.size, SMALL);
	ck_assert_mem_eq(s.bytes, "small", SMALL);
	remove_folder();
}
END_TEST

START_TEST(cut_and_foreign_files_fail)
{
	static const char *const files[] = { "a.tar", "a.tar.gz", "large.gz", "absent" };
	make_folder();
	shell("tar cf - d | head -c 400000 > a.tar; tar czf - d | head -c 400000 > a.tar.gz;"
	      "gzip -c d/large | head -c 400000 > large.gz");
	for (int i = 0; i < 4; i++) {
		struct wanted w = { .name = i == 2 ? "" : "large" };
		ck_assert_msg(unpack(files[i], &w) < 0, "%s", files[i]);
		ck_assert_msg(strstr(rnf_fail_words(), files[i]) != NULL, "%s", rnf_fail_words());
	}
	ck_assert(!probed("d/small") && !probed("d/large"));
	remove_folder();
}
END_TEST

/* One bit of the packed data, whose blocks are stored, so only the checksum shows it. The
 * checksum itself, which stands after the end of the tar. The member that follows. */
START_TEST(damage_inside_gzip_fails)
{
	static const struct {
		const char *file, *make;
		long at; /* from the start, or the end */
	} rows[] = {
		{ "a.tar.gz", "tar cf - d | gzip -1 > a.tar.gz", 600000 },
		{ "b.tar.gz", "tar cf - d | gzip -1 > b.tar.gz", -8 },
		{ "c.tar.gz", "tar cf - -b 2000 d | gzip -1 > c.tar.gz", -1 },
		{ "large.gz", "gzip -1 -c d/large > large.gz", 600000 },
		{ "two.gz", "(head -c 9 d/large | gzip; tail -c +10 d/large | gzip -1) > two.gz",
		  600000 },
	};
	make_folder();
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct wanted w = { .name = strstr(rows[i].file, "tar") ? "large" : "" };
		shell(rows[i].make);
		ck_assert_msg(unpack(rows[i].file, &w) == RNF_OK, "%s", rnf_fail_words());
		ck_assert_int_eq(w.size, SIZE);
		ck_assert_mem_eq(w.bytes, large, SIZE);
		flip(rows[i].file, rows[i].at);
		ck_assert_msg(unpack(rows[i].file, &w) < 0, "%s", rows[i].file);
		ck_assert_msg(strstr(rnf_fail_words(), rows[i].file) &&
			      strstr(rnf_fail_words(), "damaged"), "%s", rnf_fail_words());
	}
	remove_folder();
}
END_TEST

/* Small files that would fill the memory. */
START_TEST(bombs_fail)
{
	static const struct { const char *file, *make, *words; } rows[] = {
		{ "a.tar.gz", "head -c 90000000 /dev/zero | tr '\\0' a > d/large && tar czf a.tar.gz d",
		  "unpacks to more than " },
		{ "a.tar.xz", "tar cJf a.tar.xz d", "unpacks to more than " },
		{ "large.gz", "gzip -c d/large > large.gz", "unpacks to more than " },
		{ "large.xz", "xz -0 -c d/large > large.xz", "unpacks to more than " },
		{ "says.tar", "truncate -s 9G d/sparse && tar cf - d/sparse 2>/dev/null | "
		  "head -c 2048 > says.tar", "sparse unpacks to more than " },
	};
	make_folder();
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct wanted w = { .name = "nothing that is there" };
		shell(rows[i].make);
		const rnf_status status = unpack(rows[i].file, &w);
		ck_assert_msg(status == RNF_EINVAL && strstr(rnf_fail_words(), rows[i].words) &&
			      strstr(rnf_fail_words(), rows[i].file), "%s: %d, %s",
			      rows[i].file, status, rnf_fail_words());
	}
	remove_folder();
}
END_TEST

/* The head of an entry d/small in a tar. */
static void put_head(FILE *file, char type, unsigned size)
{
	char header[512] = "d/small";
	unsigned sum = 0;
	snprintf(header + 100, 8, "%07o", 0644u);
	snprintf(header + 124, 12, "%011o", size);
	snprintf(header + 136, 12, "%011o", 0u);
	memset(header + 148, ' ', 8); /* of the sum itself */
	header[156] = type;
	strcpy(header + 157, "d/large"); /* of links */
	memcpy(header + 257, "ustar\0" "00", 8);
	for (size_t i = 0; i < sizeof header; i++)
		sum += (uint8_t)header[i];
	snprintf(header + 148, 7, "%06o", sum);
	fwrite(header, 1, sizeof header, file);
}

/* A tar of one entry that has `words` in a head before its own, and a body. */
static void write_tar(const char *name, char type, const char *words, unsigned body)
{
	char path[256], block[512] = "";
	snprintf(path, sizeof path, "%s/%s", folder, name);
	FILE *file = fopen(path, "wb");
	put_head(file, 'x', (unsigned)strlen(words));
	memcpy(block, words, strlen(words));
	fwrite(block, 1, sizeof block, file);
	put_head(file, type, body);
	fclose(file);
	ck_assert_int_eq(truncate(path, 1536 + (off_t)body + 1024), 0);
}

/* Bodies that do not belong to a file, or larger than their file claims: nobody reads
 * them, and no entry follows at which a check would notice. */
static const struct {
	char type;
	const char *words, *pack;
} bodies[] = {
	{ '1', "12 comment=\n", "xz -0" }, /* a hard link with a body */
	{ '0', "25 GNU.sparse.realsize=5\n", "xz -0" },
	{ '0', "25 GNU.sparse.realsize=5\n", "bzip2" },
	{ '0', "25 GNU.sparse.realsize=5\n", "gzip" },
};

START_TEST(skipped_bombs_fail)
{
	char command[128];
	struct wanted w = { .name = "other" };
	make_folder();
	write_tar("body.tar", bodies[_i].type, bodies[_i].words, 20000000);
	snprintf(command, sizeof command, "%s -c body.tar > body.packed", bodies[_i].pack);
	shell(command);
	ck_assert_int_eq(unpack("body.packed", &w), RNF_EINVAL);
	ck_assert_msg(strstr(rnf_fail_words(), "unpacks to more than ") != NULL, "%s",
		      rnf_fail_words());
	remove_folder();
}
END_TEST

/* A skipped entry of an honest archive does no harm. */
START_TEST(skipped_entries_are_passed)
{
	make_folder();
	struct wanted w = { .name = "small" };
	write_tar("link.tar", '1', "12 comment=\n", 512 * 7);
	shell("(head -c 5120 link.tar; tar cf - d) | xz > two.tar.xz");
	ck_assert_msg(unpack("two.tar.xz", &w) == RNF_OK, "%s", rnf_fail_words());
	ck_assert_int_eq(w.size, SMALL);
	remove_folder();
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ bombs_fail, 0 }, { skipped_bombs_fail, TEST_ROWS(bodies) },
		{ skipped_entries_are_passed, 0 }, { tar_files_packed_and_not, 0 },
		{ single_packed_files, 0 }, { cut_and_foreign_files_fail, 0 },
		{ damage_inside_gzip_fails, 0 }, { NULL, 0 },
	};
	return test_run_cases("archive/tar", cases);
}
