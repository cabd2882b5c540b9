#!/bin/bash
#
#	   192.168.196.0/24, fd00:196::/64; VIPs .200, ::200 and fe80::200
#	 ┌──────── sw (br0) ────────┐
#	 │                          │
#	a .130 ::130               client .1 ::1
#
# no_accept: packets to the addresses of an active router that is not their owner are dropped, on input and output,
# neighbour solicitations and ARP are answered. The table goes with the process, but not with a child that crashes, and
# follows reloads; tables of others stay as they are. Rows T10 and T9 of the conformance table.
# calm
. "${BASH_SOURCE[0]%/*}/lab.sh"
need tcpdump nft jq
need_director
[ "$LAB_DIRECTOR" = diarch ] || skip_lab "looks at diarch's own table"

V4=192.168.196.200
V6=fd00:196::200
V6L=fe80::200

director_conf() { # GLOBALS PRIORITY WORDS...
	local globals=$1 priority=$2
	shift 2
	write_conf a <<-EOF
		global_defs {
		    router_id a
		    $globals
		}
		vrrp_instance V4 {
		    interface eth0
		    virtual_router_id 51
		    version 3
		    priority $priority
		    advert_int 0.1
		    $*
		    virtual_ipaddress { $V4/24 }
		}
		vrrp_instance V6 {
		    interface eth0
		    virtual_router_id 52
		    version 3
		    priority $priority
		    advert_int 0.1
		    $*
		    virtual_ipaddress {
		        $V6L/64
		        $V6/64
		    }
		}
	EOF
}
nft_a() { in_ns a nft "$@" 2>/dev/null; }
has_table() { nft_a list table inet "$1" >/dev/null; }
lacks_table() { ! has_table "$1"; }
elements() { # SET [TABLE]: how many
	nft_a -j list set inet "${2:-diarch}" "$1" | jq '[.nftables[] | .set? // empty | .elem // [] | length] | add'
}
has_elements() { # V4 V6 LINK-LOCAL [TABLE]
	[ "$(elements vips4 "${4:-}") $(elements vips6 "${4:-}") $(elements vips_link_local "${4:-}")" = "$1 $2 $3" ]
}
answers() { in_ns client "$VIPPING" -t 0.2 "$1" >/dev/null; }
is_silent() { # and the probe did run
	local seen
	seen=$(in_ns client "$VIPPING" -t 0.5 "$1")
	[ $? -eq 1 ] && [[ $seen == *sent=* ]]
}
# Resolved anew, by the request or solicitation that the ping needs.
resolves() { # ADDRESS
	in_ns client ip neigh flush dev eth0 >/dev/null 2>&1
	in_ns client "$VIPPING" -t 0.2 "$1" >/dev/null 2>&1
	poll_until "$1 is resolved" 3 neighbour_is client "${1%\%*}" a
}
all_answer() { answers $V4 && answers $V6 && answers "$V6L%eth0"; }
all_held() { has_address a $V4 && has_address a $V6 && has_address a $V6L; }
dropped() { # packets that the counters have
	nft_a -j list chain inet mine in | jq '[.nftables[] | .rule?.expr[]? | .counter?.packets // 0] | add'
}
foreign() { nft_a list table ip keepalived; nft_a list table inet foreign; }
reload_a() {
	mark_log a
	reload_director a
	wait_for "reloaded" 5 in_log_since a 'Reload complete'
}

say "a director with no_accept, and tables of others"
make_switch sw
make_node a sw 192.168.196.130/24 fd00:196::130/64
make_node client sw 192.168.196.1/24 fd00:196::1/64
make_foreign() {
	nft_a -f - <<-EOF
		table ip keepalived { set vips { type ipv4_addr; elements = { 192.168.196.77 } }; }
		table inet foreign { chain in { type filter hook input priority 0; counter packets 0 bytes 0; }; }
	EOF
}
make_foreign || skip_lab "this kernel has no nf_tables"
was=$(foreign | grep -v counter)
director_conf "" 150 no_accept
start_director a
expect_soon active 10 all_held || give_up "no election"
expect_soon table-has-the-addresses 5 has_elements 1 1 1
nft_a list table inet diarch | sed 's/^/   /'

say "T10: packets are dropped, neighbours are answered"
expect T10-ping-unanswered is_silent $V4
expect T10-ping6-unanswered is_silent $V6
expect T10-ping6-link-local-unanswered is_silent "$V6L%eth0"
expect T10-arp-answered resolves $V4
expect T10-solicitation-answered resolves $V6
expect T10-own-address-answers answers 192.168.196.130
expect T10-own-address6-answers answers fd00:196::130

say "the child crashes: nothing changes"
child=$(role_pid a vrrp)
in_ns a nft -j monitor >"$(node_dir a)/monitor.log" 2>&1 &
monitor=$!
start_ping client $V4
kill -KILL "$child"
expect_soon respawned 10 is_respawned a vrrp "$child"
expect_soon adopted 10 in_log a 'Going on in MASTER STATE'
expect crash-kept has_elements 1 1 1
stop_ping client
kill $monitor
expect_eq crash-no-packet-answered "$PING_SENT" "$PING_LOST"

say "T9: a router that loses its interface has nothing to drop"
ipn a link set dev eth0 down
expect_soon T9-fault-empties-the-sets 5 has_elements 0 0 0
ipn a link set dev eth0 up
add_addresses a eth0 fd00:196::130/64
expect_soon T9-back-again 10 has_elements 1 1 1

say "reload: accept, another name with counters, by number, strict_mode, owner"
director_conf "" 150 ""
reload_a
expect_soon accept-table-gone 3 lacks_table diarch
expect_soon accept-all-answer 10 all_answer
director_conf "nftables mine
nftables_counters
nftables_ifindex
nftables_priority -7" 150 "accept off"
reload_a
expect_soon named-table 3 has_elements 1 1 1 mine
expect named-no-other lacks_table diarch
expect named-priority eval 'nft_a list table inet mine | grep -q "hook input priority filter - 7"'
expect named-drops is_silent $V4
expect named-drops-link-local is_silent "$V6L%eth0"
expect named-counts test "$(dropped)" -gt 1
director_conf "" 150 strict_mode
reload_a
expect_soon strict-table 3 has_elements 1 1 1
expect strict-old-name-gone lacks_table mine
expect strict-drops is_silent $V6
director_conf "" 150 "strict_mode
accept"
reload_a
expect_soon strict-accept-table-gone 3 lacks_table diarch # version 3 allows it: Accept_Mode, RFC 9568 6.1
expect_soon strict-accept-all-answer 10 all_answer
director_conf "" 150 strict_mode
reload_a
expect_soon strict-again 3 has_elements 1 1 1
director_conf "" 255 "no_accept"
reload_a
expect_soon owner-table-gone 3 lacks_table diarch
expect_soon owner-all-answer 10 all_answer

say "a name that belongs to somebody else"
director_conf "nftables foreign" 150 no_accept
reload_a
expect foreign-name-is-refused in_log_since a 'NOT dropped: nftables table inet foreign: there is one'
director_conf "" 150 no_accept
reload_a
expect_soon own-name-again 3 has_elements 1 1 1

say "a table that another program takes away comes back"
repairs() { log_lines a 'nftables table inet diarch is in place'; }
start_ping client $V4
on a nft delete table inet diarch
expect_soon deleted-comes-back 2 has_elements 1 1 1
stop_ping client
# A probe each 2 ms: those that were answered are the time without the table.
expect_most deleted-answered-meanwhile 50 $((PING_SENT - PING_LOST)) probes
on a nft flush set inet diarch vips4
expect_soon emptied-set-comes-back 2 has_elements 1 1 1
on a nft flush chain inet diarch in
expect_soon flushed-chain-comes-back 2 is_silent $V4
on a nft flush ruleset
expect_soon flushed-all-comes-back 2 has_elements 1 1 1
make_foreign
expect_eq said-once 1 "$(log_lines a 'another program has taken away')"

say "a program that does not give up is not fought for ever"
before=$(repairs)
tell_time
fight_ends=$((NOW_MS + 2000))
fought=0
while [ "$NOW_MS" -lt $fight_ends ]; do
	if nft_a delete table inet diarch; then fought=$((fought + 1)); fi
	tell_time
done
note "deleted $fought times"
expect_most fight-is-bounded 9 $(($(repairs) - before)) repairs
expect_soon fight-ends-well 10 has_elements 1 1 1

say "stop"
stop a
expect_eq stop-status 0 "$STATUS"
expect stop-table-gone lacks_table diarch
expect_eq foreign-untouched "$was" "$(foreign | grep -v counter)"
