#!/bin/bash
#
#	   192.168.195.0/24, VIP .200; the part's number behind each name
#	 ┌─────────────────── sw (br0) ───────────────────┐
#	 │                                                │
#	a .130 prio 150                               b .131 prio 100, listens
#
# What hosts do to virtual routers in production: rows P6, P11, P17 and P18 of the conformance list. A process that gets no
# processor, or has much to do at once, reloads without end, a child that is killed a hundred times, interfaces that come and go by the thousand.
# Gaps between advertisements are measured where they arrive.
. "${BASH_SOURCE[0]%/*}/lab.sh"
need ip jq tcpdump taskset
need_director
[ "$LAB_DIRECTOR" = diarch ] || skip_lab "looks at diarch's own status"

VIP=192.168.195.200

instance() { # NAME VRID PRIORITY ADVERT-INT INTERFACE ADDRESS EXTRA...
	local name=$1 vrid=$2 priority=$3 advert_s=$4 interface=$5 address=$6
	shift 6
	cat <<-EOF
		vrrp_instance $name {
		    state BACKUP
		    interface $interface
		    virtual_router_id $vrid
		    version 3
		    priority $priority
		    advert_int $advert_s
		    garp_master_delay 0
		    $*
		    virtual_ipaddress { $address }
		}
	EOF
}
make_nodes() { # N
	make_switch "sw.$1"
	make_node "a.$1" "sw.$1" 192.168.195.130/24
	make_node "b.$1" "sw.$1" 192.168.195.131/24
}
owns_alone() { has_address "$1" $VIP && lacks_address "$2" $VIP; }
start_pair() { # N
	start_director "a.$1"
	poll_until "a.$1 is active" 20 has_address "a.$1" $VIP
	start_director "b.$1"
	poll_until "b.$1 listens" 20 in_log "b.$1" 'Entering BACKUP STATE'
}
make_pair() { # N ADVERT-INT EXTRA...
	local n=$1 advert_s=$2
	shift 2
	make_nodes "$n"
	instance VI_1 51 150 "$advert_s" eth0 $VIP/24 "$@" | write_conf "a.$n"
	instance VI_1 51 100 "$advert_s" eth0 $VIP/24 "$@" | write_conf "b.$n"
	start_pair "$n"
}
transitions() { log_lines "$1" 'Entering [A-Z]+ STATE'; }

# Advertisements as they arrive at b: from whom, which VRID, and the longest gap of each.
record() { # N
	start "b.$1" "record.$1" tcpdump -B 8192 --immediate-mode -Uni eth0 -w "$LAB_DIR/b.$1/wire.pcap" "ip proto 112"
	poll_until "tcpdump listens" 10 grep -q listening "$LAB_DIR/b.$1/record.$1.log"
}
gaps() { # N: "MILLISECONDS VRID", the longest first
	stop "record.$1"
	tcpdump -nttr "$LAB_DIR/b.$1/wire.pcap" "src 192.168.195.130" 2>/dev/null |
		sed -n 's/^\([0-9.]*\) .* vrid \([0-9]*\),.*/\1 \2/p' |
		awk '{ if ($2 in last && ($1 - last[$2]) > gap[$2]) gap[$2] = $1 - last[$2]; last[$2] = $1 }
			END { for (vrid in gap) printf "%d %s\n", gap[vrid] * 1000, vrid }' | sort -rn
}
longest_gap() { gaps "$1" | sed -n '1s/ .*//p'; }

late() { # NODE LIMIT: how often the VRRP child was so late for a timer
	status_of "$1" ".processes[] | select(.role == \"vrrp\") | .late_$2"
}
is_late() { [ "$(late "$1" "$2")" -gt 0 ]; }
busy_beside() { # NODE SECONDS: four busy loops on the processor that a has
	local i
	for i in 1 2 3 4; do
		start "$1" "hog$i.$1" timeout "$2" taskset -c 0 sh -c 'while :; do :; done'
	done
}

# Four that always want the processor, too: nothing happens.
starved_a_little() { # N
	local n=$1 pid
	make_pair "$n" 0.5
	for pid in $(director_pids "a.$n"); do taskset -pc 0 "$pid" >/dev/null; done
	record "$n"
	busy_beside "a.$n" 4
	poll_pause 4
	expect_most P6-gap-beside-four-busy-loops 1000 "$(longest_gap "$n")" ms
	expect P6-nobody-flaps owns_alone "a.$n" "b.$n"
	expect_eq P6-backup-stays 1 "$(transitions "b.$n")"
}

GROUP=/sys/fs/cgroup/cpu/$LAB_TAG
# Nearly no processor time at all: the lease takes the addresses before b has them, and the one that wakes gives way.
starved() { # N
	local n=$1 pid
	if ! mkdir "$GROUP" 2>/dev/null; then
		skip P6-starved "no cgroup for processor time here"
		return
	fi
	make_pair "$n" 1 lease
	start "a.$n" "hog.$n" timeout 60 sh -c 'while :; do :; done'
	for pid in $(director_pids "a.$n"); do chrt -i -p 0 "$pid"; done # the hog goes first
	for pid in $(director_pids "a.$n") "${LAB_PID[hog.$n]}" $(pgrep -P "${LAB_PID[hog.$n]}"); do
		taskset -pc 0 "$pid" >/dev/null
		echo "$pid" >"$GROUP/cgroup.procs"
	done
	echo 1000000 >"$GROUP/cpu.cfs_period_us"
	echo 1000 >"$GROUP/cpu.cfs_quota_us"
	watch_owners "$n"
	expect_soon P6-starved-takeover 20 has_address "b.$n" $VIP
	kill "$WATCHER"
	expect_eq P6-starved-never-two-owners 0 "$(wc -l <"$LAB_DIR/two.$n")"
	echo -1 >"$GROUP/cpu.cfs_quota_us"
	kill "${LAB_PID[hog.$n]}"
	expect_soon P6-demotes-itself 8 in_log "a.$n" 'silent for longer than the lease'
	expect_soon P6-lag-is-counted 8 is_late "a.$n" 1s
	expect P6-lag-histogram test "$(late "a.$n" 10ms)" -ge "$(late "a.$n" 1s)"
	expect_soon P6-preempts-again 10 owns_alone "a.$n" "b.$n"
	for pid in $(cat "$GROUP/cgroup.procs"); do echo "$pid" >/sys/fs/cgroup/cpu/cgroup.procs; done 2>/dev/null
	rmdir "$GROUP" 2>/dev/null
}
watch_owners() { # N: counts how often both have it, as the kernel says
	: >"$LAB_DIR/two.$1"
	(
		while :; do
			if has_address "a.$1" $VIP && has_address "b.$1" $VIP; then echo both >>"$LAB_DIR/two.$1"; fi
			poll_pause 0.05
		done
	) &
	WATCHER=$!
}

# Twenty SIGHUPs a second for 255 virtual routers, of which one gets another address each time.
storm_conf() { # PRIORITY ADDRESS-OF-7
	local vrid address
	for ((vrid = 1; vrid < 256; vrid++)); do
		address=10.9.0.$vrid/32
		[ $vrid != 7 ] || address=$2/32
		[ $vrid != 51 ] || address=$VIP/24
		instance "VI_$vrid" $vrid "$1" 0.2 eth0 "$address"
	done
}
GAP_MS=450 # with an interval of 0.2 s: the peer has patience for 722, and labs beside this one take their time
reload_storm() { # N
	local n=$1 i parent
	make_nodes "$n"
	storm_conf 150 10.9.1.0 >"$LAB_DIR/storm.0"
	storm_conf 150 10.9.1.1 >"$LAB_DIR/storm.1"
	storm_conf 150 10.9.1.2 >"$LAB_DIR/storm.last"
	cp "$LAB_DIR/storm.0" "$LAB_DIR/a.$n/keepalived.conf"
	storm_conf 100 10.9.1.0 | write_conf "b.$n"
	start_pair "$n"
	expect_soon P11-all-active 10 owns_all "a.$n"
	record "$n"
	parent=$(role_pid "a.$n" parent)
	for ((i = 0; i < 60; i++)); do
		cp "$LAB_DIR/storm.$((i % 2))" "$LAB_DIR/a.$n/new.conf"
		mv "$LAB_DIR/a.$n/new.conf" "$LAB_DIR/a.$n/keepalived.conf"
		kill -HUP "$parent"
		poll_pause 0.04
	done
	cp "$LAB_DIR/storm.last" "$LAB_DIR/a.$n/keepalived.conf"
	kill -HUP "$parent"
	expect_soon P11-last-one-counts 10 has_address "a.$n" 10.9.1.2
	expect_soon P11-others-are-gone 5 lacks_address "a.$n" 10.9.1.1
	note "$(log_lines "a.$n" 'Reload complete') reloads were carried out"
	expect_most P11-gap $GAP_MS "$(longest_gap "$n")" ms
	expect_eq P11-backup-never-spoke 0 "$(tcpdump -nr "$LAB_DIR/b.$n/wire.pcap" "src 192.168.195.131" 2>/dev/null | grep -c '')"
	expect_eq P11-peer-is-still 255 "$(transitions "b.$n")"
}
owns_all() { [ "$(ip -n "$(ns "$1")" -4 -o addr show dev eth0 | grep -cE 'inet (10\.9\.|192\.168\.195\.200)')" = 255 ]; }

# The child of the active is killed ten times in each of ten pairs. With sanitizers a child takes long to begin.
case $BUILD in */build) PAIRS=10 KILLS=10 KILLED_ADVERT_S=1 ;; *) PAIRS=3 KILLS=5 KILLED_ADVERT_S=3 ;; esac
killed() { # N
	local n=$1 i pid back=0
	make_pair "$n" $KILLED_ADVERT_S
	record "$n"
	for ((i = 0; i < KILLS; i++)); do
		pid=$(role_pid "a.$n" vrrp)
		kill -KILL "$pid"
		poll_until "child is back" 10 is_respawned "a.$n" vrrp "$pid" && back=$((back + 1))
		poll_pause 1.02 # one that dies sooner is a crash loop, for which respawning takes its time
	done
	expect_eq "P17-F8-respawned-$n" $KILLS $back
	expect_most "P17-F8-gap-$n" $((2000 * KILLED_ADVERT_S)) "$(longest_gap "$n")" ms
	expect_eq "P17-F8-peer-is-still-$n" 1 "$(transitions "b.$n")"
	expect "P17-F8-owner-$n" owns_alone "a.$n" "b.$n"
}

# Interfaces come and go, of which some are a router's, tracked, or carry its address.
ROUNDS=20
EACH=50
interfaces() { # N
	local n=$1 i round pids
	make_nodes "$n"
	{
		instance VI_1 51 150 0.5 eth0 $VIP/24
		instance VI_2 52 150 0.5 mv0 10.8.0.1/24
		instance VI_3 53 150 0.5 eth0 "10.8.1.1/24 dev mv1" "track_interface { mv2 }"
	} | write_conf "a.$n"
	instance VI_1 51 100 0.5 eth0 $VIP/24 | write_conf "b.$n"
	start_pair "$n"
	pids=$(director_pids "a.$n")
	for ((i = 0; i < EACH; i++)); do
		echo "link add mv$i link eth0 up group 77 type macvlan mode bridge"
		echo "addr add 10.7.$i.1/24 dev mv$i"
	done >"$LAB_DIR/add.$n"
	for ((round = 0; round < ROUNDS; round++)); do
		ip -n "$(ns "a.$n")" -batch "$LAB_DIR/add.$n"
		[ $((round % 4)) != 1 ] || ip -n "$(ns "a.$n")" link set dev mv2 name gone
		[ $((round % 4)) != 2 ] || poll_pause 0.3
		ip -n "$(ns "a.$n")" link del group 77
	done
	expect_eq P18-same-processes "$pids" "$(director_pids "a.$n")"
	expect_eq P18-active-is-still 1 "$(log_lines "a.$n" '\(VI_1\) Entering MASTER STATE')"
	expect P18-owner owns_alone "a.$n" "b.$n"
	expect P18-gone-with-their-interfaces lacks_address "a.$n" 10.8.0.1
	ip -n "$(ns "a.$n")" -batch "$LAB_DIR/add.$n"
	expect_soon P18-works-on-the-new-ones 10 has_address "a.$n" 10.8.0.1
	expect_soon P18-tracks-the-new-ones 10 has_address "a.$n" 10.8.1.1
}

# One router speaks five times a second while two thousand others take their addresses in the same moment.
CROWD_LINKS=8
CROWD_EACH=250
crowd_conf() {
	local link vrid
	for ((link = 0; link < CROWD_LINKS; link++)); do
		for ((vrid = 1; vrid <= CROWD_EACH; vrid++)); do
			instance "C_${link}_$vrid" $vrid 150 1 crowd$link "10.1$link.0.$vrid/32"
		done
	done
}
crowd_owned() { ip -n "$(ns "$1")" -4 -o addr show | grep -cE 'inet 10\.1[0-9]\.0\.[0-9]+/32'; }
crowd_has_all() { [ "$(crowd_owned "$1")" = $((CROWD_LINKS * CROWD_EACH)) ]; }
crowd_has_none() { [ "$(crowd_owned "$1")" = 0 ]; }
crowd_links() { # NODE up|down
	local link
	for ((link = 0; link < CROWD_LINKS; link++)); do echo "link set crowd$link $2"; done | ip -n "$(ns "$1")" -batch -
}
is_longer() { [ "$(stat -c %s "$1")" -gt "$2" ]; }
crowd_event() { # N NAME LOG-OF-THE-LAST-ONE CMD...: what comes of it does not show in the one that goes on
	local n=$1 name=$2 last=$3 size
	shift 3
	record "$n"
	mark_log "a.$n"
	"$@"
	expect_soon "P6-others-$name" 30 in_log_since "a.$n" "$last"
	size=$(stat -c %s "$LAB_DIR/b.$n/wire.pcap")
	poll_until "it goes on" 5 is_longer "$LAB_DIR/b.$n/wire.pcap" $((size + 200)) # some advertisements
	expect_most "P6-gap-while-others-$name" $GAP_MS "$(longest_gap "$n")" ms
}
crowd() { # N
	local n=$1 link
	make_pair "$n" 0.2
	for ((link = 0; link < CROWD_LINKS; link++)); do
		ip -n "$(ns "a.$n")" link add crowd$link type veth peer name far$link
		ip -n "$(ns "a.$n")" link set far$link up
		ip -n "$(ns "a.$n")" addr add 10.1$link.1.1/16 dev crowd$link
		ip -n "$(ns "a.$n")" link set crowd$link up
	done
	cp "$LAB_DIR/a.$n/keepalived.conf" "$LAB_DIR/alone.$n"
	crowd_conf >>"$LAB_DIR/a.$n/keepalived.conf"
	crowd_event "$n" come 'C_7_250. Entering BACKUP STATE' reload_director "a.$n"
	expect_eq P6-crowd-waits 0 "$(crowd_owned "a.$n")"
	crowd_event "$n" take-over 'C_7_250. Entering MASTER STATE' :
	expect_soon P6-crowd-has-all 10 crowd_has_all "a.$n"
	crowd_event "$n" lose-their-links 'C_7_250. Entering FAULT STATE' crowd_links "a.$n" down
	expect_soon P6-crowd-has-none 10 crowd_has_none "a.$n"
	crowd_event "$n" are-back 'C_7_250. Entering MASTER STATE' crowd_links "a.$n" up
	cp "$LAB_DIR/alone.$n" "$LAB_DIR/a.$n/keepalived.conf"
	crowd_event "$n" go 'Reload complete' reload_director "a.$n"
	expect_soon P6-crowd-is-gone 10 crowd_has_none "a.$n"
	expect_eq P6-peer-is-still 1 "$(transitions "b.$n")"
}

part 5 crowd 5
join_parts
part 6 reload_storm 6
join_parts
for ((n = 11; n < 11 + PAIRS; n++)); do part $n killed $n; done
part 7 starved 7
part 8 interfaces 8
part 9 starved_a_little 9
join_parts
