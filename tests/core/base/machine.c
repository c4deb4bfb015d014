/* What the machine reports about itself and about this process. */
#define _GNU_SOURCE
#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/machine.h"
#include "lib/plugin.h"
#include "lib/program.h"

START_TEST(a_process_grows_older)
{
	const double before = rnf_machine_age();
	if (isnan(before)) return; /* no /proc */
	usleep(100000);
	const double more = rnf_machine_age() - before;
	ck_assert_msg(before >= 0 && before < 100, "%g s old", before);
	ck_assert_msg(more > 0.08 && more < 50, "%g s of 0.1", more);
}
END_TEST

START_TEST(the_most_memory_stays)
{
	enum { SIZE = 64 << 20 };
	const int64_t before = rnf_machine_peak_memory();
	volatile char *memory = malloc(SIZE); /* else nobody would write to it */
	for (int i = 0; i < SIZE; i += 1024)
		memory[i] = 1;
	free((void *)memory);
	const int64_t more = rnf_machine_peak_memory() - before;
	ck_assert_msg(before > 100000 && more > SIZE / 2, "%lld, then %lld more",
		      (long long)before, (long long)more);
}
END_TEST

START_TEST(a_processor_has_a_name_of_one_line)
{
	const char *name = rnf_machine_cpu();
	if (name) ck_assert(*name && !strchr(name, '\n') && !strchr(name, ':'));
}
END_TEST

START_TEST(json_has_no_infinity_and_only_utf8)
{
	json_t *numbers = json_pack("[o,o,o]", rnf_json_number(NAN),
				    rnf_json_number(-INFINITY), rnf_json_number(1.5));
	json_t *words = json_pack("[o,o,o]", rnf_json_word(NULL), rnf_json_word("\xff"),
				  rnf_json_word("a"));
	ck_assert(json_is_null(json_array_get(numbers, 0)));
	ck_assert(json_is_null(json_array_get(numbers, 1)));
	ck_assert_double_eq(json_real_value(json_array_get(numbers, 2)), 1.5);
	ck_assert(json_is_null(json_array_get(words, 0)));
	ck_assert_str_eq(json_string_value(json_array_get(words, 1)), "(not UTF-8)");
	ck_assert_str_eq(json_string_value(json_array_get(words, 2)), "a");
	json_decref(numbers);
	json_decref(words);
}
END_TEST

/* Control groups in a folder: the process' own as /proc/self/cgroup lists them, then the
 * files there; and the resulting limits. */
static const struct {
	const char *groups;
	struct { const char *dir, *name, *text; } files[4];
	int64_t memory, cpus;
} trees[] = {
	/* version 2: a group of its own; one of a container, where it is the root */
	{ "0::/a/b\n", { { "a/b", "cpu.max", "250000 100000" },
			 { "a/b", "memory.max", "4096000" } }, 4096000, 3 },
	{ "0::/\n", { { ".", "cpu.max", "200000 100000" },
		      { ".", "memory.max", "5000000" } }, 5000000, 2 },
	/* the least on the way up; "max" is no limit */
	{ "0::/a/b\n", { { "a/b", "cpu.max", "400000 100000" }, { "a", "cpu.max", "10000 100000" },
			 { "a/b", "memory.max", "max" }, { "a", "memory.max", "7000000" } },
	  7000000, 1 },
	{ "0::/a\n", { { "a", "cpu.max", "max 100000" }, { "a", "memory.max", "max" } },
	  INT64_MAX, INT64_MAX },
	/* a group beside the process' own */
	{ "0::/a\n", { { "b", "cpu.max", "100000 100000" }, { "b", "memory.max", "1" } },
	  INT64_MAX, INT64_MAX },
	/* version 1: folders a controller; a path of the system outside of the container */
	{ "4:memory:/m\n3:cpu,cpuacct:/c\n", {
		{ "cpu/c", "cpu.cfs_quota_us", "150000" },
		{ "cpu/c", "cpu.cfs_period_us", "100000" },
		{ "memory/m", "memory.limit_in_bytes", "6000000" } }, 6000000, 2 },
	{ "4:memory:/docker/1f\n3:cpuacct,cpu:/docker/1f\n", {
		{ "cpu", "cpu.cfs_quota_us", "400000" },
		{ "cpu", "cpu.cfs_period_us", "100000" },
		{ "memory", "memory.limit_in_bytes", "6000000" } }, 6000000, 4 },
	{ "3:cpu:/c\n", { { "cpu/c", "cpu.cfs_quota_us", "-1" },
			  { "cpu/c", "cpu.cfs_period_us", "100000" },
			  { "memory", "memory.limit_in_bytes", "9223372036854771712" } },
	  9223372036854771712, INT64_MAX },
	/* nonsense limits nothing */
	{ "rubbish\n", { { ".", "cpu.max", "1" }, { ".", "memory.max", "" } },
	  INT64_MAX, INT64_MAX },
};

static void write_text(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");
	ck_assert_msg(f && fputs(text, f) >= 0 && fclose(f) == 0, "%s", path);
}

START_TEST(limits_are_the_least_of_the_groups)
{
	const char *root = rnf_format("%s", test_folder("cgroup"));
	const char *groups = rnf_format("%s/groups", root);
	write_text(groups, trees[_i].groups);
	for (int i = 0; i < 4 && trees[_i].files[i].dir; i++) {
		const char *dir = rnf_format("%s/%s", root, trees[_i].files[i].dir);
		test_shell("mkdir -p %s", dir);
		write_text(rnf_format("%s/%s", dir, trees[_i].files[i].name),
			   trees[_i].files[i].text);
	}
	const struct rnf_limits limits = rnf_machine_limits(root, groups);
	ck_assert_int_eq(limits.memory, trees[_i].memory);
	ck_assert_int_eq(limits.cpus, trees[_i].cpus);
}
END_TEST

START_TEST(nothing_that_can_be_read_limits_nothing)
{
	const struct rnf_limits limits = rnf_machine_limits("/nowhere", "/nowhere/groups");
	ck_assert_int_eq(limits.memory, INT64_MAX);
	ck_assert_int_eq(limits.cpus, INT64_MAX);
}
END_TEST

START_TEST(the_affinity_mask_limits_the_processors)
{
	cpu_set_t all, one;
	ck_assert_int_eq(sched_getaffinity(0, sizeof all, &all), 0);
	ck_assert_int_ge(rnf_machine_cpus(), 1);
	ck_assert_int_le(rnf_machine_cpus(), CPU_COUNT(&all));
	CPU_ZERO(&one);
	for (int i = 0; CPU_COUNT(&one) == 0; i++)
		if (CPU_ISSET(i, &all)) CPU_SET(i, &one);
	ck_assert_int_eq(sched_setaffinity(0, sizeof one, &one), 0);
	ck_assert_int_eq(rnf_machine_cpus(), 1);
	ck_assert_int_eq(sched_setaffinity(0, sizeof all, &all), 0);
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ a_process_grows_older, 0 },
		{ the_most_memory_stays, 0 },
		{ a_processor_has_a_name_of_one_line, 0 },
		{ json_has_no_infinity_and_only_utf8, 0 },
		{ limits_are_the_least_of_the_groups, TEST_ROWS(trees) },
		{ nothing_that_can_be_read_limits_nothing, 0 },
		{ the_affinity_mask_limits_the_processors, 0 },
		{ NULL, 0 },
	};
	return test_run_cases("base/machine", cases);
}
