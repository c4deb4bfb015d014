/* A hash table with open addressing, at least half empty. */
#include "base/names.h"

#include <string.h>
#include <xxhash.h>

#include "base/arena.h"

struct rnf_name {
	const char *text; /* NULL: the entry is empty */
	uint64_t hash;
	int64_t number;
};

static int is_other(const struct rnf_names *names, const struct rnf_name *entry,
		    const char *name, uint64_t hash)
{
	if (!entry->text) return 0;
	return entry->hash != hash || (!names->passing && strcmp(entry->text, name) != 0);
}

/* The entry that holds it, or the empty entry where it belongs; room is a power of two. */
static struct rnf_name *entry_of(const struct rnf_names *names, const char *name, uint64_t hash)
{
	size_t i = hash & (names->room - 1);
	while (is_other(names, &names->entries[i], name, hash))
		i = (i + 1) & (names->room - 1);
	return &names->entries[i];
}

static uint64_t hash_of(const char *name)
{
	return XXH3_64bits(name, strlen(name));
}

static void grow(struct rnf_names *names)
{
	const struct rnf_names old = *names;
	const size_t room = old.room ? 2 * old.room : 64;
	names->entries = rnf_alloc(room * sizeof *names->entries);
	names->room = room;
	for (size_t i = 0; i < old.room; i++) {
		const struct rnf_name *entry = &old.entries[i];
		if (entry->text) *entry_of(names, entry->text, entry->hash) = *entry;
	}
}

int64_t rnf_names_find(const struct rnf_names *names, const char *name)
{
	if (names->n == 0) return -1;
	const struct rnf_name *entry = entry_of(names, name, hash_of(name));
	return entry->text ? entry->number : -1;
}

int64_t rnf_names_add(struct rnf_names *names, const char *name, int64_t number)
{
	const uint64_t hash = hash_of(name);
	if (2 * names->n >= names->room) grow(names);
	struct rnf_name *entry = entry_of(names, name, hash);
	if (entry->text) return entry->number;
	*entry = (struct rnf_name){ names->passing ? "" : name, hash, number };
	names->n++;
	return -1;
}

void rnf_names_clear(struct rnf_names *names)
{
	if (names->n > 0) memset(names->entries, 0, names->room * sizeof *names->entries);
	names->n = 0;
}
