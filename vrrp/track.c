/*
 * The arithmetic of tracking. See track.h. Runs in the VRRP child; pure.
 */
#include "vrrp/track.h"

#define WEIGHT_MAX 253
#define FILE_FAULT (-254)

static int64_t signed_weight(const struct track_use *use)
{
	return use->is_reverse ? -use->weight : use->weight;
}

/* A product that no weight of the configuration can overflow: values are 32 bit. */
static struct track_effect file_effect(const struct track_use *use, const struct track_obs *obs)
{
	int64_t sum = obs->value * signed_weight(use);

	if (use->weight == 0)
		return (struct track_effect){ .is_fault = (obs->value != 0) != use->is_reverse };
	if (sum <= FILE_FAULT)
		return (struct track_effect){ .is_fault = true };
	return (struct track_effect){ .weight = sum > WEIGHT_MAX ? WEIGHT_MAX : (int)sum };
}

static int clamp(int64_t weight)
{
	if (weight > WEIGHT_MAX)
		return WEIGHT_MAX;
	return weight < -WEIGHT_MAX ? -WEIGHT_MAX : (int)weight;
}

struct track_effect track_effect(const struct track_use *use, const struct track_obs *obs)
{
	if (!obs->is_known)
		return (struct track_effect){ .is_awaited = use->weight == 0 };
	if (use->is_factor)
		return file_effect(use, obs);
	if (use->weight == 0)
		return (struct track_effect){ .is_fault = obs->is_up == use->is_reverse };
	if ((use->weight > 0) == obs->is_up)
		return (struct track_effect){ .weight = clamp(signed_weight(use)) };
	return (struct track_effect){ .weight = 0 };
}

static void count_success(struct track_count *c, uint32_t rise, uint32_t fall)
{
	uint32_t top = rise + fall - 1;

	if (!c->is_known || c->n + 1 >= rise)
		c->n = top;
	else
		c->n++;
	c->is_up = c->n >= rise;
}

static void count_failure(struct track_count *c, uint32_t rise, uint32_t fall)
{
	uint32_t top = rise + fall - 1;

	if (!c->is_known || c->n <= rise)
		c->n = 0;
	else
		c->n = c->n > top ? top : c->n - 1;
	c->is_up = c->n >= rise;
}

bool track_count_step(struct track_count *c, uint32_t rise, uint32_t fall, bool is_success)
{
	const struct track_count was = *c;

	if (is_success)
		count_success(c, rise, fall);
	else
		count_failure(c, rise, fall);
	c->is_known = true;
	return c->is_known != was.is_known || c->is_up != was.is_up;
}

void track_count_fail(struct track_count *c)
{
	*c = (struct track_count){ .is_known = true };
}

bool track_damp_step(struct track_damp *d, time_us now, bool raw, int64_t up_us, int64_t down_us)
{
	bool was_up = d->is_up, was_known = d->is_known;

	if (!d->is_known || raw == d->is_up) {
		*d = (struct track_damp){ true, raw, raw, TIME_NEVER };
		return !was_known || was_up != raw;
	}
	if (time_is_never(d->at))
		d->at = time_add(now, raw ? up_us : down_us);
	d->raw = raw;
	if (time_cmp(d->at, now) > 0)
		return false;
	*d = (struct track_damp){ true, raw, raw, TIME_NEVER };
	return true;
}
