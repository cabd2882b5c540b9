#!/bin/bash
# calm
#
#	     d 10.3.0.2         k 10.3.0.3
#	      diarch           keepalived
#	        └────── net (br0) ──────┘
#	                    │
#	               srv 10.3.0.1       10.2.0.0/16: nginx, OpenSSL, Postfix, Unbound, and servers that say what
#	                                  a file tells them
#
# All kinds of checks against real and misbehaving servers, one virtual server for each scenario, judged by diarch and by
# Debian's keepalived at once. A server is in the pool or not, with some weight; services start with alpha, so that
# who is in has passed. The table that is printed has both verdicts; where they differ, the scenario says so on purpose.
. "${BASH_SOURCE[0]%/*}/lab.sh"
need_ipvs "$@"
need keepalived ipvsadm openssl nginx unbound postfix
need_director
CANNED=$BUILD/test/lab/canned
need_built "$CANNED"

SETTLE_S=60
STAY_S=8

# --- scenarios ---

NAMES=() WANTED=() THEIRS=()
BLOCKS='' SERVERS=''
# scenario NAME WANTED [KEEPALIVED]: the check from standard input, with ADDR and PORT for the server's; lines that begin
# with "serve" are servers of this scenario. WANTED is up, down, or up=WEIGHT.
scenario() {
	local n=$((${#NAMES[@]} + 1)) line addr
	addr=10.2.0.$n
	NAMES+=("$1")
	WANTED+=("$2")
	THEIRS+=("${3:-$2}")
	RS_PORT=80 CHECK=
	while read -r line; do
		line=${line//ADDR/$addr}
		case $line in
		"serve "*) SERVERS+=${line#serve }$'\n' ;;
		"port "*) RS_PORT=${line#port } ;;
		*) CHECK+="            $line"$'\n' ;;
		esac
	done
	BLOCKS+="virtual_server 10.1.0.$n 80 {
    protocol TCP
    lb_algo rr
    lb_kind NAT
    delay_loop 2
    alpha
    real_server $addr $RS_PORT {
        weight 5
        delay_before_retry 1
        warmup 0
$CHECK    }
}
"
}

tcp() { scenario "$@" <<<"TCP_CHECK {
	connect_timeout 2
	$EXTRA
}
$SERVE"; }
# http NAME WANTED [KEEPALIVED]: URL and EXTRA are lines; SERVE is the server.
http() { scenario "$@" <<<"${KIND:-HTTP_GET} {
	url {
	path ${URL:-/}
	$EXPECT
	}
	connect_timeout 2
	$EXTRA
}
$SERVE"; }
canned_http() { # NAME WANTED ANSWER... : steps behind the request's head
	local name=$1 wanted=$2
	shift 2
	SERVE="serve tcp ADDR 80 head $*" http "$name" "$wanted" ${THEIR:-}
}
smtp() { # NAME WANTED STEPS...
	local name=$1 wanted=$2
	shift 2
	scenario "$name" "$wanted" ${THEIR:-} <<-EOF
		SMTP_CHECK {
		connect_timeout 2
		$EXTRA
		}
		port 25
		serve tcp ADDR 25 $*
	EOF
}
dns() { # NAME WANTED STEPS...
	local name=$1 wanted=$2
	shift 2
	scenario "$name" "$wanted" ${THEIR:-} <<-EOF
		DNS_CHECK {
		connect_timeout 2
		retry 0
		$EXTRA
		}
		port 53
		serve udp ADDR 53 $*
	EOF
}
udp() { # NAME WANTED STEPS...
	local name=$1 wanted=$2
	shift 2
	scenario "$name" "$wanted" ${THEIR:-} <<-EOF
		UDP_CHECK {
		connect_timeout 2
		$EXTRA
		}
		port 7000
		serve udp ADDR 7000 $*
	EOF
}
misc() { # NAME WANTED COMMAND
	scenario "$1" "$2" ${THEIR:-} <<-EOF
		MISC_CHECK {
		misc_path "$3"
		misc_timeout 9
		$EXTRA
		}
	EOF
}
EXTRA='' SERVE='' EXPECT='' URL='' THEIR=''

OPEN='serve tcp ADDR 80 hold'
SERVE=$OPEN tcp tcp-open up
tcp tcp-refused down
SERVE=$OPEN EXTRA='connect_port 81' tcp tcp-other-port down
SERVE='serve tcp ADDR 81 hold' EXTRA='connect_port 81' tcp tcp-connect-port up
EXTRA='connect_ip 10.2.9.9' tcp tcp-silent-host down
SERVE=$OPEN EXTRA='bindto 10.3.0.99' tcp tcp-bindto-foreign down
# Where a check comes from, as the server sees it: OWN is another address of the director, SIDE that of its second
# interface, which packets with mark 7 leave through, too.
ORIGINS=()
from() { # KIND NAME ADDRESS:PORT LINES [KEEPALIVED]: a check that comes from there, * = any
	ORIGINS+=("$((${#NAMES[@]} + 1)) $3 ${5:-$3}")
	if [ "$1" = tcp ]; then
		SERVE='serve tcp ADDR 80 tell hold' EXTRA=$4 tcp "tcp-$2" up
	else
		EXTRA=$4 udp "udp-$2" up tell say=x
	fi
}
for kind in tcp udp; do
	from $kind plain 'MAIN:*' ''
	from $kind bindto 'OWN:*' 'bindto OWN'
	from $kind bind-port 'MAIN:4000' 'bind_port 4000' 'MAIN:*'
	from $kind bindto-and-port 'OWN:4001' 'bindto OWN
	bind_port 4001'
	from $kind bind-if 'SIDE:*' 'bind_if eth1' "$([ $kind = udp ] && echo 'MAIN:*')"
	from $kind fwmark 'SIDE:*' 'fwmark 7'
	from $kind other-fwmark 'MAIN:*' 'fwmark 8'
done

DIGEST=$(printf 'hello\n' | md5sum)
DIGEST=${DIGEST%% *}
PAGE='say=HTTP/1.0\s200\sOK\r\nContent-Type:\stext/plain\r\n\r\nhello\n'
canned_http http-200 up "$PAGE"
canned_http http-404 down 'say=HTTP/1.0\s404\sNot\sFound\r\n\r\nno\n'
canned_http http-204 up 'say=HTTP/1.1\s204\sNo\sContent\r\n\r\n'
canned_http http-301 down 'say=HTTP/1.1\s301\sMoved\r\nLocation:\s/x\r\n\r\n'
EXPECT='status_code 404' canned_http http-404-wanted up 'say=HTTP/1.0\s404\sNot\sFound\r\n\r\nno\n'
EXPECT='status_code 200-299 301 500-599' canned_http http-code-list up 'say=HTTP/1.0\s503\sx\r\n\r\nno\n'
EXPECT='status_code 300-399' canned_http http-code-range-missed down "$PAGE"
EXPECT="digest $DIGEST" canned_http http-digest up "$PAGE"
EXPECT="digest ${DIGEST/[0-8]/9}" canned_http http-digest-wrong down "$PAGE"
EXPECT="digest $DIGEST
	status_code 404" canned_http http-status-before-digest down "$PAGE"
EXPECT='regex "hel+o"' canned_http http-regex up "$PAGE"
EXPECT='regex "goodbye"' canned_http http-regex-missed down "$PAGE"
EXPECT='regex "hello"
	regex_no_match' canned_http http-regex-no-match down "$PAGE"
EXPECT='regex "goodbye"
	regex_no_match' canned_http http-regex-no-match-missed up "$PAGE"
EXPECT='regex "HELLO"
	regex_options caseless' canned_http http-regex-caseless up "$PAGE"
EXPECT='regex "text/plain"' canned_http http-regex-in-head up "$PAGE"
# Offsets are from the beginning of the head, which has 45 bytes.
EXPECT='regex "hello"
	regex_min_offset 45' canned_http http-regex-at-minimum up "$PAGE"
EXPECT='regex "hello"
	regex_min_offset 46' canned_http http-regex-too-early down "$PAGE"
EXPECT='regex "lo"
	regex_max_offset 48' canned_http http-regex-at-maximum up "$PAGE"
EXPECT='regex "lo"
	regex_max_offset 47' canned_http http-regex-too-late down "$PAGE"
EXTRA='http_protocol 1.1' canned_http http-1.1 up "$PAGE"
EXTRA='http_protocol 1.0C' canned_http http-1.0C up "$PAGE"
canned_http http-length-too-long up 'say=HTTP/1.0\s200\sOK\r\nContent-Length:\s100\r\n\r\nhello\n'
EXPECT="digest $DIGEST" canned_http http-no-length-digest up 'say=HTTP/1.0\s200\sOK\r\n\r\nhello\n'
canned_http http-lower-case up 'say=HTTP/1.0\s200\sOK\r\ncontent-length:\s6\r\n\r\nhello\n'
canned_http http-silent down hold
canned_http http-closed down
canned_http http-reset down reset
canned_http http-garbage down 'say=who\sare\syou\r\n\r\n'
canned_http http-slow-in-time up 'say=HTTP/1.0\s200\sOK\r\n' wait=300 'say=\r\nhello\n'
canned_http http-half-head down 'say=HTTP/1.0\s200' hold
THEIR=down EXPECT='regex "x{60000}"' canned_http http-large up 'say=HTTP/1.0\s200\sOK\r\n\r\n' fill=100000
scenario http-two-urls up <<-EOF
	HTTP_GET {
	url {
	path /a
	}
	url {
	path /b
	}
	connect_timeout 2
	}
	serve tcp ADDR 80 head $PAGE
EOF
# What nginx says to a name and to another one.
NGINX='connect_ip 10.2.1.1'
EXTRA=$NGINX EXPECT="digest $DIGEST" http nginx-200 up
EXTRA=$NGINX URL=/missing http nginx-404 down
EXTRA="$NGINX
	virtualhost www.example" URL=/named http nginx-virtualhost up
EXTRA="$NGINX
	virtualhost other.example" URL=/named http nginx-other-virtualhost down
EXTRA=$NGINX EXPECT='virtualhost www.example' URL=/named http nginx-url-virtualhost up
EXTRA="$NGINX
	http_protocol 1.1" EXPECT="digest $DIGEST" http nginx-1.1 up

KIND=SSL_GET
declare -A TLS_PORT=([good]=4431 [expired]=4432 [self-signed]=4433 [wrong-name]=4434)
for what in good expired self-signed wrong-name; do
	EXTRA="connect_ip 10.2.1.2
	connect_port ${TLS_PORT[$what]}" http "ssl-$what" up
done
EXTRA='connect_ip 10.2.1.2
	connect_port 4440' http ssl-client-certificate up
EXTRA='connect_ip 10.2.1.2
	connect_port 4450
	enable_sni
	virtualhost www.example' URL=/ http ssl-sni up
EXTRA="connect_ip 10.2.1.1
	connect_port 80" http ssl-of-plain-server down
SERVE='serve tcp ADDR 80 hold' http ssl-silent down
SERVE='serve tcp ADDR 80 say=\x16\x03\x01\x00\x05xxxxx' http ssl-garbage down
KIND=

smtp smtp-good up 'say=220\smx\r\n' line 'say=250\smx\r\n' line 'say=221\sbye\r\n'
smtp smtp-554 down 'say=554\sgo\saway\r\n' line
THEIR=down smtp smtp-220-alone up 'say=220\r\n' line 'say=250\smx\r\n' line 'say=221\sbye\r\n'
smtp smtp-greeting-of-two-lines down 'say=220-mx\r\n220\sready\r\n' line 'say=250\smx\r\n' line 'say=221\sbye\r\n'
smtp smtp-helo-501 down 'say=220\smx\r\n' line 'say=501\sno\r\n' line 'say=221\sbye\r\n'
smtp smtp-helo-of-two-lines down 'say=220\smx\r\n' line 'say=250-mx\r\n250\sHELP\r\n' line 'say=221\sbye\r\n'
smtp smtp-quit-unanswered down 'say=220\smx\r\n' line 'say=250\smx\r\n' line
smtp smtp-quit-500 up 'say=220\smx\r\n' line 'say=250\smx\r\n' line 'say=500\swhat\r\n'
smtp smtp-silent down hold
smtp smtp-half-a-line down 'say=220\sm' hold
smtp smtp-closed down
EXTRA='connect_ip 10.2.1.3' smtp postfix up hold
smtp_host() { # CONNECT-PORT: a host of its own
	printf 'host {\nconnect_ip ADDR\nconnect_port %s\n}' "$1"
}
MX='say=220\smx\r\n line say=250\smx\r\n line say=221\sbye\r\n'
EXTRA=$(smtp_host 25) smtp smtp-host up "$MX"
EXTRA=$(smtp_host 26) smtp smtp-host-other-port up "$MX
	serve tcp ADDR 26 $MX"
EXTRA=$(smtp_host 26) smtp smtp-host-dead down "$MX"
EXTRA="$(smtp_host 25)
	$(smtp_host 26)" smtp smtp-two-hosts up "$MX
	serve tcp ADDR 26 $MX"
EXTRA="$(smtp_host 25)
	$(smtp_host 26)" smtp smtp-two-hosts-one-dead down "$MX"
EXTRA="$(smtp_host 25)
	$(smtp_host 26)" smtp smtp-two-hosts-one-refuses down "$MX
	serve tcp ADDR 26 say=554\sno\r\n line"
EXTRA="helo_name me.example
	$(smtp_host 25)" smtp smtp-host-helo-name up "$MX"

ANSWER='\x81\x80\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x06\x00\x01'
dns dns-noerror up "id=$ANSWER"
dns dns-servfail down "id=${ANSWER/80/82}"
dns dns-nxdomain down "id=${ANSWER/80/83}"
dns dns-refused down "id=${ANSWER/80/85}"
dns dns-silent down hold
dns dns-wrong-id down "say=zz$ANSWER"
EXTRA='connect_port 54' dns dns-port-closed down hold
EXTRA='connect_ip 10.2.1.4
	name www.example
	type A' dns unbound-a up hold
EXTRA='connect_ip 10.2.1.4
	name missing.example
	type A' dns unbound-nxdomain down hold
EXTRA='connect_ip 10.2.1.4
	name www.example
	type TXT' dns unbound-no-data up hold

udp udp-silent up hold
EXTRA='connect_port 7001' udp udp-unreachable down hold
udp udp-answer up say=x
EXTRA=require_reply udp udp-reply up say=x
EXTRA=require_reply udp udp-no-reply down hold
EXTRA='payload 0a0b
	require_reply 0c0d' udp udp-pattern up 'say=\x0c\x0d'
EXTRA='require_reply 0c0d' udp udp-pattern-missed down 'say=\x0c\x0e'
EXTRA='require_reply 0cxd' udp udp-wildcard up 'say=\x0c\x4d'
EXTRA='require_reply 0c0d0e' udp udp-beginning up 'say=\x0c\x0d'
EXTRA='require_reply 0c0d
	min_reply_length 4' udp udp-too-short down 'say=\x0c\x0d'
EXTRA='require_reply 0c0d
	max_reply_length 4' udp udp-too-long down 'say=\x0c\x0d\x0c\x0d\x0c'

misc misc-0 up /bin/true
misc misc-1 down /bin/false
misc misc-2 down "$LAB_DIR/status 2"
EXTRA=misc_dynamic misc misc-dynamic-0 up "$LAB_DIR/status 0"
EXTRA=misc_dynamic misc misc-dynamic-1 down "$LAB_DIR/status 1"
EXTRA=misc_dynamic misc misc-dynamic-2 up=0 "$LAB_DIR/status 2"
EXTRA=misc_dynamic misc misc-dynamic-12 up=10 "$LAB_DIR/status 12"
EXTRA=misc_dynamic misc misc-dynamic-255 up=253 "$LAB_DIR/status 255"
misc misc-killed down "$LAB_DIR/kill"
misc misc-hangs down "/bin/sleep 30"
misc misc-ignores-term down "$LAB_DIR/ignore"

# The number in a file, with weights of their own.
file() { # NAME WANTED FILE LINES
	scenario "file-$1" "$2" ${THEIR:-} <<<"FILE_CHECK {
		track_file $3
		${4:-}
	}"
}
TRACKED=(zero=0 one=1 three=3 minus=-2)
file zero-weight-0 up zero 'weight 0'
file one-weight-0 down one 'weight 0'
file zero up=5 zero
file three up=8 three
file three-weight-2 up=11 three 'weight 2'
file three-reverse up=2 three 'weight 1 reverse'
file minus up=3 minus
file minus-reverse up=7 minus 'weight 1 reverse'
file below-nothing up=0 minus 'weight 4'
file one-weight-least up=0 one 'weight -2147483647'
THEIR=up file zero-weight-0-reverse down zero 'weight 0 reverse'
THEIR=down file one-weight-0-reverse up one 'weight 0 reverse'
for what in near:up nobody:down; do
	scenario "bfd-${what%:*}" "${what#*:}" <<<"BFD_CHECK {
		name ${what%:*}
	}"
done

scenario ping up <<<'PING_CHECK {
	connect_timeout 2
	connect_ip 10.2.1.1
}'
scenario ping-silent down <<<'PING_CHECK {
	connect_timeout 2
	connect_ip 10.2.9.9
}'
# shellcheck disable=SC2154 # n is the number of the scenario
scenario two-checks-one-fails down <<<"TCP_CHECK {
	connect_timeout 2
}
MISC_CHECK {
	misc_path /bin/false
}
$OPEN"

# --- servers ---

make_scripts() {
	printf '#!/bin/sh\nexit "$1"\n' >"$LAB_DIR/status"
	# shellcheck disable=SC2016 # the script's own
	printf '#!/bin/sh\nkill -9 $$\n' >"$LAB_DIR/kill"
	printf '#!/bin/sh\ntrap "" TERM\nwhile :; do sleep 1; done\n' >"$LAB_DIR/ignore"
	chmod 755 "$LAB_DIR/status" "$LAB_DIR/kill" "$LAB_DIR/ignore"
}
start_nginx() {
	local dir
	dir=$(node_dir srv)
	mkdir -p "$dir/www"
	echo hello >"$dir/www/index.html"
	cat >"$dir/nginx.conf" <<-EOF
		daemon off;
		user root;
		pid $dir/nginx.pid;
		error_log $dir/nginx.err;
		events { }
		http {
			access_log off;
			client_body_temp_path $dir/t1; proxy_temp_path $dir/t2; fastcgi_temp_path $dir/t3;
			uwsgi_temp_path $dir/t4; scgi_temp_path $dir/t5;
			server { listen 10.2.1.1:80 default_server; root $dir/www; location /named { return 404; } }
			server {
				listen 10.2.1.1:443 ssl; root $dir/www;
				ssl_certificate $dir/good.pem; ssl_certificate_key $dir/good.key;
			}
			server { listen 10.2.1.1:80; server_name www.example; location /named { return 200 "hello\n"; } }
		}
	EOF
	start srv nginx nginx -c "$dir/nginx.conf"
}
make_certificate() { # FILE NAME SIGNER DAYS
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1.key" -out "$1.csr" -subj "/CN=$2" &&
		if [ -n "$3" ]; then
			openssl x509 -req -in "$1.csr" -CA "$3.pem" -CAkey "$3.key" -CAcreateserial -days "$4" -out "$1.pem"
		else
			openssl x509 -req -in "$1.csr" -signkey "$1.key" -days "$4" -out "$1.pem"
		fi
} 2>/dev/null
start_tls() {
	local dir name
	dir=$(node_dir srv)
	make_certificate "$dir/ca" "lab authority" "" 30
	make_certificate "$dir/good" 10.2.1.2 "$dir/ca" 30
	make_certificate "$dir/self-signed" 10.2.1.2 "" 30
	make_certificate "$dir/wrong-name" other.example "$dir/ca" 30
	make_certificate "$dir/expired" 10.2.1.2 "$dir/ca" -1
	for name in good expired self-signed wrong-name; do
		start srv "tls-$name" openssl s_server -quiet -www -accept "10.2.1.2:${TLS_PORT[$name]}" \
			-cert "$dir/$name.pem" -key "$dir/$name.key"
	done
	start srv tls-client openssl s_server -quiet -www -accept 10.2.1.2:4440 -cert "$dir/good.pem" -key "$dir/good.key" \
		-Verify 1 -verify_return_error -CAfile "$dir/ca.pem"
	start srv tls-sni openssl s_server -quiet -www -accept 10.2.1.2:4450 -cert "$dir/wrong-name.pem" \
		-key "$dir/wrong-name.key" -servername www.example -cert2 "$dir/good.pem" -key2 "$dir/good.key" -servername_fatal
}
start_postfix() {
	local dir
	make_scratch
	dir=$LAB_SCRATCH
	mkdir -p "$dir/queue" "$dir/data"
	chown postfix "$dir/data"
	cat >"$dir/main.cf" <<-EOF
		compatibility_level = 3.6
		queue_directory = $dir/queue
		data_directory = $dir/data
		myhostname = mx.example
		mydestination =
		local_recipient_maps =
		alias_maps =
		inet_interfaces = 10.2.1.3
		inet_protocols = ipv4
		smtpd_peername_lookup = no
		maillog_file = $dir/log
		maillog_file_prefixes = /tmp
	EOF
	cat >"$dir/master.cf" <<-EOF
		10.2.1.3:25 inet n - n - - smtpd
		postlog unix-dgram n - n - 1 postlogd
		anvil unix - - n - 1 anvil
		proxymap unix - - n - - proxymap
		rewrite unix - - n - - trivial-rewrite
	EOF
	start srv postfix postfix -c "$dir" start-fg
}
start_unbound() {
	local dir
	dir=$(node_dir srv)
	cat >"$dir/unbound.conf" <<-EOF
		server:
			interface: 10.2.1.4
			access-control: 10.0.0.0/8 allow
			username: ""
			chroot: ""
			pidfile: ""
			use-syslog: no
			do-daemonize: no
			local-zone: "example." static
			local-data: "www.example. A 192.0.2.80"
	EOF
	start srv unbound unbound -d -c "$dir/unbound.conf"
}

# --- running ---

# own NODE MAIN|OWN|SIDE: an address of a director
own() {
	local last=2
	[ "$1" = d ] || last=3
	case $2 in
	MAIN) echo 10.3.0.$last ;;
	OWN) echo 10.3.0.1$last ;;
	SIDE) echo 10.4.0.$last ;;
	esac
}
bfd_block() { # NAME NEIGHBOUR SOURCE
	printf 'bfd_instance %s {\nneighbor_ip %s\nsource_ip %s\nmin_tx 200\nmin_rx 200\n}\n' "$@"
}
tracked_blocks() { # NODE: what checks follow, in front of them for keepalived
	local tracked
	for tracked in "${TRACKED[@]}"; do
		printf 'track_file %s {\nfile %s\n}\n' "${tracked%=*}" "$LAB_DIR/number-${tracked%=*}"
	done
	bfd_block near 10.3.0.1 "$(own "$1" MAIN)"
	bfd_block nobody 10.3.0.77 "$(own "$1" MAIN)"
}
# The neighbour of the BFD sessions; they run for who tracks them.
start_neighbour() {
	local node
	{
		for node in d k; do bfd_block "to_$node" "$(own $node MAIN)" 10.3.0.1; done
		printf 'vrrp_instance VI_9 {\nstate BACKUP\ninterface eth0\nvirtual_router_id 9\npriority 50\n'
		printf 'track_bfd {\nto_d weight 1\nto_k weight 1\n}\nvirtual_ipaddress {\n10.3.0.99/24\n}\n}\n'
	} | write_conf srv
	start_director srv -P
}
# seen_from NODE NUMBER ORIGIN: the server of a scenario was asked from there, and by this director from nowhere else
seen_from() {
	local wanted=${3/MAIN/$(own "$1" MAIN)} seen last
	last=$(own "$1" MAIN) last=${last##*.}
	wanted=${wanted/OWN/$(own "$1" OWN)}
	wanted=${wanted/SIDE/$(own "$1" SIDE)}
	seen=$(sed -nE "s/^10\.2\.0\.$2:[0-9]+ from (10\.[34]\.0\.1?$last:[0-9]+)$/\1/p" "$(node_dir srv)/canned.log")
	[ -n "$seen" ] || return 1
	while read -r; do
		# shellcheck disable=SC2053 # a pattern
		[[ $REPLY == $wanted ]] || return 1
	done <<<"$seen"
}

make_world() {
	local node
	make_switch net
	make_node srv net 10.3.0.1/24 10.4.0.1/24
	in_ns srv sysctl -q net.ipv4.icmp_ratelimit=0 net.ipv4.icmp_msgs_per_sec=100000
	ip -n "$(ns srv)" route add local 10.2.0.0/23 dev lo
	add_addresses srv lo 10.2.1.3/32 # Postfix wants to see its own
	for node in d k; do
		make_node $node net "$(own $node MAIN)/24" "$(own $node OWN)/24"
		ip -n "$(ns $node)" route add 10.2.0.0/16 via 10.3.0.1 src "$(own $node MAIN)"
		plug_cable $node net eth1
		add_addresses $node eth1 "$(own $node SIDE)/24"
		ip -n "$(ns $node)" route add 10.2.0.0/16 via 10.4.0.1 dev eth1 metric 9
		ip -n "$(ns $node)" route add 10.2.0.0/16 via 10.4.0.1 dev eth1 table 77
		ip -n "$(ns $node)" rule add fwmark 7 lookup 77
		in_ns $node sysctl -q net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.eth0.rp_filter=0 net.ipv4.conf.eth1.rp_filter=0 \
			net.ipv4.conf.all.arp_ignore=1
	done
	printf '%s' "$SERVERS" >"$(node_dir srv)/servers"
	start srv canned "$CANNED" "$(node_dir srv)/servers"
	start_tls
	start_nginx
	start_postfix
	start_unbound
	for what in "${TRACKED[@]}"; do echo "${what#*=}" >"$LAB_DIR/number-${what%=*}"; done
	start_neighbour
	write_all_conf d
	write_all_conf k
}
write_all_conf() { # NODE
	local own
	own=$(own "$1" OWN)
	write_conf "$1" <<-EOF
		global_defs {
		    script_user root
		}
		SSL {
		    certificate $(node_dir srv)/good.pem
		    key $(node_dir srv)/good.key
		}
		$(tracked_blocks "$1")
		${BLOCKS//OWN/$own}
	EOF
}

# All verdicts of a node: up=WEIGHT or down, in VERDICTS by number. Not from /proc/net/ip_vs, which leaves out services
# when it takes more than one page.
declare -A VERDICTS
read_verdicts() { # NODE
	local words number
	VERDICTS=()
	while read -ra words; do
		case ${words[0]:-} in
		TCP) number=${words[1]#10.1.0.} number=${number%:*} ;;
		'->') [[ ${words[1]} != 10.2.0.* ]] || VERDICTS[$number]=up=${words[3]} ;;
		esac
	done < <(in_ns "$1" ipvsadm -Ln)
}
full() { # WANTED: with the configured weight
	if [ "$1" = up ]; then echo up=5; else echo "$1"; fi
}
# All verdicts of a node are as wanted; DIFFERENT is the list of the others.
all_are() { # NODE LIST
	local -n list=$2
	local i
	DIFFERENT=
	read_verdicts "$1"
	for ((i = 1; i <= ${#NAMES[@]}; i++)); do
		[ "${VERDICTS[$i]:-down}" = "${FULL[${list[i - 1]}]}" ] ||
			DIFFERENT+=" ${NAMES[i - 1]}=${VERDICTS[$i]:-down}"
	done
	[ -z "$DIFFERENT" ]
}
show_table() {
	local i theirs=() mine differs
	read_verdicts k
	for ((i = 1; i <= ${#NAMES[@]}; i++)); do theirs[i]=${VERDICTS[$i]:-down}; done
	read_verdicts d
	printf '   %-32s %-10s %-10s\n' scenario keepalived diarch
	for ((i = 1; i <= ${#NAMES[@]}; i++)); do
		mine=${VERDICTS[$i]:-down}
		differs=differs
		[ "$mine" != "${theirs[i]}" ] || differs=
		printf '   %-32s %-10s %-10s %s\n' "${NAMES[i - 1]}" "${theirs[i]}" "$mine" "$differs"
	done
}

declare -A FULL=([up]=up=5 [down]=down)
for what in "${WANTED[@]}" "${THEIRS[@]}"; do
	FULL[$what]=$(full "$what")
done

say "${#NAMES[@]} scenarios, one virtual server each"
make_scripts
make_world
wait_for "nginx listens" 30 in_ns d "$HTTPCOUNT" -n 1 10.2.1.1 80 /
wait_for "postfix listens" 60 grep -q 'daemon started' "$LAB_SCRATCH/log"
start_director d
start_keepalived k
expect_soon "verdicts of diarch" $SETTLE_S all_are d WANTED || note "not as wanted:$DIFFERENT"
expect_soon "verdicts of keepalived" $SETTLE_S all_are k THEIRS || note "not as known:$DIFFERENT"
expect_stays "verdicts of diarch stay" $STAY_S all_are d WANTED
show_table
for what in "${ORIGINS[@]}"; do
	read -r number ours theirs <<<"$what"
	expect "${NAMES[number - 1]}, as the server sees diarch: $ours" seen_from d "$number" "$ours"
	expect "${NAMES[number - 1]}, as the server sees keepalived: $theirs" seen_from k "$number" "$theirs"
done
digest_of() { # URL COMMAND...
	in_ns d "${@:2}" -s 10.2.1.1 -p 80 -u "$1"
}
for url in / missing; do
	expect_eq "diarchctl genhash prints what genhash does of $url" "$(digest_of $url genhash)" \
		"$(digest_of $url "$DIARCHCTL" genhash)"
done
expect_eq "with TLS too" "$(printf 'hello\n' | md5sum | cut -d' ' -f1)" \
	"$(in_ns d "$DIARCHCTL" genhash -S -s 10.2.1.1 -p 443 -u /)"
expect_eq "keepalived runs to the end" 1 "$(is_running_as k check && echo 1)"
expect_eq "no checker of diarch died" 0 "$(status_of d '.processes[] | select(.role == "check") | .restarts')"
stop d
expect_eq "diarch stops" 0 "$STATUS"
stop k
