/* needs: libarchive */
#include "zip.h"

#include <archive.h>
#include <archive_entry.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int zip_probe(const void *bytes, size_t n)
{
	return n >= 4 && memcmp(bytes, "PK\3\4", 4) == 0;
}

static const char *say(const char *format, const char *member)
	__attribute__((format(printf, 1, 0)));
static const char *say(const char *format, const char *member)
{
	static char words[128];
	snprintf(words, sizeof words, format, member);
	return words;
}

/* Read the whole entry, whose checksum is compared at its end; so ask for one byte more
 * than it may have. */
static const char *unpack(struct archive *zip, struct archive_entry *entry,
			  struct member *m)
{
	size_t n = 0;
	la_ssize_t got;
	if (m->found.bytes) return say("holds %s twice", m->name);
	if (archive_entry_filetype(entry) != AE_IFREG)
		return say("holds %s as a link", m->name);
	char *bytes = NULL;
	do {
		const size_t room = n ? 2 * n : 1 << 16, most = m->most + 1;
		const size_t up_to = room < most ? room : most;
		char *more = realloc(bytes, up_to);
		if (!more) return say("holds a %s too large for the memory", m->name);
		bytes = more;
		got = archive_read_data(zip, bytes + n, up_to - n);
		if (got < 0)
			return say("holds a %s that is damaged, cut or encrypted", m->name);
		n += (size_t)got;
		if (n == most) return say("holds a %s of more bytes than may be", m->name);
	} while (got > 0);
	m->found = (struct image){ bytes, n };
	return NULL;
}

static const char *read_entries(struct archive *zip, struct member *members, size_t n)
{
	struct archive_entry *entry;
	int status;
	while ((status = archive_read_next_header(zip, &entry)) == ARCHIVE_OK ||
	       status == ARCHIVE_WARN) {
		const char *name = archive_entry_pathname(entry), *words = NULL;
		for (size_t i = 0; name && i < n && !words; i++)
			if (strcmp(members[i].name, name) == 0)
				words = unpack(zip, entry, &members[i]);
		if (words) return words;
	}
	return status == ARCHIVE_EOF ? NULL : "cannot be unpacked: damaged or truncated";
}

const char *zip_read(const struct image *image, struct member *members, size_t n)
{
	struct archive *zip = archive_read_new();
	archive_read_support_format_zip_seekable(zip); /* others are skipped unread */
	if (archive_read_open_memory(zip, image->bytes, image->size) != ARCHIVE_OK)
		return "cannot be opened as a zip archive: damaged or truncated";
	return read_entries(zip, members, n);
}
