#!/bin/bash
# Instances without interface, unicast_fault_no_peer, log_unknown_vrids and disable_local_igmp.
#
#   a, b  diarch: ANY without interface, NP without peers at first, MC by multicast, each with a VRID of its own
#   c     a host and witness         a, b --- sw --- c
# calm
. "${0%/*}/lab.sh"
need_director
need tcpdump

ANY=10.50.0.200
ANY6=2001:db8:50::200
NP=10.50.0.201

make_switch sw
make_node a sw 10.50.0.1/24 2001:db8:50::1/64
make_node b sw 10.50.0.2/24 2001:db8:50::2/64
make_node c sw 10.50.0.9/24 2001:db8:50::9/64

instance() { # NAME VRID PRIORITY LINES ADDRESS
	cat <<-CONF
		vrrp_instance $1 {
		    virtual_router_id $2
		    priority $3
		    version 3
		    garp_master_delay 0
		    $4
		    virtual_ipaddress {
		        $5
		    }
		}
	CONF
}
peer() { # NUMBER: of the other one
	echo "unicast_peer {
		10.50.0.$1
	}"
}
conf() { # NUMBER PRIORITY GLOBALS PEER-OF-NP
	echo "global_defs {
	$3
}"
	instance ANY 51 "$2" "unicast_src_ip 10.50.0.$1
		$(peer $((3 - $1)))" "$ANY/24 dev eth0"
	instance ANY6 51 "$2" "unicast_src_ip 2001:db8:50::$1
		unicast_peer {
			2001:db8:50::$((3 - $1))
		}" "$ANY6/64 dev eth0"
	instance NP 52 "$2" "interface eth0
		unicast_fault_no_peer
		$4" $NP/24
	instance MC $((52 + $1)) "$2" "interface eth0" 10.50.0.20$((1 + $1))/24
}
frames() { tcpdump -nettr "$(node_dir c)/wire.pcap" "$@" 2>/dev/null; }
state_is() { [ "$(status_of "$1" ".vrrp[] | select(.instance == \"$2\") | .state")" = "$3" ]; }
reaches() { in_ns c "$VIPPING" -t 0.05 "$1"; }

conf 1 150 "log_unknown_vrids
	disable_local_igmp" "" | write_conf a
conf 2 100 "" "" | write_conf b
before=$(in_ns a cat /proc/sys/net/ipv4/igmp_link_local_mcast_reports)
start c record tcpdump -Uni eth0 -w "$(node_dir c)/wire.pcap"
wait_for "the witness listens" 10 grep -q listening "$(node_dir c)/record.log"

say "an instance without interface"
start_director b
start_director a
expect_soon elected 15 has_address a $ANY
expect_soon elected-v6 15 has_address a $ANY6
expect_soon one-owner 5 lacks_address b $ANY
expect_soon one-owner-v6 5 lacks_address b $ANY6
expect_soon reached 5 reaches $ANY
expect_soon reached-v6 5 reaches $ANY6
expect_eq place-in-status "*" "$(status_of a '.vrrp[] | select(.instance == "ANY") | .interface')"
expect_eq no-multicast-of-it "" "$(frames "ip proto 112 and dst 224.0.0.18 and ip[21] = 51" | head -3)"
changes=$(log_lines b '.ANY6?. Entering')
pid=$(role_pid a vrrp)
kill -KILL "$pid"
expect_soon respawned 10 is_respawned a vrrp "$pid"
expect_soon adopted 10 in_log a 'ANY. Going on in MASTER'
expect_stays backup-notices-nothing 3 test "$(log_lines b '.ANY6?. Entering')" = "$changes"
in_ns a ip link set eth0 down
expect_soon interface-of-the-address-counts 5 state_is a ANY FAULT
expect_soon b-takes-over 10 has_address b $ANY
in_ns a ip link set eth0 up
in_ns a ip addr replace 2001:db8:50::1/64 dev eth0 nodad
expect_soon a-is-back 15 lacks_address b $ANY
expect_soon a-is-back-v6 15 lacks_address b $ANY6

say "unicast_fault_no_peer"
expect fault-without-peers state_is a NP FAULT
expect reason in_log a 'NP.*no unicast peer'
expect_eq no-multicast "" "$(frames "ip proto 112 and dst 224.0.0.18 and ip[21] = 52" | head -3)"
conf 1 150 "log_unknown_vrids
	disable_local_igmp" "$(peer 2)" | write_conf a
conf 2 100 "" "$(peer 1)" | write_conf b
reload_director b
reload_director a
expect_soon with-peers-it-runs 15 has_address a $NP
expect_soon and-has-one-owner 5 lacks_address b $NP

say "log_unknown_vrids: one line for each"
expect_soon line 5 in_log a 'virtual router 54, which is not configured, from 10.50.0.2'
expect_eq none-that-is-configured 0 "$(log_lines a 'virtual router 5[123], which is not')"
expect_eq b-was-not-asked 0 "$(log_lines b 'which is not configured, from')"

say "disable_local_igmp"
expect_eq kernel-was-told 0 "$(in_ns a cat /proc/sys/net/ipv4/igmp_link_local_mcast_reports)"
expect b-reports test -n "$(frames "igmp and src 10.50.0.2" | grep -E '224\.0\.0\.(18|22)' | head -1)"
expect_eq a-does-not "" "$(frames "igmp and src 10.50.0.1" | head -3)"
pid=$(role_pid a vrrp)
kill -KILL "$pid" # after a reload: the parent still knows what it was
expect_soon respawned-again 10 is_respawned a vrrp "$pid"
stop a
expect_eq put-back "$before" "$(in_ns a cat /proc/sys/net/ipv4/igmp_link_local_mcast_reports)"
expect_soon b-has-all 10 has_address b $ANY
stop b
