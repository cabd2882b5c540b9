#!/bin/bash
# A split that lasted so long that nobody has a link address of the peer any more (ARP and neighbour discovery gave up),
# and heals: two masters by unicast end within one interval, not when the kernel asks for the peer the next time.
#
#   a 10.51.0.1, 2001:db8:51::1      a, b --- sw
#   b 10.51.0.2, 2001:db8:51::2      FOUR by IPv4, SIX by IPv6; a peer of both that does not exist
. "${0%/*}/lab.sh"
need_director

FOUR=10.51.0.200
SIX=2001:db8:51::200
ADVERT_MS=100
ROUNDS=${ROUNDS:-4}
LIMIT_MS=$((ADVERT_MS + 50))
SLACK_MS=${SLACK_MS:-150} # polling, and starting ip(8) four times

make_switch sw
make_node a sw 10.51.0.1/24 2001:db8:51::1/64
make_node b sw 10.51.0.2/24 2001:db8:51::2/64
for node in a b; do # a peer that is silent is doubted soon, but asked for as often as everywhere
	in_ns $node sysctl -q net.ipv4.neigh.eth0.base_reachable_time_ms=1000 net.ipv6.neigh.eth0.base_reachable_time_ms=1000 \
		net.ipv4.neigh.eth0.delay_first_probe_time=1 net.ipv6.neigh.eth0.delay_first_probe_time=1
done

instance() { # NAME VRID PRIORITY SOURCE PEER ADDRESS PEER-THAT-IS-NOT-THERE
	cat <<-CONF
		vrrp_instance $1 {
		    state BACKUP
		    interface eth0
		    virtual_router_id $2
		    version 3
		    priority $3
		    advert_int 0.1
		    unicast_src_ip $4
		    unicast_peer {
		        $5
		        $7
		    }
		    virtual_ipaddress {
		        $6
		    }
		}
	CONF
}
conf() { # OWN OTHER PRIORITY
	instance FOUR 51 "$3" "10.51.0.$1" "10.51.0.$2" $FOUR/24 10.51.0.77
	instance SIX 51 "$3" "2001:db8:51::$1" "2001:db8:51::$2" $SIX/64 2001:db8:51::77
}
owns_alone() { # NODE OTHER ADDRESS
	has_address "$1" "$3" && lacks_address "$2" "$3"
}
both_own() { has_address a "$1" && has_address b "$1"; }
both_own_both() { both_own $FOUR && both_own $SIX; }
a_owns_both() { owns_alone a b $FOUR && owns_alone a b $SIX; }
nobody_knows_the_peer() {
	[ -z "$(neighbour_mac a 10.51.0.2)$(neighbour_mac b 10.51.0.1)$(neighbour_mac a 2001:db8:51::2)$(neighbour_mac b 2001:db8:51::1)" ]
}

conf 1 2 150 | write_conf a
conf 2 1 100 | write_conf b
start_director b
start_director a
expect_soon elected 15 a_owns_both

before=()
questions() { # TARGET: how often somebody asked for it so far
	tcpdump -nr "$(node_dir sw)/wire.pcap" 2>/dev/null | grep -cE "who[- ]has $1[ ,]"
}

start sw record tcpdump -Uni br0 -w "$(node_dir sw)/wire.pcap" "arp or icmp6"
wait_for "the witness listens" 10 grep -q listening "$(node_dir sw)/record.log"

for round in $(seq "$ROUNDS"); do
	say "split and healed, $round of $ROUNDS"
	cut_cable a sw
	expect_soon both-are-masters 10 both_own_both
	expect_soon neighbours-are-forgotten 30 nobody_knows_the_peer
	mend_cable a sw
	expect_soon one-master-each 10 a_owns_both
	expect_most F5-P1-within-an-interval $((LIMIT_MS + SLACK_MS)) "$WAITED_MS" ms
done

say "whoever is known is asked for no more, and whoever is not there goes on being asked for, twenty times a second at most"
for target in 10.51.0.2 10.51.0.77 2001:db8:51::2 2001:db8:51::77; do before[${#before[@]}]=$(questions $target); done
WATCH_S=3
expect_stays nothing-else-happens $WATCH_S a_owns_both
at=0
for target in 10.51.0.2 10.51.0.77 2001:db8:51::2 2001:db8:51::77; do
	asked=$(($(questions $target) - before[at++]))
	case $target in
	*77)
		expect "$target-is-asked-for" test $asked -gt $((WATCH_S * 5))
		expect_most "$target-not-too-often" $((WATCH_S * 22)) $asked
		;;
	*) expect_most "$target-as-the-kernel-does" $((WATCH_S * 2)) $asked ;;
	esac
done
