#!/bin/bash
#
#	   192.168.195.0/24, fd00:195::/64, VIPs .200 and ::200
#	    ┌────────────┬───── front (br0) ──────┬──────────────┐
#	    │            │                        │              │
#	client .1      d .130                  rs1 .134       rs2 .135
#	               director                VIPs on lo     VIPs on lo
#	               10.2.0.1, fd00:2::1
#	                 │
#	                 ├───── back (br0) ──────┐
#	                 │                       │
#	               n1 .11                  n2 .12          10.2.0.0/24, fd00:2::/64, default route to d
#
# One director over real HTTP and UDP servers, all forwarding methods, both families: pools follow the probes; what others
# change in the table is repaired, what is theirs is left alone; reload, crash of the checker and stop.
#
# calm
. "${BASH_SOURCE[0]%/*}/lab.sh"
need_ipvs "$@"
need ipvsadm busybox
need_director

VIP=192.168.195.200
VIP6=fd00:195::200
FOREIGN=10.9.9.9
# Repairs come with the next audit: after 1 s, later on a machine that is slow (audits take at most 1 % of the time).
AUDIT_S=40

rs_block() { # ADDRESS PORT CHECKER [KEYWORDS]
	local body
	case $3 in
	http) body='HTTP_GET {
		            url {
		                path /test.html
		                regex "fake"
		            }' ;;
	*) body="TCP_CHECK {
		            connect_port $3" ;;
	esac
	cat <<-EOF
		    real_server $1 $2 {
		        ${4:-}
		        $body
		            connect_timeout 1
		            retry 0
		        }
		    }
	EOF
}
vs_block() { # ADDRESS PORT PROTOCOL METHOD KEYWORDS: real servers from standard input
	cat <<-EOF
		virtual_server $1 $2 {
		    protocol $3
		    lb_algo rr
		    lb_kind $4
		    delay_loop 1
		    $5
		$(cat)
		}
	EOF
}
back_pair() { # PORT CHECK-PORT [KEYWORDS OF N2]
	rs_block 10.2.0.11 "$1" "$2"
	rs_block 10.2.0.12 "$1" "$2" "${3:-}"
}
base_conf() { # GLOBALS
	cat <<-EOF
		global_defs {
		    router_id d
		    ${1:-}
		}
	EOF
	{ rs_block 192.168.195.134 80 http; rs_block 192.168.195.135 80 http; } | vs_block $VIP 80 TCP DR ""
	back_pair 8080 8080 "${N2_KEYWORDS:-}" | vs_block $VIP 81 TCP NAT inhibit_on_failure
	back_pair 8080 8080 | vs_block $VIP 83 TCP NAT "quorum 2
		    sorry_server 10.2.0.11 8090"
	back_pair 5300 8080 | vs_block $VIP 5300 UDP NAT ""
	{ rs_block fd00:195::134 80 http; rs_block fd00:195::135 80 http; } | vs_block $VIP6 80 TCP DR ""
	{ rs_block fd00:2::11 8080 8080; rs_block fd00:2::12 8080 8080; } | vs_block $VIP6 81 TCP NAT ""
}
tun_conf() {
	{ rs_block 192.168.195.134 82 82; rs_block 192.168.195.135 82 82; } | vs_block $VIP 82 TCP TUN ""
}
added_conf() {
	back_pair 8080 8080 | vs_block $VIP 84 TCP NAT ""
}

page() { # NODE FOLDER NAME
	mkdir -p "$(node_dir "$1")/$2"
	echo "<html><body>This is fake WWW server $3</body></html>" >"$(node_dir "$1")/$2/test.html"
}
serve() { # NODE PORT [FOLDER]
	start "$1" "web-$1-$2" busybox httpd -f -p "$2" -h "$(node_dir "$1")/${3:-www}"
}
make_front_server() { # NODE LAST NAME
	make_node "$1" front "192.168.195.$2/24" "fd00:195::$2/64"
	in_ns "$1" sysctl -q net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2 net.ipv4.conf.all.rp_filter=0
	add_addresses "$1" lo $VIP/32 $VIP6/128
	ip -n "$(ns "$1")" link set dev tunl0 up
	in_ns "$1" sysctl -q net.ipv4.conf.tunl0.rp_filter=0
	page "$1" www "$3"
	serve "$1" 80
	serve "$1" 82
}
make_back_server() { # NODE LAST NAME
	make_node "$1" back "10.2.0.$2/24" "fd00:2::$2/64"
	ip -n "$(ns "$1")" route add default via 10.2.0.1
	ip -n "$(ns "$1")" -6 route add default via fd00:2::1
	page "$1" www "$3"
	page "$1" sorry sorry
	serve "$1" 8080
	start "$1" "udp-$1" "$UDPNAME" "10.2.0.$2" 5300 "$3"
}

# What the client gets: ADDRESS PORT [OPTIONS]
ask() {
	local address=$1 port=$2
	shift 2
	in_ns client "$HTTPCOUNT" -n 4 "$@" "$address" "$port" /test.html
}
asks() { # NAME WANTED ADDRESS PORT [OPTIONS]
	local name=$1 wanted=$2
	shift 2
	expect_eq "$name" "$wanted" "$(ask "$@")"
}
dr() { dest_is d TCP $VIP:80 "192.168.195.13$1:80" "$2"; }
dr6() { dest_is d TCP "[$VIP6]:80" "[fd00:195::13$1]:80" "$2"; }
nat() { dest_is d TCP $VIP:81 "10.2.0.1$1:8080" "$2"; }
quorum() { dest_is d TCP $VIP:83 "10.2.0.1$1:$2" "$3"; }
lists() { # LINES: whether the table has that many services and destinations
	[ "$(awk 'NR > 3' "/proc/${LAB_ANCHOR[d]}/net/ip_vs" | wc -l)" = "$1" ]
}
foreign_is_there() { dest_is d TCP $FOREIGN:99 10.2.0.77:99 "Masq 3"; }
counted() { # CONNECTIONS: ever made to port 80; the kernel counts with a delay
	[ "$(in_ns d ipvsadm -Ln --stats --exact -t $VIP:80 | awk '/^TCP/ { print $3 }')" = "$1" ]
}
repaired() { in_log_since d 'event=ipvs_drift'; }

say "topology: client, director, two servers in front, two behind"
modprobe -q ipip
make_switch front
make_switch back
make_node client front 192.168.195.1/24 fd00:195::1/64
make_node d front 192.168.195.130/24 fd00:195::130/64 $VIP/24
# deprecated, or the director's own probes would leave from it and DR servers answer themselves
ip -n "$(ns d)" addr add $VIP6/128 dev eth0 nodad preferred_lft 0
plug_cable d back eth1
add_addresses d eth1 10.2.0.1/24 fd00:2::1/64
in_ns d sysctl -q net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
make_front_server rs1 134 1
make_front_server rs2 135 2
make_back_server n1 11 1
make_back_server n2 12 2
serve n1 8090 sorry
watch_table d
on d ipvsadm -A -t $FOREIGN:99 -s wlc
on d ipvsadm -a -t $FOREIGN:99 -r 10.2.0.77 -m -w 3

say "start: every service and server gets into the table"
{ base_conf && tun_conf; } | write_conf d
start_director d
# 7 services of 2 servers and the foreign one of 1; the sorry server is out
expect_soon table-complete 20 lists 23 || give_up "table is not complete"
on d ipvsadm -Ln
expect_soon all-up 20 eval 'dr 4 "Route 1" && dr 5 "Route 1" && nat 1 "Masq 1" && nat 2 "Masq 1"'
expect sorry-is-out quorum 1 8090 -
asks dr-v4 "1=2 2=2 failed=0" $VIP 80
asks nat-v4 "1=2 2=2 failed=0" $VIP 81
asks tun-v4 "1=2 2=2 failed=0" $VIP 82
asks udp-v4 "1=2 2=2 failed=0" $VIP 5300 -u
asks dr-v6 "1=2 2=2 failed=0" $VIP6 80
asks nat-v6 "1=2 2=2 failed=0" $VIP6 81

say "pools follow the probes"
stop web-rs2-80 KILL
expect_soon down-dr-removed 3 dr 5 -
expect_soon down-dr6-removed 3 dr6 5 -
asks down-dr-served "1=4 failed=0" $VIP 80
serve rs2 80
expect_soon up-dr 3 dr 5 "Route 1"
note "a page without the word"
sed -i 's/fake/real/' "$(node_dir rs2)/www/test.html"
expect_soon regex-removed 3 dr 5 -
sed -i 's/real/fake/' "$(node_dir rs2)/www/test.html"
expect_soon regex-returned 3 dr 5 "Route 1"

say "inhibit_on_failure, quorum and sorry server"
stop web-n2-8080 KILL
expect_soon inhibit-weight-0 3 nat 2 "Masq 0"
expect_soon quorum-lost 3 quorum 2 8080 -
expect_soon quorum-sorry-in 3 quorum 1 8090 "Masq 1"
expect_soon quorum-alive-out 3 quorum 1 8080 -
asks quorum-sorry-serves "sorry=4 failed=0" $VIP 83
asks inhibit-served "1=4 failed=0" $VIP 81
expect quorum-is-logged in_log d 'Lost quorum 2'
serve n2 8080
expect_soon inhibit-returned 3 nat 2 "Masq 1"
expect_soon quorum-gained 3 quorum 1 8080 "Masq 1"
expect_soon quorum-sorry-out 3 quorum 1 8090 -
expect quorum-gain-is-logged in_log d 'Gained quorum 2'

say "somebody changes the table by hand"
wait_for "all servers are back in all services" 10 lists 23
wanted=$(table_of d)
mark_log d
on d ipvsadm -D -t $VIP:80
expect_soon drift-service $AUDIT_S table_is d "$wanted"
expect drift-service-is-logged repaired
mark_log d
on d ipvsadm -d -t $VIP:81 -r 10.2.0.12:8080
expect_soon drift-server $AUDIT_S table_is d "$wanted"
expect drift-server-is-logged repaired
mark_log d
on d ipvsadm -e -t $VIP:80 -r 192.168.195.134 -g -w 77
expect_soon drift-weight $AUDIT_S dr 4 "Route 1"
expect drift-weight-is-logged repaired
on d ipvsadm -a -t $VIP:80 -r 192.168.195.99 -g -w 5
expect_soon drift-stranger-in-our-service $AUDIT_S dest_is d TCP $VIP:80 192.168.195.99:80 -
expect foreign-service-untouched foreign_is_there

say "reload: one weight, one service less, one more"
asks reload-before "1=2 2=2 failed=0" $VIP 80
wait_for "the kernel has counted them" 5 counted 4
mark_log d
{ N2_KEYWORDS="weight 5" base_conf && added_conf; } | write_conf d
reload_director d
expect_soon reload-weight 5 nat 2 "Masq 5"
expect_soon reload-removed 5 dest_is d TCP $VIP:82 192.168.195.134:82 "no service"
expect_soon reload-added 5 dest_is d TCP $VIP:84 10.2.0.12:8080 "Masq 1"
expect reload-keeps-counters counted 4
expect foreign-after-reload foreign_is_there
note "a broken file"
wanted=$(table_of d)
sed -i 's/lb_kind NAT/lb_kind TAN/' "$(node_dir d)/keepalived.conf"
mark_log d
reload_director d
wait_for "the reload is refused" 5 in_log_since d 'Reload refused'
expect_stays reload-broken-changes-nothing 2 table_is d "$wanted"
sed -i 's/lb_kind TAN/lb_kind NAT/' "$(node_dir d)/keepalived.conf"

say "the checker child is killed while a server is known to be down"
stop web-rs2-80 KILL
expect_soon crash-server-down 3 dr 5 -
expect_soon crash-server6-down 3 dr6 5 -
wanted=$(table_of d)
stats=$(in_ns d ipvsadm -Ln --stats --exact)
for i in 1 2 3; do
	pid=$(role_pid d check)
	pretty d kill -KILL "$pid"
	kill -KILL "$pid"
	wait_for "checker child is back" 10 is_respawned d check "$pid"
	expect_stays "crash-$i-table-unchanged" 2 table_is d "$wanted"
done
expect_eq crash-counters "$(cksum <<<"$stats")" "$(cksum <<<"$(in_ns d ipvsadm -Ln --stats --exact)")"
expect crash-down-stays-out dr 5 -
start_client client load "$HTTPCOUNT" -i 20 -w 3000 $VIP 80 /test.html
pid=$(role_pid d check)
kill -KILL "$pid"
wait_for "checker child is back" 10 is_respawned d check "$pid"
stop load
note "requests meanwhile: $(tail -1 "$(node_dir client)/load.log")"
expect crash-no-request-lost grep -qE '^1=[0-9]+ failed=0$' "$(node_dir client)/load.log"
serve rs2 80
expect_soon crash-server-returns 5 dr 5 "Route 1"

say "stop: what is ours goes, what is not stays"
stop d TERM
expect_eq stop-status 0 "$STATUS"
expect stop-table lists 2
expect stop-foreign foreign_is_there
note "with lvs_flush_on_stop"
base_conf lvs_flush_on_stop | write_conf d
start_director d
expect_soon flush-started 20 dr 4 "Route 1"
stop d TERM
expect flush-table-empty lists 0
