/* The workspace: a read-only base, and this run's changes above it. */
#pragma once

#include "spec.h"

/* Mounts the overlay at /workspace and returns a descriptor of the folder or file system that takes the changes, to measure it. */
int workspace_build(const struct spec *spec);

/* Removes a folder and everything in it, without following links; unreadable folders are made readable first. 0 when nothing is left. */
int remove_tree(int parent, const char *name);
