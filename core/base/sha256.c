/* Source: FIPS 180-4, sections 4.1.2, 5.1.1 and 6.2. The constants are the first 32 bits of
 * the fractional parts of cube roots (and, of the initial state, square roots) of primes.
 * No library that the program links has this digest. nettle has it, which belongs to the plugin
 * that downloads: digests of an archive may not need a plugin for the network, and to link
 * nettle to the program would be a library more for these lines. */
#include "base/sha256.h"

#include <stdio.h>
#include <string.h>

enum { BLOCK = 64, ROUNDS = 64, STATE = 8, LENGTH = 8 };

static const uint32_t constants[ROUNDS] = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1,
	0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3,
	0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
	0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
	0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147,
	0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
	0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
	0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
	0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
	0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
	0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static uint32_t turn(uint32_t x, int by)
{
	return x >> by | x << (32 - by);
}

static uint32_t word_at(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static void expand(const uint8_t *block, uint32_t w[ROUNDS])
{
	for (int i = 0; i < 16; i++)
		w[i] = word_at(block + 4 * i);
	for (int i = 16; i < ROUNDS; i++) {
		const uint32_t a = w[i - 15], b = w[i - 2];
		w[i] = w[i - 16] + (turn(a, 7) ^ turn(a, 18) ^ a >> 3) + w[i - 7] +
		       (turn(b, 17) ^ turn(b, 19) ^ b >> 10);
	}
}

static void add_block(uint32_t state[STATE], const uint8_t *block)
{
	uint32_t w[ROUNDS], s[STATE];
	expand(block, w);
	memcpy(s, state, sizeof s);
	for (int i = 0; i < ROUNDS; i++) {
		const uint32_t choice = (s[4] & s[5]) ^ (~s[4] & s[6]);
		const uint32_t most = (s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]);
		const uint32_t first = s[7] + (turn(s[4], 6) ^ turn(s[4], 11) ^ turn(s[4], 25)) +
				       choice + constants[i] + w[i];
		const uint32_t second = (turn(s[0], 2) ^ turn(s[0], 13) ^ turn(s[0], 22)) + most;
		memmove(s + 1, s, (STATE - 1) * sizeof *s);
		s[4] += first;
		s[0] = first + second;
	}
	for (int i = 0; i < STATE; i++)
		state[i] += s[i];
}

/* The rest, a bit, zeros, and the length in bits. */
static void add_end(uint32_t state[STATE], const uint8_t *rest, size_t n, uint64_t bits)
{
	uint8_t end[2 * BLOCK] = { 0 };
	const size_t length = n + 1 + LENGTH <= BLOCK ? BLOCK : 2 * BLOCK;
	if (n) memcpy(end, rest, n);
	end[n] = 0x80;
	for (size_t i = 0; i < LENGTH; i++)
		end[length - 1 - i] = (uint8_t)(bits >> (8 * i));
	for (size_t at = 0; at < length; at += BLOCK)
		add_block(state, end + at);
}

void rnf_sha256(const void *bytes, size_t n, char words[RNF_SHA256_WORDS])
{
	uint32_t state[STATE] = {
		0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c,
		0x1f83d9ab, 0x5be0cd19,
	};
	const uint8_t *at = bytes;
	size_t left = n;
	for (; left >= BLOCK; left -= BLOCK, at += BLOCK)
		add_block(state, at);
	add_end(state, at, left, (uint64_t)n * 8);
	for (int i = 0; i < STATE; i++)
		sprintf(words + 8 * i, "%08x", state[i]);
}
