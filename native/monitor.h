/* The half of the launcher that stays outside: records commands, keeps limits, ends everything. */
#pragma once

#include <sys/types.h>

#include "spec.h"

/* Runs until nothing of the sandbox is left. */
void monitor_run(const struct spec *spec, pid_t init, int init_descriptor, int init_socket, int user_namespace);
