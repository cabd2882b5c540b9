#!/bin/bash
#
# diarch-realserver: two hosts become real servers for direct routing and tunnels, are asked through the director,
# are broken in every way that --check knows, and become plain hosts again. The director's check too.
#
# calm
#
# plain
. "${BASH_SOURCE[0]%/*}/lab.sh"
need_ipvs "$@"
need ip busybox
need_built "$LVSADM" "$HTTPCOUNT"
REALSERVER=$TOP/lvs/diarch-realserver

VIP=192.168.195.200
VIP6=fd00:195::200

helper() { # NODE ARGS...: each host has a state of its own
	in_ns "$1" "$REALSERVER" "--state=$(node_dir "$1")/state" "${@:2}"
}
# What it changes, to be compared.
image() { # NODE
	in_ns "$1" ip -o addr show | awk '{ print $2, $4 }' | sort
	in_ns "$1" sh -c 'cd /proc/sys/net/ipv4/conf && grep -H . */arp_ignore */arp_announce */rp_filter'
	in_ns "$1" ip -o link show up | awk '{ print $2 }'
}
make_host() { # NODE LAST NAME
	make_node "$1" sw "192.168.195.$2/24" "fd00:195::$2/64"
	mkdir "$(node_dir "$1")/www"
	echo "server $3 " >"$(node_dir "$1")/www/index.html"
	start "$1" "web-$1" busybox httpd -f -p 80 -h "$(node_dir "$1")/www"
}
answers() { # NAME WANTED ADDRESS
	expect_eq "$1" "$2" "$(in_ns client "$HTTPCOUNT" -n 4 -w 3000 "$3" 80 /index.html)"
}
checks() { # NAME WANTED NODE ARGS...: the only thing that is wrong
	local name=$1 wanted=$2 out
	out=$(helper "$3" --check "${@:4}" 2>&1)
	if [ "$(grep -c ^wrong: <<<"$out")" = 1 ] && grep -q "^wrong: .*$wanted" <<<"$out"; then
		ok "check-$name" "$(grep ^wrong: <<<"$out")"
	else
		not_ok "check-$name" "wanted $wanted, seen: $out"
	fi
}
is_right() { # NAME NODE ARGS...
	expect_eq "$1" "all is right" "$(helper "$2" --check "${@:3}" | grep -v ^note:)"
}

make_switch sw
make_node client sw 192.168.195.1/24 fd00:195::1/64
make_node d sw 192.168.195.130/24 fd00:195::130/64 $VIP/24
ip -n "$(ns d)" addr add $VIP6/128 dev eth0 nodad preferred_lft 0 # or tunnels would leave from it
make_host dr 134 1
make_host tun 135 2
modprobe -q ipip
modprobe -q ip6_tunnel
in_ns d "$LVSADM" -R <<-END
	-A -t $VIP:80 -s rr
	-a -t $VIP:80 -r 192.168.195.134 -g
	-a -t $VIP:80 -r 192.168.195.135 -i
	-A -t [$VIP6]:80 -s rr
	-a -t [$VIP6]:80 -r [fd00:195::134]:80 -g
	-a -t [$VIP6]:80 -r [fd00:195::135]:80 -i
END

say "a plain host is no real server, and told why"
helper dr --check $VIP $VIP6 >"$LAB_DIR/plain"
expect_eq plain-status 1 $?
sed 's/^/   /' "$LAB_DIR/plain"
expect_eq plain-wrong 4 "$(grep -c ^wrong: "$LAB_DIR/plain")"
image dr >"$LAB_DIR/dr.before"
image tun >"$LAB_DIR/tun.before"

say "up, twice"
on dr "$REALSERVER" "--state=$(node_dir dr)/state" $VIP $VIP6
on tun "$REALSERVER" "--state=$(node_dir tun)/state" --tun $VIP $VIP6
image dr >"$LAB_DIR/dr.up"
helper dr $VIP $VIP6
expect_eq again-status 0 $?
image dr >"$LAB_DIR/dr.again"
expect again-changes-nothing cmp "$LAB_DIR/dr.up" "$LAB_DIR/dr.again"
is_right dr-is-right dr $VIP $VIP6
is_right tun-is-right tun --tun $VIP $VIP6
answers served-v4 "1=2 2=2 failed=0" $VIP
answers served-v6 "1=2 2=2 failed=0" $VIP6
# nobody but the director says that it has the address
in_ns client ip neigh flush all
answers served-after-arp "1=2 2=2 failed=0" $VIP
answers served-after-ndp "1=2 2=2 failed=0" $VIP6
expect arp-from-director neighbour_is client $VIP d
expect ndp-from-director neighbour_is client $VIP6 d

say "what is broken is named"
in_ns dr sysctl -q net.ipv4.conf.all.arp_ignore=0
checks arp-ignore arp_ignore dr $VIP
in_ns dr sysctl -q net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=1
checks arp-announce arp_announce dr $VIP
helper dr $VIP
is_right dr-repaired dr $VIP
ip -n "$(ns dr)" addr add $VIP/32 dev eth0
checks other-device "$VIP is on eth0" dr $VIP
ip -n "$(ns dr)" addr del $VIP/32 dev eth0
ip -n "$(ns dr)" addr del $VIP/32 dev lo
checks no-address "$VIP is not on this host" dr $VIP
ip -n "$(ns dr)" addr add $VIP/24 dev lo
checks length "should be $VIP/32" dr $VIP
ip -n "$(ns dr)" addr del $VIP/24 dev lo
helper dr $VIP
ip -n "$(ns tun)" link set dev tunl0 down
checks tunnel-down "tunl0 is down" tun --tun $VIP
helper tun --tun $VIP
in_ns tun sysctl -q net.ipv4.conf.tunl0.rp_filter=0 net.ipv4.conf.all.rp_filter=1
checks rp-filter "rp_filter of tunl0 is strict" tun --tun $VIP
in_ns tun sysctl -q net.ipv4.conf.all.rp_filter="$(sed -n 's|^all/rp_filter:||p' "$LAB_DIR/tun.before")"
helper tun --tun $VIP
is_right tun-repaired tun --tun $VIP $VIP6
checks gue "nothing listens for gue" tun --tun=gue $VIP

say "down, step by step and twice"
helper tun --down --tun $VIP6
is_right down-keeps-the-other tun --tun $VIP
helper tun --down --tun $VIP
helper tun --down --tun $VIP
expect_eq down-twice 0 $?
helper dr --down $VIP $VIP6
image dr >"$LAB_DIR/dr.after"
image tun >"$LAB_DIR/tun.after"
expect dr-is-as-before cmp "$LAB_DIR/dr.before" "$LAB_DIR/dr.after"
expect tun-is-as-before diff "$LAB_DIR/tun.before" "$LAB_DIR/tun.after"
helper dr --dev=dummy7 $VIP
is_right dummy-is-right dr --dev=dummy7 $VIP
helper dr --dev=dummy7 --down $VIP
image dr >"$LAB_DIR/dr.after"
expect dummy-is-gone cmp "$LAB_DIR/dr.before" "$LAB_DIR/dr.after"

say "a director"
in_ns d sysctl -q net.ipv4.conf.all.send_redirects=0 net.ipv4.conf.eth0.send_redirects=0 net.ipv4.ip_forward=1 \
	net.ipv4.vs.expire_nodest_conn=1 net.ipv4.vs.expire_quiescent_template=1 net.ipv4.vs.conn_reuse_mode=1 \
	net.ipv6.conf.all.forwarding=1
is_right director-is-right d --director --nat --dr --tun
broken() { # NAME KEY VALUE GOOD
	in_ns d sysctl -q "$2=$3"
	checks "director-$1" "$2 is $3" d --director --nat --dr
	in_ns d sysctl -q "$2=$4"
}
broken nodest net.ipv4.vs.expire_nodest_conn 0 1
broken template net.ipv4.vs.expire_quiescent_template 0 1
broken reuse net.ipv4.vs.conn_reuse_mode 0 1
broken forward net.ipv4.ip_forward 0 1
broken forward6 net.ipv6.conf.all.forwarding 0 1
in_ns d sysctl -q net.ipv4.conf.eth0.send_redirects=1
checks director-redirects "send_redirects of eth0" d --director --dr
expect_eq director-by-table 1 "$(helper d --check --director | grep -c '^wrong: send_redirects')"
