#!/bin/bash
#
#	   192.168.195.0/24, fd00:195::/64, VIPs .200 and ::200; the part's number behind each name
#	 ┌─────────────────── sw (br0) ───────────────────┐
#	 │                      │                         │
#	a .130 prio 150       b .131 prio 100         client .1
#
# What goes wrong without anybody being dead: a director that is frozen (SIGSTOP, cgroup freezer) has a lease, so that
# the kernel takes its addresses before the other one has them, and gives way when it wakes, without a word; a split that
# heals costs an advertisement interval at most, the winner announces and notifies again; a planned stop of the active
# loses no packet when the successor is diarch, and one skew time when it is keepalived; changes of addresses that
# nobody read do not matter; the processes get the scheduling that the configuration says, and their memory is locked.
# Ownership is read from the kernel, never from the director.
. "${BASH_SOURCE[0]%/*}/lab.sh"
need ip jq tcpdump keepalived nft
need_director

VIP=192.168.195.200
VIP6=fd00:195::200
ADVERT_S=1

director_conf() { # NODE PRIORITY EXTRA...
	local node=$1 priority=$2
	shift 2
	write_conf "$node" <<-EOF
		global_defs {
		    router_id $node
		}
		vrrp_instance VI_1 {
		    state BACKUP
		    interface eth0
		    virtual_router_id 51
		    version 3
		    priority $priority
		    advert_int $ADVERT_S
		    $*
		    virtual_ipaddress {
		        $VIP/24
		    }
		}
		vrrp_instance VI_6 {
		    state BACKUP
		    interface eth0
		    virtual_router_id 52
		    version 3
		    priority $priority
		    advert_int $ADVERT_S
		    $*
		    virtual_ipaddress {
		        fe80::200
		        $VIP6/64
		    }
		}
	EOF
}
owns_both() { has_address "$1" $VIP && has_address "$1" $VIP6; }
owns_none() { lacks_address "$1" $VIP && lacks_address "$1" $VIP6; }
owns_alone() { owns_both "$1" && owns_none "$2"; }

# Directors a.N and b.N, the client and a switch; a becomes active.
make_pair() { # N PRIORITY-A PRIORITY-B EXTRA...
	local n=$1 a=$2 b=$3
	shift 3
	make_switch "sw.$n"
	make_node "a.$n" "sw.$n" 192.168.195.130/24 fd00:195::130/64
	make_node "b.$n" "sw.$n" 192.168.195.131/24 fd00:195::131/64
	make_node "client.$n" "sw.$n" 192.168.195.1/24 fd00:195::1/64
	director_conf "a.$n" "$a" "$@"
	director_conf "b.$n" "$b" "$@"
	start_director "a.$n"
	wait_for "a.$n is running" 10 is_running_as "a.$n" vrrp
	wait_for "a.$n is active" 10 owns_both "a.$n"
	if [ "${PEER:-diarch}" = keepalived ]; then start_keepalived "b.$n"; else start_director "b.$n"; fi
	wait_for "b.$n is running" 10 is_running_as "b.$n" vrrp
	wait_for "b.$n listens" 10 in_log "b.$n" 'Entering BACKUP STATE'
}
# The kernel's word on who had what when: "SECONDS NODE + ADDRESS" or "-".
watch_addresses() { # NODE
	start "$1" "addresses.$1" ip -t -o monitor address
	wait_for "addresses of $1 are watched" 5 grep -q "monitor" "/proc/${LAB_PID[addresses.$1]}/cmdline"
}
# When the address last came to, or went from, the node: milliseconds since 1970, in REPLY.
when() { # NODE added|deleted ADDRESS
	local month day time year us
	read -r month day time year us < <(awk -v what="$2" -v address="$3/" '
		/^Timestamp:/ { stamp = $3 " " $4 " " $5 " " $6 " " $7; next }
		index($0, " " address) && (what == "deleted") == ($0 ~ /^Deleted/) { last = stamp }
		END { print last }' "$LAB_DIR/$1/addresses.$1.log")
	REPLY=$(($(date -d "${day:-1} ${month:-Jan} ${year:-1970} ${time:-}" +%s) * 1000 + 10#${us:-0} / 1000))
}

freeze() { # NODE: by signal
	local pids
	pids=$(director_pids "$1")
	# shellcheck disable=SC2086 # a list of pids
	kill -STOP $pids
}
thaw() {
	local pids
	pids=$(pgrep -P "${LAB_PID[$1]}")
	# shellcheck disable=SC2086 # a list of pids
	kill -CONT "${LAB_PID[$1]}" $pids
}
FREEZER=/sys/fs/cgroup/freezer/$LAB_TAG
freeze_group() { # NODE: by the freezer of cgroups
	local pid
	mkdir "$FREEZER" || return
	for pid in $(director_pids "$1"); do echo "$pid" >"$FREEZER/cgroup.procs"; done
	echo FROZEN >"$FREEZER/freezer.state"
}
thaw_group() {
	echo THAWED >"$FREEZER/freezer.state"
	local pid
	for pid in $(cat "$FREEZER/cgroup.procs"); do echo "$pid" >/sys/fs/cgroup/freezer/cgroup.procs; done
	rmdir "$FREEZER"
}

frozen_with_lease() { # N NAME FREEZE THAW
	local n=$1 name=$2 address gone wake_ms first_ms
	make_pair "$n" 150 100 lease
	watch_addresses "a.$n"
	watch_addresses "b.$n"
	expect_stays "lease-is-renewed-$name" 4 owns_alone "a.$n" "b.$n"
	"$3" "a.$n"
	expect_soon "takeover-$name" 10 owns_both "b.$n"
	expect "addresses-gone-$name" owns_none "a.$n"
	for address in $VIP $VIP6; do
		when "a.$n" deleted $address
		gone=$REPLY
		when "b.$n" added $address
		expect_most "P5-F7-gone-before-takeover-$name-$address" -1 $((gone - REPLY)) ms
	done
	start "client.$n" wire tcpdump -lntti eth0 "(ip proto 112 and src 192.168.195.130) or arp"
	wait_for "tcpdump listens" 5 grep -q listening "$LAB_DIR/client.$n/wire.log"
	tell_time
	wake_ms=$NOW_MS
	"$4" "a.$n"
	expect_soon "gives-way-$name" 5 in_log "a.$n" 'silent for longer than the lease'
	# Its first word is the one with which it preempts, a down interval of priority 150 later.
	expect_soon "preempts-$name" 10 owns_alone "a.$n" "b.$n"
	expect_soon "preempts-on-the-wire-$name" 5 grep -q 'prio 150' "$LAB_DIR/client.$n/wire.log"
	first_ms=$(awk '/prio 150/ { printf "%.0f", $1 * 1000; exit }' "$LAB_DIR/client.$n/wire.log")
	expect_most "P5-said-nothing-$name" -3200 $((wake_ms - first_ms)) ms
}
frozen_by_signal() { frozen_with_lease "$1" stopped freeze thaw; }
frozen_by_cgroup() {
	if [ -d /sys/fs/cgroup/freezer ]; then
		frozen_with_lease "$1" frozen freeze_group thaw_group
	else
		skip frozen "no cgroup freezer here"
	fi
}

# With intervals of 0.2 s the addresses stay, but nobody is answered any more, neither from them nor about them, before
# the other one takes over 720 ms after the last advertisement.
is_answered() { in_ns "client.$1" "$VIPPING" -t 0.1 "$2" >/dev/null; }
is_unanswered() { ! is_answered "$@"; }
both_answered() { is_answered "$1" $VIP && is_answered "$1" $VIP6; }
none_resolves() { # N: asked anew, no MAC is told
	in_ns "client.$1" ip neigh flush dev eth0
	is_unanswered "$1" $VIP && is_unanswered "$1" $VIP6 &&
		[ -z "$(neighbour_mac "client.$1" $VIP)$(neighbour_mac "client.$1" $VIP6)" ]
}
is_sanitized() { nm -D "$DIARCH" 2>/dev/null | grep -q __asan_init; }
short_lease() { # N
	local n=$1 ADVERT_S=0.2 child
	# A child with sanitizers takes long to begin: still below the half second from which addresses have lifetimes.
	if is_sanitized; then ADVERT_S=0.45; fi
	make_pair "$n" 150 100 lease
	expect_stays short-lease-is-renewed 2 both_answered "$n"
	on "a.$n" nft list set inet diarch-lease alive4
	child=$(role_pid "a.$n" vrrp)
	start_ping "client.$n" $VIP
	kill -KILL "$child"
	expect_soon short-lease-respawned 10 is_respawned "a.$n" vrrp "$child"
	poll_pause 1
	stop_ping "client.$n"
	expect_eq short-lease-crash-lost 0 "$PING_LOST"
	on "a.$n" nft delete table inet diarch-lease
	expect_soon short-lease-table-comes-back 2 in_ns "a.$n" nft list set inet diarch-lease alive4
	expect_stays short-lease-is-renewed-again 1 both_answered "$n"

	# The client's word: a falls silent, and only later b answers.
	start "client.$n" wire tcpdump -Uni eth0 -w "$LAB_DIR/client.$n/wire.pcap" arp or icmp or icmp6
	wait_for "tcpdump listens" 5 grep -q listening "$LAB_DIR/client.$n/wire.log"
	start_ping "client.$n" $VIP -w 20
	freeze "a.$n"
	expect_soon P5-F7-short-lease-takeover 5 owns_both "b.$n"
	expect_soon short-lease-client-follows 5 neighbour_is "client.$n" $VIP "b.$n"
	stop_ping "client.$n"
	expect_soon short-lease-b-answers 3 both_answered "$n"
	expect_eq P5-F7-short-lease-never-both 0 "$(answers_of_a_after_b "$n")"
	# Without b there is nobody.
	stop "b.$n" KILL
	expect_soon P5-F7-short-lease-nobody-answers 5 none_resolves "$n"
	expect P5-F7-short-lease-addresses-stay has_address "a.$n" $VIP
	thaw "a.$n"
	expect_soon P5-short-lease-gives-way 5 in_log "a.$n" 'silent for longer than the lease'
	expect_soon short-lease-takes-over-again 5 both_answered "$n"
	stop "a.$n" TERM
	expect "short-lease-tables-are-gone" eval '! in_ns "a.$n" nft list ruleset | grep -q lease'
}
answers_of_a_after_b() { # N
	tcpdump -enr "$LAB_DIR/client.$1/wire.pcap" "(icmp[0] = 0 or arp[6:2] = 2) and src host $VIP" 2>/dev/null |
		awk -v a="$(mac_of "a.$1")" -v b="$(mac_of "b.$1")" '$2 == b { seen = 1 } seen && $2 == a { n++ } END { print n + 0 }'
}

# A split of which no carrier tells; both are active, and the client follows b, which spoke last.
split_heals() { # N
	local n=$1 gap
	make_pair "$n" 150 100 "notify $LAB_DIR/told.sh
		    garp_master_delay 0"
	cut_cable "a.$n" "sw.$n"
	expect_soon split-both-own 10 owns_both "b.$n"
	ipn "client.$n" neigh flush dev eth0
	expect_soon split-client-at-b 5 in_ns "client.$n" "$VIPPING" -t 0.1 $VIP
	mark_told=$(wc -l <"$LAB_DIR/told.a.$n")
	start_ping "client.$n" $VIP -w 100
	mend_cable "a.$n" "sw.$n"
	expect_soon split-one-owner 5 owns_alone "a.$n" "b.$n"
	expect_soon P3-F5-split-client-follows 3 neighbour_is "client.$n" $VIP "a.$n"
	stop_ping "client.$n"
	gap=$PING_GAP_MS
	expect_most P3-F5-split-blackout-after-healing $((ADVERT_S * 1000 + 50)) "$gap" ms
	expect_soon P3-split-told-again 5 told_again "$n" "$mark_told"
	poll_pause 1.5
	expect_eq split-told-once "INSTANCE VI_1 MASTER 150" "$(tail -n "+$((mark_told + 1))" "$LAB_DIR/told.a.$n" | paste -sd,)"
}
told_again() { # N LINES: one more for the IPv4 instance, and it says MASTER
	[ "$(wc -l <"$LAB_DIR/told.a.$1")" -gt "$2" ] && tail -1 "$LAB_DIR/told.a.$1" | grep -q MASTER
}

# A planned stop while the client probes: the successor is diarch, or keepalived.
planned_stop() { # N PEER LIMIT-MS
	local n=$1 PEER=$2 limit=$3
	make_pair "$n" 150 100
	start_ping "client.$n" $VIP -w 100
	start_client "client.$n" ping6 "$VIPPING" -w 100 $VIP6
	stop "a.$n" TERM
	expect_eq "stop-status-$PEER" 0 "$STATUS"
	expect_soon "stop-takeover-$PEER" 5 owns_alone "b.$n" "a.$n"
	stop_ping "client.$n"
	expect_most "stop-blackout-$PEER" "$limit" "$PING_GAP_MS" ms
	stop_ping "client.$n" ping6
	expect_most "stop-blackout-v6-$PEER" "$limit" "$PING_GAP_MS" ms
}

drops_in() { # NODE: whether a netlink socket there lost something
	in_ns "$1" awk 'NR > 1 && $9 > 0 { n++ } END { exit !n }' /proc/net/netlink
}
# More changes than a socket holds, while nobody reads: the VIP is among those that went, and comes back.
overrun() { # N
	local n=$1 i pid
	make_pair "$n" 150 100
	pid=$(role_pid "a.$n" vrrp)
	freeze "a.$n" # the parent, too: it would take the child for hung
	for ((i = 0; i < 15000; i++)); do
		echo "address add 10.$((i / 250)).$((i % 250)).1/32 dev lo"
		echo "address del 10.$((i / 250)).$((i % 250)).1/32 dev lo"
	done | ip -n "$(ns "a.$n")" -batch -
	ip -n "$(ns "a.$n")" addr del $VIP/24 dev eth0
	for ((i = 0; i < 100; i++)); do
		echo "address add 10.$((i / 250)).$((i % 250)).1/32 dev lo"
	done | ip -n "$(ns "a.$n")" -batch -
	expect overrun-happened drops_in "a.$n"
	thaw "a.$n"
	expect_soon overrun-restored 5 has_address "a.$n" $VIP
	expect_eq overrun-same-process "$pid" "$(role_pid "a.$n" vrrp)"
}

# What the configuration says of the processes, and that a reload takes it back.
process_conf() { # NODE LINES
	sed -i "/^ *router_id/a $2" "$LAB_DIR/$1/keepalived.conf"
}
policy_is() { # PID POLICY PRIORITY
	[ "$(chrt -p "$1" | sed 's/.*: //; s/|.*//' | tr '\n' ' ')" = "$2 $3 " ]
}
nice_of() { awk '{ print $19 }' "/proc/$1/stat"; }
CAP_IPC_LOCK=14
CAP_SYS_RESOURCE=24
has_capability() { # PID NUMBER: whether it is effective
	local set
	set=$(awk '/^CapEff:/ { print $2 }' "/proc/$1/status")
	((16#$set >> $2 & 1))
}
lacks_capability() { ! has_capability "$@"; }
can_lock() { has_capability self $CAP_IPC_LOCK || has_capability self $CAP_SYS_RESOURCE; }
is_locked() { grep -qE '^VmLck:[[:space:]]+[1-9]' "/proc/$1/status"; } # PID
has_no_limit() { grep -qE '^Max locked memory +unlimited ' "/proc/$1/limits"; } # PID
may_lock_now() { has_no_limit "$1" || has_capability "$1" $CAP_IPC_LOCK; } # PID: what it allocates later, too

# BFD runs in the VRRP child: that gets what either asks for, while there is a session.
bfd_scheduling() { # NODE PID
	local conf=$LAB_DIR/$1/keepalived.conf
	process_conf "$1" "bfd_rt_priority 8\nbfd_rlimit_rttime 15000\nbfd_priority -5"
	mark_log "$1"
	reload_director "$1"
	wait_for "the reload" 5 in_log_since "$1" 'Reload complete'
	expect_eq sched-no-bfd-nice -3 "$(nice_of "$2")"
	printf 'bfd_instance peer {\n neighbor_ip 192.168.195.250\n}\n' >>"$conf"
	reload_director "$1"
	if chrt -r 7 true 2>/dev/null; then
		expect_soon sched-bfd-real-time 5 policy_is "$2" SCHED_RR 8
	else
		skip sched-bfd-real-time "no real-time scheduling in this control group"
	fi
	expect_soon sched-bfd-nice 5 eval "[ \$(nice_of $2) = -5 ]"
	expect sched-bfd-longer-limit grep -qE '^Max realtime timeout +20000 ' "/proc/$2/limits"
	sed -i '/bfd_rt_priority/,/bfd_priority/d; /^bfd_instance/,$d' "$conf"
}
scheduling() { # N
	local n=$1 pid
	make_pair "$n" 150 100
	process_conf "a.$n" "vrrp_rt_priority 7\nvrrp_rlimit_rttime 20000\nvrrp_cpu_affinity 0\nvrrp_no_swap\nvrrp_priority -3\nvrrp_process_name the_vrrp\nprocess_name the_parent"
	reload_director "a.$n"
	pid=$(role_pid "a.$n" vrrp)
	if chrt -r 7 true 2>/dev/null; then
		expect_soon sched-real-time 5 policy_is "$pid" SCHED_RR 7
	else
		skip sched-real-time "no real-time scheduling in this control group"
	fi
	expect_eq sched-processor 0 "$(taskset -cp "$pid" | sed 's/.*: //')"
	expect_eq sched-nice -3 "$(nice_of "$pid")"
	if is_sanitized; then
		skip sched-locked "AddressSanitizer ignores mlockall(), its shadow memory would not fit"
	elif can_lock; then
		expect_soon sched-locked 5 is_locked "$pid"
		expect sched-lock-effective may_lock_now "$pid"
	else
		skip sched-locked "neither CAP_SYS_RESOURCE nor CAP_IPC_LOCK here"
	fi
	expect sched-limit grep -qE '^Max realtime timeout +20000 ' "/proc/$pid/limits"
	expect_eq sched-names "the_parent the_vrrp" "$(cat "/proc/${LAB_PID[a.$n]}/comm" "/proc/$pid/comm" | paste -sd' ')"
	bfd_scheduling "a.$n" "$pid"
	sed -i '/vrrp_rt_priority/,/process_name the_parent/d' "$LAB_DIR/a.$n/keepalived.conf"
	process_conf "a.$n" "max_auto_priority 9\nmin_auto_priority_delay 100000"
	reload_director "a.$n"
	expect_soon sched-normal-again 5 policy_is "$pid" SCHED_OTHER 0
	expect_eq sched-nice-again 0 "$(nice_of "$pid")"
	expect sched-unlocked grep -qE '^VmLck:[[:space:]]+0' "/proc/$pid/status"
	expect sched-lock-given-up lacks_capability "$pid" $CAP_IPC_LOCK
	for _ in 1 2 3 4; do # one of them holds an advertisement up
		kill -STOP "$pid"
		poll_pause 0.6
		kill -CONT "$pid"
		poll_pause 0.6
	done
	if chrt -r 7 true 2>/dev/null; then
		expect_soon sched-raised 8 in_log "a.$n" "its real-time priority is now"
	fi
	expect_eq sched-same-process "$pid" "$(role_pid "a.$n" vrrp)"
}

for node in a b; do
	: >"$LAB_DIR/told.$node.3"
done
# The script is told its instance, and finds its node in the name of its namespace.
write_told() {
	cat <<-END
		#!/bin/sh
		[ "\$2" = VI_1 ] && [ "\$3" != MASTER_RX_LOWER_PRI ] && echo "\$@" >>"$LAB_DIR/told.\$(ip netns identify | sed 's/^$LAB_TAG-//')"
		exit 0
	END
}
write_told >"$LAB_DIR/told.sh"
chmod 755 "$LAB_DIR/told.sh"

part 1 frozen_by_signal 1
part 2 frozen_by_cgroup 2
part 3 split_heals 3
part 4 planned_stop 4 diarch 300
part 5 planned_stop 5 keepalived 650
part 6 overrun 6
part 7 scheduling 7
part 8 short_lease 8
join_parts
