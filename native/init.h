/* Pid 1 of the sandbox: builds the walls around itself, starts the command, reaps. */
#pragma once

#include "spec.h"

/* Tags on the line between init and the monitor. */
enum init_message {
	/* "Are you there?", both ways. */
	INIT_ALIVE = 'A',

	/* The process folder, to sample what runs. */
	INIT_PROCESSES = 'P',
	INIT_TEMPORARY = 'T',
	INIT_UPPER = 'U',

	/* All walls stand; the descriptor announces commands, the value is not used. */
	INIT_LISTENER = 'L',

	/* The command could not be executed; the value is errno. */
	INIT_NO_COMMAND = 'N',

	/* The command ended; the value is its wait status. */
	INIT_ENDED = 'E',
};

/* The user and group outside are those that the launcher has; inside, before the map is written, they cannot be told. */
_Noreturn void init_run(const struct spec *spec, int monitor, unsigned int outside_user, unsigned int outside_group);
