#!/bin/bash
# Single addresses with the virtual MAC: use_vmac of a line, use_vmac_addr of an instance.
#
#   a, b  diarch: the instance runs on eth0; eth1 is another link
#   c     a host on both         a, b eth0 --- lan --- c eth0
#                                a, b eth1 --- side --- c eth1
# And routers whose interface is a macvlan itself: p in a container (the interface below is in h), q beside its eth0:
#
#   h eth0 --- up --- q eth0        a host on the same link: d
#   p up0 on h eth0   q up0
#
# calm
# shellcheck disable=SC2016 # awk programs
. "${0%/*}/lab.sh"
need_director
need tcpdump
PLAIN=10.50.0.200
LINE=10.50.0.201
SIDE=10.60.0.200
SIDE6=2001:db8:60::200
MAC=00:00:5e:00:01:33

make_switch lan
make_switch side
make_node a lan 10.50.0.1/24
make_node b lan 10.50.0.2/24
make_node c lan 10.50.0.9/24
number=1
for node in a b c; do
	plug_cable $node side eth1
	add_addresses $node eth1 10.60.0.$number/24 2001:db8:60::$number/64
	number=$((number + 1))
done

conf() { # PRIORITY [WORDS]: of the instance
	cat <<-CONF
		global_defs {
		    vmac_addr_prefix va
		}
		vrrp_instance VI_1 {
		    interface eth0
		    virtual_router_id 51
		    priority $1
		    advert_int 1
		    version 3
		    garp_extra_if 1
		    ${2-use_vmac_addr}
		    virtual_ipaddress {
		        $PLAIN/24
		        $LINE/24 use_vmac
		        $SIDE/24 dev eth1
		    }
		    virtual_ipaddress_excluded {
		        $SIDE6/64 dev eth1
		        10.70.0.1 dev lo
		    }
		}
	CONF
}
reaches() { in_ns c "$VIPPING" -t 0.05 "$1"; }
knows() { [ "$(neighbour_mac c "$1")" = "$2" ]; }
dev_of() { # NODE ADDRESS: the interfaces that have it
	ip -n "$(ns "$1")" -o addr show to "$2" | awk '{ printf "%s%s", s, $2; s = " " }'
}
link_is() { # NODE NAME WORDS
	case "$(ip -n "$(ns "$1")" -d link show dev "$2" 2>/dev/null | tr -s ' \n' ' ')" in *"$3"*) ;; *) return 1 ;; esac
}
index_of() { in_ns a cat "/sys/class/net/$1/ifindex"; }
frames() { tcpdump -nettr "$(node_dir c)/side.pcap" "$@" 2>/dev/null; }
is_on() { [ "$(dev_of "$1" "$2")" = "$3" ]; }
extra_frames() { [ "$(frames "arp[6:2] = 1 and arp[14:4] = 0x0a3c00c8 and ether src $MAC" | wc -l)" -ge "$1" ]; }

setting() { in_ns a cat "/proc/sys/net/ipv4/conf/$1"; }
settings() { echo "$(setting eth1/arp_ignore) $(setting eth1/arp_filter) $(setting eth1/arp_announce)"; }

above_conf() { # PRIORITY
	cat <<-CONF
		vrrp_instance VI_3 {
		    interface up0
		    virtual_router_id 53
		    version 3
		    priority $1
		    advert_int 0.1
		    use_vmac
		    virtual_ipaddress {
		        $ABOVE/24
		    }
		}
	CONF
}
ABOVE=10.80.0.200
d_finds_virtual_mac() {
	ip -n "$(ns d)" neigh flush dev eth0
	in_ns d "$VIPPING" -t 0.05 $ABOVE && [ "$(neighbour_mac d $ABOVE)" = 00:00:5e:00:01:35 ]
}
vmacs_of() { ip -n "$(ns "$1")" -o link | grep -c 'vrrp[0-9]*\.53'; }
above() {
	local node child
	make_switch up
	make_node h up
	make_ns p
	make_node q up
	make_node d up 10.80.0.9/24
	ip -n "$(ns h)" link add link eth0 name up0 netns "$(ns p)" type macvlan mode bridge
	ip -n "$(ns q)" link add link eth0 name up0 type macvlan mode bridge
	add_addresses p up0 10.80.0.1/24
	add_addresses q up0 10.80.0.2/24
	for node in p q; do ip -n "$(ns $node)" link set dev up0 up; done
	above_conf 100 | write_conf q
	start_director q -P
	expect_soon above-alone 10 is_on q $ABOVE vrrp.53
	expect_soon above-q-has-the-virtual-mac-only 5 d_finds_virtual_mac
	above_conf 150 | write_conf p
	start_director p -P
	expect_soon above-p-preempts 10 is_on p $ABOVE vrrp.53
	expect_soon above-q-hears-its-own-mac 5 lacks_address q $ABOVE
	expect_soon above-p-is-reached 5 d_finds_virtual_mac
	child=$(role_pid p vrrp)
	kill -KILL "$child"
	expect_soon above-respawned 5 is_respawned p vrrp "$child"
	expect_soon above-goes-on 5 in_log p 'Going on in MASTER STATE'
	expect_eq above-the-same-interface 1 "$(vmacs_of p)"
	expect above-no-failure eval "! in_log p vmac_failed && ! in_log q vmac_failed"
	stop p
	expect_eq above-interface-gone 0 "$(vmacs_of p)"
	expect_soon above-q-again 5 is_on q $ABOVE vrrp.53
	stop q
	ip -n "$(ns q)" link set dev up0 type macvlan mode private
	start_director q -P
	expect_soon above-private-is-said 5 in_log q 'cannot make interface vrrp.53: a macvlan must be in bridge or vepa mode'
	expect_soon above-private-is-fault 5 in_log q 'Entering FAULT STATE'
	stop q
}
part above above

before=$(settings)
conf 150 | write_conf a
conf 100 | write_conf b
start c record tcpdump -Uni eth1 -w "$(node_dir c)/side.pcap"
wait_for "the witness listens" 10 grep -q listening "$(node_dir c)/record.log"
start_director a
start_director b
expect_soon active 15 has_address a $SIDE
expect_eq without-a-word-on-the-interface eth0 "$(dev_of a $PLAIN)"
expect_eq use_vmac-of-the-line va.51 "$(dev_of a $LINE)"
expect_eq use_vmac_addr va1.51 "$(dev_of a $SIDE)"
expect_eq of-the-other-family-too va1.51 "$(dev_of a $SIDE6)"
expect_eq never-on-lo lo "$(dev_of a 10.70.0.1)"
expect on-the-interface-of-the-instance link_is a va.51 "va.51@eth0"
expect on-the-interface-of-the-line link_is a va1.51 "va1.51@eth1"
expect virtual-mac link_is a va1.51 $MAC
expect_eq settings-while-up "1 1 2" "$(settings)"

say "hosts learn the virtual MAC of these, and of no other"
for address in $PLAIN $LINE $SIDE $SIDE6; do
	expect_soon "reached-$address" 5 reaches "$address"
done
expect plain-has-mac-of-interface knows $PLAIN "$(mac_of a eth0)"
expect line-has-virtual-mac knows $LINE $MAC
expect side-has-virtual-mac knows $SIDE $MAC
expect side6-has-virtual-mac knows $SIDE6 $MAC
for _ in 1 2 3; do
	in_ns a ip neigh flush dev va1.51
	in_ns a ip neigh flush dev eth1
	reaches $SIDE >/dev/null
done
expect_eq T8-no-arp-with-physical-mac "" "$(frames "arp and arp[14:4] = 0x0a3c00c8 and not ether src $MAC" | head -3)"
expect T5-garp-from-virtual-mac test -n "$(frames "arp[14:4] = 0x0a3c00c8 and arp[24:4] = 0x0a3c00c8 and ether src $MAC" | head -1)"
expect T6-na-from-virtual-mac test -n "$(frames "icmp6 and ip6[40] = 136 and ip6[60:4] = 0x200 and ether src $MAC" | head -1)"
seen=$(frames "arp[6:2] = 1 and arp[14:4] = 0x0a3c00c8 and ether src $MAC" | wc -l)
expect_soon garp_extra_if-tells-the-switches 10 extra_frames $((seen + 2))

say "the backup has them down; failover changes no neighbour of a host"
expect T9-line-down link_is b va.51 "state DOWN"
expect T9-side-down link_is b va1.51 "state DOWN"
conf 50 | write_conf a
reload_director a
expect_soon b-takes-over 15 has_address b $SIDE
expect_soon a-gives-way 5 lacks_address a $SIDE
expect_eq b-same-interface va1.51 "$(dev_of b $SIDE)"
expect_soon host-reaches-b 5 reaches $SIDE
expect same-mac knows $SIDE $MAC
expect a-drops-frames link_is a va1.51 "state DOWN"
conf 150 | write_conf a
reload_director a
expect_soon a-again 15 has_address a $SIDE

say "a link of an address counts, as without VMAC"
ip -n "$(ns side)" link set dev a.eth1 down
expect_soon fault-when-the-link-below-fails 10 lacks_address a $PLAIN
ip -n "$(ns side)" link set dev a.eth1 up
expect_soon back 15 has_address a $SIDE

say "a crash of the child, and an interface that somebody deletes"
index=$(index_of va1.51)
pid=$(role_pid a vrrp)
kill -KILL "$pid"
expect_soon respawned 10 is_respawned a vrrp "$pid"
expect_soon adopted 10 in_log a 'Going on in MASTER'
expect_eq same-interface "$index" "$(index_of va1.51)"
expect address-stays has_address a $SIDE
ip -n "$(ns a)" link del va1.51
expect_soon deleted-comes-back 5 is_on a $SIDE va1.51
expect_soon host-reaches-again 5 reaches $SIDE

say "a reload that takes the keyword away, and gives it back"
conf 150 '' | write_conf a
reload_director a
expect_soon moved-to-the-interface 5 is_on a $SIDE eth1
expect_eq line-stays va.51 "$(dev_of a $LINE)"
expect_eq interface-removed "" "$(ip -n "$(ns a)" -o link show dev va1.51 2>/dev/null)"
expect_soon host-learns-other-mac 5 knows $SIDE "$(mac_of a eth1)"
conf 150 | write_conf a
reload_director a
expect_soon moved-back 5 is_on a $SIDE va1.51
expect_soon host-learns-virtual-mac 5 knows $SIDE $MAC
expect no-transition test "$(log_lines a 'Entering MASTER')" -le 4

say "a stop leaves nothing behind"
stop a
expect_eq stop-status 0 "$STATUS"
expect_eq interfaces-gone "" "$(ip -n "$(ns a)" -o link | grep -E 'va1?\.51')"
expect_eq settings-restored "$before" "$(settings)"
expect_soon b-has-it 5 has_address b $SIDE
join_parts
