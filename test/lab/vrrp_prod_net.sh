#!/bin/bash
#
#	   192.168.195.0/24, fd00:195::/64, VIPs .200 and ::200; the part's number behind each name
#	 ┌─────────────────── sw (br0) ───────────────────┐
#	 │                      │                         │
#	a .130 prio 150       b .131 prio 100         client .1, c .140
#
# What networks do to virtual routers in production, a part each: rows P1, P2 and P7 to P16 of the conformance list. Packets
# of the protocol that arrive nowhere or one way only, gratuitous ARP that is lost, ports that learn before they
# forward, snooping switches, others with the same VRID, checksums left to the hardware, scripts that flap, a group
# between two links that fail in turn, a cloud without multicast and ARP. Ownership is read from the kernel.
# calm
. "${BASH_SOURCE[0]%/*}/lab.sh"
need ip jq nft bridge tcpdump ethtool ucarp busybox
need_director
[ "$LAB_DIRECTOR" = diarch ] || skip_lab "looks at diarch's own status"

VIP=192.168.195.200
VIP6=fd00:195::200
ADVERT_S=0.5
ADVERT_MS=500
DOWN_MS=1805 # of priority 100: three intervals and its skew

director_conf() { # NODE PRIORITY EXTRA...
	local node=$1 priority=$2
	shift 2
	write_conf "$node" <<-EOF
		global_defs {
		    router_id $node
		    script_user root
		    ${GLOBALS:-}
		}
		${BEFORE:-}
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
		${AFTER:-}
	EOF
}
instance_v6() { # PRIORITY EXTRA...: one more instance
	local priority=$1
	shift
	cat <<-EOF
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
make_nodes() { # N
	make_switch "sw.$1"
	make_node "a.$1" "sw.$1" 192.168.195.130/24 fd00:195::130/64
	make_node "b.$1" "sw.$1" 192.168.195.131/24 fd00:195::131/64
	make_node "client.$1" "sw.$1" 192.168.195.1/24 fd00:195::1/64
}
owns() { has_address "$1" $VIP; }
owns_alone() { has_address "$1" $VIP && lacks_address "$2" $VIP; }
both_own() { owns "$1" && owns "$2"; }
start_pair() { # N
	start_director "a.$1"
	poll_until "a.$1 is active" 15 owns "a.$1"
	start_director "b.$1"
	poll_until "b.$1 listens" 15 in_log "b.$1" 'Entering BACKUP STATE'
}
make_pair() { # N EXTRA...
	local n=$1
	shift
	make_nodes "$n"
	director_conf "a.$n" 150 "$@"
	director_conf "b.$n" 100 "$@"
	start_pair "$n"
}
transitions() { # N: of both together
	echo $(($(log_lines "a.$1" 'Entering [A-Z]+ STATE') + $(log_lines "b.$1" 'Entering [A-Z]+ STATE')))
}
transitions_are() { [ "$(transitions "$1")" = "$2" ]; }
deafen() { # NODE: it hears no advertisement any more
	in_ns "$1" nft -f - <<-EOF
		table inet deaf { chain in { type filter hook input priority -50; meta l4proto vrrp drop; }; }
	EOF
}
cure() { in_ns "$1" nft delete table inet deaf; }
rival_is() { [ "$(status_of "$1" '.vrrp[0].rival')" = "$2" ]; }

# Nobody hears anybody: both are master, which nobody can know, and after healing one is.
lost_both_ways() { # N
	local n=$1
	make_pair "$n"
	deafen "a.$n"
	deafen "b.$n"
	expect_soon P1-nobody-heard-both-own 10 both_own "a.$n" "b.$n"
	poll_pause 1
	cure "a.$n"
	cure "b.$n"
	expect_soon P1-one-owner-after-healing 5 owns_alone "a.$n" "b.$n"
	expect_most P1-healed-within-the-down-interval $DOWN_MS "$WAITED_MS" ms
	expect_soon P1-said-and-for-how-long 5 in_log "a.$n" '192\.168\.195\.131 was MASTER beside us, for [0-9.]+ s at most'
	expect_soon P1-client-is-at-the-winner 3 reaches_at "$n" a
}
reaches_at() { # N NODE
	in_ns "client.$1" "$VIPPING" -t 0.1 $VIP && neighbour_is "client.$1" $VIP "$2.$1"
}

# b does not hear a, and is master, too; a hears b, says so, and keeps the hosts.
lost_one_way() { # N
	local n=$1 i at_a=0
	make_pair "$n"
	deafen "b.$n"
	expect_soon P2-deaf-one-owns 10 owns "b.$n"
	expect_soon P2-alarm 8 in_log "a.$n" 'two masters for [0-9.]+ s: 192\.168\.195\.131 does not give way'
	expect_soon P2-named-in-status 5 rival_is "a.$n" 192.168.195.131
	expect P2-since-in-status test "$(status_of "a.$n" '.vrrp[0].rival_since_us')" -gt 0
	in_ns "client.$n" "$VIPPING" -t 0.2 $VIP
	for ((i = 0; i < 40; i++)); do
		if neighbour_is "client.$n" $VIP "a.$n"; then at_a=$((at_a + 1)); fi
		poll_pause 0.05
	done
	expect P2-hosts-stay-with-the-one-that-hears test $at_a -ge 30
	expect_eq P2-one-alarm 1 "$(log_lines "a.$n" 'two masters for')"
	cure "b.$n"
	expect_soon P2-one-owner-after-healing 5 owns_alone "a.$n" "b.$n"
	expect_soon P2-alarm-is-over 8 in_log "a.$n" 'no longer two masters; with 192\.168\.195\.131 there were two for'
	expect_soon P2-status-is-clean 5 rival_is "a.$n" ""
}

# The first announcements of a takeover never reach the client, which forgets nothing by itself.
announcements_lost() { # N NAME BYTES EXTRA...: of the first frames
	local n=$1 name=$2 bytes=$3
	shift 3
	make_pair "$n" "$@"
	in_ns "client.$n" sysctl -q net.ipv4.neigh.eth0.base_reachable_time_ms=3600000 net.ipv4.neigh.eth0.delay_first_probe_time=600
	in_ns "client.$n" nft -f - <<-EOF
		table netdev thief { chain in { type filter hook ingress device eth0 priority 0
			arp daddr ip $VIP quota until $bytes bytes counter drop; }; }
	EOF
	in_ns "client.$n" ip neigh replace $VIP lladdr "$(mac_of "a.$n")" dev eth0 nud reachable
	cut_cable "a.$n" "sw.$n"
	expect_soon "P7-$name-takeover" 10 owns "b.$n"
	expect_soon "P7-$name-client-follows" 6 neighbour_is "client.$n" $VIP "b.$n"
	expect "P7-$name-frames-were-lost" test "$(in_ns "client.$n" nft list table netdev thief | grep -oE 'counter packets [0-9]+' | grep -oE '[0-9]+')" -ge 5
}
second_burst_helps() { announcements_lost "$1" second-burst 230 garp_master_delay 1; }
refresh_helps() {
	announcements_lost "$1" refresh 330 "garp_master_delay 1
		    garp_master_refresh 1"
}

# A port that the spanning tree keeps closed for four seconds after its carrier has come.
port_learns() { # N
	local n=$1
	make_nodes "$n"
	AFTER="interface_up_down_delays {
		    eth0 0 6
		}"
	director_conf "a.$n" 150
	AFTER=
	director_conf "b.$n" 100
	start_pair "$n"
	ip -n "$(ns "sw.$n")" link set br0 type bridge stp_state 1 forward_delay 200
	ipn "sw.$n" link set dev "a.$n" down
	expect_soon P8-takeover 10 owns "b.$n"
	expect_soon P8-let-go 5 lacks_address "a.$n" $VIP
	echo 0 >"$LAB_DIR/two.$n"
	ipn "sw.$n" link set dev "a.$n" up
	poll_until "the port forwards" 15 port_forwards "$n"
	expect P8-port-was-closed test "$WAITED_MS" -ge 3000
	expect_eq P8-never-two-owners 0 "$(cat "$LAB_DIR/two.$n")"
	expect_soon P8-preempts-when-it-is-heard 15 owns_alone "a.$n" "b.$n"
}
port_forwards() { # N: and counts meanwhile how often both own
	if both_own "a.$1" "b.$1"; then echo $(($(cat "$LAB_DIR/two.$1") + 1)) >"$LAB_DIR/two.$1"; fi
	bridge -n "$(ns "sw.$1")" link show dev "a.$1" | grep -q 'state forwarding'
}

# A switch that sends groups only where somebody has asked for them.
snooping() { # N
	local n=$1 before
	make_nodes "$n"
	ip -n "$(ns "sw.$n")" link set br0 type bridge mcast_snooping 1 mcast_querier 1 mcast_query_interval 100 \
		mcast_query_response_interval 50 mcast_membership_interval 300 mcast_startup_query_interval 50 mcast_last_member_interval 50
	AFTER=$(instance_v6 150)
	director_conf "a.$n" 150
	AFTER=$(instance_v6 100)
	director_conf "b.$n" 100
	start_pair "$n"
	expect_soon P9-groups-are-known 10 is_joined "$n"
	expect_soon P9-v6-active 10 has_address "a.$n" $VIP6
	before=$(transitions "$n")
	expect_stays P9-nobody-flaps 5 transitions_are "$n" "$before"
	# The switch forgets the port; b must be back in the group before it misses a third advertisement.
	ipn "sw.$n" link set dev "b.$n" down
	poll_until "b.$n sees it" 5 in_log "b.$n" 'FAULT'
	ipn "sw.$n" link set dev "b.$n" up
	expect_soon P9-joined-again 10 is_joined "$n"
	expect_soon P9-backup-again 10 sh -c "[ \$(grep -c 'Entering BACKUP STATE' '$LAB_DIR/b.$n/b.$n.log') -ge 4 ]"
	before=$(transitions "$n")
	expect_stays P9-nobody-flaps-after-joining-again 4 transitions_are "$n" "$before"
	expect P9-one-owner owns_alone "a.$n" "b.$n"
}
is_joined() { # N: b's port is in both groups that are not flooded
	bridge -n "$(ns "sw.$1")" mdb show | grep -q "port b.$1 grp ff02::12"
}

# CARP with the same number and group, and a second pair of another configuration.
foreign() { # N
	local n=$1 before
	make_pair "$n"
	make_node "c.$n" "sw.$n" 192.168.195.140/24
	make_node "d.$n" "sw.$n" 192.168.195.141/24
	before=$(transitions "$n")
	start "c.$n" "ucarp.$n" ucarp --interface=eth0 --srcip=192.168.195.140 --vhid=51 --pass=x --addr=192.168.195.240 \
		--upscript=/bin/true --downscript=/bin/true --advbase=1
	write_conf "d.$n" <<-EOF
		vrrp_instance OTHER {
		    state BACKUP
		    interface eth0
		    virtual_router_id 51
		    version 2
		    priority 200
		    advert_int 1
		    authentication {
		        auth_type PASS
		        auth_pass other
		    }
		    virtual_ipaddress {
		        192.168.195.241/24
		    }
		}
	EOF
	start_director "d.$n"
	expect_soon F1-P10-carp-is-named 15 names_foreign "a.$n" 192.168.195.140
	expect_soon P10-other-pair-is-named 15 names_foreign "a.$n" 192.168.195.141
	expect_soon P10-counted 10 counts_foreign "a.$n" 192.168.195.141 3
	expect P10-a-free-number-is-proposed in_log "a.$n" 'also uses VRID 51, with packets that do not fit .*: nobody was heard with VRID 1 '
	expect_stays F1-P10-nobody-flaps 4 transitions_are "$n" "$before"
	expect P10-one-owner owns_alone "a.$n" "b.$n"
	expect_soon P10-the-other-pair-works 5 has_address "d.$n" 192.168.195.241
}
names_foreign() { # NODE ADDRESS
	[ -n "$(status_of "$1" ".vrrp_foreign[] | select(.src == \"$2\" and .reason != \"\") | .src")" ]
}
counts_foreign() { # NODE ADDRESS LEAST
	[ "$(status_of "$1" ".vrrp_foreign[] | select(.src == \"$2\") | .packets")" -ge "$3" ]
}

# Checksums of what goes out left to a device that does not exist.
offload() { # N
	local n=$1 mode before
	make_nodes "$n"
	AFTER=$(instance_v6 150)
	director_conf "a.$n" 150
	AFTER=$(instance_v6 100)
	director_conf "b.$n" 100
	start_pair "$n"
	expect_soon P12-v6-active 10 has_address "a.$n" $VIP6
	for mode in off on; do
		in_ns "a.$n" ethtool -K eth0 tx $mode >/dev/null 2>&1
		in_ns "b.$n" ethtool -K eth0 tx $mode >/dev/null 2>&1
		before=$(received "$n")
		expect_soon "P12-heard-tx-$mode" 10 received_more "$n" "$before"
		expect_eq "P12-no-checksum-error-tx-$mode" 0 "$(status_of "b.$n" '[.vrrp_stats[].checksum_err] | add')"
	done
	expect P12-one-owner owns_alone "a.$n" "b.$n"
}
received() { status_of "b.$1" '[.vrrp_stats[].advert_rcvd] | min'; }
received_more() { [ "$(received "$1")" -ge $(($2 + 4)) ]; }

# A script whose answer changes all the time.
script_flaps() { # N
	local n=$1 before i
	make_nodes "$n"
	: >"$LAB_DIR/well.$n"
	# shellcheck disable=SC2030 # each part is a process of its own
	BEFORE="vrrp_script well {
		    script \"/usr/bin/test -e $LAB_DIR/well.$n\"
		    interval 0.2
		    rise 4
		    fall 4
		}"
	director_conf "a.$n" 150 "track_script {
		        well
		    }"
	BEFORE=
	director_conf "b.$n" 100
	start_pair "$n"
	before=$(transitions "$n")
	for ((i = 0; i < 12; i++)); do
		if ((i % 2)); then : >"$LAB_DIR/well.$n"; else rm "$LAB_DIR/well.$n"; fi
		poll_pause 0.3
	done
	expect_eq P13-flapping-script-moves-nothing "$before" "$(transitions "$n")"
	rm -f "$LAB_DIR/well.$n"
	expect_soon P13-failing-script-does 10 owns_alone "b.$n" "a.$n"
	: >"$LAB_DIR/well.$n"
	expect_soon P13-and-back 10 owns_alone "a.$n" "b.$n"
}

# Two links that fail in turn, faster than a router notices that another is gone.
group_oscillates() { # N
	local n=$1 i node prio
	make_nodes "$n"
	make_switch "side.$n"
	for node in a b; do
		plug_cable "$node.$n" "side.$n" eth1
		add_addresses "$node.$n" eth1 "192.168.196.13$([ $node = a ] && echo 0 || echo 1)/24"
		prio=150
		[ $node = a ] || prio=100
		AFTER="vrrp_instance SIDE {
		    state BACKUP
		    interface eth1
		    virtual_router_id 53
		    version 3
		    priority $prio
		    advert_int $ADVERT_S
		    virtual_ipaddress { 192.168.196.200/24 }
		}
		vrrp_sync_group PAIR { group { VI_1 SIDE } }"
		director_conf "$node.$n" $prio
	done
	start_pair "$n"
	expect_soon P14-starts-together 10 group_at "$n" a b
	for ((i = 0; i < 8; i++)); do
		ip -n "$(ns "a.$n")" link set dev eth$((i % 2)) down
		poll_pause 0.35
		ip -n "$(ns "a.$n")" link set dev eth$((i % 2)) up
	done
	# After the last fault everything is right within the largest down interval, and the time to preempt.
	expect_soon P14-ends-together 12 group_at "$n" a b
	expect_most P14-within-two-down-intervals $((2 * DOWN_MS + 500)) "$WAITED_MS" ms
	expect_eq P14-nobody-is-stuck "MASTER BACKUP" "$(group_state "a.$n") $(group_state "b.$n")"
}
group_state() { status_of "$1" '.sync_groups[0].state'; }
group_at() { # N OWNER OTHER
	owns_alone "$2.$1" "$3.$1" && has_address "$2.$1" 192.168.196.200 && lacks_address "$3.$1" 192.168.196.200
}

# A cloud: no multicast and no ARP from anybody but the cloud, which moves the address when it is told to over HTTP. It
# takes a call only with a token newer than the last one, and each call fails once.
write_api() { # FOLDER
	mkdir -p "$1/cgi-bin"
	printf '#!/bin/sh\ncd %s || exit 1\n' "$1" >"$1/cgi-bin/move"
	cat >>"$1/cgi-bin/move" <<-'EOF'
		# QUERY_STRING is node=NODE&token=TOKEN
		exec 9>lock && flock 9
		node=${QUERY_STRING#node=}
		node=${node%%&*}
		token=${QUERY_STRING##*token=}
		echo "$node $token" >>calls
		if [ ! -e "tried.$node.$token" ]; then
			: >"tried.$node.$token"
			printf 'Status: 503 Service Unavailable\r\n\r\n'
		elif [ "$token" -le "$(cat token)" ]; then
			printf 'Status: 409 Conflict\r\n\r\n'
		else
			echo "$token" >token
			echo "$node" >owner
			printf 'Content-Type: text/plain\r\n\r\nmoved\n'
		fi
	EOF
	chmod +x "$1/cgi-bin/move"
	echo 0 >"$1/token"
	: >"$1/owner"
	: >"$1/calls"
}
# The hook: a token from when it became master, the same for all tries, however late they arrive.
write_hook() { # FILE URL NODE
	cat >"$1" <<-EOF
		#!/bin/sh
		token=\$(date +%s%3N)
		for try in 1 2 3 4 5 6 7 8 9 10; do
		    busybox wget -q -O /dev/null "$2?node=$3&token=\$token" && exit 0
		    sleep 0.2
		done
		exit 1
	EOF
	chmod 755 "$1"
}
cloud_owner_is() { [ "$(cat "$LAB_DIR/api.$1.d/owner")" = "$2" ]; }
cloud() { # N
	local n=$1 node other last
	make_nodes "$n"
	make_node "api.$n" "sw.$n" 192.168.195.9/24
	write_api "$LAB_DIR/api.$n.d"
	start "api.$n" "api.$n" busybox httpd -f -p 80 -h "$LAB_DIR/api.$n.d"
	for node in a b; do
		other=131
		[ $node = a ] || other=130
		write_hook "$LAB_DIR/$node.$n/hook" http://192.168.195.9/cgi-bin/move "$node"
		director_conf "$node.$n" "$([ $node = a ] && echo 150 || echo 100)" "unicast_peer { 192.168.195.$other }
		    notify_master $LAB_DIR/$node.$n/hook"
	done
	for node in a b api; do # who is known stays known: ARP goes nowhere
		in_ns "$node.$n" nft -f - <<-EOF
			table arp cloud { chain out { type filter hook output priority 0; arp saddr ip $VIP drop; }; }
			table inet cloud { chain out { type filter hook output priority 0; ip daddr 224.0.0.0/4 counter drop; }; }
		EOF
	done
	start_pair "$n"
	expect_soon P15-address-is-moved 8 cloud_owner_is "$n" a
	expect P15-a-refused-call-is-repeated test "$(grep -c '^a ' "$LAB_DIR/api.$n.d/calls")" -ge 2
	expect_eq P15-no-multicast 0 "$(in_ns "a.$n" nft list table inet cloud | grep -oE 'packets [0-9]+' | grep -oE '[0-9]+')"
	cut_cable "a.$n" "sw.$n"
	expect_soon P15-takeover-moves-it 10 cloud_owner_is "$n" b
	last=$(cat "$LAB_DIR/api.$n.d/token")
	expect P15-late-call-with-an-old-token-changes-nothing late_call "$n" $((last - 1))
	mend_cable "a.$n" "sw.$n"
	expect_soon P15-one-owner-after-healing 8 owns_alone "a.$n" "b.$n"
	expect_soon P15-cloud-agrees 8 cloud_owner_is "$n" a
}
late_call() { # N TOKEN: of a, twice, as its hook would
	in_ns "client.$1" busybox wget -q -O /dev/null "http://192.168.195.9/cgi-bin/move?node=a&token=$2"
	in_ns "client.$1" busybox wget -q -O /dev/null "http://192.168.195.9/cgi-bin/move?node=a&token=$2"
	cloud_owner_is "$1" b
}

# Both send from the virtual MAC: neither may take the other's frames for its own.
vmac_split() { # N
	local n=$1
	make_nodes "$n"
	AFTER=$(instance_v6 150 use_vmac vmac_xmit_base)
	director_conf "a.$n" 150 use_vmac
	AFTER=$(instance_v6 100 use_vmac)
	director_conf "b.$n" 100 use_vmac
	start_pair "$n"
	expect_soon F9-v6-active 10 has_address "a.$n" $VIP6
	cut_cable "a.$n" "sw.$n"
	expect_soon F9-split 10 all_own "b.$n"
	mend_cable "a.$n" "sw.$n"
	expect_soon F9-one-owner-after-healing 6 owns_alone "a.$n" "b.$n"
	expect_soon F9-one-owner-v6-after-healing 6 lacks_address "b.$n" $VIP6
	expect F9-owner-v6 has_address "a.$n" $VIP6
}
all_own() { owns "$1" && has_address "$1" $VIP6; }

part 1 lost_both_ways 1
part 2 lost_one_way 2
part 3 second_burst_helps 3
part 4 refresh_helps 4
part 5 port_learns 5
part 6 snooping 6
part 7 foreign 7
part 8 offload 8
part 9 script_flaps 9
part 10 group_oscillates 10
part 11 cloud 11
part 12 vmac_split 12
join_parts
