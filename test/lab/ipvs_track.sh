#!/bin/bash
# calm
#
#	   192.168.195.0/24, VIP .200
#	 ┌────────────── sw (br0) ──────────────┐
#	 │ eth0                │ eth0           │
#	a prio 150            b prio 100       s .140, two servers on ports 80 and 81
#	 │ eth1 (to the servers, 192.168.196.0/24)
#	 └────────────── side (br0) ─────── s
#
# track_virtual_server: the address follows the pool. a reaches the servers over a link of its own; when that fails its
# pool loses its quorum and b takes over, but not for a moment of silence.
. "${BASH_SOURCE[0]%/*}/lab.sh"
need_ipvs "$@"
need ip jq busybox
need_director

VIP=192.168.195.200

director_conf() { # NODE PRIORITY SERVER-ADDRESS
	write_conf "$1" <<-EOF
		vrrp_instance VI_1 {
		    state BACKUP
		    interface eth0
		    virtual_router_id 51
		    version 3
		    priority $2
		    advert_int 0.5
		    track_virtual_server {
		        $VIP 80 weight -80 down_delay 4 up_delay 1
		    }
		    virtual_ipaddress {
		        $VIP/24
		    }
		}
		virtual_server $VIP 80 {
		    protocol TCP
		    lb_algo rr
		    lb_kind DR
		    delay_loop 0.2
		    real_server $3 80 {
		        TCP_CHECK {
		            connect_timeout 1
		        }
		    }
		}
	EOF
}
owns_alone() { has_address "$1" $VIP && lacks_address "$2" $VIP; }
tracker_is() { [ "$(status_of "$1" ".trackers[] | select(.kind == \"virtual_server\") | .state")" = "$2" ]; }
transitions() { status_of "$1" '.vrrp[0].transitions'; }

say "topology: directors a and b, a server that a reaches by a link of its own"
make_switch sw
make_switch side
make_node a sw 192.168.195.130/24
make_node b sw 192.168.195.131/24
make_node s sw 192.168.195.140/24
plug_cable a side eth1
plug_cable s side eth1
add_addresses a eth1 192.168.196.130/24
add_addresses s eth1 192.168.196.140/24
start s httpd busybox httpd -f -p 80 -h "$(node_dir s)"
director_conf a 150 192.168.196.140
director_conf b 100 192.168.195.140
start_director a
start_director b
expect_soon election 30 owns_alone a b || give_up "no election"
expect_soon quorum-known 10 tracker_is a up

say "a moment of silence moves nothing"
before=$(transitions a)
ipn side link set dev s.eth1 down
wait_for "the check fails" 10 eval '[ "$(status_of a ".virtual_servers[0].is_up")" = false ]'
ipn side link set dev s.eth1 up
expect_soon pool-back 10 eval '[ "$(status_of a ".virtual_servers[0].is_up")" = true ]'
expect_stays silence-damped 2 owns_alone a b
expect_eq silence-transitions "$before" "$(transitions a)"

say "a loses its pool: the address goes to b, and comes back with the pool"
ipn side link set dev s.eth1 down
expect_soon pool-lost 15 owns_alone b a
expect lost-line in_log a 'Tracked virtual server 192.168.195.200 80 has lost its quorum'
old=$(role_pid a vrrp)
on a kill -KILL "$old"
expect_soon respawn 15 is_respawned a vrrp "$old"
expect_stays respawn-keeps 2 owns_alone b a
ipn side link set dev s.eth1 up
expect_soon pool-found 15 owns_alone a b
stop a TERM
stop b TERM
