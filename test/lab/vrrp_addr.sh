#!/bin/bash
# Addresses of an active router with every option, and what happens when somebody deletes or changes them by hand.
#
#   a, b  diarch, one instance; a has eth0 (the LAN) and eth1
#   c     a host that squats on an IPv6 address
#         a --- sw --- b
#                \--- c
. "${0%/*}/lab.sh"
need_director

VIP=192.168.195.200
VIP6=2001:db8:195::200

make_switch sw
make_node a sw 192.168.195.1/24 2001:db8:195::1/64
make_node b sw 192.168.195.2/24 2001:db8:195::2/64
make_node c sw 192.168.195.9/24 2001:db8:195::9/64
make_switch side
plug_cable a side eth1
plug_cable b side eth1

# A thousand addresses with routes and rules move as one, and leave nothing behind: m, n on a switch of their own.
thousand_conf() { # PRIORITY
	local i all=()
	for ((i = 0; i < 1000; i++)); do all+=("10.9.$((1 + i / 250)).$((1 + i % 250))/16"); done
	echo "vrrp_instance VI_M {
	interface eth0
	virtual_router_id 52
	version 3
	priority $1
	advert_int 0.2
	virtual_ipaddress {"
	printf '\t\t%s\n' "${all[@]:0:200}"
	printf '\t}\n\tvirtual_ipaddress_excluded {\n'
	printf '\t\t%s\n' "${all[@]:200}"
	printf '\t}\n\tvirtual_routes {\n'
	for ((i = 0; i < 100; i++)); do echo "172.16.$i.0/24 via 10.9.0.9"; done
	printf '\t}\n\tvirtual_rules {\n'
	for ((i = 0; i < 50; i++)); do echo "from 172.17.$i.0/24 lookup 55 preference $((1000 + i))"; done
	printf '\t}\n}\n'
}
holds() { # NODE ADDRESSES ROUTES RULES
	local of
	of="ip -n $(ns "$1")"
	[ "$($of -o -4 addr show dev eth0 | grep -c '10\.9\.[1-4]\.') $($of route | grep -c '^172\.16\.') $($of rule | grep -c '172\.17\.')" = "$2 $3 $4" ]
}
thousand() {
	make_switch many
	make_node m many 10.9.0.1/16
	make_node n many 10.9.0.2/16
	thousand_conf 150 | write_conf m
	thousand_conf 100 | write_conf n
	start_director n -P
	expect_soon many-all-of-them 10 holds n 1000 100 50
	start_director m -P
	expect_soon many-preempted 10 holds m 1000 100 50
	expect_soon many-left-behind-none 1 holds n 0 0 0
	ip -n "$(ns m)" link set dev eth0 down
	expect_soon many-fault-moves 5 holds n 1000 100 50
	ip -n "$(ns m)" link set dev eth0 up
	expect_soon many-back 10 holds m 1000 100 50
	expect_soon many-back-left-none 1 holds n 0 0 0
	stop m TERM
	expect many-stop-left-none holds m 0 0 0
	expect_soon many-stop-moves 2 holds n 1000 100 50
	stop n TERM
	expect many-last-left-none holds n 0 0 0
}
part many thousand

director_conf() { # NODE PRIORITY NUMBER
	write_conf "$1" <<CONF
vrrp_instance VI_1 {
	interface eth0
	virtual_router_id 51
	priority $2
	advert_int 1
	garp_master_delay 0
	virtual_ipaddress {
		$VIP/24 label eth0:vip brd + noprefixroute
		192.168.195.201 preferred_lft 0 no_track
		10.9.0.1 peer 10.9.0.2 dev eth1 scope link
	}
	virtual_ipaddress_excluded {
		$VIP6/64 -nodad preferred_lft 1000
		2001:db8:195::201
		2001:db8:195::202/64 home noprefixroute
	}
	virtual_routes {
		198.51.100.0/24 via 192.168.195.254 metric 7 mtu lock 1400 rtt 20ms initcwnd 12 src $VIP
		198.51.101.0/24 table 55 nexthop via 192.168.195.254 weight 3 nexthop via 192.168.195.253 dev eth0
		blackhole 203.0.113.0/24 table 55
		2001:db8:99::/48 via fe80::99 dev eth0 pref high
		2001:db8:97::/48 via fe80::99 dev eth0
		2001:db8:96::/48 via fe80::99 dev eth0 append
		2001:db8:96::/48 via fe80::98 dev eth0 append
		203.0.114.0/24 dev eth1 no_track
	}
	virtual_rules {
		from 10.50.0.0/16 preference 500 lookup 55
		not to 10.51.0.0/16 fwmark 5/7 iif eth0 dport 80 ipproto tcp preference 501 goto 600
		inet6 from all preference 502 prohibit
		from 10.52.0.0/16 preference 503 table main suppress_prefixlength 0
	}
}
static_ipaddress {
	10.77.0.$3 dev lo label lo:s
}
static_routes {
	203.0.115.0/24 via 192.168.195.254 dev eth0 track_group G
	2001:db8:98::/48 via fe80::99 dev eth0
}
static_rules {
	from 10.60.0.0/16 preference 700 unreachable
}
track_group G {
	group { VI_1 }
}
CONF
}

shows() { # NODE ADDRESS WORDS...: all of them in what ip(8) says of the address
	local node=$1 address=$2 word line
	shift 2
	line=$(ip -n "$(ns "$node")" -o addr show to "$address")
	for word; do
		case " ${line//\\/} " in *" $word "*) ;; *) return 1 ;; esac
	done
	[ -n "$line" ]
}

# repair NAME ADDRESS DELETE-ARGS...: deletes it by hand; ok when it is back
repair() {
	local name=$1 address=$2
	shift 2
	ip -n "$(ns a)" addr del "$@"
	expect_soon "$name" 5 has_address a "$address"
}

say "every option arrives in the kernel"
director_conf a 150 1
director_conf b 100 2
ip -n "$(ns a)" -6 route add 2001:db8:97::/48 via fe80::97 dev eth0 proto static
start_director a
start_director b
expect_soon master 15 has_address a $VIP
expect_soon option-label-brd 2 shows a $VIP eth0:vip brd 192.168.195.255 noprefixroute
expect option-preferred-lft shows a 192.168.195.201 deprecated
expect option-peer-scope shows a 10.9.0.1 peer 10.9.0.2/32 link eth1
expect option-v6-host-deprecated shows a 2001:db8:195::201 deprecated nodad
expect option-home shows a 2001:db8:195::202 home noprefixroute
dad_is_over() { shows a $VIP6 global && ! shows a $VIP6 tentative; }
expect_soon option-dad-ends 5 dad_is_over

say "deleted by hand, one after the other"
mark_log a
repair repaired-vip $VIP $VIP/24 dev eth0
repair repaired-with-peer 10.9.0.1 10.9.0.1 peer 10.9.0.2 dev eth1
repair repaired-v6 $VIP6 $VIP6/64 dev eth0
repair repaired-v6-host 2001:db8:195::201 2001:db8:195::201/128 dev eth0
expect repaired-peer shows a 10.9.0.1 peer 10.9.0.2/32
expect repaired-label shows a $VIP eth0:vip noprefixroute
expect deletion-in-log in_log_since a "IP $VIP removed from eth0"
ipn a addr change $VIP6/64 dev eth0 preferred_lft 2000 valid_lft forever
sees_short() { [ "$(ip -n "$(ns a)" -o addr show to $VIP6 | sed -n 's/.*preferred_lft \([0-9]*\)sec.*/\1/p')" -le 1000 ]; }
expect_soon changed-attribute-restored 2 sees_short
expect no-transition test "$(log_lines a 'Entering MASTER')" -eq 1

say "routes and rules: every word arrives, what is deleted by hand comes back"
route() { # NODE WORDS...: the route that "ip route show WORDS" finds, in one line
	ip -n "$(ns "$1")" -o "${@:2}" 2>/dev/null | tr -s ' \t\\' ' '
}
has_line() { # TEXT COMMAND...
	local text=$1 all
	shift
	all=$("$@")
	all=${all//$'\n'/ $'\n'}
	case "$all " in *"$text "*) ;; *) return 1 ;; esac
}
M="198.51.100.0/24 via 192.168.195.254 dev eth0 proto keepalived src $VIP metric 7 mtu lock 1400 rtt 20ms initcwnd 12"
L="nexthop via 192.168.195.254 dev eth0 weight 3 nexthop via 192.168.195.253 dev eth0 weight 1"
R6="2001:db8:99::/48 via fe80::99 dev eth0 proto keepalived metric 1024 pref high"
RULE="not from all to 10.51.0.0/16 fwmark 0x5/0x7 iif eth0 ipproto tcp dport 80 goto 600 [unresolved] proto keepalived"
expect route-metrics has_line "$M" route a route show table main
expect route-legs has_line "198.51.101.0/24 proto keepalived $L" route a route show table 55
expect route-blackhole has_line "blackhole 203.0.113.0/24 proto keepalived" route a route show table 55
expect route-v6 has_line "$R6" route a -6 route
expect rule-words has_line "$RULE" route a rule
expect rule-v6 has_line "from all prohibit proto keepalived" route a -6 rule
expect rule-suppress has_line "lookup main suppress_prefixlength 0 proto keepalived" route a rule
expect static-address shows a 10.77.0.1 lo:s
expect static-route has_line "203.0.115.0/24 via 192.168.195.254" route a route
expect static-on-backup has_line "203.0.115.0/24 via 192.168.195.254" route b route
expect_eq told-in-status "6 8 4" "$(status_of a '.vrrp[0] | "\(.addresses) \(.routes) \(.rules)"')"
expect none-on-backup test -z "$(route b route show table 55)$(route b -6 rule show pref 502)"
WAYS6="nexthop via fe80::99 dev eth0 weight 1 nexthop via fe80::98 dev eth0 weight 1"
expect appended-v6 has_line "$WAYS6" route a -6 route show 2001:db8:96::/48
expect beside-another-v6 has_line "nexthop via fe80::97 dev eth0 weight 1 nexthop via fe80::99" route a -6 route show 2001:db8:97::/48
mark_log a
ip -n "$(ns a)" route del 198.51.100.0/24 metric 7
expect_soon repaired-route 5 has_line "$M" route a route show table main
ip -n "$(ns a)" route del 198.51.101.0/24 table 55
expect_soon repaired-legs 5 has_line "$L" route a route show table 55
ip -n "$(ns a)" -6 route del 2001:db8:99::/48
expect_soon repaired-route-v6 5 has_line "$R6" route a -6 route
S6="2001:db8:98::/48 via fe80::99 dev eth0 proto keepalived metric 1024 pref medium"
only_route6() { # PREFIX LINE
	case "$(route a -6 route show "$1")" in "$2" | "$2 ") ;; *) return 1 ;; esac
}
only_ours6() { only_route6 2001:db8:99::/48 "$R6"; }
expect only-ours-v6 only_ours6
ip -n "$(ns a)" -6 route replace 2001:db8:99::/48 via fe80::98 dev eth0
expect_soon replaced-route-v6 5 only_ours6
ip -n "$(ns a)" -6 route append 2001:db8:99::/48 via fe80::97 dev eth0
expect_soon another-way-v6 5 only_ours6
expect_stays another-way-is-over 1 only_ours6
expect only-static-v6 only_route6 2001:db8:98::/48 "$S6"
ip -n "$(ns a)" -6 route replace 2001:db8:98::/48 via fe80::98 dev eth0
expect_soon replaced-static-v6 5 only_route6 2001:db8:98::/48 "$S6"
ip -n "$(ns a)" rule del pref 501
expect_soon repaired-rule 5 has_line "$RULE" route a rule
ip -n "$(ns a)" route del 203.0.115.0/24
expect_soon repaired-static-route 5 has_line "203.0.115.0/24 via 192.168.195.254" route a route
ip -n "$(ns a)" addr del 10.77.0.1/32 dev lo
expect_soon repaired-static-address 5 has_address a 10.77.0.1
expect removal-in-log in_log a "route 198.51.100.0/24 was removed"
ip -n "$(ns a)" route del 203.0.114.0/24
expect no-track-route-stays-away test -z "$(route a route show 203.0.114.0/24)"

say "a crash of the child and a reload leave them alone"
ip -n "$(ns a)" monitor route rule >"$(node_dir a)/monitor.log" 2>&1 &
MONITOR=$!
changes_seen() { grep keepalived "$(node_dir a)/monitor.log" | grep -vc 203.0.114.0; } # not what came back untracked
pid=$(role_pid a vrrp)
kill -KILL "$pid"
expect_soon respawned 10 is_respawned a vrrp "$pid"
expect_soon adopted 10 in_log_since a 'Going on in MASTER'
expect_eq crash-touches-nothing 0 "$(changes_seen)"
sed -i 's/preference 500 lookup 55/preference 505 lookup 55/; s/initcwnd 12/initcwnd 14/' "$(node_dir a)/keepalived.conf"
reload_director a
expect_soon reload-changes-rule 5 has_line "505: from 10.50.0.0/16 lookup 55" route a rule
expect_soon reload-changes-route 5 has_line "initcwnd 14" route a route show 198.51.100.0/24
expect reload-removes-old test -z "$(route a rule show pref 500)"
kill $MONITOR
wait $MONITOR 2>/dev/null
expect_eq reload-touches-only-these 4 "$(changes_seen)"

say "an interface under an address goes and comes back: the instance follows, the address as well"
ip -n "$(ns a)" link del eth1
expect_soon interface-gone-fails-over 10 has_address b $VIP
expect interface-gone-releases lacks_address a $VIP
expect backup-releases-routes test -z "$(route a route show table 55)$(route a rule show pref 505)"
expect_soon successor-has-routes 5 has_line "$L" route b route show table 55
plug_cable a side eth1
expect_soon interface-back 15 has_address a 10.9.0.1

say "an interface under an address gets another name: nothing stays on it"
other_node_has_it() { has_address b 10.9.0.1 && lacks_address a 10.9.0.1; }
leaves_nothing() { lacks_address a 10.9.0.1 && test -z "$(route a route show dev eth9 proto 18)"; }
ipn a link set dev eth1 name eth9
expect_soon interface-renamed-is-left 5 leaves_nothing
expect_soon interface-renamed-fails-over 10 other_node_has_it
ipn a link set dev eth9 name eth1
expect_soon interface-has-its-name 15 has_address a 10.9.0.1

say "another host has an IPv6 address: reported, and taken again when it is free"
stop a
stop b
ipn c addr add $VIP6/64 dev eth0 nodad
in_ns a sysctl -q net.ipv6.conf.eth0.accept_dad=2
start_director a
expect_soon P16-duplicate-reported 20 in_log a 'vrrp_address_duplicate|another host on eth0 has address 2001:db8:195::200'
ipn c addr del $VIP6/64 dev eth0
is_sound() { shows a $VIP6 global && ! shows a $VIP6 dadfailed && ! shows a $VIP6 tentative; }
expect_soon P16-duplicate-repaired 15 is_sound
stop a
expect_eq stop-status 0 "$STATUS"
expect no-routes-left test -z "$(route a route show proto 18)$(route a route show table 55)$(route a -6 route show proto 18)"
expect no-rules-left test -z "$(route a rule | grep keepalived)$(route a -6 rule | grep keepalived)"
expect no-static-left lacks_address a 10.77.0.1
expect nothing-left lacks_address a 192.168.195.201
expect nothing-left-v6 lacks_address a $VIP6
expect_eq no-way-left-v6 "" "$(route a -6 route show 2001:db8:96::/48)$(route a -6 route show 2001:db8:99::/48)"
expect what-was-there-stays only_route6 2001:db8:97::/48 "2001:db8:97::/48 via fe80::97 dev eth0 proto static metric 1024 pref medium"
join_parts
