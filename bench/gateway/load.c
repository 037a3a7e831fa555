// Sends one request over and over on kept connections and says how long answers took. Closed loop (as fast as answers come) or, with -r, an open one with
// exponential gaps, where time runs from when a request was to be sent: a gateway that falls behind cannot hide it. One thread, epoll. One line of JSON.
//
//   load -p PORT -t TARGET -b BODY-FILE [-c CONNECTIONS] [-w WARM-UP-S] [-s SECONDS] [-r PER-SECOND] [-H "name: value"]... [-P PID-TO-MEASURE]...
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum part { HEADERS, FIXED, SIZE, CHUNK, AFTER_CHUNK, TRAILER };

struct connection {
	int socket, busy, saw_byte, good;
	long intended, left, stamp;
	int in_stamp;
	size_t sent, head_length;
	enum part part;
	char head[16 << 10];
};

struct figures {
	long *values;
	size_t count, room;
};

static struct figures latency, first_byte, lag;
static struct connection *connections;
static struct sockaddr_in address;
static char *request, input[1 << 18];
static size_t request_length;
static long done, failed, refused;
static int poller, recording;

static long now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000L + t.tv_nsec;
}

static void note(struct figures *f, long value)
{
	if (!recording)
		return;
	if (f->count == f->room)
		f->values = realloc(f->values, (f->room = f->room ? f->room * 2 : 1 << 16) * sizeof(long));
	f->values[f->count++] = value;
}

static int ascending(const void *a, const void *b)
{
	long x = *(const long *)a, y = *(const long *)b;
	return (x > y) - (x < y);
}

static double at(const struct figures *f, double share)
{
	return f->count ? (double)f->values[(size_t)((double)(f->count - 1) * share)] / 1e6 : 0;
}

static void watch(const struct connection *c, int how, uint32_t events)
{
	struct epoll_event e = { .events = events, .data.u32 = (uint32_t)(c - connections) };
	epoll_ctl(poller, how, c->socket, &e);
}

static void open_connection(struct connection *c)
{
	if (c->socket >= 0)
		close(c->socket);
	c->socket = socket(AF_INET, SOCK_STREAM, 0);
	if (connect(c->socket, (struct sockaddr *)&address, sizeof address)) {
		perror("load: connect");
		exit(1);
	}
	setsockopt(c->socket, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int));
	fcntl(c->socket, F_SETFL, O_NONBLOCK);
	c->busy = 0;
	watch(c, EPOLL_CTL_ADD, EPOLLIN);
}

static void push(struct connection *c)
{
	while (c->sent < request_length) {
		ssize_t n = write(c->socket, request + c->sent, request_length - c->sent);
		if (n <= 0) {
			watch(c, EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT);
			return;
		}
		c->sent += (size_t)n;
	}
}

static void start(struct connection *c, long intended)
{
	c->busy = 1;
	c->intended = intended;
	c->sent = c->head_length = 0;
	c->saw_byte = c->in_stamp = 0;
	c->part = HEADERS;
	push(c);
}

static void read_body(struct connection *c, const char *bytes, size_t length, long time)
{
	if (!c->saw_byte && length > 0)
		note(&first_byte, time - c->intended);
	c->saw_byte = 1;
	for (size_t i = 0; i < length; i++) {
		if (!c->in_stamp) {
			const char *mark = memchr(bytes + i, '@', length - i);
			if (!mark)
				return;
			i = (size_t)(mark - bytes);
			c->in_stamp = 1;
			c->stamp = 0;
		} else if (isdigit((unsigned char)bytes[i])) {
			c->stamp = c->stamp * 10 + (bytes[i] - '0');
		} else {
			if (bytes[i] == '@' && c->stamp > 0)
				note(&lag, time - c->stamp);
			c->in_stamp = 0;
		}
	}
}

static int read_head(struct connection *c, char **bytes, size_t *length)
{
	size_t room = sizeof c->head - 1 - c->head_length, part = *length < room ? *length : room, before = c->head_length;
	memcpy(c->head + before, *bytes, part);
	c->head_length += part;
	c->head[c->head_length] = 0;
	char *end = strstr(c->head, "\r\n\r\n"), *field;
	if (!end) {
		*length = 0;
		return c->head_length < sizeof c->head - 1 ? 0 : -1;
	}
	size_t used = (size_t)(end + 4 - c->head) - before;
	*bytes += used;
	*length -= used;
	end[2] = 0;
	c->good = !strncmp(c->head + 9, "200", 3);
	c->left = 0;
	c->part = SIZE;
	if ((field = strcasestr(c->head, "\r\ncontent-length:"))) {
		c->left = atol(field + 17);
		c->part = FIXED;
		return c->left == 0;
	}
	return strcasestr(c->head, "\r\ntransfer-encoding:") ? 0 : -1;
}

// 1 when the answer is whole, -1 when it is not one, 0 when more is to come.
static int feed(struct connection *c, char *bytes, size_t length, long time)
{
	while (length > 0) {
		if (c->part == HEADERS) {
			int result = read_head(c, &bytes, &length);
			if (result)
				return result;
		} else if (c->part == FIXED || c->part == CHUNK) {
			size_t n = (long)length < c->left ? length : (size_t)c->left;
			read_body(c, bytes, n, time);
			c->left -= (long)n;
			bytes += n;
			length -= n;
			if (c->left == 0 && c->part == FIXED)
				return 1;
			c->part = c->left == 0 ? AFTER_CHUNK : c->part;
		} else {
			char byte = *bytes++;
			length--;
			if (c->part == SIZE && isxdigit((unsigned char)byte))
				c->left = c->left * 16 + (isdigit((unsigned char)byte) ? byte - '0' : (byte | 32) - 'a' + 10);
			else if (byte == '\n' && c->part == TRAILER)
				return 1;
			else if (byte == '\n')
				c->part = c->part == AFTER_CHUNK ? SIZE : c->left ? CHUNK : TRAILER;
		}
	}
	return 0;
}

static double processor_seconds(const pid_t *pids, int count)
{
	double sum = 0;
	for (int i = 0; i < count; i++) {
		clockid_t clock;
		struct timespec t;
		if (!clock_getcpuclockid(pids[i], &clock) && !clock_gettime(clock, &t))
			sum += (double)t.tv_sec + (double)t.tv_nsec / 1e9;
	}
	return sum;
}

static long resident_kib(const pid_t *pids, int count)
{
	long sum = 0, value;
	for (int i = 0; i < count; i++) {
		char path[64], line[256];
		snprintf(path, sizeof path, "/proc/%d/status", pids[i]);
		FILE *file = fopen(path, "r");
		while (file && fgets(line, sizeof line, file))
			if (sscanf(line, "VmRSS: %ld", &value) == 1)
				sum += value;
		if (file)
			fclose(file);
	}
	return sum;
}

static void read_request(const char *target, const char *body_file, const char *headers)
{
	FILE *file = fopen(body_file, "r");
	if (!file) {
		perror(body_file);
		exit(2);
	}
	fseek(file, 0, SEEK_END);
	size_t size = (size_t)ftell(file);
	rewind(file);
	request = malloc(size + 8192);
	request_length = (size_t)sprintf(request, "POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nAccept: */*\r\n%sContent-Length: %zu\r\n\r\n", target, headers, size);
	request_length += fread(request + request_length, 1, size, file);
	fclose(file);
}

int main(int count, char **words)
{
	const char *target = "/v1/messages", *body = NULL;
	char headers[4096] = "";
	double seconds = 4, warm = 1, rate = 0;
	int many = 16, pid_count = 0, option;
	pid_t pids[16];
	signal(SIGPIPE, SIG_IGN);
	address.sin_family = AF_INET;
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	while ((option = getopt(count, words, "p:t:b:c:w:s:r:H:P:")) > 0)
		switch (option) {
		case 'p': address.sin_port = htons((uint16_t)atoi(optarg)); break;
		case 't': target = optarg; break;
		case 'b': body = optarg; break;
		case 'c': many = atoi(optarg); break;
		case 'w': warm = atof(optarg); break;
		case 's': seconds = atof(optarg); break;
		case 'r': rate = atof(optarg); break;
		case 'H': strcat(strcat(headers, optarg), "\r\n"); break;
		case 'P': pids[pid_count++ & 15] = atoi(optarg); break;
		default: return 2;
		}
	if (!body)
		return fprintf(stderr, "load: -b is missing\n"), 2;
	read_request(target, body, headers);
	poller = epoll_create1(0);
	connections = calloc((size_t)many, sizeof *connections);
	struct connection **idle = calloc((size_t)many, sizeof *idle);
	int idle_count = 0;
	for (int i = 0; i < many; i++) {
		connections[i].socket = -1;
		open_connection(idle[idle_count++] = &connections[i]);
	}

	srand48(7);
	long began = now(), measured = began + (long)(warm * 1e9), end = measured + (long)(seconds * 1e9), due = began, used_from = 0;
	long waiting_room = 1 << 16, *waiting = calloc((size_t)waiting_room, sizeof *waiting), head = 0, tail = 0;
	double used = 0;
	struct epoll_event ready[256];
	while (rate == 0 && idle_count > 0)
		start(idle[--idle_count], now());

	for (long time; (time = now()) < end;) {
		if (!recording && time >= measured) {
			used = processor_seconds(pids, pid_count);
			used_from = time;
			recording = 1;
		}
		for (; rate > 0 && due <= time; due += (long)(-log(1 - drand48()) * 1e9 / rate))
			if (tail - head < waiting_room)
				waiting[tail++ % waiting_room] = due;
		while (head < tail && idle_count > 0)
			start(idle[--idle_count], waiting[head++ % waiting_room]);
		long until = recording ? end : measured;
		until = rate > 0 && due < until ? due : until;
		long wait = until > time ? until - time : 0;
		struct timespec timeout = { wait / 1000000000L, wait % 1000000000L };
		int n = epoll_pwait2(poller, ready, 256, &timeout, NULL);
		for (int i = 0; i < n; i++) {
			struct connection *c = &connections[ready[i].data.u32];
			if (ready[i].events & EPOLLOUT && c->busy) {
				push(c);
				if (c->sent == request_length)
					watch(c, EPOLL_CTL_MOD, EPOLLIN);
			}
			if (!(ready[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)))
				continue;
			ssize_t got = read(c->socket, input, sizeof input);
			if (got < 0 && errno == EAGAIN)
				continue;
			long seen = now();
			int was_busy = c->busy, result = got <= 0 ? -1 : was_busy ? feed(c, input, (size_t)got, seen) : 0;
			if (result == 0)
				continue;
			if (result > 0) {
				note(&latency, seen - c->intended);
				done += recording;
				refused += recording && !c->good;
				c->busy = 0;
			} else {
				failed += recording && was_busy;
				open_connection(c);
			}
			if (!was_busy)
				continue;
			if (rate == 0)
				start(c, now());
			else
				idle[idle_count++] = c;
		}
	}

	double took = (double)(now() - used_from) / 1e9, processor = processor_seconds(pids, pid_count) - used;
	qsort(latency.values, latency.count, sizeof(long), ascending);
	qsort(first_byte.values, first_byte.count, sizeof(long), ascending);
	qsort(lag.values, lag.count, sizeof(long), ascending);
	printf("{\"per_second\":%.1f,\"requests\":%ld,\"failed\":%ld,\"refused\":%ld,\"p50_ms\":%.4f,\"p99_ms\":%.4f,\"first50_ms\":%.4f,\"events\":%zu,\"lag50_ms\":%.4f,\"lag99_ms\":%.4f,"
	       "\"processor_us\":%.2f,\"processor_event_us\":%.3f,\"processor_share\":%.3f,\"resident_mb\":%.1f}\n",
	       (double)done / took, done, failed, refused, at(&latency, .5), at(&latency, .99), at(&first_byte, .5), lag.count, at(&lag, .5), at(&lag, .99),
	       done ? processor * 1e6 / (double)done : 0, lag.count ? processor * 1e6 / (double)lag.count : 0, processor / took, (double)resident_kib(pids, pid_count) / 1024);
	return 0;
}
