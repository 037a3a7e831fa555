/* What is executed, by content. */
#pragma once

#include <stddef.h>
#include <sys/types.h>

#include "digest.h"
#include "spec.h"

/* Takes over what earlier sandboxes learnt. */
void executable_know(const struct spec *spec);

/* The digest of the program that a stopped process runs; returns its length, 0 when it cannot be read. */
size_t executable_digest(pid_t process, unsigned char result[DIGEST_LENGTH]);
