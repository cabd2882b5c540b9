#!/bin/bash
#
#	   192.168.195.0/24, fd00:195::/64, VIPs .200 and ::200
#	 ┌─────────────────── sw (br0) ───────────────────┐
#	 │                      │                         │
#	a .130 prio 150       b .131 prio 100         client .1
#
# Two directors and a client: election, failover when the cable of the active is cut, when all its processes are
# killed, planned stop, preemption back. The client probes both VIPs every 2 ms and says how long each was silent.
. "${BASH_SOURCE[0]%/*}/lab.sh"
need ip tcpdump
need_director

VIP=192.168.195.200
VIP6=fd00:195::200
ADVERT_S=0.5

director_conf() { # NODE PRIORITY
	write_conf "$1" <<-EOF
		global_defs {
		    router_id $1
		}
		vrrp_instance VI_1 {
		    state BACKUP
		    interface eth0
		    virtual_router_id 51
		    version 3
		    priority $2
		    advert_int $ADVERT_S
		    virtual_ipaddress {
		        $VIP/24
		    }
		}
		vrrp_instance VI_6 {
		    state BACKUP
		    interface eth0
		    virtual_router_id 51
		    version 3
		    priority $2
		    advert_int $ADVERT_S
		    virtual_ipaddress {
		        fe80::200
		        $VIP6/128
		    }
		}
	EOF
}
owns_both() { # NODE
	has_address "$1" $VIP && has_address "$1" $VIP6
}
owns_alone() { # NODE OTHER
	owns_both "$1" && lacks_address "$2" $VIP && lacks_address "$2" $VIP6
}
client_follows() { # NODE
	neighbour_is client $VIP "$1" && neighbour_is client $VIP6 "$1"
}
start_pings() {
	start_ping client $VIP -w 100
	start_client client ping6 "$VIPPING" -w 100 $VIP6
}
expect_blackouts() { # NAME LIMIT-MS
	stop_ping client
	expect_most "$1" "$2" "$PING_GAP_MS" ms
	stop_ping client ping6
	expect_most "$1-v6" "$2" "$PING_GAP_MS" ms
}
# 3 adverts and the skew of priority 100 (156/256 advert), plus 150 ms for a busy machine
FAILOVER_MS=$(awk -v a=$ADVERT_S 'BEGIN { print int(a * 1000 * (3 + 156 / 256) + 150) }')

say "topology: directors a and b, a client, one switch"
make_switch sw
make_node a sw 192.168.195.130/24 fd00:195::130/64
make_node b sw 192.168.195.131/24 fd00:195::131/64
make_node client sw 192.168.195.1/24 fd00:195::1/64
director_conf a 150
director_conf b 100

say "election"
start client garp tcpdump -lni eth0 "arp host $VIP"
wait_for "tcpdump listens" 5 grep -q listening "$(node_dir client)/garp.log"
start_director b
wait_for "b is running" 10 is_running_as b vrrp
start_director a
expect_soon election 10 owns_alone a b || give_up "no election"
expect_soon garp-seen 5 grep -qE "(Announcement|who-has) $VIP" "$(node_dir client)/garp.log"
expect client-reaches-vip in_ns client "$VIPPING" -t 0.1 $VIP
expect client-reaches-vip6 in_ns client "$VIPPING" -t 0.1 $VIP6
expect_soon client-neighbour 2 client_follows a

say "failover: the cable of the active is cut"
start_pings
cut_cable a sw
expect_soon failover-cut 10 owns_both b
wait_for "client sends to b" 5 client_follows b
expect_blackouts blackout-cut "$FAILOVER_MS"

say "healing: a comes back with the higher priority, one owner remains"
start_pings
mend_cable a sw
expect_soon preemption-back 10 owns_alone a b
expect_soon client-follows 5 client_follows a
expect_blackouts blackout-preemption 1000

say "failover: all processes of the active are killed and it falls off the net"
start_pings
kill_director a
cut_cable a sw
expect_soon failover-killed 10 owns_both b
wait_for "client sends to b" 5 client_follows b
expect_blackouts blackout-killed "$FAILOVER_MS"

say "restart: a finds the VIP it still has from before and takes over in order"
mend_cable a sw
start_director a
expect_soon restart 10 owns_alone a b
expect_soon client-follows-again 5 client_follows a

say "planned stop of the active"
start_pings
stop a TERM
expect_eq stop-status 0 "$STATUS"
expect_soon takeover-after-stop 5 owns_both b
expect stop-gives-up lacks_address a $VIP
expect stop-gives-up-v6 lacks_address a $VIP6
wait_for "client sends to b" 5 client_follows b
# The backup may wait its skew: 156/256 advert.
expect_blackouts blackout-stop "$(awk -v a=$ADVERT_S 'BEGIN { print int(a * 1000 * 156 / 256 + 100) }')"

say "end"
stop b TERM
expect_eq stop-status-b 0 "$STATUS"
expect nothing-left lacks_address b $VIP
