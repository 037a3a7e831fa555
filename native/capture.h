/* Packet rules in the sandbox's own network namespace. */
#pragma once

#include <stdint.h>

/* Every TCP connection goes to one port, every question of DNS to another, everything else is refused. -1 with errno when it cannot be had. */
int capture_by_rules(uint16_t tcp_port, uint16_t dns_port);
