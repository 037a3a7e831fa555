#include "netlink.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int netlink_open(struct netlink *netlink, int protocol)
{
	struct sockaddr_nl address = { .nl_family = AF_NETLINK };

	memset(netlink, 0, sizeof(*netlink));
	netlink->socket = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);

	if (netlink->socket < 0)
		return -1;

	return bind(netlink->socket, (struct sockaddr *)&address, sizeof(address));
}

void netlink_close(struct netlink *netlink)
{
	if (netlink->socket >= 0)
		close(netlink->socket);

	netlink->socket = -1;
}

static void *reserve(struct netlink *netlink, size_t length)
{
	size_t aligned = NLMSG_ALIGN(length);
	void *place = netlink->buffer + netlink->used;

	if (netlink->used + aligned > sizeof(netlink->buffer))
		abort();

	memset(place, 0, aligned);
	netlink->used += aligned;
	return place;
}

void netlink_begin(struct netlink *netlink, uint16_t type, uint16_t flags, const void *header, size_t length)
{
	struct nlmsghdr *message;

	netlink->message = netlink->used;
	message = reserve(netlink, sizeof(*message));
	message->nlmsg_type = type;
	message->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
	message->nlmsg_seq = ++netlink->sequence;

	if (flags & NLM_F_ACK)
		netlink->expected++;

	memcpy(reserve(netlink, length), header, length);
}

void netlink_end(struct netlink *netlink)
{
	uint32_t length = (uint32_t)(netlink->used - netlink->message);

	memcpy(netlink->buffer + netlink->message, &length, sizeof(length));
}

void netlink_attribute(struct netlink *netlink, uint16_t type, const void *value, size_t length)
{
	struct nlattr attribute = { .nla_len = (uint16_t)(sizeof(attribute) + length), .nla_type = type };
	char *place = reserve(netlink, sizeof(attribute) + length);

	memcpy(place, &attribute, sizeof(attribute));
	memcpy(place + sizeof(attribute), value, length);
}

void netlink_text(struct netlink *netlink, uint16_t type, const char *value)
{
	netlink_attribute(netlink, type, value, strlen(value) + 1);
}

void netlink_number(struct netlink *netlink, uint16_t type, uint32_t value)
{
	uint32_t swapped = htonl(value);

	netlink_attribute(netlink, type, &swapped, sizeof(swapped));
}

size_t netlink_nest(struct netlink *netlink, uint16_t type)
{
	size_t nest = netlink->used;
	struct nlattr attribute = { .nla_type = (uint16_t)(type | NLA_F_NESTED) };

	memcpy(reserve(netlink, sizeof(attribute)), &attribute, sizeof(attribute));
	return nest;
}

void netlink_close_nest(struct netlink *netlink, size_t nest)
{
	uint16_t length = (uint16_t)(netlink->used - nest);

	memcpy(netlink->buffer + nest, &length, sizeof(length));
}

int netlink_send(struct netlink *netlink)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	char answer[16384] __attribute__((aligned(8)));
	int first_error = 0;

	if (sendto(netlink->socket, netlink->buffer, netlink->used, 0, (struct sockaddr *)&kernel, sizeof(kernel)) < 0)
		return -1;

	netlink->used = 0;

	while (netlink->expected > 0) {
		ssize_t received = recv(netlink->socket, answer, sizeof(answer), 0);

		if (received < 0 && errno == EINTR)
			continue;

		if (received < 0)
			return -1;

		for (struct nlmsghdr *message = (struct nlmsghdr *)(void *)answer; NLMSG_OK(message, (size_t)received);
		     message = NLMSG_NEXT(message, received)) {
			const struct nlmsgerr *result = NLMSG_DATA(message);

			if (message->nlmsg_type != NLMSG_ERROR)
				continue;

			if (result->error && !first_error)
				first_error = -result->error;

			/* An error in a batch may swallow the answers that would follow. */
			netlink->expected = first_error ? 0 : netlink->expected - 1;

			if (netlink->expected == 0)
				break;
		}
	}

	errno = first_error;
	return first_error ? -1 : 0;
}
