/* SHA-256. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define DIGEST_LENGTH 32

struct digest {
	uint32_t state[8];
	uint64_t length;
	unsigned char block[64];
	size_t filled;
};

void digest_begin(struct digest *digest);
void digest_add(struct digest *digest, const void *bytes, size_t length);
void digest_end(struct digest *digest, unsigned char result[DIGEST_LENGTH]);
