/* Packet rules in the sandbox's own network namespace. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Every TCP connection goes to one port, every question of DNS to another, everything else is refused. -1 with errno when it cannot be had. */
int capture_by_rules(uint16_t tcp_port, uint16_t dns_port, bool report);

/* A socket that gets the beginning of every packet that the rules refuse and report; -1 when this kernel has none. */
int capture_refused(void);
