#include "table.h"

#include <stdlib.h>

static struct entry **bucket(const struct table *table, pid_t key)
{
	return &table->buckets[(size_t)key & (table->size - 1)];
}

void *table_find(const struct table *table, pid_t key)
{
	struct entry *entry = table->size ? *bucket(table, key) : NULL;

	while (entry && entry->key != key)
		entry = entry->next;

	return entry;
}

static void grow(struct table *table)
{
	struct table bigger = { .size = table->size ? table->size * 2 : 256, .count = table->count };

	bigger.buckets = calloc(bigger.size, sizeof(*bigger.buckets));

	/* Without a record nothing may run: the sandbox ends with us. */
	if (!bigger.buckets)
		abort();

	for (size_t i = 0; i < table->size; i++) {
		for (struct entry *entry = table->buckets[i], *next; entry; entry = next) {
			struct entry **place = bucket(&bigger, entry->key);

			next = entry->next;
			entry->next = *place;
			*place = entry;
		}
	}

	free(table->buckets);
	*table = bigger;
}

void table_add(struct table *table, pid_t key, struct entry *entry)
{
	struct entry **place;

	if (table->count >= table->size)
		grow(table);

	place = bucket(table, key);
	entry->key = key;
	entry->next = *place;
	*place = entry;
	table->count++;
}

void *table_remove(struct table *table, pid_t key)
{
	struct entry **place;
	struct entry *found;

	if (!table->size)
		return NULL;

	for (place = bucket(table, key); *place && (*place)->key != key; place = &(*place)->next)
		;

	found = *place;

	if (found) {
		*place = found->next;
		table->count--;
	}

	return found;
}

void table_each(const struct table *table, void (*action)(struct entry *entry))
{
	for (size_t i = 0; i < table->size; i++) {
		for (struct entry *entry = table->buckets[i], *next; entry; entry = next) {
			next = entry->next;
			action(entry);
		}
	}
}
