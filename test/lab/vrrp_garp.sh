#!/bin/bash
# How addresses are announced: a thousand of them at once, and at the pace that was asked for.
#
#   a   diarch            a eth0 --- sw --- c
#   c   the witness       a eth1 --- sw
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
watch() { # FILTER...: to arp.log of c: seconds and what
	start c tcpdump tcpdump -tt -n -l -B 8192 -i eth0 "$@"
	wait_for "the witness listens" 10 grep -q 'listening on' "$(node_dir c)/tcpdump.log"
}
frames() { grep -c 'who-has' "$(node_dir c)/tcpdump.log"; }
has_frames() { [ "$(frames)" -ge "$1" ]; }
has_exactly() { [ "$(frames)" -eq "$1" ]; }
# Milliseconds between the first and the Nth frame.
spread_ms() {
	grep who-has "$(node_dir c)/tcpdump.log" |
		awk -v n="$1" 'NR == 1 { a = $1 } NR == n { printf "%.1f", ($1 - a) * 1000 }'
}
# Smallest gap in milliseconds.
gap_ms() {
	grep who-has "$(node_dir c)/tcpdump.log" |
		awk 'NR > 1 { g = ($1 - a) * 1000; if (NR == 2 || g < m) m = g } { a = $1 } END { printf "%.2f", m }'
}
restart_with() { # ARGUMENTS OF instance
	if [ -n "${LAB_PID[a]:-}" ]; then stop a; fi
	if [ -n "${LAB_PID[tcpdump]:-}" ]; then stop tcpdump INT; fi
	: >"$(node_dir c)/tcpdump.log"
	instance "$@" | write_conf a
	watch arp and ether dst ff:ff:ff:ff:ff:ff
	# Without -D: a line of the log for each frame is not what is measured.
	start a a "$DIARCH" -n -l -f "$(node_dir a)/keepalived.conf" -p "$(node_dir a)/parent.pid" \
		-r "$(node_dir a)/vrrp.pid" -c "$(node_dir a)/check.pid" "--control=$(node_dir a)/control.sock"
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

say "vrrp_min_garp: one packet for each address"
restart_with 10 0 "vrrp_min_garp"
sed -i '/garp_master_/d' "$(node_dir a)/keepalived.conf"
restarted_without_own_values() {
	stop a
	stop tcpdump INT
	: >"$(node_dir c)/tcpdump.log"
	watch arp and ether dst ff:ff:ff:ff:ff:ff
	start_director a
}
restarted_without_own_values
expect_soon min-garp-some 15 has_frames 10
expect_stays min-garp-no-more 2 has_exactly 10

say "the interface gets another MAC address, as a bond does: announced with it"
ipn a link set dev eth0 address 02:00:5e:40:00:01
expect_soon new-mac-announced 2 has_frames 20
