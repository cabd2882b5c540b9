#!/bin/bash
#
#	   192.168.195.0/24, fd00:195::/64, VIPs .200 and ::200         192.168.196.0/24
#	 ┌────────── sw (br0) ──────────┐                        ┌───── sx (br0) ─────┐
#	 │                              │                        │                    │
#	 │                       a .130 prio 150, forwards ──────┘                 other .1
#	client .1, listens
#
# What a director puts on the wire, frame by frame, and what it does not: rows T2 to T6, T12, T14, T16 and T17 of the
# conformance list, S1, S2 and S7 as seen from outside. The client records everything from before the start.
. "${BASH_SOURCE[0]%/*}/lab.sh"
need ip tcpdump
need_director

VIP=192.168.195.200
VIP6=fd00:195::200

director_conf() {
	write_conf a <<-EOF
		vrrp_instance VI_1 {
		    state BACKUP
		    interface eth0
		    virtual_router_id 51
		    version 3
		    priority 150
		    garp_master_delay 1
		    virtual_ipaddress {
		        $VIP/24
		    }
		}
		vrrp_instance VI_6 {
		    state BACKUP
		    interface eth0
		    virtual_router_id 51
		    version 3
		    priority 150
		    garp_master_delay 1
		    virtual_ipaddress {
		        fe80::200
		        $VIP6/64
		    }
		}
	EOF
}
record() { # NODE
	start "$1" "record.$1" tcpdump -Uni eth0 -w "$LAB_DIR/$1/wire.pcap"
	wait_for "tcpdump listens on $1" 5 grep -q listening "$LAB_DIR/$1/record.$1.log"
}
frames() { # NODE FILTER: as text
	tcpdump -nette -r "$LAB_DIR/$1/wire.pcap" "$2" 2>/dev/null
}
count() { frames "$@" | grep -c ''; }
# All frames of a kind, of which there are at least so many, are as they must be.
expect_all() { # NAME LEAST KIND PROPERTY
	local all good
	all=$(count client "$3")
	good=$(count client "($3) and ($4)")
	if [ "$all" -ge "$2" ] && [ "$all" = "$good" ]; then
		ok "$1" "$all frames"
	else
		not_ok "$1" "$good of $all frames, $2 at least"
	fi
}
first_at() { # FILTER: when, in microseconds since the recording began, in REPLY
	local stamp
	stamp=$(frames client "$1" | head -1 | cut -d' ' -f1)
	REPLY=$((10#${stamp//[^0-9]/}))
}

say "topology: a director that forwards, and what lies behind it"
make_switch sw
make_switch sx
make_node a sw 192.168.195.130/24 fd00:195::130/64
plug_cable a sx eth1
add_addresses a eth1 192.168.196.130/24
make_node client sw 192.168.195.1/24 fd00:195::1/64
make_node other sx 192.168.196.1/24
in_ns a sysctl -q net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
record client
record other
director_conf
tell_time
begin_ms=$NOW_MS
start_director a
wait_for "a is running" 10 is_running_as a vrrp
expect_soon active 10 has_address a $VIP
expect_soon active-v6 5 has_address a $VIP6
expect T16-usable-at-once in_ns client "$VIPPING" -t 0.1 $VIP6
expect_eq T16-no-dad 0 "$(ip -n "$(ns a)" -6 addr show | grep -cE 'tentative|dadfailed')"
wait_for "eleven seconds of advertisements" 20 sh -c "[ \$(tcpdump -nr '$LAB_DIR/client/wire.pcap' 'ip proto 112' 2>/dev/null | grep -c '') -ge 12 ]"
tell_time
elapsed_s=$(((NOW_MS - begin_ms) / 1000))
mac=$(mac_of a)
ll=$(ip -n "$(ns a)" -6 -o addr show dev eth0 scope link | sed -n 's/.*inet6 \(fe80[^/]*\).*/\1/p' | grep -v 'fe80::200')

say "advertisements"
expect_all T2-source 10 "ip proto 112" "src 192.168.195.130 and ether src $mac"
expect_all T2-source-v6 10 "ip6 proto 112" "src $ll and ether src $mac"
expect_all T3-envelope 10 "ip proto 112" "dst 224.0.0.18 and ip[8] = 255 and ip[1] = 0xc0 and ether dst 01:00:5e:00:00:12"
expect_all T3-envelope-v6 10 "ip6 proto 112" "dst ff02::12 and ip6[7] = 255 and ether dst 33:33:00:00:00:12"
expect_all R9-reserved-is-zero 10 "ip proto 112" "ip[24] & 0xf0 = 0"
expect_all T18-first-is-link-local 10 "ip6 proto 112" "ip6[48:2] = 0xfe80"
expect_eq T4-not-forwarded 0 "$(count other 'proto 112')"
# S7: after the down interval of 3.41 s one a second.
adverts=$(count client "ip proto 112")
expect_most S7-rhythm 2 $((elapsed_s - 3 - adverts > 0 ? elapsed_s - 3 - adverts : adverts - elapsed_s + 3)) advertisements
# Without drift: how far each is from a grid of seconds, of which half are less. One may be late on a busy machine; a timer
# that starts again after each sending, or at a packet that is heard, moves all that follow.
frames client 'ip proto 112' | awk '{
		off[NR] = $1 - first; if (NR == 1) { first = $1; off[1] = 0 }
		off[NR] -= int(off[NR] + 0.5)
	}
	function median(from, to,   i, j, n, v, t) {
		for (i = from; i <= to; i++) v[++n] = off[i]
		for (i = 2; i <= n; i++) for (j = i; j > 1 && v[j - 1] > v[j]; j--) { t = v[j]; v[j] = v[j - 1]; v[j - 1] = t }
		return v[int((n + 1) / 2)]
	}
	END {
		middle = median(1, NR); half = int(NR / 2); drift = (median(half + 1, NR) - median(1, half)) * 1000
		for (i = 1; i <= NR; i++) if (off[i] - middle > 0.05 || middle - off[i] > 0.05) late++
		print late + 0, (drift < 0 ? -drift : drift)
	}' >"$LAB_DIR/grid"
read -r late drift_ms <"$LAB_DIR/grid"
expect_most S7-late 1 "$late" advertisements
expect_most S7-drift 10 "$drift_ms" ms

say "announcements"
expect_all T5-garp 5 "arp and arp[14:4] = 0xc0a8c3c8" "arp[24:4] = 0xc0a8c3c8 and ether dst ff:ff:ff:ff:ff:ff and arp[8:4] = 0x${mac:0:2}${mac:3:2}${mac:6:2}${mac:9:2} and arp[12:2] = 0x${mac:12:2}${mac:15:2}"
expect_all T6-na 5 "icmp6 and ip6[40] = 136 and dst ff02::1 and ip6[48:4] = 0xfd000195" "ip6[44] = 0xa0 and ip6[7] = 255 and ip6[64] = 2 and ether dst 33:33:00:00:00:01"
first_at "ip proto 112"
advert=$REPLY
first_at "arp and arp[14:4] = 0xc0a8c3c8"
expect "T12-S2-advertisement-first" [ "$advert" -le "$REPLY" ]
first_at "ip6 proto 112"
advert=$REPLY
first_at "icmp6 and ip6[40] = 136 and ip6[48:4] = 0xfd000195"
expect "T12-S2-advertisement-first-v6" [ "$advert" -le "$REPLY" ]

say "T14: the active does not forward what is addressed to the VIP"
ip -n "$(ns other)" route add 192.168.195.0/24 via 192.168.196.130
expect T14-reached in_ns other "$VIPPING" -t 0.1 $VIP
expect_eq T14-not-forwarded 0 "$(count client "icmp and dst $VIP and src 192.168.196.1")"

say "T17: no redirect from an address that the host does not use"
REDIRECT="icmp and icmp[0] = 5"
setting() { in_ns a cat "/proc/sys/net/ipv4/conf/$1/send_redirects"; }
# A host of the same net is the next hop to 10.77.0.0/24: a forwards back to where it came from.
ipn a neigh replace 192.168.195.77 lladdr 02:00:00:00:00:77 dev eth0 nud permanent
ipn a route add 10.77.0.0/24 via 192.168.195.77
in_ns client sysctl -q net.ipv4.conf.all.accept_redirects=0 net.ipv4.conf.eth0.accept_redirects=0
sends_redirects() { [ "$(setting eth0)" = 1 ]; }
detour() { # LAST-OCTET: the kernel sends few redirects to one host: another destination each time
	ipn client route replace "10.77.0.$1" via $VIP
	in_ns client "$VIPPING" -i 50 -t 0.5 "10.77.0.$1" >/dev/null
}
detour 1
expect_eq T17-settings-active "0 0" "$(setting all) $(setting eth0)"
expect_eq T17-no-redirect 0 "$(count client "$REDIRECT")"
# The same where the configuration leaves the kernel alone: the lab can see one.
{ echo "global_defs {"; echo "    vrrp_send_redirects"; echo "}"; cat "$LAB_DIR/a/keepalived.conf"; } >"$LAB_DIR/a/leave.conf"
mv "$LAB_DIR/a/leave.conf" "$LAB_DIR/a/keepalived.conf"
reload_director a
expect_soon T17-left-alone 5 sends_redirects
detour 2
expect T17-redirect-seen-where-left-alone test "$(count client "$REDIRECT")" -gt 0
director_conf
reload_director a
stop a TERM
expect gone lacks_address a $VIP
expect_eq T17-settings-restored "1 1" "$(setting all) $(setting eth0)"

say "an advertisement that is longer than a frame goes in fragments"
ipn a link set dev eth0 mtu 600
{
	echo "vrrp_instance LONG { state BACKUP; interface eth0; virtual_router_id 52; version 3; priority 150" | tr ';' '\n'
	echo "virtual_ipaddress {"
	for i in {1..200}; do echo "10.9.0.$i/32"; done
	echo "}"
	echo "}"
} | write_conf a
fragments() { count client "ip proto 112 and ip[6:2] & 0x3fff != 0 and ip[8] = 255 and src 192.168.195.130"; }
sent_in_fragments() { [ "$(fragments)" -ge 2 ]; }
start_director a
expect_soon fragments 10 sent_in_fragments
expect fragments-no-error eval "! in_log a 'cannot send an advertisement'"
