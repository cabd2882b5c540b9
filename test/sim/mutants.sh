#!/bin/sh
# Plants one bug at a time in a copy of a file of the state machine, the packets or the groups, and demands that its
# simulator finds it, or the explorer.
#
# Runs in the build directory, after the simulators were built: `make sim-mutant` compiles the copy and links it with
# the objects that are there.
set -eu
srcdir=${srcdir:-.}
MAKE=${MAKE:-make}
sources="$srcdir/vrrp/fsm*.c" # where the functions are looked for
rule=sim-mutant
dir=$(mktemp -d "${TMPDIR:-/tmp}/diarch-mutants.XXXXXX")
trap 'rm -rf "$dir"' EXIT
planted=0
found=0

# Name, the function to change, the sed command.
mutant()
{
	planted=$((planted + 1))
	# shellcheck disable=SC2086 # a pattern
	source=$(grep -l "^[a-z].*[ *]$2(" $sources || echo "$srcdir/vrrp/fsm.c")
	copy=$dir/${source##*/}
	sed "/^[a-z].*[ *]$2(/,/^}/ { $3
	}" "$source" >"$copy"
	if cmp -s "$source" "$copy"; then
		echo "$1: NOT PLANTED, ${source##*/} has changed: adapt $0"
		return
	fi
	if ! $MAKE -s $rule MUTANT="$copy" MUTANT_OUT="$dir/simulate" >"$dir/log" 2>&1; then
		echo "$1: DOES NOT COMPILE"
		cat "$dir/log"
		return
	fi
	if "$dir/simulate" >"$dir/log" 2>&1; then
		echo "$1: NOT FOUND"
	elif ! grep -q '^FAILED' "$dir/log"; then
		echo "$1: the simulator broke"
		tail -5 "$dir/log"
	else
		found=$((found + 1))
		echo "$1: found, $(sed -n 's/^FAILED //p;T;q' "$dir/log")"
	fi
}

mutant 'no tie-break' active_is_beaten 's/return addr_cmp.*;/return false;/'
mutant 'tie-break the wrong way' active_is_beaten 's/own_addr) > 0/own_addr) < 0/'
mutant 'skew grows with the priority' vrrp_skew_us 's/(256 - priority) \*/(priority) */'
mutant 'v2 skew of the interval' vrrp_skew_us 's/(version == 2 ? US_PER_S : adver_us)/adver_us/'
mutant 'down timer not armed again' backup_advert 's/fsm_arm_down(s);//'
mutant 'priority 0 ignored by the backup' backup_advert 's/fsm_arm(s, .*;//'
mutant 'lower priority tolerated' backup_advert 's/ \&\& s->v->params.preempt;/ \&\& false;/'
mutant 'preempt delay without end' preempt_clock_runs 's/time_cmp.*;/true;/'
mutant 'interval not learned' fsm_interval_to_learn 's/return adver_us;/return p->advert_us;/'
mutant 'loser not answered' active_assert 's/fsm_advertise_active(s);//'
mutant 'timer not armed again after a loser' active_assert 's/fsm_begin_adver(s);//'
mutant 'silenced by losers' active_assert 's/^\t\treturn;/\t\t(void)0; else/'
mutant 'no announcement after a second active' active_assert 's/fsm_announce(s, .*;//'
mutant 'addresses kept when giving way' active_yield 's/fsm_release_addresses(s);//'
mutant 'announced before the addresses are there' fsm_take_over 's/fsm_push(s, VRRP_OUT_VIP_ADD);/fsm_announce(s, VRRP_ANNOUNCE_LOWER_PRIO); &/'
mutant 'advertisements drift' active_timer 's/fsm_next_adver(deadline,/fsm_next_adver(s->now,/'
mutant 'no priority 0 when leaving' fsm_leave 's/fsm_advertise(s, PRIORITY_RESIGN);//'
mutant 'timer left armed when leaving' fsm_to_init 's/fsm_cancel(s, VRRP_TIMER_ADVER);//'
mutant 'FAULT ignored' fsm_any_fault 's/fsm_leave(s, true);/return;/'
mutant 'adoption removes the addresses' adopt_active 's/VIP_ADD/VIP_DEL/'
mutant 'adoption forgets when to advertise' adopt_active 's/fsm_next_adver(last, s->now, interval_us)/time_add(s->now, interval_us)/'
mutant 'adopted backup counts silence' adopt_backup 's/fsm_arm_down(s);/fsm_arm(s, VRRP_TIMER_DOWN, s->now);/'

mutant 'lease not looked at' fsm_is_lease_over 's/return v->state/return false \&\& v->state/'
mutant 'gives way with a word' fsm_lease_lapse 's/fsm_release_addresses(s);/fsm_advertise(s, s->v->priority); &/'
mutant 'a lapsed lease keeps the addresses' fsm_lease_lapse 's/fsm_release_addresses(s);//'
mutant 'lease not renewed' fsm_advertise_active 's/v->lease_until = .*/if (v->lease_until.us < s->now.us - v->params.lease_us) &/'
mutant 'lapsed lease adopted' is_adopted_too_late 's/p->lease_us - p->advert_us;/INT64_MAX;/'
mutant 'handover without end' init_timer 's/fsm_push(s, VRRP_OUT_VIP_DEL);//'
mutant 'successor not noticed' init_advert 's/HANDOVER_GRACE_US/INT64_C(1) << 50/'
mutant 'handover forgotten at a new start' init_start 's/fsm_end_handover(s);//'
mutant 'addresses dropped before the handover' hand_over 's/fsm_announce(s,/fsm_push(s, VRRP_OUT_VIP_DEL); &/'
mutant 'no second notification after a split' note_rival 's/fsm_push(s, VRRP_OUT_RENOTIFY);//'
mutant 'each word of a rival notified' note_rival 's/time_sub.*;/true;/'
mutant 'priority without limits' fsm_effective_priority 's/return PRIORITY_MIN;/return (uint8_t)sum;/'
mutant 'preempts although it may not' backup_advert 's/ \&\& s->v->params.preempt;/;/'
mutant 'stopped router takes part' active_stop 's/fsm_leave(s, false);/fsm_leave(s, true);/'

sources=$srcdir/vrrp/pkt.c
mutant 'other versions heard' vrrp_pkt_check 's/pkt->version != expect->version/false/'
mutant 'checksum not verified' vrrp_pkt_decode 's/pkt->sum_form == VRRP_SUM_NONE/false/'
mutant 'one form of the checksum only' sum_find 's/i < sizeof(forms).*; i++/i < 1; i++/'
mutant 'interval of version 3 in tenths' vrrp_pkt_decode 's/(field4 << 8 | field5)/(field4 << 8 | field5) * 10/'

sources=$srcdir/vrrp/group.c
rule=group-mutant
mutant 'fault of a member does not move the others' move_fault 's/bool is_held = .*;/bool is_held = false;/'
mutant 'others stay in FAULT' move_fault 's/if (is_held == m->is_held)/if (is_held == m->is_held || !is_held)/'
mutant 'the others stay when one gives way' group_note_step 's/(has_lost ||/(false \&\&/'
mutant 'a member that follows another router moves nobody' is_following 's/return /return false \&\& /'
mutant 'only one member resigns' move_down 's/feed(act, i, &ev);/feed(act, i, \&ev), g->is_outvoted = false;/'
mutant 'one expiry is enough' move_up 's/if (!has_voted(v, now))/if (v->state == VRRP_STATE_INIT)/'
mutant 'an expiry long ago is no vote' has_voted 's/time_cmp.*<= 0;/v->at[VRRP_TIMER_DOWN].us == now.us;/'
mutant 'the vote counts before it is cast' has_voted 's/time_cmp.*<= 0;/true;/'
mutant 'the first member moves alone' move_up 's/feed(act, candidate, &ev);/if (candidate == 0) feed(act, candidate, \&ev); else return false;/'
mutant 'the group does not tell' tell 's/g->told = state;/if (state == VRRP_NOTIFY_FAULT) return false; g->told = state;/'
mutant 'told before all are there' tell 's/return false; \/\* on the way.*/continue;/'
mutant 'no wait after a clash' wait_slots 's/g->is_clash ?/false ?/'
mutant 'clash not noticed' note_clash 's/g->is_clash = true;/return;/'
mutant 'all wait alike' draw 's/z = z \* 257 + .*;/z = z * 257;/'

# The trace is a scenario: it fails with the bug and not without.
retraced()
{
	planted=$((planted + 1))
	grep -E '^(routers|links|set|at|expect) ' "$dir/log" >"$dir/trace.txt"
	if ! $MAKE -s sim-mutant MUTANT="$copy" MUTANT_OUT="$dir/simulate" >"$dir/make.log" 2>&1; then
		echo "its trace: DOES NOT COMPILE"
	elif ! ./test/sim/simulate "$dir/trace.txt" >"$dir/replay"; then
		echo "its trace: FAILS WITHOUT THE BUG"
		cat "$dir/trace.txt" "$dir/replay"
	elif "$dir/simulate" "$dir/trace.txt" >"$dir/replay"; then
		echo "its trace: PASSES WITH THE BUG"
		cat "$dir/trace.txt" "$dir/replay"
	else
		found=$((found + 1))
		echo "its trace: fails with the bug and not without"
	fi
}

# Told apart at one instant only, which the random simulator never meets: what explore is for.
sources="$srcdir/vrrp/fsm*.c"
rule=explore-mutant
mutant 'a lease ends too late' fsm_is_lease_over 's/<= 0/< 0/'
mutant 'a lapsed lease adopted at its end' is_adopted_too_late 's/>= p->lease_us/> p->lease_us/'
retraced
mutant 'a rival notified twice' note_rival 's/> vrrp_down_us/>= vrrp_down_us/'
# The bound of healing is so narrow that lateness shows.
mutant 'a patience that became shorter is not' backup_weight 's/shorten_down(s, old_down_us);//'
mutant 'stopped router takes part, explored' active_stop 's/fsm_leave(s, false);/fsm_leave(s, true);/'
retraced
# And some of the others, with the shortest way to them.
mutant 'timer served too late' timer_is_due 's/<= 0/< 0/'
mutant 'handover without end, explored' init_timer 's/fsm_push(s, VRRP_OUT_VIP_DEL);//'
sources=$srcdir/vrrp/group.c
mutant 'the others stay when one gives way, explored' group_note_step 's/(has_lost ||/(false \&\&/'
retraced
mutant 'an expiry long ago is no vote, explored' has_voted 's/time_cmp.*<= 0;/v->at[VRRP_TIMER_DOWN].us == now.us;/'
mutant 'all wait alike, explored' draw 's/z = z \* 257 + .*;/z = z * 257;/'

echo "$found of $planted mutants found"
[ "$found" -eq "$planted" ]
