#!/bin/bash
#
#	a.N .1 prio 150 ── sw.N (10.9.0.0/24, fd09::/64) ── b.N .2 prio 100
#	                        │
#	                        └── c.N .3 prio 50 (part rivals)
#
# Corners of VRRP that hostile review found, a part each: what the status says after the source address of an active
# router changed, several rivals at once, advertisements from a virtual MAC that are longer than a frame,
# groups that the kernel has forgotten, a signed second path on the same interface,
# why a router is in FAULT, a virtual MAC that somebody else has,
# a unicast peer with another link address.
. "${BASH_SOURCE[0]%/*}/lab.sh"
need nft jq
need_director
[ "$LAB_DIRECTOR" = diarch ] || skip_lab "looks at diarch's own status"

VIP=10.9.0.200
VIP6=fd09::9:1

# instance NAME PRIORITY LINES ADDRESSES
instance() {
	cat <<-CONF
		vrrp_instance $1 {
		    interface eth0
		    virtual_router_id 51
		    version 3
		    priority $2
		    advert_int 0.5
		    $3
		    virtual_ipaddress {
		        $4
		    }
		}
	CONF
}
make_pair() { # N
	make_switch "sw.$1"
	make_node "a.$1" "sw.$1" 10.9.0.1/24 fd09::1/64
	make_node "b.$1" "sw.$1" 10.9.0.2/24 fd09::2/64
}
field_is() { # NODE FIELD WANTED: of the only instance
	[ "$(status_of "$1" ".vrrp[0].$2")" = "$3" ]
}

source_changes() { # N
	local n=$1
	make_pair "$n"
	add_addresses "a.$n" eth0 10.5.0.1/24
	instance VI 150 "" $VIP/24 | write_conf "a.$n"
	instance VI 100 "" $VIP/24 | write_conf "b.$n"
	start_director "a.$n"
	start_director "b.$n"
	expect_soon source-active 15 field_is "a.$n" state MASTER
	expect_soon source-is-known 10 field_is "b.$n" active 10.9.0.1
	ipn "a.$n" addr del 10.9.0.1/24 dev eth0
	expect_soon source-new-one-is-heard 10 field_is "b.$n" active 10.5.0.1
	expect_soon source-own-status-follows 5 field_is "a.$n" active 10.5.0.1
	expect source-still-active field_is "a.$n" state MASTER
}

# b and c hear nobody and are masters beside a, which hears both in turn.
rivals() { # N
	local n=$1 node
	make_pair "$n"
	make_node "c.$n" "sw.$n" 10.9.0.3/24
	instance VI 150 "" $VIP/24 | write_conf "a.$n"
	instance VI 100 "" $VIP/24 | write_conf "b.$n"
	instance VI 50 "" $VIP/24 | write_conf "c.$n"
	for node in b c; do
		in_ns "$node.$n" nft -f - <<-NFT
			table inet deaf { chain in { type filter hook input priority -50; meta l4proto vrrp drop; }; }
		NFT
		start_director "$node.$n"
	done
	expect_soon rivals-b-is-master 15 field_is "b.$n" state MASTER
	expect_soon rivals-c-is-master 15 field_is "c.$n" state MASTER
	start_director "a.$n"
	expect_soon rivals-alarm 15 in_log "a.$n" 'two masters for [0-9.]+ s: 10\.9\.0\.[23] does not give way'
	expect_soon rivals-status 5 field_is_set "a.$n" rival
	# Who is left is the rival then.
	stop "b.$n"
	expect_soon rivals-the-other-one 15 field_is "a.$n" rival 10.9.0.3
	stop "c.$n"
	expect_soon rivals-over 15 field_is "a.$n" rival ""
}
field_is_set() { [ -n "$(status_of "$1" ".vrrp[0].$2")" ]; }

# 120 IPv6 addresses take 2 kB: without fragments both were masters.
long_from_vmac() { # N
	local n=$1 i addresses="fe80::200"
	make_pair "$n"
	for ((i = 1; i < 120; i++)); do addresses+=$'\n'"$(printf 'fd09::9:%x/64' $i)"; done
	instance VI 150 use_vmac "$addresses" | write_conf "a.$n"
	instance VI 100 use_vmac "$addresses" | write_conf "b.$n"
	start_director "a.$n"
	expect_soon long-active 15 has_address "a.$n" $VIP6
	start_director "b.$n"
	expect_soon long-heard 10 field_is "b.$n" active_priority 150
	expect_stays long-one-master 3 field_is "b.$n" state BACKUP
	expect long-no-error eval "! in_log a.$n 'cannot send an advertisement'"
	# Fragments are smaller where the link takes less.
	ipn "a.$n" link set dev eth0 mtu 1280
	expect_stays long-one-master-with-less-mtu 3 field_is "b.$n" state BACKUP
	stop "a.$n"
	expect_soon long-moves 5 has_address "b.$n" $VIP6
}

# Below an MTU of 1280 the kernel takes IPv6 off the interface, and the groups with it. b was master for good.
groups_lost() { # N
	local n=$1
	make_pair "$n"
	instance VI 150 "" $'fe80::200\n'"$VIP6/64" | write_conf "a.$n"
	instance VI 100 "" $'fe80::200\n'"$VIP6/64" | write_conf "b.$n"
	ipn "b.$n" link set dev eth0 mtu 1200
	start_director "a.$n"
	start_director "b.$n"
	expect_soon groups-active 15 has_address "a.$n" $VIP6
	expect_soon groups-without-ipv6 10 field_is "b.$n" state FAULT
	ipn "b.$n" link set dev eth0 mtu 1500
	expect_soon groups-joined-late 10 field_is "b.$n" active_priority 150
	expect_stays groups-late-one-master 3 field_is "b.$n" state BACKUP
	ipn "b.$n" link set dev eth0 mtu 1200
	expect_soon groups-gone 10 field_is "b.$n" state FAULT
	ipn "b.$n" link set dev eth0 mtu 1500
	expect_soon groups-joined-again 10 field_is "b.$n" active_priority 150
	# So fast that nobody sees it go.
	in_ns "b.$n" sh -c 'ip link set dev eth0 mtu 1200; ip link set dev eth0 mtu 1500'
	expect_stays groups-one-master 3 eval "! field_is b.$n state MASTER"
}

# A second path on the same interface, signed: both copies of an advertisement have one source and one stamp.
same_interface() { # N
	local n=$1 auth='auth_hmac {
		        key 1 hex:000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f
		        active_key 1
		    }'
	make_pair "$n"
	instance VI 150 "$auth
		    $(second_path 10.9.0.2)" $VIP/24 | write_conf "a.$n"
	instance VI 100 "$auth
		    $(second_path 10.9.0.1)" $VIP/24 | write_conf "b.$n"
	start_director "a.$n"
	start_director "b.$n"
	expect_soon same-interface-active 15 field_is "a.$n" state MASTER
	expect_soon same-interface-heard-on-both 10 heard_on "b.$n" both
	expect_soon same-interface-nothing-dropped 10 eval "[ \"\$(status_of b.$n '.vrrp_stats[0].auth_ext_replay')\" = 0 ]"
	in_ns "b.$n" nft -f - <<-NFT
		table inet deaf { chain in { type filter hook input priority -50; ip daddr 224.0.0.18 drop; }; }
	NFT
	expect_soon same-interface-multicast-lost 10 heard_on "b.$n" second
	expect same-interface-one-master field_is "b.$n" state BACKUP
}
second_path() { # PEER
	echo "second_path {
		        interface eth0
		        unicast_peer {
		            $1
		        }
		    }"
}
heard_on() { [ "$(status_of "$1" '.second_paths[0].heard_on')" = "$2" ]; }

# Why a router is in FAULT now, and not why it once went there.
reasons() { # N
	local n=$1 flag
	flag=$LAB_DIR/bad.$n
	make_pair "$n"
	{
		cat <<-CONF
			global_defs {
			    enable_script_security
			    script_user root
			}
			vrrp_script check {
			    script "/usr/bin/test ! -e $flag"
			    interval 0.2
			    rise 1
			    fall 1
			}
			vrrp_sync_group G {
			    group {
			        VI
			        VI_2
			    }
			}
		CONF
		instance VI 150 "track_script {
		        check
		    }
		    track_interface {
		        late0
		    }" $VIP/24
		instance VI_2 150 "" 10.9.0.201/24 | sed 's/router_id 51/router_id 52/'
	} | write_conf "a.$n"
	start_director "a.$n"
	expect_soon reasons-from-the-start 10 reason_is "a.$n" VI "interface late0 down"
	expect_soon reasons-of-the-other 5 reason_is "a.$n" VI_2 "sync group G"
	expect_eq reasons-tracker-missing missing "$(detail_of "a.$n" late0)"
	ipn "a.$n" link add late0 link eth0 type macvlan
	expect_soon reasons-tracker-there 5 eval "[ -z \"\$(detail_of a.$n late0)\" ]"
	touch "$flag"
	expect_soon reasons-script-fails 10 in_log "a.$n" 'Script `check` now returning 1'
	ipn "a.$n" link set dev late0 up
	expect_soon reasons-script-alone 5 reason_is "a.$n" VI "script check"
	ipn "a.$n" link set dev eth0 down
	expect_soon reasons-own-one 5 reason_is "a.$n" VI_2 "interface eth0 down"
	ipn "a.$n" link set dev eth0 up
	expect_soon reasons-of-the-other-again 5 reason_is "a.$n" VI_2 "sync group G"
	rm "$flag"
	expect_soon reasons-none 15 has_address "a.$n" $VIP
	ipn "a.$n" link set dev late0 down
	expect_soon reasons-back-in-fault 5 reason_is "a.$n" VI "interface late0 down"
	ipn "a.$n" link del dev late0
	expect_soon reasons-tracker-gone 5 eval "[ \"\$(detail_of a.$n late0)\" = missing ]"
}
reason_is() { # NODE INSTANCE WANTED
	[ "$(status_of "$1" ".vrrp[] | select(.instance == \"$2\") | .state + \" \" + .reason")" = "FAULT $3" ]
}
detail_of() { status_of "$1" ".trackers[] | select(.name == \"$2\") | .detail"; }

# What another program has left on the link has our virtual MAC, so our interface cannot be up: b serves.
mac_taken() { # N
	local n=$1
	make_pair "$n"
	ipn "a.$n" link add left0 link eth0 address 00:00:5e:00:01:33 type macvlan mode bridge
	ipn "a.$n" link set dev left0 up
	instance VI 150 use_vmac $VIP/24 | write_conf "a.$n"
	instance VI 100 use_vmac $VIP/24 | write_conf "b.$n"
	start_director "a.$n"
	expect_soon mac-taken-fault 15 field_is "a.$n" reason "cannot set interface vrrp.51 up"
	start_director "b.$n"
	expect_soon mac-taken-other-serves 15 has_address "b.$n" $VIP
	expect_soon mac-taken-no-address 15 lacks_address "a.$n" $VIP
	ipn "a.$n" link del left0
	expect_soon mac-taken-free-again 45 has_address "a.$n" $VIP
	expect_soon mac-taken-interface-up 5 eval "ip -n $(ns "a.$n") link show vrrp.51 up | grep -q vrrp"
	expect_soon mac-taken-one-master 10 field_is "b.$n" state BACKUP
}

# A backup by unicast gets another link address: the active sends to the old one, and b took over for a moment.
mac_changes() { # N
	local n=$1 node other
	make_pair "$n"
	for node in a b; do
		# What is known of neighbours holds for long.
		in_ns "$node.$n" sysctl -q net.ipv4.neigh.eth0.base_reachable_time_ms=3600000
		[ $node = a ] && other=2 || other=1
		instance VI $([ $node = a ] && echo 150 || echo 100) "unicast_peer {
		        10.9.0.$other
		    }" $VIP/24 | write_conf "$node.$n"
		start_director "$node.$n"
	done
	expect_soon mac-active 15 field_is "a.$n" state MASTER
	expect_soon mac-heard 10 field_is "b.$n" active 10.9.0.1
	expect_soon mac-known 5 neighbour_is "a.$n" 10.9.0.2 "b.$n"
	poll_pause 1.1 # the kernel trusts no other address sooner
	mark_log "b.$n"
	ipn "b.$n" link set dev eth0 address 02:00:00:00:00:77
	expect_soon mac-new-one-known 5 neighbour_is "a.$n" 10.9.0.2 "b.$n"
	expect_stays mac-no-takeover 3 eval "! in_log_since b.$n 'Entering MASTER'"
}

# A router that the kernel does not let into its group would hear nobody, and be a second master.
deaf() { # N
	local n=$1
	make_pair "$n"
	in_ns "a.$n" sysctl -q net.ipv4.igmp_max_memberships=0
	instance VI 150 "" $VIP/24 | write_conf "a.$n"
	instance VI 100 "" $VIP/24 | write_conf "b.$n"
	start_director "b.$n"
	expect_soon deaf-other-serves 15 has_address "b.$n" $VIP
	start_director "a.$n"
	expect_soon deaf-fault 15 field_is "a.$n" reason "multicast group not joined on interface eth0"
	expect_stays deaf-takes-nothing 5 lacks_address "a.$n" $VIP
	in_ns "a.$n" sysctl -q net.ipv4.igmp_max_memberships=20
	expect_soon deaf-no-more 20 has_address "a.$n" $VIP
	expect_soon deaf-one-master 10 lacks_address "b.$n" $VIP
}

part 1 source_changes 1
part 2 rivals 2
part 3 long_from_vmac 3
part 4 groups_lost 4
part 5 same_interface 5
part 6 reasons 6
part 7 mac_taken 7
part 8 mac_changes 8
part 9 deaf 9
join_parts
