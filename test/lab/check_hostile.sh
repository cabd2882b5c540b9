#!/bin/bash
#
#	d (one namespace): diarch's checker ── lo ── hostile and hostile_dgram, a server for each way to do harm
#
# Servers and scripts that stall, flood, lie and break off: each is found to be down, for the right reason, within its
# deadline; memory and processor time stay bounded, and the checks of a good server beside them go on in time. No IPVS is
# needed: verdicts are in the status. The last connections are cut by the deadline, never by the server.
. "${BASH_SOURCE[0]%/*}/lab.sh"
need openssl
need_director
HOSTILE=$BUILD/test/lab/hostile
HOSTILE_DGRAM=$BUILD/test/lab/hostile_dgram
need_built "$HOSTILE" "$HOSTILE_DGRAM"

# Of the good server, which is checked every 200 ms: late when the machine is, but not as late as one stalled server after the
# other would make it.
GAP_MS=4000
DGRAM_PORT=6000
# Of each check at least: one may take 2 s, a script 4 s until it is killed, and the next begins within a second.
RUNS=2
RSS_KIB=60000
CPU_PERCENT=60
# AddressSanitizer keeps what was freed, by default up to 256 MiB: the limit is for what is left beside that.
if nm -D "$DIARCH" 2>/dev/null | grep -q __asan_init; then
	RSS_KIB=250000
	export ASAN_OPTIONS="$ASAN_OPTIONS:quarantine_size_mb=32"
fi
# Under valgrind everything takes more.
WARMUP_S=0.5
DEADLINE_S=2
DELAY_S=1
WATCH_S=8
LATE=
if [ -n "${LAB_IS_SLOW:-}" ]; then
	RSS_KIB=400000
	CPU_PERCENT=100
	WARMUP_S=10
	DEADLINE_S=8
	DELAY_S=5
	WATCH_S=20
	GAP_MS=16000
	LATE=timeout # also where another reason was about to be found, as long as that one was found, too
fi

# Manner, checker and the reasons that are right, with | between them.
table() {
	cat <<-'EOT'
		good                 http   ok
		silent               http   timeout
		drip_head            http   timeout
		drip_body            http   timeout
		endless_head         http   http-too-big
		endless_field        http   http-too-big|http-malformed
		endless_status       http   http-too-big|http-malformed
		endless_body         http   http-too-big
		endless_continue     http   http-too-big|http-malformed|timeout
		endless_chunks       http   http-too-big|timeout
		endless_chunk_size   http   http-too-big|http-malformed
		endless_trailer      http   http-too-big|http-malformed
		huge_chunk           http   http-malformed|http-too-big
		huge_length          http   http-malformed|http-too-big|timeout
		negative_length      http   http-malformed|timeout
		nul_bytes            http   http-malformed|timeout
		gzip_bomb            http   http-too-big
		garbage              http   http-malformed|http-too-big
		reset_at_once        http   reset|connect-refused
		reset_at_each        http   reset
		redirect_nowhere     http   http-status|http-malformed
		silent               ssl    timeout
		endless_head         ssl    tls-handshake
		garbage              ssl    tls-handshake
		reset_at_once        ssl    reset|tls-handshake
		tls_closes           ssl    tls-handshake
		tls_resets           ssl    tls-handshake
		tls_garbage          ssl    tls-handshake
		tls_stalls           ssl    timeout|tls-handshake
		tls_alerts           ssl    tls-handshake|timeout
		tls_endless_body     ssl    http-too-big
		tls_renegotiates     ssl    tls|timeout|reset|closed-early
		tls_endless_tickets  ssl    timeout|tls
		tls_good             ssl    ok
		tls_good             verify tls-cert
		tls_good             ca     ok
		endless_line         agent  agent-malformed
		endless_lines        agent  agent-malformed
		garbage              agent  agent-malformed
		drip_line            agent  agent-silent
		silent               agent  agent-silent
		reset_at_once        agent  agent-silent
		smtp_good            smtp   ok
		silent               smtp   timeout
		smtp_drip            smtp   timeout
		smtp_endless_banner  smtp   smtp-too-long
		smtp_endless_lines   smtp   smtp-greeting
		smtp_endless_ends    smtp   smtp-helo
		smtp_helo_endless    smtp   smtp-too-long
		smtp_helo_lines      smtp   smtp-helo
		garbage              smtp   smtp-greeting|smtp-too-long
		smtp_codes           smtp   smtp-greeting
		smtp_pipelined       smtp   ok
		smtp_surprise        smtp   smtp-helo
		smtp_closes_in_helo  smtp   closed-early
		reset_at_once        smtp   reset|connect-refused
		smtp_reset_at_each   smtp   reset|closed-early
		dns_good             dns    ok
		dns_silent           dns    timeout
		dns_echo             dns    timeout
		dns_wrong_id         dns    timeout
		dns_id_flood         dns    timeout
		dns_flood            dns    ok
		dns_wrong_question   dns    timeout
		dns_wrong_type       dns    timeout
		dns_truncated        dns    timeout
		dns_loop             dns    timeout
		dns_loop_in_answer   dns    ok
		dns_oversized        dns    ok
		dns_many_questions   dns    timeout
		dns_elsewhere        dns    timeout
		dns_refuses          dns    dns-rcode
		udp_good             udp    ok
		dns_silent           udp    timeout
		udp_flood            udp    udp-length
		udp_good_flood       udp    ok
		udp_oversized        udp    udp-length
		udp_empty            udp    ok
		udp_elsewhere        udp    timeout
		icmp_good            ping   ok
		icmp_silent          ping   timeout
		icmp_wrong_id        ping   timeout
		icmp_wrong_sequence  ping   timeout
		icmp_wrong_bytes     ping   timeout
		icmp_flood           ping   timeout
		icmp_good_flood      ping   ok
		icmp_oversized       ping   timeout
		icmp_short           ping   timeout
		icmp_other_types     ping   timeout
		good                 misc   ok
		hangs                misc   script-timeout
		ignores              misc   script-timeout
		stops                misc   script-timeout
		prints               misc   script-timeout
		prints_and_fails     misc   script-status
		forks                misc   ok
		forks_and_hangs      misc   script-timeout
		daemonises           misc   ok
		daemonises_and_fails misc   script-status
		signals              misc   script-signal
		kills                misc   script-signal
	EOT
}
# What is left of the hanging ones has a time of its own to sleep.
script() {
	cat <<-'EOS'
		#!/bin/bash
		case $1 in
		hangs) exec sleep 10001 ;;
		ignores)
			trap '' TERM INT HUP
			while :; do sleep 10001; done
			;;
		stops) kill -STOP $$ ;;
		prints) while :; do printf '%01000d' 7; done ;;
		prints_and_fails)
			head -c 1000000 /dev/zero | tr '\0' '\7'
			exit 3
			;;
		forks) for i in {1..5}; do sleep 4 & done ;;
		forks_and_hangs)
			for i in {1..20}; do sleep 10001 & done
			wait
			;;
		daemonises) setsid sleep 4 & ;;
		daemonises_and_fails)
			setsid sleep 4 &
			exit 3
			;;
		signals) kill -SEGV $$ ;;
		kills) kill -KILL $$ ;;
		esac
	EOS
}
check_block() { # CHECKER DELAY PORT MANNER
	local pace="delay_loop $2
		            warmup $WARMUP_S
		            retry 0
		            delay_before_retry 1"
	local limits="connect_timeout 1
		            deadline $DEADLINE_S
		            $pace" port="connect_port $3"
	case $1 in
	smtp) echo "SMTP_CHECK { $port
		            $limits
		        }" ;;
	dns) echo "DNS_CHECK { $port
		            name www.example
		            type A
		            $limits
		        }" ;;
	udp) echo "UDP_CHECK { $port
		            require_reply 66696e65
		            $limits
		        }" ;;
	ping) echo "PING_CHECK {
		            $limits
		        }" ;;
	misc) echo "MISC_CHECK {
		            misc_path \"$LAB_DIR/d/script $4\"
		            misc_timeout 2
		            $pace
		        }" ;;
	agent) echo "AGENT_CHECK {
		            alpha
		            connect_port $3
		            agent_send hello
		            $limits
		        }" ;;
	*) echo "$([ "$1" = http ] && echo HTTP_GET || echo SSL_GET) {
		            $(case $1 in verify) echo tls_verify ;; ca) echo "tls_ca_file $LAB_DIR/d/cert.pem
			    tls_name hostile.example.org
			    tls_expiry_warning 30" ;; esac)
		            url {
		                path /
		                status_code 200
		                regex \"fine\"
		            }
		            $limits
		        }" ;;
	esac
}
# One service for each row of the table, 10.0.0.1 and so on.
conf() {
	local manner checker reasons i=0 delay port
	cat <<-EOF
		global_defs {
		    router_id d
		    checker_log_all_failures
		}
	EOF
	while read -r manner checker reasons; do
		i=$((i + 1))
		delay=$DELAY_S
		case $manner in
		good) delay=0.2 ;;
		*reset_at_each) delay=$(in_s $((DELAY_S * 100))) ;; # every byte has its turn
		esac
		port=$(sed -n "s/^$manner //p" "$LAB_DIR/d/hostile.log")
		port=${port:-$DGRAM_PORT}
		cat <<-EOF
			virtual_server 10.0.0.$i 80 {
			    protocol TCP
			    lvs_sched rr
			    lvs_method NAT
			    alpha
			    real_server 127.0.0.$i $port {
			        $(check_block "$checker" $delay "$port" "$manner")
			    }
			}
		EOF
	done < <(table)
}
# All failures that the log tells, as "ROW REASON COUNT".
count_failures() {
	awk '/ reason=/ && match($0, / rs=\[127\.0\.0\.[0-9]+\]/) {
		row = substr($0, RSTART + 13, RLENGTH - 14)
		sub(/.* reason=/, "")
		n[row " " $1]++
	}
	END { for (what in n) print what, n[what] }' "$LAB_DIR/d/d.log" | sort -n >"$LAB_DIR/d/failures"
}
all_have_failed() {
	count_failures
	[ "$(cut -d' ' -f1 "$LAB_DIR/d/failures" | uniq | wc -l)" -ge "$(table | grep -vc ' ok$')" ]
}
# The numbers of those that are up.
up_rows() { status_of d '.real_servers[] | select(.is_up) | .rs' | sed 's/^\[127\.0\.0\.\([0-9]*\)\].*/\1/' | sort -n | tr '\n' ' '; }
right_rows_up() { [ "$(up_rows)" = "$(table | awk '$3 == "ok" { printf "%d ", NR }')" ]; }
cpu_ms() { awk '{ sub(/.*\) /, ""); print ($12 + $13) * 10 }' "/proc/$1/stat"; }
rss_kib() { awk '/VmHWM/ { print $2 }' "/proc/$1/status"; }

say "A server of each kind, and a good one"
make_ns d
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$LAB_DIR/d/key.pem" -out "$LAB_DIR/d/cert.pem" \
	-subj /CN=hostile -addext subjectAltName=DNS:hostile.example.org -days 10 2>/dev/null || give_up "no certificate"
start_client d hostile "$HOSTILE" 7000 "$LAB_DIR/d/cert.pem" "$LAB_DIR/d/key.pem"
# In place of the kernel's own answers.
in_ns d sysctl -q net.ipv4.icmp_echo_ignore_all=1
# shellcheck disable=SC2046 # words
start_client d dgram "$HOSTILE_DGRAM" $DGRAM_PORT $(table | awk '$2 ~ /dns|udp|ping/ { print $1, "127.0.0." NR }')
script >"$LAB_DIR/d/script"
chmod 755 "$LAB_DIR/d/script"
conf | write_conf d
start_director d -C
expect_soon each-has-failed 60 all_have_failed
expect_soon the-good-are-up 20 right_rows_up
pid=$(role_pid d check)
tell_time
start_ms=$NOW_MS
cpu=$(cpu_ms "$pid")
expect_stays the-same-checker-lives $WATCH_S kill -0 "$pid"

say "Bounds"
tell_time
expect_most processor-share $CPU_PERCENT "$((100 * ($(cpu_ms "$pid") - cpu) / (NOW_MS - start_ms)))" %
expect_most memory "$RSS_KIB" "$(rss_kib "$pid")" "KiB at most"
expect_most descriptors 300 "$(find "/proc/$pid/fd" -mindepth 1 | wc -l)"
expect_eq respawns 0 "$(log_lines d 'event=child_start role=check' | awk '{ print $1 - 1 }')"
expect right-rows-are-up right_rows_up
stop d
expect_eq end 0 "$STATUS"
expect_soon no-script-is-left 10 eval '! in_ns d pgrep --ns $$ -f "sleep 10001|/d/script"'
stop hostile
stop dgram
good=$(tail -1 "$LAB_DIR/d/hostile.log")
note "$good"
expect_most good-server-in-time $GAP_MS "${good##*gap_ms=}" "ms between two checks, interval 200 ms"

expect warned-of-expiry in_log d 'event=tls_expiry .*days=(9|10)$'

# Of the failures of a row: those for one of these reasons, and for no other one. LATE is neither.
count_right() { # ROW REASONS
	awk -v row="$1" -v right="^($2)\$" '$1 == row && $2 ~ right { n += $3 } END { print n + 0 }' "$LAB_DIR/d/failures"
}
list_wrong() { # ROW REASONS
	awk -v row="$1" -v right="^($2)\$" -v late="$LATE" '$1 == row && $2 !~ right && $2 != late { print $2 }' "$LAB_DIR/d/failures"
}

say "Verdicts"
count_failures
i=0
while read -r manner checker reasons; do
	i=$((i + 1))
	seen=$(awk -v row=$i '$1 == row { printf "%s%s x%d", (n++ ? ", " : ""), $2, $3 }' "$LAB_DIR/d/failures")
	wrong=$(list_wrong $i "$reasons")
	if [ "$reasons" = ok ]; then
		expect_eq "$checker-$manner" "" "$wrong"
	elif [ -z "$wrong" ] && [ "$(count_right $i "$reasons")" -ge $RUNS ]; then
		ok "$checker-$manner" "$seen"
	else
		not_ok "$checker-$manner" "seen: ${seen:-no failure}; right: $reasons, $RUNS times at least"
	fi
done < <(table)
