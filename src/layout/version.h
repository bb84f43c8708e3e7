/* The version in front of a plain migration's name. Private to this folder. */
#ifndef PD_LAYOUT_VERSION_H
#define PD_LAYOUT_VERSION_H

#include "base/arena.h"
#include "domain/migration.h"

/* The groups of digits in front, joined by '.', without leading zeros: "0041_orders" is "41",
 * "1.02-x" is "1.2", "2024-01-31_x" is "2024.1.31". NULL when the name begins with no digit.
 * Only a name that begins like a date (a year from 1900 to 2199) may join groups by '-', '_' or
 * 'T' as well as by '.'. A group counts when a separator or the end of the name follows. */
const char *pd_version_of(pd_arena *arena, const char *name);

/* Fills `number` of each migration of a set that has been read: its version in the form above. */
void pd_number_migrations(pd_arena *arena, pd_set *set);

/* Below, equal or above 0: group by group, by number. */
int pd_version_compare(const char *a, const char *b);

#endif
