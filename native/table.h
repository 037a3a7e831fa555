/* A map from process numbers to what we know of them. */
#pragma once

#include <stddef.h>
#include <sys/types.h>

struct table {
	struct entry **buckets;
	size_t size;
	size_t count;
};

/* The first member of whatever is kept in a table. */
struct entry {
	pid_t key;
	struct entry *next;
};

void *table_find(const struct table *table, pid_t key);
void table_add(struct table *table, pid_t key, struct entry *entry);
void *table_remove(struct table *table, pid_t key);
void table_each(const struct table *table, void (*action)(struct entry *entry));
