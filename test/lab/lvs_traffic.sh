#!/bin/bash
#
#	   192.168.195.0/24, fd00:195::/64, VIPs .200 and ::200
#	    ┌────────────┬───── front (br0) ──────┬──────────────┐
#	client .1      d .130                  rs1 .134       rs2 .135
#	                 ├───── back (br0) ──────┐
#	               10.2.0.1                n1 .11         n2 .12
#
# Traffic is untouched: 200 connections and a stream of requests through DR, NAT and TUN, IPv4 and IPv6, over 50
# reloads with other services and weights, a killed checker child; a server of weight 0 keeps its connections.
#
# calm
. "${BASH_SOURCE[0]%/*}/lab.sh"
need_ipvs "$@"
need ip
need_director
TALKER=$BUILD/test/lab/talker
need_built "$TALKER" "$LVSADM"

VIP=192.168.195.200
VIP6=fd00:195::200
N_RELOADS=50

# Without a process for each: in a guest a fork takes long.
rs() { # ADDRESS PORT WEIGHT: into TEXT
	printf -v REPLY '    real_server %s %s {\n        weight %s\n        TCP_CHECK {\n            connect_timeout 3\n        }\n    }\n' "$@"
	TEXT=$TEXT$REPLY
}
vs() { # ADDRESS PORT METHOD RS RS-PORT WEIGHT [RS RS-PORT WEIGHT]
	printf -v REPLY 'virtual_server %s %s {\n    lb_algo rr\n    lb_kind %s\n    protocol TCP\n    delay_loop 2\n' "${@:1:3}"
	TEXT=$TEXT$REPLY
	rs "${@:4:3}"
	[ $# -lt 9 ] || rs "${@:7:3}"
	TEXT="$TEXT}"$'\n'
}
conf() { # ROUND [WEIGHT]: other weights of the second servers, and another service that nobody uses
	local w=$((1 + $1 % 5)) back
	back=${2:-$w}
	TEXT=
	vs $VIP 80 DR 192.168.195.134 80 1 192.168.195.135 80 $w
	vs $VIP6 80 DR fd00:195::134 80 1 fd00:195::135 80 $w
	vs $VIP 82 TUN 192.168.195.134 82 1 192.168.195.135 82 $w
	vs $VIP6 82 TUN fd00:195::134 82 1 fd00:195::135 82 $w
	vs $VIP 81 NAT 10.2.0.11 80 1 10.2.0.12 80 "$back"
	vs $VIP6 81 NAT fd00:2::11 80 1 fd00:2::12 80 "$back"
	vs $VIP $((1000 + $1)) NAT 10.2.0.11 80 1
	echo "$TEXT" >"$LAB_DIR/d/keepalived.conf"
}
serve() { start "$1" "talk-$1-$2" "$TALKER" -l "$2" "$1"; }
make_front_server() { # NODE LAST
	make_node "$1" front "192.168.195.$2/24" "fd00:195::$2/64"
	in_ns "$1" "$TOP/lvs/diarch-realserver" "--state=$(node_dir "$1")/dr" $VIP6
	in_ns "$1" "$TOP/lvs/diarch-realserver" "--state=$(node_dir "$1")/tun" --tun $VIP
	ip -n "$(ns "$1")" link set dev ip6tnl0 up
	serve "$1" 80
	serve "$1" 82
}
make_back_server() { # NODE LAST
	make_node "$1" back "10.2.0.$2/24" "fd00:2::$2/64"
	ip -n "$(ns "$1")" route add default via 10.2.0.1
	ip -n "$(ns "$1")" -6 route add default via fd00:2::1
	serve "$1" 80
}
is_applied() { # ROUND: its own service is in the table
	dest_is d TCP "$VIP:$((1000 + $1))" 10.2.0.11:80 "Masq 1"
}

modprobe -q ipip
modprobe -q ip6_tunnel
make_switch front
make_switch back
make_node client front 192.168.195.1/24 fd00:195::1/64
make_node d front 192.168.195.130/24 fd00:195::130/64 $VIP/24
ip -n "$(ns d)" addr add $VIP6/128 dev eth0 nodad preferred_lft 0
plug_cable d back eth1
add_addresses d eth1 10.2.0.1/24 fd00:2::1/64
in_ns d sysctl -q net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
make_front_server rs1 134
make_front_server rs2 135
make_back_server n1 11
make_back_server n2 12
watch_table d

say "start"
conf 0
start_director d
all_up() { table_of d >"$LAB_DIR/table" && [ "$(wc -l <"$LAB_DIR/table")" -eq 20 ]; }
expect_soon complete 60 all_up || give_up "the table is not complete"
TARGETS="$VIP 80 $VIP 81 $VIP 82 $VIP6 80 $VIP6 81 $VIP6 82"
# shellcheck disable=SC2086 # a list
start_client client talk "$TALKER" -c 200 -i 1000 $TARGETS
for port in 80 81 82; do
	start_client client "v4-$port" "$HTTPCOUNT" -i 100 -w 5000 $VIP $port /
	start_client client "v6-$port" "$HTTPCOUNT" -i 100 -w 5000 $VIP6 $port /
done

say "$N_RELOADS reloads"
tell_time
start_ms=$NOW_MS
for ((round = 1; round <= N_RELOADS; round++)); do
	conf $round
	kill -HUP "${LAB_PID[d]}"
	poll_until "reload $round" 30 is_applied $round || break
	if [ $round -eq $((N_RELOADS / 2)) ]; then
		old=$(role_pid d check)
		kill -KILL "$old"
		expect_soon checker-respawned 30 is_respawned d check "$old"
	fi
done
tell_time
expect_eq reloads $((N_RELOADS + 1)) $round
note "$N_RELOADS reloads and a killed checker in $(in_s $((NOW_MS - start_ms))) s"

say "a weight of 0 in the file: no new connections, those that exist go on"
conf 99 0
kill -HUP "${LAB_PID[d]}"
expect_soon weight-0 30 dest_is d TCP $VIP:81 10.2.0.12:80 "Masq 0"
expect_eq new-ones-elsewhere "n1=4 failed=0" "$(in_ns client "$HTTPCOUNT" -n 4 -w 5000 $VIP 81 /)"
active() { # what the kernel still counts as established at it
	in_ns d "$LVSADM" -Ln -t $VIP:81 | awk '$2 == "10.2.0.12:80" { print $5 }'
}
note "established at the server of weight 0: $(active)"
expect connections-stay test "$(active)" -ge 10

say "what the clients saw"
for port in 80 81 82; do
	for family in 4 6; do
		stop "v$family-$port"
		answers=$(tail -1 "$(node_dir client)/v$family-$port.log")
		expect_eq "requests-v$family-$port" 0 "${answers##*failed=}"
		note "IPv$family, port $port: $answers"
	done
done
stop talk
result=$(tail -1 "$(node_dir client)/talk.log")
note "$result"
expect_eq connections-lost 0 "$(sed -n 's/.* lost=\([0-9]*\) .*/\1/p' <<<"$result")"
expect_eq connections-stalled 0 "${result##*stalled=}"
stop d
