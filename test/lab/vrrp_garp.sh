#!/bin/bash
# How addresses are announced: a thousand of them at once, and at the pace that was asked for.
#
#   a   diarch            a eth0 --- sw --- c
#   c   the witness       a eth1 --- sw
#
# IPv4 is announced by ARP, IPv6 by neighbour advertisements; each has a pace of its own.
. "${0%/*}/lab.sh"
need_director
need tcpdump

make_switch sw
make_node a sw 10.40.0.1/16
make_node c sw 10.40.0.9/16
plug_cable a sw eth1
add_addresses a eth1 10.41.0.1/16

instance() { # ADVERTISED EXCLUDED GLOBALS...
	local i
	echo "global_defs {"
	printf '\t%s\n' "${@:3}"
	echo "}"
	cat <<-CONF
		vrrp_instance VI_1 {
		    interface eth0
		    virtual_router_id 51
		    priority 150
		    garp_master_delay 0
		    garp_master_repeat 2
		    virtual_ipaddress {
	CONF
	for ((i = 1; i <= $1; i++)); do echo "10.40.1.$i/16"; done
	printf '}\nvirtual_ipaddress_excluded {\n'
	for ((i = 0; i < $2; i++)); do echo "10.40.$((2 + i / 250)).$((1 + i % 250))/16"; done
	printf '}\n}\n'
}
instance6() { # ADVERTISED GLOBALS...
	local i
	echo "global_defs {"
	printf '\t%s\n' "${@:2}"
	echo "}"
	cat <<-CONF
		vrrp_instance VI_6 {
		    interface eth0
		    virtual_router_id 61
		    version 3
		    priority 150
		    garp_master_delay 0
		    garp_master_repeat 2
		    virtual_ipaddress {
		    fe80::61/64
	CONF
	for ((i = 2; i <= $1; i++)); do echo "fd40::61:$i/64"; done
	printf '}\n}\n'
}
watch() { # FILTER...: to tcpdump.log of c: seconds and what
	start c tcpdump tcpdump -tt -e -n -l -B 8192 -i eth0 "$@"
	wait_for "the witness listens" 10 grep -q 'listening on' "$(node_dir c)/tcpdump.log"
}
ANNOUNCED='who-has|neighbor advertisement'
frames() { grep -cE "$ANNOUNCED" "$(node_dir c)/tcpdump.log"; }
senders() { grep -E "$ANNOUNCED" "$(node_dir c)/tcpdump.log" | awk '{ print $2 }' | sort -u | wc -l; }
has_frames() { [ "$(frames)" -ge "$1" ]; }
has_exactly() { [ "$(frames)" -eq "$1" ]; }
# Milliseconds between the first and the Nth frame.
spread_ms() {
	grep who-has "$(node_dir c)/tcpdump.log" |
		awk -v n="$1" 'NR == 1 { a = $1 } NR == n { printf "%.1f", ($1 - a) * 1000 }'
}
# Smallest gap in milliseconds.
gap_ms() {
	grep -E "$ANNOUNCED" "$(node_dir c)/tcpdump.log" |
		awk 'NR > 1 { g = ($1 - a) * 1000; if (NR == 2 || g < m) m = g } { a = $1 } END { printf "%.2f", m }'
}
BROADCAST="arp and ether dst ff:ff:ff:ff:ff:ff"
restart() { # FILTER: with the configuration that is there
	if [ -n "${LAB_PID[a]:-}" ]; then stop a; fi
	if [ -n "${LAB_PID[tcpdump]:-}" ]; then stop tcpdump INT; fi
	: >"$(node_dir c)/tcpdump.log"
	watch "$1"
	# Without -D: a line of the log for each frame is not what is measured.
	start a a "$DIARCH" -n -l -f "$(node_dir a)/keepalived.conf" -p "$(node_dir a)/parent.pid" \
		-r "$(node_dir a)/vrrp.pid" -c "$(node_dir a)/check.pid" "--control=$(node_dir a)/control.sock"
}
restart_with() { # ARGUMENTS OF instance
	instance "$@" | write_conf a
	restart "$BROADCAST"
}

say "a thousand addresses of one instance: all are there and announced once within 100 ms"
restart_with 20 980
expect_soon all-announced-twice 30 has_frames 2000
expect_most first-round-ms 100 "$(spread_ms 1000)" ms
expect_eq first-round-has-all 1000 "$(grep who-has "$(node_dir c)/tcpdump.log" | head -1000 |
	sed 's/.*who-has \([0-9.]*\).*/\1/' | sort -u | wc -l)"
expect_eq on-the-interface 1000 "$(ip -n "$(ns a)" -o addr show dev eth0 | grep -cE '10\.40\.[1-9]')"

say "vrrp_garp_interval: never closer than that, whatever is to be sent"
restart_with 10 10 "vrrp_garp_interval 0.02"
expect_soon paced 30 has_frames 40
expect_most pace-kept -14 "-$(gap_ms)" "ms between frames, negative"

say "garp_group: the frames of two interfaces share one pace, another than all have"
instance 10 10 "vrrp_garp_interval 0.001" | sed -E 's,10\.40\.2\..*,& dev eth1,' | write_conf a
cat >>"$(node_dir a)/keepalived.conf" <<-CONF
	garp_group {
	    garp_interval 0.02
	    interfaces {
	        eth0 eth1
	    }
	}
CONF
restart "$BROADCAST"
expect_soon group-paced 30 has_frames 40
expect_eq group-of-both 2 "$(senders)"
expect_most group-pace-kept -14 "-$(gap_ms)" "ms between frames, negative"

say "vrrp_gna_interval, and gna_interval of a group instead: the pace of IPv6"
NEIGHBOUR="icmp6 and ip6[40] == 136 and ether dst 33:33:00:00:00:01"
instance6 10 "vrrp_gna_interval 0.02" | write_conf a
restart "$NEIGHBOUR"
expect_soon gna-paced 30 has_frames 20
expect_most gna-pace-kept -14 "-$(gap_ms)" "ms between frames, negative"
instance6 10 "vrrp_gna_interval 0.001" | write_conf a
printf 'garp_group {\n gna_interval 0.03\n interface eth0\n}\n' >>"$(node_dir a)/keepalived.conf"
restart "$NEIGHBOUR"
expect_soon gna-group-paced 30 has_frames 20
expect_most gna-group-pace-kept -24 "-$(gap_ms)" "ms between frames, negative"

say "vrrp_min_garp: one packet for each address"
instance 10 0 "vrrp_min_garp" | sed '/garp_master_/d' | write_conf a
restart "$BROADCAST"
expect_soon min-garp-some 15 has_frames 10
expect_stays min-garp-no-more 2 has_exactly 10

say "the interface gets another MAC address, as a bond does: announced with it"
ipn a link set dev eth0 address 02:00:5e:40:00:01
expect_soon new-mac-announced 2 has_frames 20
