#include "lib/plugin.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/status.h"

enum { SIZE = 200000 };

/* Of the bytes i % 251, i below SIZE; computed by md5sum and sha256sum. */
#define MD5 "415d6e662118c229c6ad3f950c24702a"
#define SHA256 "e24bc62381f1224fbbb74688663f8f9743b9680b193edd666835e97b06e730eb"

static char folder[] = "/tmp/rnframe-curl-XXXXXX";
static char source[64], target[64], part[72], url[80];
static uint8_t bytes[SIZE];
static int64_t last_done, last_total, first_done;

static void save(const char *path, const uint8_t *from, size_t n)
{
	FILE *file = fopen(path, "wb");
	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(from, 1, n, file), n);
	fclose(file);
}

static void make_folder(void)
{
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(source, sizeof source, "%s/source", folder);
	snprintf(target, sizeof target, "%s/target", folder);
	snprintf(part, sizeof part, "%s.part", target);
	snprintf(url, sizeof url, "file://%s", source);
	for (int i = 0; i < SIZE; i++)
		bytes[i] = (uint8_t)(i % 251);
	save(source, bytes, SIZE);
	last_done = last_total = first_done = -1;
}

static void remove_folder(void)
{
	remove(source);
	remove(target);
	remove(part);
	ck_assert_int_eq(remove(folder), 0); /* nothing else was left */
}

static void on_progress(int64_t done, int64_t total)
{
	if (first_done < 0) first_done = done;
	last_done = done;
	last_total = total;
}

static rnf_status fetch(int64_t size, const char *algorithm, const char *digest)
{
	const struct rnf_transport_impl *impl = test_feature("transport", "curl")->impl;
	const struct rnf_download what = { url, "target", size, algorithm, digest };
	return impl->fetch(&rnf_host, &what, target, on_progress);
}

static void target_is_whole(void)
{
	static uint8_t got[SIZE + 1];
	FILE *file = fopen(target, "rb");
	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fread(got, 1, sizeof got, file), SIZE);
	fclose(file);
	ck_assert_mem_eq(got, bytes, SIZE);
	ck_assert_int_ne(access(part, F_OK), 0);
}

static void nothing_stays(void)
{
	ck_assert_int_ne(access(target, F_OK), 0);
	ck_assert_int_ne(access(part, F_OK), 0);
}

/* A response that ends where its bytes do, whatever its header promised. */
struct answer {
	const char *head;
	const void *body;
	size_t n;
	int flow; /* what comes after the body, until nobody reads */
	char request[1024];
};

enum { ENDS, WITHOUT_END, DRIPS }; /* flow: as fast as can be; ten bytes a second */

/* Send its responses to as many connections, one after the other. */
struct server {
	int socket;
	struct answer *answers; /* n of them */
	int n;
	pthread_t thread;
};

static void flow(int fd, int how)
{
	static const char zeros[1 << 16];
	while (how == WITHOUT_END && send(fd, zeros, sizeof zeros, MSG_NOSIGNAL) > 0)
		;
	while (how == DRIPS && send(fd, zeros, 1, MSG_NOSIGNAL) > 0)
		usleep(100000);
}

static void *serve(void *server_)
{
	const struct server *server = server_;
	for (int i = 0; i < server->n; i++) {
		struct answer *a = &server->answers[i];
		const int fd = accept(server->socket, NULL, NULL);
		for (size_t at = 0; !strstr(a->request, "\r\n\r\n");) {
			const ssize_t n = recv(fd, a->request + at,
					       sizeof a->request - 1 - at, 0);
			if (n <= 0) break;
			at += (size_t)n;
		}
		send(fd, a->head, strlen(a->head), MSG_NOSIGNAL);
		send(fd, a->body, a->n, MSG_NOSIGNAL);
		flow(fd, a->flow);
		close(fd);
	}
	return NULL;
}

/* `url` is the server's from here on. */
static void start(struct server *server, struct answer *answers, int n)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	socklen_t size = sizeof at;
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	*server = (struct server){ .answers = answers, .n = n };
	server->socket = socket(AF_INET, SOCK_STREAM, 0);
	ck_assert_int_eq(bind(server->socket, (struct sockaddr *)&at, size), 0);
	ck_assert_int_eq(listen(server->socket, n), 0);
	getsockname(server->socket, (struct sockaddr *)&at, &size);
	snprintf(url, sizeof url, "http://127.0.0.1:%d/file", ntohs(at.sin_port));
	setenv("no_proxy", "*", 1);
	ck_assert_int_eq(pthread_create(&server->thread, NULL, serve, server), 0);
}

static void stop(struct server *server)
{
	shutdown(server->socket, SHUT_RDWR); /* ends a wait for one more */
	pthread_join(server->thread, NULL);
	close(server->socket);
}

static void words_hold(const char *words)
{
	ck_assert_msg(strstr(rnf_fail_words(), words) != NULL, "%s", rnf_fail_words());
}

START_TEST(whole_file)
{
	make_folder();
	ck_assert_msg(fetch(SIZE, "md5", MD5) == RNF_OK, "%s", rnf_fail_words());
	target_is_whole();
	ck_assert_int_eq(last_done, SIZE);
	ck_assert_int_eq(last_total, SIZE);
	ck_assert_int_eq(remove(source), 0); /* complete: nothing is fetched again */
	ck_assert_int_eq(fetch(SIZE, "sha256", SHA256), RNF_OK);
	remove_folder();
}
END_TEST

START_TEST(goes_on_after_half)
{
	make_folder();
	save(part, bytes, SIZE / 2);
	memset(bytes, 0, SIZE / 2); /* the first half must not be asked for again */
	save(source, bytes, SIZE);
	for (int i = 0; i < SIZE / 2; i++)
		bytes[i] = (uint8_t)(i % 251);
	ck_assert_msg(fetch(SIZE, "sha256", SHA256) == RNF_OK, "%s", rnf_fail_words());
	target_is_whole();
	ck_assert_int_ge(first_done, SIZE / 2);
	ck_assert_int_eq(last_total, SIZE);
	remove_folder();
}
END_TEST

START_TEST(starts_over_when_too_long)
{
	make_folder();
	uint8_t *longer = calloc(1, SIZE + 9);
	save(part, longer, SIZE + 9);
	ck_assert_msg(fetch(SIZE, "md5", MD5) == RNF_OK, "%s", rnf_fail_words());
	target_is_whole();
	remove(target);
	save(part, longer, SIZE + 9); /* the size is not published */
	ck_assert_msg(fetch(0, "md5", MD5) == RNF_OK, "%s", rnf_fail_words());
	target_is_whole();
	free(longer);
	remove_folder();
}
END_TEST

START_TEST(wrong_digest_names_both_and_removes)
{
	static const char wrong[] = "00000000000000000000000000000000";
	make_folder();
	ck_assert_int_eq(fetch(SIZE, "md5", wrong), RNF_EIO);
	words_hold(MD5);
	words_hold(wrong);
	words_hold("removed");
	nothing_stays();
	remove_folder();
}
END_TEST

/* Of an older version, or another file of this name: valid until the new one is. */
START_TEST(wrong_file_is_replaced)
{
	make_folder();
	save(target, bytes, 1000);
	remove(source);
	ck_assert_int_eq(fetch(SIZE, "md5", MD5), RNF_EIO);
	ck_assert_int_eq(access(target, F_OK), 0);
	save(source, bytes, SIZE);
	ck_assert_int_eq(fetch(SIZE, "md5", MD5), RNF_OK);
	target_is_whole();
	bytes[7] ^= 1;
	save(target, bytes, SIZE); /* right size, wrong bytes */
	bytes[7] ^= 1;
	ck_assert_int_eq(fetch(SIZE, "md5", MD5), RNF_OK);
	target_is_whole();
	remove_folder();
}
END_TEST

START_TEST(short_file_is_removed)
{
	make_folder();
	save(source, bytes, 28);
	ck_assert_int_eq(fetch(SIZE, "md5", MD5), RNF_EIO);
	words_hold("28 bytes, must be 200000");
	words_hold(url);
	nothing_stays();
	remove_folder();
}
END_TEST

/* More was kept than the server now has. */
START_TEST(short_answer_ends_it)
{
	struct answer answers[2] = {
		{ .head = "HTTP/1.1 416 Range Not Satisfiable\r\n"
			  "Content-Length: 0\r\nConnection: close\r\n\r\n" },
		{ .head = "HTTP/1.1 200 OK\r\nContent-Length: 28\r\n"
			  "Connection: close\r\n\r\n",
		  .body = "<html>please sign in</html>\n", .n = 28 },
	};
	struct server server;
	make_folder();
	save(part, bytes, 1000);
	start(&server, answers, 2);
	ck_assert_int_eq(fetch(SIZE, "md5", MD5), RNF_EIO);
	stop(&server);
	words_hold("28 bytes, must be 200000");
	words_hold(url);
	nothing_stays();
	remove_folder();
}
END_TEST

START_TEST(interrupted_is_kept)
{
	struct answer first = { .head = "HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n",
				.body = bytes, .n = 1000 };
	struct answer rest = { .head = "HTTP/1.1 206 Partial Content\r\n"
				       "Content-Range: bytes 1000-199999/200000\r\n"
				       "Content-Length: 199000\r\n\r\n",
			       .body = bytes + 1000, .n = SIZE - 1000 };
	struct server server;
	make_folder();
	start(&server, &first, 1);
	ck_assert_int_eq(fetch(SIZE, "md5", MD5), RNF_EIO);
	stop(&server);
	words_hold("1000 bytes are kept in");
	words_hold(part);
	words_hold(url);
	ck_assert_int_ne(access(target, F_OK), 0);
	start(&server, &rest, 1);
	ck_assert_msg(fetch(SIZE, "md5", MD5) == RNF_OK, "%s", rnf_fail_words());
	stop(&server);
	ck_assert_ptr_nonnull(strstr(rest.request, "Range: bytes=1000-"));
	target_is_whole();
	remove_folder();
}
END_TEST

/* A download ends at the published size. */
START_TEST(body_without_end)
{
	struct answer answer = { .head = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n",
				 .flow = WITHOUT_END };
	struct server server;
	make_folder();
	start(&server, &answer, 1);
	ck_assert_int_eq(fetch(SIZE, "md5", MD5), RNF_EIO);
	stop(&server);
	words_hold("gives another file: at least 2");
	words_hold("must be 200000");
	ck_assert_int_le(last_done, SIZE + (1 << 20)); /* as curl's buffer takes it in */
	nothing_stays();
	remove_folder();
}
END_TEST

/* A server that sends, but hardly. */
START_TEST(drips_are_given_up)
{
	struct answer answer = { .head = "HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n",
				 .body = bytes, .n = 1000, .flow = DRIPS };
	struct server server;
	make_folder();
	start(&server, &answer, 1);
	setenv("RNFRAME_FETCH_STALL", "2", 1);
	alarm(60);
	ck_assert_int_eq(fetch(SIZE, "md5", MD5), RNF_EIO);
	alarm(0);
	stop(&server);
	words_hold("too slow. Less than 1024 bytes/sec transferred the last 2 seconds");
	words_hold("are kept in");
	remove_folder();
}
END_TEST

START_TEST(stall_of_no_time)
{
	static const char *const values[] = { "", "0", "5 s", "86401", "-1" };
	make_folder();
	for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
		setenv("RNFRAME_FETCH_STALL", values[i], 1);
		ck_assert_int_eq(fetch(SIZE, "md5", MD5), RNF_EINVAL);
		words_hold("must be 1..86400 seconds");
	}
	remove_folder();
}
END_TEST

/* The part must not be another file. */
START_TEST(part_is_a_file_of_its_own)
{
	char other[72];
	uint8_t got[4];
	make_folder();
	snprintf(other, sizeof other, "%s/other", folder);
	save(other, (const uint8_t *)"kept", 4);
	ck_assert_int_eq(symlink(other, part), 0);
	ck_assert_int_eq(fetch(SIZE, "md5", MD5), RNF_EINVAL);
	words_hold("target.part is a link, which is not followed: remove it");
	FILE *file = fopen(other, "rb");
	ck_assert_uint_eq(fread(got, 1, 4, file), 4);
	fclose(file);
	ck_assert_mem_eq(got, "kept", 4);
	remove(part);
	remove(other);
	ck_assert_int_eq(mkfifo(part, 0600), 0);
	ck_assert_int_eq(fetch(SIZE, "md5", MD5), RNF_EINVAL);
	words_hold("target.part is not a regular file: remove it");
	remove_folder();
}
END_TEST

START_TEST(refusals)
{
	make_folder();
	ck_assert_int_eq(fetch(SIZE, "crc32", "0"), RNF_EUNSUP);
	words_hold("crc32");
	remove(source);
	ck_assert_int_eq(fetch(SIZE, "md5", MD5), RNF_EIO);
	words_hold(url);
	nothing_stays();
	snprintf(url, sizeof url, "ftp://localhost/x");
	ck_assert_int_eq(fetch(SIZE, "md5", MD5), RNF_EUNSUP);
	words_hold("only http, https and file");
	ck_assert_int_eq(mkdir(target, 0777), 0);
	snprintf(url, sizeof url, "file://%s", source);
	ck_assert_int_lt(fetch(SIZE, "md5", MD5), 0);
	words_hold("target is not a regular file");
	remove_folder();
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		whole_file, goes_on_after_half, starts_over_when_too_long,
		wrong_digest_names_both_and_removes, wrong_file_is_replaced,
		short_file_is_removed, short_answer_ends_it, interrupted_is_kept,
		body_without_end, drips_are_given_up, stall_of_no_time,
		part_is_a_file_of_its_own, refusals, NULL,
	};
	return test_run("transport/curl", tests);
}
