/* Measures what the changes on disk take, by a process of its own: a walk may take long, and the record must not wait for it. */
#pragma once

#include <sys/types.h>

#include "spec.h"

/* Starts it; it ends with status DISK_FULL when a limit is passed, and dies with us. Takes over both descriptors. */
pid_t disk_watch(const struct spec *spec, int upper, int user_namespace);

#define DISK_FULL 77
