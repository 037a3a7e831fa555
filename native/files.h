/* Small files that the supervisor places before the command starts. */
#pragma once

#include "spec.h"

void files_place(const struct spec *spec);
