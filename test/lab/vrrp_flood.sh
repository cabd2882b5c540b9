#!/bin/bash
#
#	sw ── a ── side
#
# a: diarch, one instance on eth0 with an address and a route of its own; the routes of others leave by the other side.
#
# A routing daemon fills the kernel with routes while a director watches its own: they do not wake it, and its own are
# still repaired. Then more is changed than its queue takes: it reads everything anew.
# calm
. "${BASH_SOURCE[0]%/*}/lab.sh"
need ip jq
need_director

VIP=192.168.195.200
ROUTES=100000   # of others
OWN=30000       # with the protocol of ours, that come and go while nobody reads
WAKEUPS_MAX=500 # of a second or two: an advertisement a second, and what reading the clock takes

make_switch sw
make_node a sw 192.168.195.130/24
make_switch side
plug_cable a side others
write_conf a <<END
vrrp_instance VI_1 {
    interface eth0
    virtual_router_id 51
    priority 150
    advert_int 1
    garp_master_delay 0
    virtual_ipaddress {
        $VIP/24
    }
    virtual_routes {
        198.51.100.0/24 via 192.168.195.254
    }
}
END
has_route() { ip -n "$(ns a)" route show 198.51.100.0/24 | grep -q via; }
wakeups() { sed -n 's/^voluntary_ctxt_switches:[^0-9]*//p' "/proc/$CHILD/status"; }
# Notifications that found no room in the queue of a socket of rtnetlink.
overruns() { in_ns a awk '$2 == 0 { n += $9 } END { print n + 0 }' /proc/net/netlink; }

start_director a
poll_until "a is active" 20 has_address a $VIP
poll_until "a has its route" 5 has_route
CHILD=$(pid_in_file a vrrp)

say "$ROUTES routes of others do not wake the director"
awk -v n=$ROUTES 'BEGIN { for (i = 0; i < n; i++)
	printf "route add 100.%d.%d.%d/32 dev others proto bgp\n", 64 + i / 65536, i / 256 % 256, i % 256 }' >"$LAB_DIR/routes"
before=$(wakeups)
ip -n "$(ns a)" -batch "$LAB_DIR/routes"
expect_most "wakeups during $ROUTES foreign routes" $WAKEUPS_MAX $(($(wakeups) - before))
expect_eq "notifications lost" 0 "$(overruns)"
ip -n "$(ns a)" route del 198.51.100.0/24
expect_soon "its own route comes back" 2 has_route
ip -n "$(ns a)" route replace 198.51.100.0/24 via 192.168.195.253 proto bgp
expect_soon "also when another program's route takes its place" 2 in_ns a sh -c \
	'ip route show 198.51.100.0/24 | grep -q 195.254'

say "more than its queue takes, while it is stopped"
sed "s/ proto bgp/ proto 18/; ${OWN}q" "$LAB_DIR/routes" >"$LAB_DIR/own"
ip -n "$(ns a)" route flush proto bgp
PARENT=$(pid_in_file a parent)
kill -STOP "$PARENT" "$CHILD" # the parent, too: it would take the child for hung
ip -n "$(ns a)" -batch "$LAB_DIR/own"
ip -n "$(ns a)" route flush proto 18 # and ours among them
ip -n "$(ns a)" addr del $VIP/24 dev eth0
LOST=$(overruns)
kill -CONT "$CHILD" "$PARENT"
expect "its queue was too small" test "$LOST" -gt 0
expect_soon "its address comes back" 5 has_address a $VIP
expect_soon "its route comes back" 5 has_route
expect_eq "the same process, active all the time" "$CHILD 1" \
	"$(pid_in_file a vrrp) $(log_lines a 'Entering MASTER STATE')"
