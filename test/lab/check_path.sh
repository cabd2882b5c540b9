#!/bin/bash
#
#	   192.168.195.0/24, fd00:195::/64, VIPs .200 and ::200, .201 that is checked straight
#	 ┌─────────────┬────────── sw (br0) ───────────┬─────────────┐
#	a .130       b .131          c .1          r1 .134        r2 .135
#
# through_vip: probes go to the virtual address and arrive at each server as packets of clients do, by DR and TUN,
# IPv4 and IPv6, TCP, HTTP and UDP; from a, which has the addresses, and from b, which has not. Servers that a client
# would not reach are found dead although they answer on their own address. Traffic goes on over reloads and a killed
# checker child, marks and rows of others stay, and nothing is left behind.
#
# calm
. "${BASH_SOURCE[0]%/*}/lab.sh"
need_ipvs "$@"
need ip jq busybox
need_director
TALKER=$BUILD/test/lab/talker
need_built "$TALKER" "$LVSADM"

VIP=192.168.195.200
VIP6=fd00:195::200
STRAIGHT=192.168.195.201
R1=192.168.195.134 R2=192.168.195.135
R1_6=fd00:195::134 R2_6=fd00:195::135

service() { # ADDRESS PORT METHOD PROTOCOL THROUGH CHECK SERVER...
	local server through=
	[ -z "$5" ] || through="    through_vip"
	echo "virtual_server $1 $2 {
    lb_algo rr
    lb_kind ${3//-/ }
    protocol $4
    delay_loop 0.3
    connect_timeout 0.6
    retry 1
    delay_before_retry 0.2
$through"
	for server in "${@:7}"; do echo "    real_server $server $2 { $6 }"; done
	echo "}"
}
conf() { # NODE THROUGH [GLOBAL]: all services
	local tcp='
        TCP_CHECK {
        }
    ' http='
        HTTP_GET {
            url {
                path /
            }
        }
    ' udp='
        UDP_CHECK {
            payload 61
            require_reply
        }
    '
	{
		echo "global_defs {
    router_id $1
    ${3:-}
}"
		service $VIP 80 DR TCP "$2" "$tcp" $R1 $R2
		service $VIP6 80 DR TCP "$2" "$tcp" $R1_6 $R2_6
		service $VIP 82 TUN TCP "$2" "$tcp" $R1 $R2
		service $VIP6 82 TUN TCP "$2" "$tcp" $R1_6 $R2_6
		service $VIP 84 DR TCP "$2" "$http" $R1 $R2
		service $VIP 90 DR UDP "$2" "$udp" $R1 $R2
		service $VIP 86 TUN-type-gue-port-6080 TCP "$2" "$tcp" $R1
		service $VIP 87 TUN-type-gre TCP "$2" "$tcp" $R1
		service $STRAIGHT 80 DR TCP "" "$tcp" $R1 $R2
		service $STRAIGHT 84 DR TCP "" "$http" $R1 $R2
	} | write_conf "$1"
}
# For GUE and GRE, which are between a director and a server only.
make_tunnels() { # NODE
	local port
	in_ns "$1" ip fou add port 6080 gue
	in_ns "$1" ip link set dev gre0 up
	in_ns "$1" sysctl -q net.ipv4.conf.gre0.rp_filter=0
	for port in 86 87; do start "$1" "talk-$1-$port" "$TALKER" -l $port "$1"; done
}
make_server() { # NODE LAST HTTP-ADDRESS
	make_node "$1" sw "192.168.195.$2/24" "fd00:195::$2/64"
	in_ns "$1" "$TOP/lvs/diarch-realserver" "--state=$(node_dir "$1")/dr" $VIP $VIP6
	in_ns "$1" ip link set dev tunl0 up
	in_ns "$1" ip link set dev ip6tnl0 up
	in_ns "$1" sysctl -q net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.tunl0.rp_filter=0
	start "$1" "talk-$1-80" "$TALKER" -l 80 "$1"
	start "$1" "talk-$1-82" "$TALKER" -l 82 "$1"
	echo "server $1" >"$(node_dir "$1")/index.html"
	start "$1" "web-$1" busybox httpd -f -p "$3:84" -h "$(node_dir "$1")"
	[ "$1" = r2 ] || make_tunnels "$1"
	start "$1" "udp-$1" "$UDPNAME" $VIP 90 "$1"
}

# How things should be at both directors: rows "PROTO SERVICE SERVER METHOD".
declare -A UP=()
all_rows() {
	local r
	for r in "TCP $VIP:80 $R1:80 Route" "TCP $VIP:80 $R2:80 Route" "TCP [$VIP6]:80 [$R1_6]:80 Route" \
		"TCP [$VIP6]:80 [$R2_6]:80 Route" "TCP $VIP:82 $R1:82 Tunnel" "TCP $VIP:82 $R2:82 Tunnel" \
		"TCP [$VIP6]:82 [$R1_6]:82 Tunnel" "TCP [$VIP6]:82 [$R2_6]:82 Tunnel" \
		"TCP $VIP:86 $R1:86 Tunnel" "TCP $VIP:87 $R1:87 Tunnel" "TCP $VIP:84 $R2:84 Route" "UDP $VIP:90 $R1:90 Route" "UDP $VIP:90 $R2:90 Route" \
		"TCP $STRAIGHT:80 $R1:80 Route" "TCP $STRAIGHT:80 $R2:80 Route" \
		"TCP $STRAIGHT:84 $R1:84 Route" "TCP $STRAIGHT:84 $R2:84 Route"; do
		UP[$r]=1
	done
	UP[TCP $VIP:84 $R1:84 Route]=0
}
rows_are() { # NODE
	local row words
	for row in "${!UP[@]}"; do
		read -ra words <<<"$row"
		if [ "${UP[$row]}" = 1 ]; then
			dest_is "$1" "${words[@]:0:3}" "${words[3]} 1" || { WRONG=$row; return 1; }
		else
			dest_is "$1" "${words[@]:0:3}" - || { WRONG=$row; return 1; }
		fi
	done
}
expect_rows() { # NAME
	local node
	for node in a b; do
		WRONG=
		expect_soon "$1-$node" 20 rows_are $node || note "at $node: $WRONG is not as it should be"
	done
}
down() { local row; for row; do UP[$row]=0; done; }
up() { local row; for row; do UP[$row]=1; done; }

ways() { in_ns "$1" "$LVSADM" -Ln | grep -c 'check-path$'; }
ways_are() { [ "$(ways "$1")" = "$2" ]; }
setting() { in_ns "$1" cat "/proc/sys/net/ipv4/conf/eth0/$2"; }
setting_is() { [ "$(setting "$1" "$2")" = "$3" ]; }

modprobe -q ipip
modprobe -q ip6_tunnel
modprobe -q ip_gre
modprobe -q fou
make_switch sw
make_node a sw 192.168.195.130/24 fd00:195::130/64 $VIP/24
# Not to send from: else it is the outer source of tunnels, which servers do not take from themselves.
ip -n "$(ns a)" addr add $VIP6/128 dev eth0 nodad preferred_lft 0
make_node b sw 192.168.195.131/24 fd00:195::131/64
make_node c sw 192.168.195.1/24 fd00:195::1/64
make_server r1 134 $R1
make_server r2 135 0.0.0.0
watch_table a
watch_table b
on a "$LVSADM" -A -f 7 -s rr
on b "$LVSADM" -A -f 5001 -s rr # somebody else's, in the range that b is told to use

say "all servers but the one that does not listen on the address"
conf a yes
conf b yes "through_vip_fwmark 5000"
start_director a
start_director b
all_rows
expect_rows begin || give_up "no beginning"
# 4 pairs of server and address by DR, 4 by IPIP, GUE, GRE; TCP, HTTP and UDP to one address share theirs.
N_WAYS=10
expect_eq ways-active $N_WAYS "$(ways a)"
expect_eq ways-backup $N_WAYS "$(ways b)"
expect_eq status "14 4" "$(status_of a '[.checks[] | .is_through_vip] | "\(map(select(.)) | length) \(map(select(. | not)) | length)"')"
expect_eq marks-of-their-own $N_WAYS "$(in_ns b "$LVSADM" -Ln | grep -c '^FWM  50[01][0-9] .*check-path$')"
expect_eq settings-active 1 "$(setting a accept_local)"
start_client c web "$HTTPCOUNT" -i 100 -w 3000 $VIP 80 /
start_client c web6 "$HTTPCOUNT" -i 100 -w 3000 $VIP6 80 /
start_client c tun "$HTTPCOUNT" -i 100 -w 3000 $VIP 82 /

say "reload, a killed checker child, a way deleted by hand: no server moves, no client notices"
mark_log a
for round in 1 2 3; do
	conf a yes "lvs_timeouts tcp $((900 + round))"
	reload_director a
	wait_for "reload $round" 10 eval '[[ $(in_ns a "$LVSADM" -L --timeout) = *" $((900 + round)) "* ]]'
done
old=$(role_pid a check)
kill -KILL "$old"
expect_soon respawned 20 is_respawned a check "$old"
expect_soon ways-adopted 10 ways_are a $N_WAYS
# The kernel gives the packets to a service of clients then: what any server answers must not count.
in_ns a "$LVSADM" -Ln | awk '/check-path/ { print "-D -f " $2 ($3 == "IPv6" ? " -6" : "") }' | in_ns a "$LVSADM" -R
expect_soon way-repaired 10 ways_are a $N_WAYS
expect_stays servers-stay 1 rows_are a
expect_eq no-verdict-changes 0 "$(log_since a | grep -cE 'check_(up|down)|(Removing|Adding) service')"

say "ways are nobody's services"
in_ns a "$LVSADM" -Sn >"$LAB_DIR/saved"
expect_eq not-saved "-A -f 7 -s rr" "$(grep -- '-f ' "$LAB_DIR/saved")"
expect no-diff in_ns a "$LVSADM" diff "$LAB_DIR/saved"
expect_eq json "11 $N_WAYS" "$(in_ns a "$LVSADM" -L --json | jq -r '"\(.services | length) \(.check_paths | length)"')"
expect no-plan in_ns a "$DIARCH" --plan -f "$(node_dir a)/keepalived.conf" "--control=$(node_dir a)/control.sock"
for client in web web6 tun; do
	stop $client
	answers=$(tail -1 "$(node_dir c)/$client.log")
	expect_eq "requests-$client" 0 "${answers##*failed=}"
	note "$client: $answers"
done

say "r1 loses the addresses: dead by DR and TUN, and for the straight check as before"
ipn r1 addr del $VIP/32 dev lo
ipn r1 addr del $VIP6/128 dev lo
OF_R1=("TCP $VIP:80 $R1:80 Route" "TCP [$VIP6]:80 [$R1_6]:80 Route" "TCP $VIP:82 $R1:82 Tunnel"
	"TCP [$VIP6]:82 [$R1_6]:82 Tunnel" "TCP $VIP:86 $R1:86 Tunnel" "TCP $VIP:87 $R1:87 Tunnel" "UDP $VIP:90 $R1:90 Route")
down "${OF_R1[@]}"
expect_rows address-lost
# A port that was used before may still be a connection to r1 for IPVS, which then drops it.
all_by_r2() { [ "$(in_ns c "$HTTPCOUNT" -n 4 -w 3000 $VIP 80 /)" = "r2=4 failed=0" ]; }
expect_soon other-answers 10 all_by_r2
add_addresses r1 lo $VIP/32 $VIP6/128
up "${OF_R1[@]}"
expect_rows address-back

say "tunnels: some are down, one drops what comes in; DR goes on"
ipn r1 link set dev gre0 down
on r1 ip fou del port 6080
ipn r2 link set dev ip6tnl0 down
on r2 sysctl -q net.ipv4.conf.tunl0.rp_filter=1
TUNNELS=("TCP $VIP:82 $R2:82 Tunnel" "TCP [$VIP6]:82 [$R2_6]:82 Tunnel" "TCP $VIP:86 $R1:86 Tunnel"
	"TCP $VIP:87 $R1:87 Tunnel")
down "${TUNNELS[@]}"
expect_rows tunnel-lost
ipn r1 link set dev gre0 up
on r1 ip fou add port 6080 gue
ipn r2 link set dev ip6tnl0 up
on r2 sysctl -q net.ipv4.conf.tunl0.rp_filter=0
up "${TUNNELS[@]}"
expect_rows tunnel-back

say "the addresses go from a to b, where they are on lo with strict filtering of eth0"
mark_log a
mark_log b
on b sysctl -q net.ipv4.conf.eth0.rp_filter=1
ipn a addr del $VIP/24 dev eth0
ipn a addr del $VIP6/128 dev eth0
add_addresses b lo $VIP/32 $VIP6/128
expect_soon filter-loosened 10 setting_is b rp_filter 2
expect_rows moved
expect_stays moved-stays 1 rows_are b

say "checks of b go straight again: its ways are gone, its settings as before"
conf b ""
reload_director b
expect_soon ways-removed 10 ways_are b 0
expect_soon settings-back 10 setting_is b accept_local 0
expect_soon filter-back 10 setting_is b rp_filter 1
up "TCP $VIP:84 $R1:84 Route"
down "UDP $VIP:90 $R1:90 Route" "UDP $VIP:90 $R2:90 Route" # they listen on the address alone
expect_soon straight-passes 10 rows_are b

say "a ends with its checker killed before, the row of somebody else stays"
old=$(role_pid a check)
kill -KILL "$old"
expect_soon respawned-again 20 is_respawned a check "$old"
expect_soon ways-again 10 ways_are a $N_WAYS
stop a
stop b
expect_eq left-at-a "FWM 00000007 rr" "$(table_of a | sed 's/ *$//')"
expect_eq left-at-b "FWM 00001389 rr" "$(table_of b | sed 's/ *$//')"
expect_eq settings-at-a 0 "$(setting a accept_local)"

say "a that is killed leaves its table, and the next start tidies up"
conf a yes
start_director a
expect_soon started-again 20 ways_are a $N_WAYS
kill_director a
conf a yes "through_vip_fwmark 9000"
start_director a
marks_are_new() { [ "$(in_ns a "$LVSADM" -Ln | grep -c '^FWM  900[0-9] .*check-path$')" = $N_WAYS ] && ways_are a $N_WAYS; }
expect_soon marks-moved 20 marks_are_new
stop a
expect_eq left-in-the-end "FWM 00000007 rr" "$(table_of a | sed 's/ *$//')"
