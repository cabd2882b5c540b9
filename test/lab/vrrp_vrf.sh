#!/bin/bash
# Routing domains (VRF), VLANs and use_ipvlan: elections and failover of instances on links of these kinds.
#
#   RED   eth0 in the VRF red, use_vmac; one more address on the VRF itself
#   UNI   without interface, unicast in that VRF
#   TAG   eth1.10, a VLAN
#   IPV   an ipvlan on eth2
#
#   a, b  diarch       a, b --- lan (eth0), trunk (eth1), third (eth2) --- c
#   c     a host
#
# Where the kernel has none of these links the lab runs in a guest that has them.
# calm
# shellcheck disable=SC2016 # awk programs
. "${0%/*}/lab.sh"
need_director
need tcpdump jq

has_links() { # whether this kernel makes them, in a namespace of its own
	unshare -n sh -c 'ip link add name p type veth peer name q && ip link add name r type vrf table 9 &&
		ip link add link p name p.1 type vlan id 1 && ip link add link q name i type ipvlan' 2>/dev/null
}
if ! has_links; then
	[ -z "${LAB_UML:-}" ] || give_up "the guest has no VRF, VLAN or ipvlan"
	case $BUILD in *asan*) skip_lab "AddressSanitizer does not run in the guest" ;; esac
	command -v linux.uml >/dev/null || skip_lab "this kernel has no VRF, VLAN or ipvlan, and there is no linux.uml"
	trap - EXIT
	lab_remove_dir
	exec "$TOP/test/lab/uml.sh" --timeout "${LAB_TIMEOUT:-200}" "$0" "$@"
fi

RED=10.50.0.200
UNI=10.50.0.210
TAG=10.60.0.200
IPV=10.70.0.200
MAC=00:00:5e:00:01:33

for switch in lan trunk third; do make_switch $switch; done
number=1
for node in a b c; do
	make_node $node lan 10.50.0.$number/24
	plug_cable $node trunk eth1
	plug_cable $node third eth2
	add_addresses $node eth2 10.70.0.$number/24
	in_ns $node ip link add link eth1 name eth1.10 type vlan id 10
	in_ns $node ip link set eth1.10 up
	add_addresses $node eth1.10 10.60.0.$number/24
	number=$((number + 1))
done
for node in a b; do
	in_ns $node ip link add name red type vrf table 10
	in_ns $node ip link set red up
	in_ns $node ip link set eth0 master red
	in_ns $node ip route add 10.99.0.0/24 via 10.50.0.3 table 10
done
in_ns c ip route add 192.0.2.99 via $RED

conf() { # PRIORITY NUMBER [INTERFACE OF RED]
	cat <<-CONF
		vrrp_instance RED {
		    interface ${3:-eth0}
		    virtual_router_id 51
		    priority $1
		    version 3
		    use_vmac
		    virtual_ipaddress {
		        $RED/24
		    }
		    virtual_ipaddress_excluded {
		        192.0.2.99 dev red
		    }
		    virtual_routes {
		        10.98.0.0/24 via 10.50.0.3 vrf red
		    }
		}
		vrrp_instance UNI {
		    virtual_router_id 54
		    vrf red
		    priority $1
		    version 3
		    unicast_src_ip 10.50.0.$2
		    unicast_peer {
		        10.50.0.$((3 - $2))
		    }
		    virtual_ipaddress {
		        $UNI/24 dev eth0
		    }
		}
		vrrp_instance TAG {
		    interface eth1.10
		    virtual_router_id 52
		    priority $1
		    version 3
		    virtual_ipaddress {
		        $TAG/24
		    }
		}
		vrrp_instance IPV {
		    interface eth2
		    virtual_router_id 53
		    priority $1
		    version 3
		    use_ipvlan ipv53 10.70.0.1$2/24 bridge
		    virtual_ipaddress {
		        $IPV/24
		    }
		}
	CONF
}
owns_all() { has_address "$1" $RED && has_address "$1" $UNI && has_address "$1" $TAG && has_address "$1" $IPV; }
owns_none() { lacks_address "$1" $RED && lacks_address "$1" $UNI && lacks_address "$1" $TAG && lacks_address "$1" $IPV; }
owns_alone() { owns_all "$1" && owns_none "$2"; }
link_has() { # NODE NAME WORDS: in what ip(8) says of it
	case "$(ip -n "$(ns "$1")" -d link show dev "$2" 2>/dev/null | tr -s ' \n' ' ')" in *"$3"*) ;; *) return 1 ;; esac
}
reaches() { in_ns c "$VIPPING" -t 0.5 "$1"; }
frames() { # SWITCH FILTER...: recorded on that link
	local switch=$1
	shift
	tcpdump -nettr "$(node_dir c)/$switch.pcap" "$@" 2>/dev/null
}
transitions() { echo "$(($(log_lines a 'Entering [A-Z]+ STATE') + $(log_lines b 'Entering [A-Z]+ STATE')))"; }
are_still() { [ "$(transitions)" = "$1" ]; }
lives_in() { [ "$(ip -n "$(ns a)" -o link show dev "$1" 2>/dev/null | grep -c "master $2")" = 1 ]; }

conf 150 1 | write_conf a
conf 100 2 | write_conf b
for link in lan:eth0 trunk:eth1 third:eth2; do
	start c record-${link%:*} tcpdump -Uni ${link#*:} -w "$(node_dir c)/${link%:*}.pcap"
done
for link in lan trunk third; do
	wait_for "the witness listens" 20 grep -q listening "$(node_dir c)/record-$link.log"
done
start_director b
start_director a
expect_soon elected 30 owns_alone a b
expect_stays no-flapping 3 are_still "$(transitions)"

say "each where it belongs"
expect vmac-on-base link_has a vrrp.51 "vrrp.51@eth0"
expect vmac-in-vrf lives_in vrrp.51 red
expect_eq address-in-table-of-vrf vrrp.51 "$(ip -n "$(ns a)" -j route show table 10 type local | jq -r '.[] | select(.dst == "'$RED'") | .dev')"
expect_eq route-in-table-of-vrf 1 "$(ip -n "$(ns a)" -o route show table 10 | grep -c '^10.98.0.0/24')"
expect_eq address-on-the-vrf red "$(ip -n "$(ns a)" -o addr show to 192.0.2.99 | awk '{ print $2 }')"
expect_eq address-on-vlan eth1.10 "$(ip -n "$(ns a)" -o addr show to $TAG | awk '{ print $2 }')"
expect ipvlan link_has a ipv53 "ipvlan mode l2 bridge"
expect_eq address-on-ipvlan ipv53 "$(ip -n "$(ns a)" -o addr show to $IPV | awk '{ print $2 }')"
expect_eq own-address-of-ipvlan ipv53 "$(ip -n "$(ns a)" -o addr show to 10.70.0.11 | awk '{ print $2 }')"
expect_eq ipvlan-of-the-backup ipv53 "$(ip -n "$(ns b)" -o addr show to 10.70.0.12 | awk '{ print $2 }')"

say "on the wire"
expect red-from-virtual-mac test -n "$(frames lan "ip proto 112 and ether src $MAC and src 10.50.0.1" | head -1)"
expect_eq unicast-only "" "$(frames lan "ip proto 112 and dst 224.0.0.18 and ip[21] = 54" | head -2)"
expect tagged test -n "$(frames trunk "vlan 10 and ip proto 112 and src 10.60.0.1" | head -1)"
expect ipvlan-source test -n "$(frames third "ip proto 112 and src 10.70.0.11" | head -1)"
expect_eq ipvlan-no-other-source "" "$(frames third "ip proto 112 and not src 10.70.0.11 and not src 10.70.0.12" | head -2)"
for address in $RED $UNI $TAG $IPV 192.0.2.99; do
	expect_soon "reached-$address" 10 reaches $address
done

say "a crash of the child costs nothing"
pid=$(role_pid a vrrp)
index=$(in_ns a cat /sys/class/net/ipv53/ifindex)
kill -KILL "$pid"
expect_soon respawned 20 is_respawned a vrrp "$pid"
expect_soon adopted 20 in_log a 'IPV. Going on in MASTER'
expect_eq same-ipvlan "$index" "$(in_ns a cat /sys/class/net/ipv53/ifindex)"
ip -n "$(ns a)" addr del 10.70.0.11/24 dev ipv53
expect_soon own-address-comes-back 10 has_address a 10.70.0.11
ip -n "$(ns a)" link del ipv53
expect_soon ipvlan-comes-back 10 has_address a $IPV

say "the interface leaves the VRF: what is on it follows"
ip -n "$(ns a)" link set eth0 nomaster
lives_nowhere() { ! lives_in "$1" red; }
expect_soon vmac-left 10 lives_nowhere vrrp.51
ip -n "$(ns a)" link set eth0 master red
expect_soon vmac-back 10 lives_in vrrp.51 red
expect_soon address-is-there 20 has_address a $RED
expect_soon reached-again 10 reaches $RED

say "failover and back"
kill_director a
for port in a a.eth1 a.eth2; do
	case $port in a) switch=lan ;; a.eth1) switch=trunk ;; *) switch=third ;; esac
	ip -n "$(ns $switch)" link set dev "$port" nomaster
done
expect_soon b-takes-over 20 owns_all b
for address in $RED $UNI $TAG $IPV 192.0.2.99; do
	expect_soon "reached-$address-at-b" 10 reaches $address
done
for port in a a.eth1 a.eth2; do
	case $port in a) switch=lan ;; a.eth1) switch=trunk ;; *) switch=third ;; esac
	ip -n "$(ns $switch)" link set dev "$port" master br0
done
LAB_PID[a]=
start_director a
expect_soon a-again 30 owns_alone a b

say "a stop leaves nothing behind"
stop b
expect_eq stop-status 0 "$STATUS"
expect_eq interfaces-gone "" "$(ip -n "$(ns b)" -o link | grep -E 'vrrp.51|ipv53')"
stop a
