#!/bin/bash
#
#	   192.168.195.0/24, fd00:195::/64, VIPs .200 and ::200
#	 ┌─────────────────── sw (br0) ───────────────────┐
#	 │                      │                         │
#	a .130 diarch         f .131 FRR's vrrpd       client .1
#
# diarch and FRR's vrrpd (version 3 over IPv4 and IPv6, virtual MAC addresses) as the two routers of one address:
# elections, failovers and planned stops in both roles, observed on the wire by the client. FRR takes only the checksum of
# RFC 5798 and does not answer a lower priority.
. "${BASH_SOURCE[0]%/*}/lab.sh"
need ip jq tcpdump
need_director
FRR=/usr/lib/frr
[ -x $FRR/vrrpd ] || skip_lab "FRR is missing (test/setup installs it)"

VIP=192.168.195.200
VIP6=fd00:195::200
VMAC=00:00:5e:00:01:33
VMAC6=00:00:5e:00:02:33

director_conf() { # PRIORITY
	write_conf a <<-EOF
		vrrp_instance VI_1 {
		    state BACKUP
		    interface eth0
		    virtual_router_id 51
		    version 3
		    priority $1
		    virtual_ipaddress {
		        $VIP/24
		    }
		}
		vrrp_instance VI_6 {
		    state BACKUP
		    interface eth0
		    virtual_router_id 51
		    version 3
		    priority $1
		    virtual_ipaddress {
		        fe80::200
		        $VIP6/64
		    }
		}
	EOF
}
# FRR makes no interfaces: two macvlans with the virtual MAC addresses and the addresses. No address of their own may
# be made from the MAC, which two routers have.
make_macvlans() {
	local name
	ip -n "$(ns f)" link add vrrp4 link eth0 type macvlan mode bridge
	ip -n "$(ns f)" link add vrrp6 link eth0 type macvlan mode bridge
	ip -n "$(ns f)" link set vrrp4 address $VMAC
	ip -n "$(ns f)" link set vrrp6 address $VMAC6
	in_ns f sysctl -q net.ipv6.conf.vrrp6.addr_gen_mode=3 net.ipv6.conf.vrrp4.disable_ipv6=1 \
		net.ipv4.conf.eth0.arp_ignore=1 net.ipv4.conf.eth0.arp_filter=1 net.ipv4.conf.all.rp_filter=0 \
		net.ipv4.conf.vrrp4.arp_ignore=1 net.ipv4.conf.vrrp4.rp_filter=0 net.ipv4.conf.eth0.rp_filter=0
	add_addresses f vrrp4 $VIP/24
	add_addresses f vrrp6 fe80::200/64 $VIP6/64
	for name in vrrp4 vrrp6; do ip -n "$(ns f)" link set $name up; done
}
frr_conf() {
	cat <<-EOF
		interface eth0
		 vrrp 51 version 3
		 vrrp 51 priority 200
		 vrrp 51 advertisement-interval 1000
		 vrrp 51 ip $VIP
		 vrrp 51 ipv6 fe80::200
		 vrrp 51 ipv6 $VIP6
	EOF
}
start_frr_daemon() { # zebra|vrrpd OPTIONS...
	local name=$1
	shift
	start f "$name" "$FRR/$name" -f "$LAB_SCRATCH/frr.conf" -i "$LAB_SCRATCH/$name.pid" -z "$LAB_SCRATCH/zserv" \
		--vty_socket "$LAB_SCRATCH" -u frr -g frr --log stdout "$@"
}
start_vrrpd() {
	start_frr_daemon vrrpd
	wait_for "vrrpd is there" 10 test -S "$LAB_SCRATCH/vrrpd.vty"
}
# Who advertised last, as the client saw it.
last_from() { # 4|6
	if [ "$1" = 4 ]; then
		tail -20 "$LAB_DIR/client/wire.log" | sed -n 's/.* IP \([0-9.]*\) > 224.0.0.18.*prio [1-9].*/\1/p' | tail -1
	else
		tail -20 "$LAB_DIR/client/wire.log" | sed -n 's/.* IP6 \([0-9a-f:]*\) > ff02::12.*prio [1-9].*/\1/p' | tail -1
	fi
}
# FRR sends IPv6 from whichever link-local address it finds first, the virtual one included.
frr_speaks() {
	[ "$(last_from 4)" = 192.168.195.131 ] && [ -n "$(last_from 6)" ] && [ "$(last_from 6)" != "$DIARCH_LL" ]
}
diarch_speaks() { [ "$(last_from 4)" = 192.168.195.130 ] && [ "$(last_from 6)" = "$DIARCH_LL" ]; }
diarch_owns() { has_address a $VIP && has_address a $VIP6; }
diarch_lacks() { lacks_address a $VIP && lacks_address a $VIP6; }
link_local() { # NODE IF
	ip -n "$(ns "$1")" -6 -o addr show dev "$2" scope link | sed -n 's/.*inet6 \(fe80[^/]*\).*/\1/p' | grep -v 'fe80::200' | head -1
}
neighbour_mac_is() { [ "$(neighbour_mac client "$1")" = "$2" ]; }
ask_again() {
	ip -n "$(ns client)" neigh flush dev eth0
	in_ns client "$VIPPING" -t 0.1 $VIP >/dev/null
}

say "topology: diarch, FRR, a client, one switch"
make_switch sw
make_node a sw 192.168.195.130/24 fd00:195::130/64
make_node f sw 192.168.195.131/24 fd00:195::131/64
make_node client sw 192.168.195.1/24 fd00:195::1/64
make_macvlans
make_scratch
frr_conf >"$LAB_SCRATCH/frr.conf"
chown -R frr:frr "$LAB_SCRATCH"
wait_for "both have a link-local address" 10 link_local f vrrp6
DIARCH_LL=$(link_local a eth0)
start client wire tcpdump -lntt -i eth0 "ip proto 112 or ip6 proto 112"
wait_for "tcpdump listens" 5 grep -q listening "$(node_dir client)/wire.log"
start_frr_daemon zebra
wait_for "zebra is there" 10 test -S "$LAB_SCRATCH/zserv"

say "election: FRR with priority 200 beats diarch with 100"
director_conf 100
start_director a
wait_for "a is running" 10 is_running_as a vrrp
start_vrrpd
expect_soon election-frr 15 frr_speaks || give_up "FRR did not become master"
expect_soon election-frr-alone 5 diarch_lacks
expect_soon client-reaches-frr 5 ask_again
expect_stays no-flapping-frr 6 diarch_lacks
expect_eq errors 0 "$(status_of a '[.vrrp_stats[] | .checksum_err + .packet_len_err + .version_err + .ip_ttl_err +
	.addr_list_err + .source_err + .other_err] | add')"
expect_eq checksum-form '["pseudo-header","pseudo-header"]' "$(status_of a '[.vrrp[].checksum_form] | tostring')"

say "failover: vrrpd is killed"
stop vrrpd KILL
expect_soon failover 8 diarch_owns
expect_soon failover-speaks 3 diarch_speaks

say "FRR is back and preempts"
start_vrrpd
expect_soon preempted 10 diarch_lacks
expect_soon preempted-speaks 3 frr_speaks

say "planned stop of FRR: priority 0, the skew of diarch"
stop vrrpd TERM
expect_soon stop-frr 3 diarch_owns
expect_soon stop-frr-speaks 3 diarch_speaks

say "diarch with priority 250 beats FRR"
director_conf 250
reload_director a
wait_for "priority 250" 5 in_log a 'priority from 100 to 250'
start_vrrpd
expect_stays no-flapping-diarch 6 diarch_owns
expect diarch-still-speaks diarch_speaks
expect_soon client-at-diarch 5 ask_again
expect_soon client-mac-diarch 3 neighbour_mac_is $VIP "$(mac_of a)"

say "planned stop of diarch: FRR after its skew"
start_ping client $VIP -w 100
stop a TERM
expect_soon stop-diarch 3 frr_speaks
wait_for "the client has the virtual MAC" 5 neighbour_mac_is $VIP $VMAC
stop_ping client
expect_most stop-blackout 400 "$PING_GAP_MS" ms
