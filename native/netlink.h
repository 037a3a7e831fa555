/* Builds netlink messages in one buffer, sends them, and reads the kernel's answer to each. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct netlink {
	int socket;
	uint32_t sequence;
	size_t used;
	size_t message;
	uint32_t expected;
	char buffer[16384];
};

/* Returns -1 with errno when the kernel has no such protocol. */
int netlink_open(struct netlink *netlink, int protocol);
void netlink_close(struct netlink *netlink);

/* Starts a message; the family's own header follows the generic one. */
void netlink_begin(struct netlink *netlink, uint16_t type, uint16_t flags, const void *header, size_t length);
void netlink_end(struct netlink *netlink);

void netlink_attribute(struct netlink *netlink, uint16_t type, const void *value, size_t length);
void netlink_text(struct netlink *netlink, uint16_t type, const char *value);

/* Netfilter counts in network order. */
void netlink_number(struct netlink *netlink, uint16_t type, uint32_t value);

size_t netlink_nest(struct netlink *netlink, uint16_t type);
void netlink_close_nest(struct netlink *netlink, size_t nest);

/* Sends what was built. Returns 0, or -1 with the first error that the kernel gave. */
int netlink_send(struct netlink *netlink);
