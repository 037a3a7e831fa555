/* The sandbox's file system, from nothing. */
#pragma once

#include "spec.h"

/* Descriptors that the monitor keeps to measure what the sandbox uses; -1 where there is nothing to measure. */
struct measured {
	int processes;
	int temporary;
	int upper;
};

/* Builds the whole root and leaves the process in it, at "/". */
void mounts_build(const struct spec *spec, struct measured *measured);

/* Makes the root read-only; the last step, after everything is in place. */
void mounts_seal(void);
