#!/bin/bash
#
#	   192.168.196.0/24, VIP .200
#	 ┌──────────┬─────────── sw (br0) ──────────┐
#	 │          │                               │
#	a .130     b .131                        web .2, default route to the VIP
#	priority 150, waits 8 s    100
#
# The sync daemons of IPVS follow the VRRP instance on both directors, connections arrive on the other one, and the
# director that comes back takes over only when it has received them for as long as it was told to wait.
#
# calm
. "${BASH_SOURCE[0]%/*}/lab.sh"
need_ipvs "$@"
need ipvsadm busybox
need_director
[ "$LAB_DIRECTOR" = diarch ] || skip_lab "only diarch waits"

VIP=192.168.196.200
WAIT_S=8

conf() { # NODE PRIORITY MORE
	write_conf "$1" <<-EOF
		global_defs {
		    router_id $1
		    lvs_sync_daemon eth0 VI_1
		}
		vrrp_instance VI_1 {
		    interface eth0
		    virtual_router_id 51
		    version 3
		    priority $2
		    advert_int 0.2
		    $3
		    virtual_ipaddress {
		        $VIP/24
		    }
		}
		virtual_server $VIP 80 {
		    protocol TCP
		    lvs_sched rr
		    lvs_method NAT
		    delay_loop 1
		    real_server 192.168.196.2 8080 {
		        TCP_CHECK {
		        }
		    }
		}
	EOF
}
daemons() { # NODE: "master" and "backup", what runs; with the number of the virtual router
	in_ns "$1" ipvsadm -L --daemon | sed -n 's/^\(master\|backup\) .*syncid=\([0-9]*\).*/\1 \2/p' | tr '\n' ' '
}
runs() { [ "$(daemons "$1")" = "$2 51 " ]; }
make_director() { # NODE LAST
	make_node "$1" sw "192.168.196.$2/24"
	in_ns "$1" sysctl -q net.ipv4.ip_forward=1 net.ipv4.conf.all.send_redirects=0 \
		net.ipv4.conf.eth0.send_redirects=0
	ip -n "$(ns "$1")" link set dev eth0 multicast on
}
knows_connection() { in_ns "$1" ipvsadm -Lcn | grep -q "192.168.196.9:.*$VIP:80 *192.168.196.2:8080"; }
status_says() { [ "$(status_of "$1" '.sync_daemons[0].roles')" = "$2" ]; }

make_switch sw
make_director a 130
make_director b 131
make_node web sw 192.168.196.2/24
make_node client sw 192.168.196.9/24
ip -n "$(ns web)" route add 192.168.196.9/32 via $VIP
echo 'This is fake WWW server 1' >"$(node_dir web)/test.html"
start web httpd busybox httpd -f -p 192.168.196.2:8080 -h "$(node_dir web)"

say "start: a sends, b receives"
conf a 150 "preempt_sync_delay $WAIT_S"
conf b 100 ""
start_director a
expect_soon a-sends 20 runs a master || { daemons a; tail "$(node_dir a)/a.log"; }
start_director b
expect_soon b-receives 20 runs b backup
expect_soon status 5 status_says b backup
poll_until "the service is there" 10 eval 'in_ns a ipvsadm -Sn | grep -q 192.168.196.2:8080'
in_ns a sysctl -q net.ipv4.vs.sync_threshold="1 2" # each connection, early
start client load "$HTTPCOUNT" -i 50 -w 3000 $VIP 80 /test.html
expect_soon connections-arrive 20 knows_connection b

say "a goes"
stop a
expect_soon b-sends 10 runs b master
expect_eq daemon-goes-with-us "" "$(daemons a)"

say "a comes back: it does not take over before it has received for $WAIT_S s"
start_director a
expect_soon a-receives 10 runs a backup
expect_stays b-stays-master 3 runs b master
expect_soon then-a-takes-over 30 runs a master
expect_soon and-b-receives 10 runs b backup
expect said in_log a 'IPVS connections have been received for long enough'
expect at-start-it-waited-for-nobody in_log a 'Entering MASTER STATE'

say "the checker child of b is killed, its daemon by somebody else"
pid=$(role_pid b check)
kill -KILL "$pid"
poll_until "checker child is back" 10 is_respawned b check "$pid"
expect_stays daemon-outlives-the-child 2 runs b backup
on b ipvsadm --stop-daemon backup
expect_soon daemon-comes-back 30 runs b backup
stop load
stop a
stop b
