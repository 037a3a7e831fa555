// A provider that costs next to nothing: one thread, epoll, Anthropic's and OpenAI's shapes, streamed when the request asks for it. Every event of a
// stream carries the time at which it was sent (@nanoseconds@), so that whoever reads it knows how long it travelled.
//
//   upstream PORT [MILLISECONDS-BETWEEN-EVENTS]
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { EVENTS = 60, HEAD = 16 << 10, MOST = 4096 };

struct connection {
	int socket, in_body, streamed, anthropic, next, carried;
	long left, due;
	size_t head_length, out_length;
	char head[HEAD], carry[16], *out;
	struct connection *following; // of those that are streaming
};

static struct connection *streaming;
static struct connection *by_socket[MOST];
static long gap;
static int poller;
static char input[1 << 18];

static long now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000L + t.tv_nsec;
}

static void watch(struct connection *c, uint32_t events)
{
	struct epoll_event e = { .events = events, .data.fd = c->socket };
	epoll_ctl(poller, EPOLL_CTL_MOD, c->socket, &e);
}

static void close_connection(struct connection *c)
{
	for (struct connection **p = &streaming; *p; p = &(*p)->following)
		if (*p == c) {
			*p = c->following;
			break;
		}
	by_socket[c->socket] = NULL;
	close(c->socket);
	free(c->out);
	free(c);
}

static void put(struct connection *c, const char *bytes, size_t length)
{
	if (c->out_length == 0) {
		ssize_t written = write(c->socket, bytes, length);
		if (written < 0 && errno != EAGAIN)
			return; // its end is seen when it is read next
		bytes += written > 0 ? written : 0;
		length -= written > 0 ? (size_t)written : 0;
	}
	if (length == 0)
		return;
	c->out = realloc(c->out, c->out_length + length);
	memcpy(c->out + c->out_length, bytes, length);
	c->out_length += length;
	watch(c, EPOLLIN | EPOLLOUT);
}

static int event(const struct connection *c, int number, char *to)
{
	char data[1024];
	int n;
	if (c->anthropic)
		n = number == 0 ? sprintf(data, "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"simulated\",\"content\":[],\"stop_reason\":null,\"usage\":{\"input_tokens\":1234,\"cache_creation_input_tokens\":0,\"cache_read_input_tokens\":100,\"output_tokens\":1}}}\n\n")
			: number < EVENTS - 1 ? sprintf(data, "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\" word @%ld@\"}}\n\n", now())
			: sprintf(data, "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":58}}\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"}\n\n");
	else
		n = number < EVENTS - 1 ? sprintf(data, "data: {\"id\":\"c1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"simulated\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\" word @%ld@\"},\"finish_reason\":null}]}\n\n", now())
			: sprintf(data, "data: {\"id\":\"c1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"simulated\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":1334,\"completion_tokens\":58,\"total_tokens\":1392}}\n\ndata: [DONE]\n\n");
	return sprintf(to, "%x\r\n%s\r\n%s", n, data, number == EVENTS - 1 ? "0\r\n\r\n" : "");
}

static void answer(struct connection *c)
{
	static const char text[] = "The most that a call can cost is set aside before it is sent, so that two calls in flight cannot both spend the last dollar. "
		"What an answer really used is booked when it has passed; the rest goes back to where it came from.";
	char body[1024], all[2048];
	if (!c->streamed) {
		int n = c->anthropic
			? sprintf(body, "{\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"simulated\",\"content\":[{\"type\":\"text\",\"text\":\"%s\"}],\"stop_reason\":\"end_turn\",\"usage\":{\"input_tokens\":1234,\"cache_creation_input_tokens\":0,\"cache_read_input_tokens\":100,\"output_tokens\":58}}", text)
			: sprintf(body, "{\"id\":\"c1\",\"object\":\"chat.completion\",\"created\":1,\"model\":\"simulated\",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"%s\"},\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":1334,\"completion_tokens\":58,\"total_tokens\":1392}}", text);
		put(c, all, (size_t)sprintf(all, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nrequest-id: req_1\r\nContent-Length: %d\r\n\r\n%s", n, body));
		return;
	}
	int n = sprintf(all, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-cache\r\nTransfer-Encoding: chunked\r\n\r\n");
	put(c, all, (size_t)(n + event(c, 0, all + n)));
	c->next = 1;
	c->due = now() + gap;
	c->following = streaming;
	streaming = c;
}

// The marker may be cut by the edge of a read, so the last bytes are kept.
static void look_for_stream(struct connection *c, const char *bytes, size_t length)
{
	static const char marker[] = "\"stream\":true";
	char seam[32];
	size_t head = length < 15 ? length : 15;
	memcpy(seam, c->carry, (size_t)c->carried);
	memcpy(seam + c->carried, bytes, head);
	c->streamed |= memmem(bytes, length, marker, sizeof marker - 1) || memmem(seam, (size_t)c->carried + head, marker, sizeof marker - 1);
	c->carried = length >= 15 ? 15 : 0;
	memcpy(c->carry, bytes + length - c->carried, (size_t)c->carried);
}

static void request_is_whole(struct connection *c)
{
	answer(c);
	c->in_body = 0;
	c->head_length = 0;
	c->streamed = 0;
	c->carried = 0;
}

static int feed(struct connection *c, char *bytes, size_t length)
{
	while (length > 0) {
		if (c->in_body) {
			size_t part = (long)length < c->left ? length : (size_t)c->left;
			look_for_stream(c, bytes, part);
			c->left -= (long)part;
			bytes += part;
			length -= part;
			if (c->left == 0)
				request_is_whole(c);
			continue;
		}
		size_t room = HEAD - 1 - c->head_length, part = length < room ? length : room, before = c->head_length;
		memcpy(c->head + before, bytes, part);
		c->head_length += part;
		c->head[c->head_length] = 0;
		char *end = strstr(c->head, "\r\n\r\n");
		if (!end)
			return c->head_length < HEAD - 1;
		size_t used = (size_t)(end + 4 - c->head) - before;
		bytes += used;
		length -= used;
		end[2] = 0;
		char *first = strstr(c->head, "\r\n"), *size = strcasestr(c->head, "\r\ncontent-length:");
		if (strcasestr(c->head, "\r\ntransfer-encoding:"))
			return 0; // no peer sends its requests so
		c->anthropic = memmem(c->head, (size_t)(first - c->head), "/messages", 9) != NULL;
		c->left = size ? atol(size + 17) : 0;
		c->in_body = 1;
		if (c->left == 0)
			request_is_whole(c);
	}
	return 1;
}

static void accept_all(int listener)
{
	for (int s; (s = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0;) {
		struct connection *c = calloc(1, sizeof *c);
		struct epoll_event e = { .events = EPOLLIN, .data.fd = s };
		if (s >= MOST)
			exit(3);
		setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int));
		c->socket = s;
		by_socket[s] = c;
		epoll_ctl(poller, EPOLL_CTL_ADD, s, &e);
	}
}

static void flush(struct connection *c)
{
	ssize_t written = write(c->socket, c->out, c->out_length);
	if (written <= 0)
		return;
	c->out_length -= (size_t)written;
	memmove(c->out, c->out + written, c->out_length);
	if (c->out_length == 0)
		watch(c, EPOLLIN);
}

// Sends what is due; returns when the next event is.
static long stream(void)
{
	long next = 0;
	for (struct connection **p = &streaming; *p;) {
		struct connection *c = *p;
		char bytes[2048];
		while (c->next < EVENTS && c->due <= now()) {
			put(c, bytes, (size_t)event(c, c->next++, bytes));
			c->due += gap;
		}
		if (c->next == EVENTS) {
			*p = c->following;
			continue;
		}
		next = next == 0 || c->due < next ? c->due : next;
		p = &c->following;
	}
	return next;
}

int main(int count, char **words)
{
	if (count < 2)
		return fprintf(stderr, "upstream PORT [MILLISECONDS]\n"), 2;
	signal(SIGPIPE, SIG_IGN);
	gap = count > 2 ? atol(words[2]) * 1000000 : 0;
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(words[1])), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &(int){ 1 }, sizeof(int));
	if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 1024))
		return perror("upstream"), 1;
	poller = epoll_create1(0);
	struct epoll_event e = { .events = EPOLLIN, .data.fd = listener }, ready[256];
	epoll_ctl(poller, EPOLL_CTL_ADD, listener, &e);

	for (;;) {
		long next = stream(), wait = next - now();
		struct timespec until = { wait > 0 ? wait / 1000000000L : 0, wait > 0 ? wait % 1000000000L : 0 };
		int n = epoll_pwait2(poller, ready, 256, next ? &until : NULL, NULL);
		for (int i = 0; i < n; i++) {
			struct connection *c = by_socket[ready[i].data.fd];
			if (ready[i].data.fd == listener) {
				accept_all(listener);
				continue;
			}
			if (c && ready[i].events & EPOLLOUT)
				flush(c);
			if (c && ready[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) {
				ssize_t got = read(c->socket, input, sizeof input);
				if ((got <= 0 && errno != EAGAIN) || got == 0 || (got > 0 && !feed(c, input, (size_t)got)))
					close_connection(c);
			}
		}
	}
}
