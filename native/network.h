/* The sandbox's own network: loopback, and two doors whose listeners the supervisor gets. */
#pragma once

#include "spec.h"

void network_build(const struct spec *spec);
