#include "network.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_addr.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "capture.h"
#include "netlink.h"
#include "protocol.h"

#define GATEWAY_PORT 7400
#define CAPTURE_PORT 15001
#define DNS_PORT 15353
#define BACKLOG 256

/* Kept in step with etc.c: the name server that every resolver inside is told of. */
#define OWN_ADDRESS "10.99.0.1"
#define OWN_ADDRESS_V6 "fd99::1"
#define NAME_SERVER "10.99.0.53"

static unsigned int loopback_up(void)
{
	struct ifreq request = { 0 };
	int descriptor = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (descriptor < 0)
		refuse_errno("make a socket", "");

	strcpy(request.ifr_name, "lo");
	request.ifr_flags = IFF_UP;

	if (ioctl(descriptor, SIOCSIFFLAGS, &request) < 0)
		refuse_errno("start its loopback", "");

	close(descriptor);
	return if_nametoindex("lo");
}

static size_t parse(int family, const char *text, void *address)
{
	if (inet_pton(family, text, address) != 1)
		refuse_errno("read an address", text);

	return family == AF_INET ? sizeof(struct in_addr) : sizeof(struct in6_addr);
}

static void add_address(struct netlink *netlink, int family, unsigned int interface, const char *text)
{
	unsigned char address[sizeof(struct in6_addr)];
	size_t length = parse(family, text, address);
	struct ifaddrmsg header = { .ifa_family = (unsigned char)family,
				    .ifa_prefixlen = (unsigned char)(length * 8),
				    .ifa_flags = IFA_F_NODAD,
				    .ifa_index = interface };

	netlink_begin(netlink, RTM_NEWADDR, NLM_F_CREATE | NLM_F_ACK, &header, sizeof(header));
	netlink_attribute(netlink, IFA_LOCAL, address, length);
	netlink_attribute(netlink, IFA_ADDRESS, address, length);
	netlink_end(netlink);

	if (netlink_send(netlink) < 0)
		refuse_errno("take the address", text);
}

/* Type unicast sends everything into loopback, where the rules catch it. Type local makes every address our own, which is the way without rules. */
static int add_default_route(struct netlink *netlink, int family, unsigned int interface, const char *source, bool everything_is_local)
{
	unsigned char address[sizeof(struct in6_addr)];
	size_t length = parse(family, source, address);
	struct rtmsg header = { .rtm_family = (unsigned char)family,
				.rtm_table = everything_is_local ? RT_TABLE_LOCAL : RT_TABLE_MAIN,
				.rtm_protocol = RTPROT_BOOT,
				.rtm_scope = everything_is_local ? RT_SCOPE_HOST : RT_SCOPE_UNIVERSE,
				.rtm_type = everything_is_local ? RTN_LOCAL : RTN_UNICAST };

	netlink_begin(netlink, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_ACK, &header, sizeof(header));
	netlink_attribute(netlink, RTA_OIF, &interface, sizeof(interface));
	netlink_attribute(netlink, RTA_PREFSRC, address, length);
	netlink_end(netlink);
	return netlink_send(netlink);
}

static int listening(int type, const char *address, uint16_t port)
{
	struct sockaddr_in where = { .sin_family = AF_INET, .sin_port = htons(port) };
	int descriptor = socket(AF_INET, type | SOCK_CLOEXEC, 0);
	int on = 1;

	(void)parse(AF_INET, address, &where.sin_addr);

	if (descriptor < 0 || setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
	    bind(descriptor, (struct sockaddr *)&where, sizeof(where)) < 0 || (type == SOCK_STREAM && listen(descriptor, BACKLOG) < 0))
		refuse_errno("listen for the supervisor on", address);

	return descriptor;
}

/* -1 when this kernel has no IPv6. Of any address it takes both families. */
static int listening_v6(int type, struct in6_addr address, uint16_t port)
{
	struct sockaddr_in6 where = { .sin6_family = AF_INET6, .sin6_port = htons(port), .sin6_addr = address };
	int descriptor = socket(AF_INET6, type | SOCK_CLOEXEC, 0);
	int off = 0;
	int on = 1;

	if (descriptor < 0)
		return -1;

	if (setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
	    setsockopt(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)) < 0 ||
	    bind(descriptor, (struct sockaddr *)&where, sizeof(where)) < 0 || (type == SOCK_STREAM && listen(descriptor, BACKLOG) < 0))
		refuse_errno("listen for the supervisor", "over IPv6");

	return descriptor;
}

static void hand_out(const char *name, int descriptor)
{
	message_descriptor(name, descriptor);
	close(descriptor);
}

static void open_gateway(void)
{
	hand_out("gateway", listening(SOCK_STREAM, "127.0.0.1", GATEWAY_PORT));
}

static void hand_out_capture(uint16_t port)
{
	int any = listening_v6(SOCK_STREAM, in6addr_any, port);

	hand_out("egress", any >= 0 ? any : listening(SOCK_STREAM, "0.0.0.0", port));
}

static void route_into_loopback(bool everything_is_local, unsigned int interface)
{
	struct netlink route;

	if (netlink_open(&route, NETLINK_ROUTE) < 0)
		refuse_errno("set its routes", "");

	add_address(&route, AF_INET, interface, OWN_ADDRESS);

	if (everything_is_local)
		add_address(&route, AF_INET, interface, NAME_SERVER);

	if (add_default_route(&route, AF_INET, interface, OWN_ADDRESS, everything_is_local) < 0)
		refuse_errno("set its default route", "");

	/* A kernel without IPv6 has nothing to route. */
	if (access("/proc/self/net/if_inet6", F_OK) == 0) {
		add_address(&route, AF_INET6, interface, OWN_ADDRESS_V6);

		if (add_default_route(&route, AF_INET6, interface, OWN_ADDRESS_V6, everything_is_local) < 0)
			refuse_errno("set its default route", "for IPv6");
	}

	netlink_close(&route);
}

/* A datagram's answer must leave from the address that the redirection translates back, so each family has a socket of its own. */
static void hand_out_names(void)
{
	int datagrams = listening_v6(SOCK_DGRAM, in6addr_loopback, DNS_PORT);
	int streams = listening_v6(SOCK_STREAM, in6addr_loopback, DNS_PORT);

	hand_out("dns", listening(SOCK_DGRAM, "127.0.0.1", DNS_PORT));
	hand_out("dns-tcp", listening(SOCK_STREAM, "127.0.0.1", DNS_PORT));

	if (datagrams >= 0)
		hand_out("dns", datagrams);

	if (streams >= 0)
		hand_out("dns-tcp", streams);
}

static void open_egress(unsigned int interface)
{
	static const uint16_t usual_ports[] = { 443, 80, 22, 8080, 8443 };
	int refused = capture_refused();
	int error;

	if (refused >= 0 && capture_by_rules(CAPTURE_PORT, DNS_PORT, true) < 0) {
		close(refused);
		refused = -1;
	}

	if (refused >= 0 || capture_by_rules(CAPTURE_PORT, DNS_PORT, false) == 0) {
		route_into_loopback(false, interface);
		hand_out_capture(CAPTURE_PORT);
		hand_out_names();

		if (refused >= 0)
			hand_out("refused", refused);

		message_isolation("network", "full",
				  "own namespace, loopback only; nf_tables gives every TCP connection and DNS question to the egress door; everything else is refused%s",
				  refused >= 0 ? " and recorded" : ", unseen without nfnetlink_log");
		return;
	}

	error = errno;
	route_into_loopback(true, interface);

	for (size_t i = 0; i < sizeof(usual_ports) / sizeof(*usual_ports); i++)
		hand_out_capture(usual_ports[i]);

	hand_out("dns", listening(SOCK_DGRAM, NAME_SERVER, 53));
	hand_out("dns-tcp", listening(SOCK_STREAM, NAME_SERVER, 53));
	message_isolation("network", "weaker",
			  "own namespace, loopback only; without nf_tables (%s) the egress door sees TCP on ports 443, 80, 22, 8080 and 8443 and DNS to its "
			  "own server; other attempts fail unseen",
			  strerror(error));
}

void network_build(const struct spec *spec)
{
	unsigned int interface = loopback_up();

	if (spec->egress)
		open_egress(interface);
	else
		message_isolation("network", "full", "own namespace, loopback only; no route out");

	if (spec->gateway)
		open_gateway();
}
