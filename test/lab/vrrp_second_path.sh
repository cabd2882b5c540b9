#!/bin/bash
#
#	       192.168.195.0/24, fd00:195::/64
#	 ┌──────────────── sw ────────────────┐
#	 │ eth0              │ eth0           │
#	a .130              b .131         client .1
#	 │ eth1 10.1.1.9     │ eth1 10.1.1.2
#	 └──────────────── sw2 ───────────────┴── s 10.1.1.66, a stranger
#
# A second path between two directors: multicast lost, the active killed, its link down, its gateway gone, both paths
# lost, a stranger on the second path, reloads, a crash of the child; beside it an instance without one.
#
#   VI_1  IPv4           VI_6  IPv6, the second path by its source address alone
#   VI_E  equal priorities: a has the lower address on the first path, and the higher one on the second
#   VI_H  auth_hmac      VI_0  without second path
#   VI_L  IPv6, link-local addresses on the second path     VI_2  version 2 with a password
. "${0%/*}/lab.sh"
need nft
need_director

VIP=192.168.195.200
VIP6=fd00:195::200
VIP_E=192.168.195.201
VIP_H=192.168.195.202
VIP_0=192.168.195.203
VIP_L=fd00:195::204
VIP_2=192.168.195.205
ADVERT_S=0.5
SKEW_MS=305  # (256 - 100) / 256 of it
DOWN_MS=1805 # three and the skew
SLACK_MS=250

make_switch sw
make_switch sw2
make_node a sw 192.168.195.130/24 fd00:195::130/64
make_node b sw 192.168.195.131/24 fd00:195::131/64
make_node client sw 192.168.195.1/24 fd00:195::1/64
make_node s sw2 10.1.1.66/24
for node in a b; do plug_cable $node sw2 eth1; done
add_addresses a eth1 10.1.1.9/24 fd00:1::9/64 fe80::9/64
add_addresses b eth1 10.1.1.2/24 fd00:1::2/64 fe80::2/64

second_path() { # LINES PEER
	[ -z "$WITH" ] || echo "second_path {
		        $1
		        unicast_peer {
		            $2
		        }
		    }"
}
instance() { # NAME VRID PRIORITY ADDRESS LINES
	cat <<-CONF
		vrrp_instance $1 {
		    state BACKUP
		    interface eth0
		    virtual_router_id $2
		    version 3
		    priority $3
		    advert_int $ADVERT_S
		    garp_master_delay 0
		    $5
		    virtual_ipaddress {
		        $4
		    }
		}
	CONF
}
WITH=yes
conf() { # NODE PRIORITY OTHER-ON-THE-SECOND-PATH OWN: WITH empty leaves the second paths out
	cat <<-CONF
		global_defs {
		    enable_script_security
		    script_user root
		}
		vrrp_script gateway {
		    script "/usr/bin/test ! -e $LAB_DIR/gateway.$1"
		    interval 0.2
		    timeout 5
		    fall 1
		    rise 1
		}
	CONF
	instance VI_1 51 "$2" $VIP/24 "$(second_path "interface eth1" "10.1.1.$3")
		    track_script {
		        gateway
		    }"
	instance VI_6 51 "$2" "fe80::200
		        $VIP6/64" "$(second_path "unicast_src_ip fd00:1::$4" "fd00:1::$3")"
	instance VI_E 52 100 $VIP_E/24 "$(second_path "interface eth1
		        unicast_src_ip 10.1.1.$4" "10.1.1.$3")"
	instance VI_H 53 "$2" $VIP_H/24 "$(second_path "interface eth1" "10.1.1.$3")
		    auth_hmac {
		        key 1 hex:000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f
		        active_key 1
		    }"
	instance VI_0 54 "$2" $VIP_0/24 ""
	instance VI_L 55 "$2" "fe80::204
		        $VIP_L/64" "$(second_path "interface eth1
		        unicast_src_ip fe80::$4" "fe80::$3")"
	instance VI_2 56 "$2" $VIP_2/24 "$(second_path "interface eth1" "10.1.1.$3")
		    version 2
		    advert_int 1
		    authentication {
		        auth_type PASS
		        auth_pass secret
		    }" | grep -v -e 'version 3' -e 'advert_int 0'
}
write_both() {
	conf a 150 2 9 | write_conf a
	conf b 100 9 2 | write_conf b
}

lose_first() { # of advertisements only: links and everything else stay as they are
	local node
	for node in a b; do
		in_ns $node nft -f - <<-RULES
			table inet first { chain in { type filter hook input priority -50; iifname eth0 meta l4proto vrrp drop; }; }
		RULES
	done
}
mend_first() {
	local node
	for node in a b; do in_ns $node nft delete table inet first || give_up "the rules of $node stay"; done
}
lose_second() { cut_cable a.eth1 sw2; }
mend_second() { mend_cable a.eth1 sw2; }
owns_alone() { # NODE OTHER ADDRESS...
	local node=$1 other=$2 address
	shift 2
	for address; do has_address "$node" "$address" && lacks_address "$other" "$address" || return 1; done
}
both_own() { # ADDRESS...
	local address
	for address; do has_address a "$address" && has_address b "$address" || return 1; done
}
a_has_all() { owns_alone a b $VIP $VIP6 $VIP_H $VIP_0 $VIP_L $VIP_2 && one_has $VIP_E; }
one_has() { owns_alone a b "$1" || owns_alone b a "$1"; }
path_of() { # NODE INSTANCE FIELD
	status_of "$1" ".second_paths[] | select(.instance == \"$2\") | .$3"
}
path_is() { [ "$(path_of "$1" "$2" "$3")" = "$4" ]; }
counts_up() { # NODE INSTANCE FIELD FROM
	[ "$(path_of "$1" "$2" "$3")" -gt "$4" ]
}
drops_of_source() { # NODE
	[ "$(status_of "$1" '.vrrp_stats[] | select(.instance == "VI_1") | .source_err')" -gt 0 ]
}
has_trouble() { [ -n "$(path_of "$1" VI_1 trouble)" ]; }
is_not_shown() { [ -z "$(path_of "$1" VI_1 interface)" ]; }
state_changes() { echo $(($(log_lines a '\(VI_[126EHL]\) Entering') + $(log_lines b '\(VI_[126EHL]\) Entering'))); }
nothing_changes() { [ "$(state_changes)" = "$1" ]; }

write_both
start_director b
start_director a

say "both paths work"
expect_soon elected 15 a_has_all
expect_soon both-are-heard 10 path_is b VI_1 heard_on both
expect_soon both-are-heard-v6 10 path_is b VI_6 heard_on both
expect_soon both-are-heard-signed 10 path_is b VI_H heard_on both
expect_soon both-are-heard-link-local 10 path_is b VI_L heard_on both
expect_soon both-are-heard-version-2 10 path_is b VI_2 heard_on both
expect_soon none-is-silent 5 path_is b VI_1 silent ""
expect counters-of-both-paths counts_up b VI_1 first_rcvd 0
expect counters-of-both-paths-2 counts_up b VI_1 second_rcvd 0
expect sent-is-counted counts_up a VI_1 second_sent 0
expect_eq nothing-is-dropped 0 "$(status_of b '[.vrrp_stats[] | .source_err + .packet_len_err + .checksum_err + .other_err +
	.auth_ext_invalid_hmac + .auth_ext_replay + .auth_ext_missing] | add')"
expect_eq one-name-for-the-master 192.168.195.130 "$(status_of b '.vrrp[] | select(.instance == "VI_1") | .active')"
ctl b status | sed -n '/^Second paths/,/^$/p'

say "multicast lost both ways: no second master, but where there is no second path"
before=$(state_changes)
lose_first
expect_soon without-it-two-masters 6 both_own $VIP_0
expect_soon said 5 in_log b 'VI_1. nothing was heard on the first path \(eth0\) for'
expect_stays with-it-nothing-changes 6 nothing_changes "$before"
expect with-it-one-owner owns_alone a b $VIP $VIP6 $VIP_H $VIP_L $VIP_2
expect_eq said-once 1 "$(log_lines b 'VI_1. nothing was heard on the first path')"
expect silent-in-status path_is b VI_1 silent first
expect silent-in-status-v6 path_is b VI_6 silent first
expect heard-on-in-status path_is b VI_1 heard_on second
expect heard-last-in-status path_is b VI_1 last_heard_on second
expect since-in-status counts_up b VI_1 silent_since_us 0
ctl b status | sed -n '/^Second paths/,/^$/p'

say "the child of the backup crashes meanwhile"
since=$(path_of b VI_1 silent_since_us)
pid=$(role_pid b vrrp)
kill -KILL "$pid"
expect_soon respawned 10 is_respawned b vrrp "$pid"
expect_soon goes-on 10 in_log b 'VI_1. Going on in BACKUP'
expect_stays does-not-take-over 4 owns_alone a b $VIP $VIP6 $VIP_H
expect_eq still-silent-since "$since" "$(path_of b VI_1 silent_since_us)"
expect_eq not-said-again 1 "$(log_lines b 'VI_1. nothing was heard on the first path')"

say "the child of the master crashes meanwhile"
pid=$(role_pid a vrrp)
kill -KILL "$pid"
expect_soon respawned-a 10 is_respawned a vrrp "$pid"
expect_soon goes-on-a 10 in_log a 'VI_1. Going on in MASTER'
expect_stays nobody-takes-over 3 owns_alone a b $VIP $VIP6 $VIP_H

say "the gateway of the master is gone meanwhile: it gives the addresses away over the second path"
tell_time
begin=$NOW_MS
: >"$LAB_DIR/gateway.a"
expect_soon given-away 5 owns_alone b a $VIP
tell_time
expect_most given-away-at-once $((SKEW_MS + SLACK_MS + 300)) $((NOW_MS - begin)) ms
rm "$LAB_DIR/gateway.a"
expect_soon taken-back 10 owns_alone a b $VIP
expect_soon all-as-before-then 10 owns_alone a b $VIP $VIP6 $VIP_H $VIP_L $VIP_2

say "the first link of the master goes down meanwhile"
tell_time
begin=$NOW_MS
ipn a link set eth0 down
expect_soon other-takes-over 5 has_address b $VIP
tell_time
expect_most after-the-skew $((SKEW_MS + SLACK_MS)) $((NOW_MS - begin)) ms
expect_soon other-takes-over-v6 2 has_address b $VIP6
ipn a link set eth0 up
in_ns a ip addr replace fd00:195::130/64 dev eth0 nodad
expect_soon back 10 owns_alone a b $VIP $VIP6 $VIP_H $VIP_L $VIP_2

say "it heals"
expect_soon silent-once-more 5 path_is b VI_1 silent first # a master, as b was for a while, hears nobody anyway
mend_first
expect_soon heard-again 5 in_log b 'VI_1. the first path \(eth0\) is heard again'
expect_soon not-silent-any-more 5 path_is b VI_1 silent ""
expect_soon all-as-before 10 a_has_all

say "the second path alone is lost"
before=$(state_changes)
lose_second
expect_soon said-too 5 in_log b 'VI_1. nothing was heard on the second path \(eth1\) for'
expect_stays nothing-else-happens 3 nothing_changes "$before"
expect_eq said-once-too 1 "$(log_lines b 'VI_1. nothing was heard on the second path')"
expect shown path_is b VI_1 silent second
expect shown-heard-on path_is b VI_1 heard_on first

say "both are lost: it takes over"
tell_time
begin=$NOW_MS
lose_first
expect_soon takes-over 5 both_own $VIP $VIP6 $VIP_H $VIP_E
tell_time
expect_most within-the-down-interval $((DOWN_MS + SLACK_MS)) $((NOW_MS - begin)) ms

say "the second path is back, the first is not: two masters end"
mend_second
expect_soon one-owner 5 owns_alone a b $VIP $VIP6 $VIP_H
expect_most within-an-interval $((500 + 50 + SLACK_MS)) "$WAITED_MS" ms
expect_soon one-owner-of-equals 5 owns_alone b a $VIP_E
before=$(state_changes)
expect_stays and-stays 4 nothing_changes "$before"
mend_first
expect_soon all-as-before-again 10 a_has_all
before=$(state_changes)
expect_stays and-stays-then 2 nothing_changes "$before"

say "a link of the second path goes down"
ipn a link set eth1 down
expect_soon trouble-is-said 5 in_log a 'VI_1. cannot send over the second path \(eth1\)'
expect_soon trouble-in-status 5 has_trouble a
expect_stays and-nothing-else 3 nothing_changes "$before"
expect_eq trouble-is-said-once 1 "$(log_lines a 'VI_1. cannot send over the second path')"
ipn a link set eth1 up
in_ns a ip addr replace fd00:1::9/64 dev eth1 nodad
in_ns a ip addr replace fe80::9/64 dev eth1 nodad
expect_soon trouble-is-over 5 in_log a 'VI_1. the second path \(eth1\) can be sent over again'
expect_soon heard-there-again 10 path_is b VI_1 heard_on both

say "a stranger on the second path"
write_conf s <<-CONF
	vrrp_instance VI_1 {
	    interface eth0
	    virtual_router_id 51
	    version 3
	    priority 250
	    advert_int 0.1
	    second_path {
	        interface eth0
	        unicast_peer {
	            10.1.1.9
	            10.1.1.2
	        }
	    }
	    virtual_ipaddress {
	        $VIP/24 dev lo
	    }
	}
CONF
before=$(state_changes)
start_director s
expect_soon stranger-is-named 10 in_log a 'dropping an advertisement from 10\.1\.1\.66 on eth1'
expect_soon stranger-is-counted 5 drops_of_source a
expect_stays stranger-is-ignored 3 nothing_changes "$before"
stop s

say "a reload takes the second path away, and brings it back"
WITH=
write_both
reload_director a
reload_director b
expect_soon gone-from-status 5 is_not_shown b
expect_stays nobody-loses-anything 3 nothing_changes "$before"
lose_first
expect_soon now-two-masters 6 both_own $VIP $VIP6 $VIP_H
WITH=yes
write_both
reload_director a
reload_director b
expect_soon with-it-one-again 5 owns_alone a b $VIP $VIP6 $VIP_H
mend_first
expect_soon a-has-all 10 a_has_all

say "a reload changes it"
add_addresses a eth1 10.1.1.19/24
add_addresses b eth1 10.1.1.12/24
before=$(state_changes)
conf a 150 12 9 | sed '/unicast_src_ip 10/d; s/\(unicast_src_ip .*\)9$/\119/; s/interface eth1$/&\n        unicast_src_ip 10.1.1.19/' >"$LAB_DIR/a/new"
conf b 100 19 2 | sed '/unicast_src_ip 10/d; s/\(unicast_src_ip .*\)2$/\112/; s/interface eth1$/&\n        unicast_src_ip 10.1.1.12/' >"$LAB_DIR/b/new"
for node in a b; do
	add_addresses $node eth1 "fd00:1::1$([ $node = a ] && echo 9 || echo 2)/64"
	write_conf $node <"$LAB_DIR/$node/new"
	reload_director $node
done
expect_soon other-source 5 path_is a VI_1 source 10.1.1.19
seen=$(path_of b VI_1 second_rcvd)
expect_soon heard-from-there 5 counts_up b VI_1 second_rcvd "$((seen + 2))"
seen=$(path_of b VI_6 second_rcvd)
expect_soon heard-from-there-v6 5 counts_up b VI_6 second_rcvd "$((seen + 2))"
expect nobody-noticed nothing_changes "$before"

say "the master is killed"
tell_time
begin=$NOW_MS
kill_director a
expect_soon taken-over 5 has_address b $VIP
tell_time
expect_most as-fast-as-ever $((DOWN_MS + SLACK_MS)) $((NOW_MS - begin)) ms
stop b
