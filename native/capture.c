#include "capture.h"

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_log.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <string.h>

#include "netlink.h"

#define TABLE "ringfence"
#define NAT_CHAIN "capture"
#define FILTER_CHAIN "refuse"
#define REFUSED_GROUP 1
#define REFUSED_BYTES 96

struct family {
	uint8_t number;
	uint32_t source_offset;
	uint32_t destination_offset;
	const uint8_t *loopback;
	uint32_t loopback_length;
	uint32_t unreachable_code;
};

static const uint8_t loopback_v4[] = { 127 };
static const uint8_t loopback_v6[16] = { [15] = 1 };

/* The whole of 127.0.0.0/8 by its first byte; the codes are "administratively prohibited". */
static const struct family families[] = {
	{ NFPROTO_IPV4, 12, 16, loopback_v4, sizeof(loopback_v4), 13 },
	{ NFPROTO_IPV6, 8, 24, loopback_v6, sizeof(loopback_v6), 1 },
};

static void begin(struct netlink *netlink, uint16_t message, uint16_t flags, uint8_t family)
{
	struct nfgenmsg header = { .nfgen_family = family, .version = NFNETLINK_V0 };

	netlink_begin(netlink, (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | message), flags, &header, sizeof(header));
}

static void batch(struct netlink *netlink, uint16_t message)
{
	struct nfgenmsg header = { .version = NFNETLINK_V0, .res_id = htons(NFNL_SUBSYS_NFTABLES) };

	netlink_begin(netlink, message, 0, &header, sizeof(header));
	netlink_end(netlink);
}

static void table(struct netlink *netlink, uint8_t family)
{
	begin(netlink, NFT_MSG_NEWTABLE, NLM_F_CREATE | NLM_F_ACK, family);
	netlink_text(netlink, NFTA_TABLE_NAME, TABLE);
	netlink_end(netlink);
}

static void chain(struct netlink *netlink, uint8_t family, const char *name, const char *type, int priority, uint32_t policy)
{
	size_t hook;

	begin(netlink, NFT_MSG_NEWCHAIN, NLM_F_CREATE | NLM_F_ACK, family);
	netlink_text(netlink, NFTA_CHAIN_TABLE, TABLE);
	netlink_text(netlink, NFTA_CHAIN_NAME, name);
	hook = netlink_nest(netlink, NFTA_CHAIN_HOOK);
	netlink_number(netlink, NFTA_HOOK_HOOKNUM, NF_INET_LOCAL_OUT);
	netlink_number(netlink, NFTA_HOOK_PRIORITY, (uint32_t)priority);
	netlink_close_nest(netlink, hook);
	netlink_number(netlink, NFTA_CHAIN_POLICY, policy);
	netlink_text(netlink, NFTA_CHAIN_TYPE, type);
	netlink_end(netlink);
}

static size_t rule_begin(struct netlink *netlink, uint8_t family, const char *chain_name)
{
	begin(netlink, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND | NLM_F_ACK, family);
	netlink_text(netlink, NFTA_RULE_TABLE, TABLE);
	netlink_text(netlink, NFTA_RULE_CHAIN, chain_name);
	return netlink_nest(netlink, NFTA_RULE_EXPRESSIONS);
}

static void rule_end(struct netlink *netlink, size_t expressions)
{
	netlink_close_nest(netlink, expressions);
	netlink_end(netlink);
}

struct expression {
	size_t element;
	size_t data;
};

static struct expression expression_begin(struct netlink *netlink, const char *name)
{
	struct expression expression;

	expression.element = netlink_nest(netlink, NFTA_LIST_ELEM);
	netlink_text(netlink, NFTA_EXPR_NAME, name);
	expression.data = netlink_nest(netlink, NFTA_EXPR_DATA);
	return expression;
}

static void expression_end(struct netlink *netlink, struct expression expression)
{
	netlink_close_nest(netlink, expression.data);
	netlink_close_nest(netlink, expression.element);
}

static void equals(struct netlink *netlink, const void *value, size_t length)
{
	struct expression expression = expression_begin(netlink, "cmp");
	size_t data;

	netlink_number(netlink, NFTA_CMP_SREG, NFT_REG_1);
	netlink_number(netlink, NFTA_CMP_OP, NFT_CMP_EQ);
	data = netlink_nest(netlink, NFTA_CMP_DATA);
	netlink_attribute(netlink, NFTA_DATA_VALUE, value, length);
	netlink_close_nest(netlink, data);
	expression_end(netlink, expression);
}

static void field_equals(struct netlink *netlink, uint32_t base, uint32_t offset, const void *value, uint32_t length)
{
	struct expression expression = expression_begin(netlink, "payload");

	netlink_number(netlink, NFTA_PAYLOAD_DREG, NFT_REG_1);
	netlink_number(netlink, NFTA_PAYLOAD_BASE, base);
	netlink_number(netlink, NFTA_PAYLOAD_OFFSET, offset);
	netlink_number(netlink, NFTA_PAYLOAD_LEN, length);
	expression_end(netlink, expression);
	equals(netlink, value, length);
}

static void protocol_is(struct netlink *netlink, uint8_t protocol)
{
	struct expression expression = expression_begin(netlink, "meta");

	netlink_number(netlink, NFTA_META_DREG, NFT_REG_1);
	netlink_number(netlink, NFTA_META_KEY, NFT_META_L4PROTO);
	expression_end(netlink, expression);
	equals(netlink, &protocol, 1);
}

static void immediate(struct netlink *netlink, uint32_t reg, uint16_t inner, const void *value, size_t length)
{
	struct expression expression = expression_begin(netlink, "immediate");
	size_t data;

	netlink_number(netlink, NFTA_IMMEDIATE_DREG, reg);
	data = netlink_nest(netlink, NFTA_IMMEDIATE_DATA);

	if (inner == NFTA_DATA_VERDICT) {
		size_t verdict = netlink_nest(netlink, NFTA_DATA_VERDICT);

		netlink_attribute(netlink, NFTA_VERDICT_CODE, value, length);
		netlink_close_nest(netlink, verdict);
	} else {
		netlink_attribute(netlink, inner, value, length);
	}

	netlink_close_nest(netlink, data);
	expression_end(netlink, expression);
}

static void verdict_accept(struct netlink *netlink)
{
	uint32_t code = htonl(NF_ACCEPT);

	immediate(netlink, NFT_REG_VERDICT, NFTA_DATA_VERDICT, &code, sizeof(code));
}

static void redirect(struct netlink *netlink, uint16_t port)
{
	uint16_t swapped = htons(port);
	struct expression expression;

	immediate(netlink, NFT_REG_1, NFTA_DATA_VALUE, &swapped, sizeof(swapped));
	expression = expression_begin(netlink, "redir");
	netlink_number(netlink, NFTA_REDIR_REG_PROTO_MIN, NFT_REG_1);
	expression_end(netlink, expression);
}

static void reject(struct netlink *netlink, const struct family *family)
{
	struct expression expression = expression_begin(netlink, "reject");
	uint8_t code = (uint8_t)family->unreachable_code;

	netlink_number(netlink, NFTA_REJECT_TYPE, NFT_REJECT_ICMP_UNREACH);
	netlink_attribute(netlink, NFTA_REJECT_ICMP_CODE, &code, 1);
	expression_end(netlink, expression);
}

/* Enough of a refused packet to say what was tried: its headers and the first words of what it carries. */
static void log_packet(struct netlink *netlink)
{
	struct expression expression = expression_begin(netlink, "log");
	uint16_t group = htons(REFUSED_GROUP);

	netlink_attribute(netlink, NFTA_LOG_GROUP, &group, sizeof(group));
	netlink_number(netlink, NFTA_LOG_SNAPLEN, REFUSED_BYTES);
	expression_end(netlink, expression);
}

static void accept_loopback(struct netlink *netlink, const struct family *family, const char *chain_name, uint32_t offset)
{
	size_t expressions = rule_begin(netlink, family->number, chain_name);

	field_equals(netlink, NFT_PAYLOAD_NETWORK_HEADER, offset, family->loopback, family->loopback_length);
	verdict_accept(netlink);
	rule_end(netlink, expressions);
}

static void redirect_protocol(struct netlink *netlink, const struct family *family, uint8_t protocol, uint16_t destination, uint16_t port)
{
	size_t expressions = rule_begin(netlink, family->number, NAT_CHAIN);

	protocol_is(netlink, protocol);

	if (destination) {
		uint16_t swapped = htons(destination);

		field_equals(netlink, NFT_PAYLOAD_TRANSPORT_HEADER, 2, &swapped, sizeof(swapped));
	}

	redirect(netlink, port);
	rule_end(netlink, expressions);
}

static void rules(struct netlink *netlink, const struct family *family, uint16_t tcp_port, uint16_t dns_port, bool report)
{
	size_t expressions;

	table(netlink, family->number);

	chain(netlink, family->number, NAT_CHAIN, "nat", -100, NF_ACCEPT);
	accept_loopback(netlink, family, NAT_CHAIN, family->destination_offset);
	redirect_protocol(netlink, family, IPPROTO_UDP, 53, dns_port);
	redirect_protocol(netlink, family, IPPROTO_TCP, 53, dns_port);
	redirect_protocol(netlink, family, IPPROTO_TCP, 0, tcp_port);

	chain(netlink, family->number, FILTER_CHAIN, "filter", 10, NF_DROP);
	accept_loopback(netlink, family, FILTER_CHAIN, family->destination_offset);
	accept_loopback(netlink, family, FILTER_CHAIN, family->source_offset);
	expressions = rule_begin(netlink, family->number, FILTER_CHAIN);

	if (report)
		log_packet(netlink);

	reject(netlink, family);
	rule_end(netlink, expressions);
}

int capture_by_rules(uint16_t tcp_port, uint16_t dns_port, bool report)
{
	struct netlink netlink;
	int result;

	if (netlink_open(&netlink, NETLINK_NETFILTER) < 0)
		return -1;

	batch(&netlink, NFNL_MSG_BATCH_BEGIN);

	for (size_t i = 0; i < sizeof(families) / sizeof(*families); i++)
		rules(&netlink, &families[i], tcp_port, dns_port, report);

	batch(&netlink, NFNL_MSG_BATCH_END);
	result = netlink_send(&netlink);
	netlink_close(&netlink);
	return result;
}

int capture_refused(void)
{
	struct nfulnl_msg_config_cmd bind_group = { .command = NFULNL_CFG_CMD_BIND };
	struct nfulnl_msg_config_mode mode = { .copy_range = htonl(REFUSED_BYTES), .copy_mode = NFULNL_COPY_PACKET };
	struct nfgenmsg header = { .version = NFNETLINK_V0, .res_id = htons(REFUSED_GROUP) };
	struct netlink netlink;

	if (netlink_open(&netlink, NETLINK_NETFILTER) < 0)
		return -1;

	netlink_begin(&netlink, (uint16_t)(NFNL_SUBSYS_ULOG << 8 | NFULNL_MSG_CONFIG), NLM_F_ACK, &header, sizeof(header));
	netlink_attribute(&netlink, NFULA_CFG_CMD, &bind_group, sizeof(bind_group));
	netlink_attribute(&netlink, NFULA_CFG_MODE, &mode, sizeof(mode));

	/* One at a time: what waited for company would be lost with the sandbox. */
	netlink_number(&netlink, NFULA_CFG_QTHRESH, 1);
	netlink_end(&netlink);

	if (netlink_send(&netlink) < 0)
		netlink_close(&netlink);

	return netlink.socket;
}
