#!/bin/bash
#
#	client .1 ── front (br0) ── d .130, VIP .200        192.168.195.0/24
#	                            director (NAT)
#	                            │ 10.2.0.1
#	             ┌──────────────┼── back (br0) ───┬─────────┐
#	           n1 .11         n2 .12            n3 .13   dns .53     10.2.0.0/24, default route to d
#	                                                     unbound
#
# Real servers named by host name: nobody waits for a name server, an address changes without loss, and is kept when the
# name is gone, when name servers are dead, silent or talk nonsense, over a crash of the checker child and a reload.
#
# calm
. "${BASH_SOURCE[0]%/*}/lab.sh"
need_ipvs "$@"
need ipvsadm busybox unbound unbound-control
need_director

VIP=192.168.195.200
NOBODY=10.2.0.12 # there is no name server
ZONE=example.net

server() { # HOST-OR-ADDRESS [KEYWORDS]
	cat <<-EOF
		    real_server $1 8080 {
		        ${2:-}
		        TCP_CHECK {
		            connect_timeout 1
		            retry 0
		        }
		    }
	EOF
}
service() { # PORT: servers from standard input
	cat <<-EOF
		virtual_server $VIP $1 {
		    protocol TCP
		    lb_algo rr
		    lb_kind NAT
		    delay_loop 0.5
		    resolve_min_interval 0.2
		    resolve_retry_interval 0.5
		    resolve_drain 3
		$(cat)
		}
	EOF
}
base_conf() { # GLOBALS
	printf 'global_defs {\n%s\n}\n' "${1:-}"
	server www.$ZONE | service 80
	server 10.2.0.13 | service 81
	{ server twin.$ZONE; server other.$ZONE; } | service 82
	server many.$ZONE "resolve_servers 3" | service 83
	server alias.$ZONE | service 84
	server from-hosts | service 85
	server big | service 86 # by the search domain
}

# --- the name server ---

zone() { # RECORD-LINES...: what the zone is from now on
	SERIAL=$((${SERIAL:-0} + 1))
	{
		echo "@ 1 IN SOA ns.$ZONE. root.$ZONE. $SERIAL 60 60 60 1"
		echo "@ 1 IN NS ns.$ZONE."
		echo "ns 1 IN A 10.2.0.53"
		printf '%s\n' "$@"
	} >"$LAB_DIR/zone"
	[ -z "${LAB_PID[dns]:-}" ] || dns_control auth_zone_reload $ZONE >/dev/null || note "the zone is not reloaded"
}
names() { # WWW-ADDRESS...: the zone with these addresses of www
	local address www=()
	for address; do www+=("www 1 IN A $address"); done
	[ $# -gt 0 ] || www=("www 1 IN TXT nothing")
	zone "${www[@]}" "${MORE[@]}"
}
big=()
for i in {1..60}; do big+=("big 1 IN A 10.2.7.$i"); done
MORE=("twin 1 IN A 10.2.0.11" "other 1 IN A 10.2.0.11" "many 1 IN A 10.2.0.12" "many 1 IN A 10.2.0.11"
	"alias 1 IN CNAME further" "further 1 IN CNAME end" "end 1 IN A 10.2.0.13" "big 1 IN A 10.2.0.12" "${big[@]}")
dns_control() { in_ns dns unbound-control -c "$(node_dir dns)/unbound.conf" "$@"; }
dns_conf() {
	cat >"$(node_dir dns)/unbound.conf" <<-EOF
		server:
		    interface: 10.2.0.53
		    access-control: 0.0.0.0/0 allow
		    directory: "$(node_dir dns)"
		    pidfile: ""
		    username: ""
		    chroot: ""
		    use-syslog: no
		    do-daemonize: no
		    rrset-roundrobin: yes
		    outgoing-range: 64
		    msg-cache-size: 1m
		    rrset-cache-size: 1m
		    module-config: "iterator"
		auth-zone:
		    name: $ZONE
		    zonefile: "$LAB_DIR/zone"
		    for-downstream: yes
		    for-upstream: no
		remote-control:
		    control-enable: yes
		    control-interface: "$LAB_DIR/dns.sock"
		    control-use-cert: no
	EOF
}
name_servers() { # ADDRESS...: written in place, for the file is mounted
	{
		printf 'nameserver %s\n' "$@"
		echo "search $ZONE"
	} >"$LAB_DIR/resolv.conf"
}

# --- what is seen ---

dest() { dest_is d TCP "$VIP:$1" "10.2.0.$2:8080" "$3"; } # PORT LAST WANTED
server_field() { # SERVER FIELD
	status_of d ".real_servers[] | select(.rs == \"[$1]:tcp:8080\") | .$2"
}
name_reason_is() { # NAME REGEX
	[[ $(status_of d ".names[] | select(.name == \"$1\") | .reason") =~ ^($2)$ ]]
}
www_is() { [ "$(server_field www.$ZONE address)" = "10.2.0.$1" ]; }
serve() { # NODE NAME
	mkdir -p "$(node_dir "$1")/www"
	echo "<html><body>This is fake WWW server $2</body></html>" >"$(node_dir "$1")/www/test.html"
	start "$1" "web-$1" busybox httpd -f -p 8080 -h "$(node_dir "$1")/www"
}
load_is_lossless() { # NAME
	stop load
	note "requests meanwhile: $(tail -1 "$(node_dir client)/load.log")"
	expect "$1" grep -qE '^[0-9= ]+ failed=0$' "$(node_dir client)/load.log"
}
start_load() { start_client client load "$HTTPCOUNT" -i 10 -w 2000 $VIP 80 /test.html; }

say "topology: client, director, three servers and a name server"
make_switch front
make_switch back
make_node client front 192.168.195.1/24
make_node d front 192.168.195.130/24 $VIP/24
plug_cable d back eth1
add_addresses d eth1 10.2.0.1/24
in_ns d sysctl -q net.ipv4.ip_forward=1
for i in 1 2 3; do
	make_node n$i back 10.2.0.1$i/24
	in_ns n$i sysctl -q net.ipv4.icmp_ratelimit=0 # who finds no name server is told so each time
	ip -n "$(ns n$i)" route add default via 10.2.0.1
	serve n$i $i
done
make_node dns back 10.2.0.53/24
dns_conf
names 10.2.0.11
start dns dns unbound -d -c "$(node_dir dns)/unbound.conf"
name_servers $NOBODY
echo "10.2.0.12 from-hosts" >"$LAB_DIR/hosts"
# A director with a resolver configuration of its own; its mount namespace is that of ip-netns(8).
cat >"$LAB_DIR/director" <<-EOF
	#!/bin/sh
	mount --bind "$LAB_DIR/resolv.conf" /etc/resolv.conf && mount --bind "$LAB_DIR/hosts" /etc/hosts && exec "$DIARCH" "\$@"
EOF
chmod +x "$LAB_DIR/director"
DIARCH=$LAB_DIR/director
watch_table d

say "start without a name server: a server without address is down, everything else works"
base_conf | write_conf d
start_director d
expect_soon server-with-address-is-up 10 dest 81 13 "Masq 1"
expect_soon name-of-hosts-is-up 5 dest 85 12 "Masq 1"
expect_soon down-with-reason 5 name_reason_is www.$ZONE 'name-(server|timeout)'
expect_eq down-without-address "false " "$(server_field www.$ZONE is_up) $(server_field www.$ZONE address)"

say "resolv.conf gets a name server: names get their addresses"
wait_for "the name server runs" 10 dns_control status
name_servers 10.2.0.53
expect_soon name-resolved 5 dest 80 11 "Masq 1"
expect_soon alias-resolved 5 dest 84 13 "Masq 1"
expect_soon truncated-resolved 5 dest 86 12 "Masq 1"
expect_soon each-address-a-server 5 eval 'dest 83 11 "Masq 1" && dest 83 12 "Masq 1"'
expect_eq third-server-unused name-unused "$(server_field "many.$ZONE#3" name_reason)"
expect_eq one-destination-for-two-names "10.2.0.11 name-taken" \
	"$(server_field twin.$ZONE address)$(server_field other.$ZONE address) $(server_field twin.$ZONE name_reason)$(server_field other.$ZONE name_reason)"
on d "$DIARCHCTL" "--control=$(node_dir d)/control.sock" status | sed -n '/^Real/,/^$/p; /^Names/,/^$/p'

say "the address moves while clients ask"
start_load
names 10.2.0.12
expect_soon moved 5 dest 80 12 "Masq 1"
expect drains dest 80 11 "Masq 0"
expect_soon drained 12 dest 80 11 -
load_is_lossless moved-without-loss
expect move-is-logged in_log d 'event=rs_address .*\[www\.example\.net\]:tcp:8080.*address=10.2.0.12'

say "an address that does not work, and answers in any order"
names 10.2.0.99
expect_soon refused-is-logged 5 in_log d 'event=rs_address_refused'
expect refused-stays dest 80 12 "Masq 1"
names 10.2.0.13 10.2.0.12 10.2.0.11
expect_soon kept-is-logged 5 in_log d 'event=rs_address_kept'
expect_stays no-flapping 2 eval 'dest 80 12 "Masq 1" && dest 80 13 - && dest 80 11 -'

say "the name goes away, and name servers fail in all ways: the last address stays"
names
expect_soon empty 5 name_reason_is www.$ZONE name-no-address
zone "${MORE[@]}"
expect_soon no-such-name 5 name_reason_is www.$ZONE name-not-found
expect nxdomain-stays dest 80 12 "Masq 1"
name_servers $NOBODY
expect_soon dead 5 name_reason_is www.$ZONE 'name-(server|timeout)'
start n2 talker "$UDPNAME" 10.2.0.12 53 nonsense
note "a name server that talks nonsense; meanwhile a server dies and comes back"
stop web-n3 KILL
expect_soon probes-go-on 3 dest 81 13 -
serve n3 3
expect_soon probes-still-go-on 3 dest 81 13 "Masq 1"
expect_soon probes-of-names-too 3 dest 84 13 "Masq 1"
expect nonsense-stays dest 80 12 "Masq 1"
note "one that hangs, and the checker child dies"
stop talker KILL
kill -STOP "${LAB_PID[dns]}"
name_servers 10.2.0.53
wanted=$(table_of d)
start_load
pid=$(role_pid d check)
pretty d kill -KILL "$pid"
kill -KILL "$pid"
wait_for "checker child is back" 10 is_respawned d check "$pid"
expect_stays respawn-keeps-address 2 table_is d "$wanted"
expect_soon respawn-tells-address 3 www_is 12
base_conf "router_id other" | write_conf d
reload_director d
expect_soon reloaded 5 in_log d 'Reload complete'
expect_stays reload-keeps-address 1 table_is d "$wanted"
load_is_lossless crash-and-reload-without-loss

say "the name server goes on"
kill -CONT "${LAB_PID[dns]}"
MORE=("${MORE[@]/twin 1 IN A 10.2.0.11/twin 1 IN A 10.2.0.12}")
MORE=("${MORE[@]/many 1 IN A 10.2.0.12/many 1 IN A 10.2.0.13}")
names 10.2.0.11
expect_soon back-and-moved 25 dest 80 11 "Masq 1"
expect_soon twins-are-apart 5 eval 'dest 82 11 "Masq 1" && dest 82 12 "Masq 1"'
expect_soon many-followed 5 eval 'dest 83 13 "Masq 1" && dest 83 11 "Masq 1"'
note "resolv.conf names another name server first, where nobody listens"
name_servers $NOBODY 10.2.0.53
names 10.2.0.12
expect_soon second-name-server 12 dest 80 12 "Masq 1"
stop d TERM
expect_eq stop-status 0 "$STATUS"
