/* The workspace: a read-only base, and this run's changes above it. */
#pragma once

#include "spec.h"

/* Mounts the overlay, or the copy, at /workspace and returns a descriptor of the folder or file system that takes the changes, to measure it. */
int workspace_build(const struct spec *spec);

/* Removes what only the overlay needed; the changes stay. */
void workspace_clean(const struct spec *spec);
