/* What a process gives up for good. */
#pragma once

#include "spec.h"

/* Path rules for the file system and scopes for signals and abstract sockets, from the kernel's Landlock; inherited by every child. */
void landlock_restrict(const struct spec *spec);

/* No capability, no way to gain one, not dumpable. */
void privileges_drop(void);
