#!/bin/bash
#
#	   2001:db8:195::/64, VIPs fe80::200 and ::200
#	 ┌─────────────── sw (br0) ───────────────┐
#	 │                  │                     │
#	a prio 150         b prio 100         client, listens
#
# T11: the active router sends router advertisements from the link-local address of the virtual router, the backup none. What
# doc/ROUTER_ADVERTISEMENTS.md says is what runs here: radvd, started and stopped by a notify script.
# calm
# plain
. "${BASH_SOURCE[0]%/*}/lab.sh"
need ip tcpdump radvd
need_director

LL=fe80::200
VIP6=2001:db8:195::200
PAGE=$TOP/doc/ROUTER_ADVERTISEMENTS.md

block() { # KIND: of the page
	awk -v kind="\`\`\`$1" '$0 == kind { is_in = 1; next } /^```/ { is_in = 0 } is_in' "$PAGE"
}
write_node() { # NODE PRIORITY: the page's files, in the folder of the node
	local dir
	dir=$(node_dir "$1")
	block conf | sed "s|/etc/diarch|$dir|; s/priority 150/priority $2/; s/version 3/&\n    advert_int 0.5/" | write_conf "$1"
	sed -i "1i global_defs {\n    script_user root\n}" "$dir/keepalived.conf"
	block radvd | sed "s/MaxRtrAdvInterval 10/MaxRtrAdvInterval 4/" >"$dir/radvd.conf"
	block sh | sed "s|/etc/diarch|$dir|" >"$dir/ra"
	chmod 755 "$dir/ra"
}
sent() { # NODE [FILTER]: router advertisements with its MAC that the client has seen
	tcpdump -ner "$(node_dir client)/wire.pcap" "icmp6 and ip6[40] = 134 and ether src $(mac_of "$1") ${2:-}" 2>/dev/null | grep -c ''
}
has_sent() { [ "$(sent "$1")" -ge "$2" ]; }
has_default_route() { ip -n "$(ns client)" -6 route show default | grep -q "via $LL "; }
runs_radvd() { [ -s "$(node_dir "$1")/radvd.pid" ] && kill -0 "$(cat "$(node_dir "$1")/radvd.pid")"; }
runs_none() { ! runs_radvd "$1"; }

say "two routers and a host without a route"
make_switch sw
for node in a b client; do make_node $node sw; done
for node in a b; do in_ns $node sysctl -q net.ipv6.conf.all.forwarding=1; done
in_ns client sysctl -q net.ipv6.conf.eth0.accept_ra=1 net.ipv6.conf.eth0.forwarding=0
start client record tcpdump -Uni eth0 -w "$(node_dir client)/wire.pcap" icmp6
wait_for "tcpdump listens" 5 grep -q listening "$(node_dir client)/record.log"
write_node a 150
write_node b 100
start_director a
expect_soon active 15 has_address a $VIP6 || give_up "no election"
start_director b
poll_until "b listens" 15 in_log b 'Entering BACKUP STATE'

say "the active advertises"
expect_soon T11-active-advertises 15 has_sent a 2
expect_soon T11-host-has-a-default-route 5 has_default_route
expect_eq T11-from-the-virtual-link-local-address "$(sent a)" "$(sent a "and src $LL")"
expect_eq T11-backup-sends-none 0 "$(sent b)"
expect T11-backup-runs-none runs_none b

say "planned stop: the other one goes on, and the host keeps its route"
stop a
expect_soon T11-successor-advertises 15 has_sent b 1
expect T11-stopped-runs-none runs_none a
expect T11-host-keeps-its-route has_default_route
expect_eq T11-nobody-said-farewell 0 "$(($(sent a "and ip6[46:2] = 0") + $(sent b "and ip6[46:2] = 0")))"

say "and back"
start_director a
expect_soon T11-preempted 15 runs_radvd a
expect_soon T11-former-runs-none 5 runs_none b
expect T11-host-keeps-its-route-again has_default_route
stop a
stop b
expect_soon T11-all-gone 5 runs_none a
