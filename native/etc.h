/* A synthetic /etc: who we are, how names are resolved, and what tools need to find their parts. */
#pragma once

#include "spec.h"

void etc_build(const struct spec *spec);
