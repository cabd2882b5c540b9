/*
 * lvsadm watch: one picture of the table, as lines of text. No terminal here.
 */
#ifndef DIARCH_LVS_LVSADM_SCREEN_H
#define DIARCH_LVS_LVSADM_SCREEN_H

#include <stdio.h>

#include "lvs/ipvs.h"
#include "lvs/lvsadm_state.h"

struct lvsadm_screen {
	const struct ipvs_set *set;
	const struct lvsadm_state *state; /* NULL: no director runs */
	const char *time;                 /* of the picture */
	bool is_numeric;
	unsigned width, height; /* 0: everything */
	unsigned first;         /* line of the table that is shown first */
	const char *line_end;   /* "\n", or with what a terminal needs */
};

/* Draws it: a heading and the table, cut to width and height. Lines that the table has. */
unsigned lvsadm_screen_draw(FILE *out, const struct lvsadm_screen *screen);

/* A number in at most five characters: "12345", "123k", "1.2M". Returns `buf`. */
const char *lvsadm_short_number(uint64_t value, char *buf, size_t size);

#endif
