#!/bin/bash
#
#	               192.168.195.0/24, VIP 192.168.195.200
#	    ┌──────────┬────────────┬─ sw (br0) ─┬────────────┐
#	    │          │            │            │            │
#	client .1   a .130       b .131       rs1 .134     rs2 .135
#	          director,    director,    web server,  web server,
#	          priority 150 priority 100 VIP on lo    VIP on lo
#
# LVS-DR whole: two directors share the VIP by VRRP and spread requests over two web servers that they watch with
# HTTP_GET of /test.html. A web server dies and comes back, the active director dies and comes back; the client
# measures. With --keep everything stays up until the file BUILD/demo.stop appears.
. "${BASH_SOURCE[0]%/*}/lab.sh"
need_ipvs "$@"
need tcpdump busybox
need_director

VIP=192.168.195.200
REALSERVER=$TOP/lvs/diarch-realserver
ADVERT_S=0.25
DIRECTORS=(a b)
SUMMARY=()

summary() { # WHAT FIGURE
	SUMMARY+=("$(printf '%-62s %s' "$1" "$2")")
}
summarise_answers() { # WHAT, of the last requests
	summary "$1" "$(sed 's/\([0-9a-z]*\)=\([0-9]*\)/server \1: \2 /g; s/server failed/failed/' <<<"$REPLY")"
}
director_conf() { # NODE PRIORITY
	write_conf "$1" <<-EOF
		global_defs {
		    router_id $1
		}
		vrrp_instance WEB {
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
		virtual_server $VIP 80 {
		    protocol TCP
		    lb_algo rr
		    lb_kind DR
		    delay_loop 1
		    real_server 192.168.195.134 80 {
		        HTTP_GET {
		            url {
		                path /test.html
		                status_code 200
		                regex "fake"
		            }
		            connect_timeout 1
		            retry 0
		        }
		    }
		    real_server 192.168.195.135 80 {
		        HTTP_GET {
		            url {
		                path /test.html
		                status_code 200
		                regex "fake"
		            }
		            connect_timeout 1
		            retry 0
		        }
		    }
		}
	EOF
}
# A real server behind LVS-DR answers for the VIP but must never say so by ARP.
make_real_server() { # NODE ADDRESS N
	make_node "$1" sw "$2/24"
	on "$1" "$REALSERVER" "--state=$(node_dir "$1")/state" $VIP
	mkdir "$(node_dir "$1")/www"
	printf '<html><head><title>This is fake WWW server %s</title></head>\n<body>This is fake WWW server %s</body></html>\n' \
		"$3" "$3" >"$(node_dir "$1")/www/test.html"
}
start_web() { # NODE
	start "$1" "web-$1" busybox httpd -f -p 80 -h "$(node_dir "$1")/www"
}
weight_of() { # DIRECTOR REAL-SERVER WANTED
	dest_is "$1" TCP $VIP:80 "$2:80" "$3"
}
pool_is() { # DIRECTOR WANTED-1 WANTED-2
	weight_of "$1" 192.168.195.134 "$2" && weight_of "$1" 192.168.195.135 "$3"
}
show_table() { # DIRECTOR
	if [ -x "$LVSADM" ]; then on "$1" "$LVSADM" -Ln; else on "$1" ipvsadm -Ln; fi | sed 's/^\([^ ]\|  ->\)/      &/'
}
requests() { # N: answers in REPLY, and shown
	pretty client httpcount -n "$1" $VIP 80 /test.html
	REPLY=$(in_ns client "$HTTPCOUNT" -n "$1" $VIP 80 /test.html)
	note "answers: $REPLY"
}
announcements() { grep -E "who-has $VIP.* tell $VIP|[Rr]eply $VIP is-at" "$(node_dir client)/arp.log"; }
is_announced() { [ "$(announcements | wc -l)" -gt "$1" ]; }

say "LVS-DR with two directors"
sed -n '3,8s/^#//p' "$0"
say "building it"
make_switch sw
make_node client sw 192.168.195.1/24
make_node a sw 192.168.195.130/24
make_node b sw 192.168.195.131/24
make_real_server rs1 192.168.195.134 1
make_real_server rs2 192.168.195.135 2
start_web rs1
start_web rs2
for node in "${DIRECTORS[@]}"; do watch_table "$node"; done
start client arp tcpdump -lni eth0 "arp host $VIP"
wait_for "tcpdump listens" 10 grep -q listening "$(node_dir client)/arp.log"

say "starting both directors"
director_conf a 150
director_conf b 100
start_director a
start_director b
expect_soon election 20 has_address a $VIP || give_up "no director took the VIP"
expect_soon pool 20 pool_is a "Route 1" "Route 1" || give_up "no pool"
wait_for "b has its pool ready as well" 20 pool_is b "Route 1" "Route 1"
expect only-one-owner lacks_address b $VIP
expect_soon client-sends-to-a 5 in_ns client "$VIPPING" -t 0.1 $VIP
show_table a

say "10 requests of the client"
requests 10
expect_eq balanced "1=5 2=5 failed=0" "$REPLY"
expect answered-by-director-a neighbour_is client $VIP a
summarise_answers "10 requests, round robin"

say "web server 2 dies while requests go on"
start_client client load "$HTTPCOUNT" -i 20 $VIP 80 /test.html
stop web-rs2 KILL
expect_soon server-removed 10 pool_is a "Route 1" -
removed_ms=$WAITED_MS
stop load
note "requests meanwhile: $(tail -1 "$(node_dir client)/load.log")"
show_table a
requests 10
expect_eq all-to-server-1 "1=10 failed=0" "$REPLY"
summary "dead web server out of the pool (checked every 1 s)" "$removed_ms ms"
summarise_answers "  10 requests afterwards"

say "web server 2 comes back"
start_web rs2
expect_soon server-returned 10 pool_is a "Route 1" "Route 1"
summary "web server back in the pool" "$WAITED_MS ms"
requests 10
expect_eq balanced-again "1=5 2=5 failed=0" "$REPLY"
summarise_answers "  10 requests afterwards"

say "director a dies: all its processes are killed and it falls off the net"
wait_for "b has its pool ready" 20 pool_is b "Route 1" "Route 1"
seen=$(announcements | wc -l)
start_ping client $VIP -i 4
kill_director a
cut_cable a sw
expect_soon vip-moved 10 has_address b $VIP
expect_soon gratuitous-arp 5 is_announced "$seen"
expect_soon client-sends-to-b 5 neighbour_is client $VIP b
stop_ping client
announcements | tail -1 | sed 's/^/   client hears: /'
show_table b
requests 10
expect_eq served-by-b "1=5 2=5 failed=0" "$REPLY"
summary "active director dead: client without the VIP (advert $ADVERT_S s)" "$PING_GAP_MS ms, $PING_LOST of $PING_SENT probes lost"
summarise_answers "  10 requests afterwards, through director b"

say "director a is switched on again"
ip -n "$(ns a)" addr del $VIP/24 dev eth0 2>/dev/null
mend_cable a sw
start_ping client $VIP -i 4
start_director a
expect_soon vip-back 20 has_address a $VIP
expect_soon one-owner-again 5 lacks_address b $VIP
expect_soon client-sends-to-a-again 5 neighbour_is client $VIP a
wait_for "its pool is ready" 20 pool_is a "Route 1" "Route 1"
stop_ping client
requests 10
expect_eq balanced-at-last "1=5 2=5 failed=0" "$REPLY"
summary "director a takes the VIP back: client without it" "$PING_GAP_MS ms, $PING_LOST of $PING_SENT probes lost"
summarise_answers "  10 requests afterwards"

say "summary"
printf '   %s\n' "${SUMMARY[@]}"

if [ "${1:-}" = --keep ]; then
	say "the lab stays up until: test/demo --stop"
	echo "   namespaces: $(lab_namespaces | tr '\n' ' ')"
	echo "   look around with: test/demo --enter, then for instance"
	echo "      ip netns exec $(ns a) $LVSADM -Ln"
	echo "      $DIARCHCTL --control=$(node_dir a)/control.sock status"
	echo "$LAB_TAG $(node_dir a)" >"$BUILD/demo.up"
	while [ ! -e "$BUILD/demo.stop" ]; do poll_pause 0.5; done
	rm -f "$BUILD/demo.up" "$BUILD/demo.stop"
fi
