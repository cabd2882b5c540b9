#!/bin/bash
#
#	   192.168.195.0/24, VIP .200
#	 ┌──────────── sw (br0) ────────────┐
#	 │                                  │
#	a .130 prio 150 (two copies)    b .131 listens
#
# What keepalived's options do beyond the election: namespaces and copies, log files, a stop that leaves the addresses,
# no respawn, signals that monitoring sends.
#
# calm
. "${BASH_SOURCE[0]%/*}/lab.sh"
need ip tcpdump jq stat prlimit setpriv
need_director

VIP=192.168.195.200
VIP2=192.168.195.201

vrrp_conf() { # VRID ADDRESS [TOP-LEVEL LINE]
	cat <<-END
		${3:-}
		vrrp_instance VI_$1 {
		    interface eth0
		    virtual_router_id $1
		    version 3
		    priority 150
		    advert_int 0.2
		    virtual_ipaddress {
		        $2/24
		    }
		}
	END
}
parent_of() { pid_in_file a parent; }
log_has() { grep -qE "$2" "$LAB_DIR/a/$1"; }
zero_priorities() { grep -c 'prio 0' "$(node_dir b)/wire.log"; }

say "topology: one director, one that listens"
make_switch sw
make_node a sw 192.168.195.130/24
make_node b sw 192.168.195.131/24
start b wire tcpdump --immediate-mode -lni eth0 vrrp
wait_for "tcpdump listens" 5 grep -q listening "$(node_dir b)/wire.log"

say "log files, addresses, signals of monitoring, umask"
vrrp_conf 1 $VIP | write_conf a
start_director a -P -g"$LAB_DIR/a/all.log" -a -x -u 027
expect_soon master 10 has_address a $VIP || give_up "no master"
expect_soon log-file-of-parent 5 log_has all.log 'Startup complete'
expect_soon log-file-of-child 5 log_has all_vrrp.log 'Entering MASTER STATE'
expect_eq log-file-mode 640 "$(stat -c %a "$LAB_DIR/a/all_vrrp.log")"
expect_soon address-is-logged 5 log_has all.log "Netlink reflector reports IP $VIP added to eth0"
expect idle-option-is-said log_has all.log 'Option --snmp has no effect'
for log in all all_vrrp; do mv "$LAB_DIR/a/$log.log" "$LAB_DIR/a/$log.former"; done
reload_director a
expect_soon log-file-is-rotated 5 log_has all.log 'Reload complete'
expect log-file-has-its-beginning log_has all.former 'Startup complete'
expect_soon log-file-of-child-is-rotated 5 test -e "$LAB_DIR/a/all_vrrp.log"
for signal in USR1 USR2; do kill -$signal "$(parent_of)"; done
expect_soon signals-are-said 5 log_has all.log 'Signal 12 writes no file'
expect signals-do-no-harm has_address a $VIP
expect_eq pid-file-mode 644 "$(stat -c %a "$LAB_DIR/a/parent.pid")"
stop a TERM
expect stop-releases lacks_address a $VIP
expect_soon stop-says-so 5 grep -q "prio 0" "$(node_dir b)/wire.log" ||
	{ tail -n 3 "$(node_dir b)/wire.log" && tail -n 9 "$LAB_DIR/a/all_vrrp.log"; }

say "files in folders of others, at any time"
others=$LAB_DIR/a/others
mkdir "$others"
echo 5 >"$others/value"
chown -R 65534:65534 "$others"
chmod 700 "$others"
vrrp_conf 1 $VIP "global_defs {
	    vrrp_notify_fifo $others/fifo
	}
	track_file VALUE {
	    file $others/value
	    weight 1
	}" | sed 's/interface eth0/&\ntrack_file {\nVALUE\n}/' | write_conf a
chown 65534 "$LAB_DIR/a/keepalived.conf"
chmod 600 "$LAB_DIR/a/keepalived.conf"
mark_log a
start_director a -P
priority_is() { [ "$(status_of a '.vrrp[0].priority')" = "$1" ]; }
expect_soon others-file 10 priority_is 155
expect_soon others-fifo 5 test -p "$others/fifo"
ctl a status >/dev/full 2>"$LAB_DIR/a/status"
expect_eq status-not-written 1 $?
expect status-not-written-is-said grep -q 'cannot write the answer' "$LAB_DIR/a/status"
echo 7 >"$others/value"
expect_soon others-file-changes 5 priority_is 157
reload_director a
expect_soon others-conf-reloads 5 in_log_since a 'Reload complete'
mkdir "$others/folder"
mv -T "$others/value" "$others/former"
mv -T "$others/folder" "$others/value"
expect_soon unreadable-file-is-said 5 in_log_since a 'cannot read .*/value, which counts as 0'
rm -r "$others/fifo"
reload_director a
expect_soon others-fifo-again 5 test -p "$others/fifo"

say "no descriptor is left for a client"
parent=$(parent_of)
ticks() { awk '{ print $14 + $15 }' "/proc/$parent/stat"; }
limit=$(prlimit --pid "$parent" --nofile --noheadings -o SOFT,HARD | tr -s ' ' :)
prlimit --pid "$parent" --nofile=3:"${limit#*:}"
ctl a status >"$LAB_DIR/a/status" &
client=$!
before=$(ticks)
expect_stays no-descriptor-client-waits 2 kill -0 $client
expect_most no-descriptor-no-spin 50 $(($(ticks) - before)) "ticks of 10 ms in 2 s"
prlimit --pid "$parent" --nofile="$limit"
expect_soon no-descriptor-answer 5 grep -q VI_1 "$LAB_DIR/a/status"
wait $client
stop a TERM
rm "$LAB_DIR/a/keepalived.conf"

say "a capability is missing"
vrrp_conf 1 $VIP | write_conf a
mark_log a
start a a setpriv --bounding-set=-net_raw --inh-caps=-all "$DIARCH" -n -l -P -f "$LAB_DIR/a/keepalived.conf" \
	-p "$LAB_DIR/a/parent.pid" -r "$LAB_DIR/a/vrrp.pid" "--control=$LAB_DIR/a/control.sock"
expect_soon capability-is-named 10 in_log_since a 'The vrrp process lacks CAP_NET_RAW'
stop a TERM
expect_eq capability-stop 0 $STATUS

say "-V: the next start goes on"
before=$(zero_priorities)
start_director a -P -V
expect_soon again 10 has_address a $VIP
stop a TERM
expect kept-address has_address a $VIP
expect_eq kept-without-a-word "$before" "$(zero_priorities)"
mark_log a
start_director a -P
expect_soon next-start-is-master 10 in_log_since a 'Entering MASTER STATE'

say "a child that dies while the start is delayed: the next one waits for the rest"
stop a TERM
vrrp_conf 1 $VIP "global_defs {
	    vrrp_startup_delay 3
	}" | write_conf a
mark_log a
tell_time
begin=$NOW_MS
start_director a -P
expect_soon delay-begins 5 in_log_since a 'Delaying startup for 3\.000 seconds'
expect_soon delay-is-told 5 eval "[ \"\$(status_of a '.vrrp[0].start_at_us > 0')\" = true ]"
expect_stays delay-before 1 lacks_address a $VIP
for round in 1 2; do
	pid=$(role_pid a vrrp)
	mark_log a
	kill -KILL "$pid"
	expect_soon "delay-respawn-$round" 5 is_respawned a vrrp "$pid"
	expect_soon "delay-rest-$round" 2 in_log_since a 'Delaying startup for [01]\.[0-9]+ seconds'
done
expect_soon delay-ends 5 has_address a $VIP
tell_time
expect_most delay-was-whole -3000 "$((begin - NOW_MS))" "ms since the start, negative"
pid=$(role_pid a vrrp)
mark_log a
kill -KILL "$pid"
expect_soon delay-over-respawn 5 is_respawned a vrrp "$pid"
expect_soon delay-over-goes-on 2 in_log_since a 'Going on in MASTER STATE'
expect delay-is-over eval "! in_log_since a 'Delaying startup'"
stop a TERM
vrrp_conf 1 $VIP | write_conf a
start_director a -P
expect_soon no-delay 5 has_address a $VIP

say "a reload while the start is delayed: the new delay counts from the start, none ends it at once"
delay_conf() { # SECONDS; 0 = none
	vrrp_conf 1 $VIP "global_defs {
		    $([ "$1" = 0 ] || echo "vrrp_startup_delay $1")
		}" | write_conf a
}
start_delayed() {
	stop a TERM
	delay_conf 60
	mark_log a
	start_director a -P
	expect_soon "delay-long-$1" 5 in_log_since a 'Delaying startup for 60\.000 seconds'
	tell_time
	begin=$NOW_MS
}
start_delayed shortened
delay_conf 2
reload_director a
expect_soon delay-shortened-is-told 5 in_log_since a 'Delaying startup for [01]\.[0-9]+ seconds'
expect_stays delay-shortened-waits 1 lacks_address a $VIP
expect_soon delay-shortened-ends 5 has_address a $VIP
tell_time
expect_most delay-shortened-was-whole -1900 "$((begin - NOW_MS))" "ms since the start, negative"
start_delayed removed
reload_director a
expect_soon delay-unchanged-reload 5 in_log_since a 'Reload complete'
expect_eq delay-unchanged-is-not-told 1 "$(log_since a | grep -c 'Delaying startup')"
expect delay-unchanged-waits lacks_address a $VIP
delay_conf 0
reload_director a
expect_soon delay-removed-is-told 5 in_log_since a 'Startup is delayed no longer'
expect_soon delay-removed-ends 5 has_address a $VIP

say "vrrp_delay_after_boot"
after_boot_conf() { # SECONDS
	vrrp_conf 1 $VIP "global_defs {
		    vrrp_startup_delay 1
		    vrrp_delay_after_boot $1
		}" | write_conf a
}
uptime_ms() {
	local up
	read -r up _ </proc/uptime
	echo "${up/./}0"
}
stop a TERM
until_ms=$(($(uptime_ms) / 1000 * 1000 + 5000))
after_boot_conf $((until_ms / 1000))
mark_log a
start_director a -P
expect_soon boot-delay-begins 5 in_log_since a 'Delaying startup for [345]\.[0-9]+ seconds'
pid=$(role_pid a vrrp)
mark_log a
kill -KILL "$pid"
expect_soon boot-delay-respawn 5 is_respawned a vrrp "$pid"
expect_soon boot-delay-rest 5 in_log_since a 'Delaying startup for [1234]\.[0-9]+ seconds'
expect_soon boot-delay-ends 10 has_address a $VIP
expect_most boot-delay-was-whole "$(uptime_ms)" "$until_ms" "ms after boot"
stop a TERM
after_boot_conf 1
mark_log a
start_director a -P
expect_soon boot-delay-over 5 has_address a $VIP
expect boot-delay-over-start-counts in_log_since a 'Delaying startup for 1\.000 seconds'

say "startup_script, shutdown_script"
stop a TERM
make_scratch # the scripts also run as somebody else
edges=$LAB_SCRATCH/edges
cat >"$LAB_SCRATCH/edge" <<-'END'
	#!/bin/sh
	# edge FILE WORD: notes what there is, and does what its other half says
	echo "$2 children=$(pgrep -cP $PPID -f -- --role) vip=$(ip -o addr show dev eth0 to 192.168.195.200 | wc -l)" >>"$1"
	[ ! -e "$1.$2" ] || . "$1.$2"
END
chmod 755 "$LAB_SCRATCH/edge"
edge_conf() {
	vrrp_conf 1 $VIP "global_defs {
		    script_user root
		    startup_script \"$LAB_SCRATCH/edge $edges begin\"
		    startup_script_timeout 1
		    shutdown_script \"$LAB_SCRATCH/edge $edges end\"
		    shutdown_script_timeout 1
		}" | write_conf a
}
start_edge() { mark_log a && start_director a -P; }
is_over() { is_gone "$1" || grep -q '^State:.Z' "/proc/$1/status"; } # its new parent may be slow to see it
edge_conf
start_edge
expect_soon edge-master 10 has_address a $VIP
expect_eq edge-begins-alone "begin children=0 vip=0" "$(cat "$edges")"
reload_director a
expect_soon edge-reload 10 in_log_since a 'Reload complete'
stop a TERM
expect_eq edge-ends-alone "begin children=0 vip=0 end children=0 vip=0" "$(paste -sd' ' "$edges")"
echo 'exit 3' | tee "$edges.begin" >"$edges.end"
start_edge
expect_soon edge-failure-serves 10 has_address a $VIP
expect edge-failure-is-said in_log_since a 'startup_script exited with status 3'
stop a TERM
expect_eq edge-failure-status 0 $STATUS
expect edge-failure-at-end in_log_since a 'shutdown_script exited with status 3'
echo 'trap "" TERM; sleep 60 & echo $! >>"$1"; while :; do sleep 0.1; done' | tee "$edges.begin" >"$edges.end"
: >"$edges"
tell_time
begin=$NOW_MS
start_edge
expect_soon edge-hang-is-asked 10 in_log_since a 'startup_script does not end, sending TERM'
tell_time
expect_most edge-hang-had-its-time -1000 "$((begin - NOW_MS))" "ms since the start, negative"
expect_soon edge-hang-serves 2 has_address a $VIP
expect_soon edge-hang-is-killed 5 in_log_since a 'startup_script killed by signal 9'
expect_soon edge-hang-group-is-killed 5 is_over "$(sed -n 2p "$edges")"
stop a TERM
expect edge-hang-end-is-killed in_log_since a 'shutdown_script killed by signal 9'
expect_soon edge-hang-end-group 5 is_over "$(sed -n 4p "$edges")"

say "a reload and a stop while the startup script runs"
sed -i 's/startup_script_timeout 1/startup_script_timeout 60/' "$LAB_DIR/a/keepalived.conf"
echo 'while [ ! -e "$1.go" ]; do sleep 0.1; done' >"$edges.begin"
rm "$edges.end"
start_edge
expect_soon edge-waits 10 in_log_since a 'Running startup_script'
kill -HUP "${LAB_PID[a]}"
expect_stays edge-is-waited-for 1 lacks_address a $VIP
: >"$edges.go"
expect_soon edge-goes-on 10 has_address a $VIP
expect_soon edge-reload-follows 10 in_log_since a 'Reload complete'
stop a TERM
rm "$edges.go"
: >"$edges"
start_edge
expect_soon edge-waits-again 10 grep -q begin "$edges"
stop a TERM
expect_eq edge-stop-status 0 $STATUS
expect_eq edge-stop-ends "begin children=0 vip=0 end children=0 vip=0" "$(paste -sd' ' "$edges")"
expect edge-stop-starts-nothing eval "! in_log_since a 'Starting VRRP child'"

say "paths and groups of scripts"
mkdir "$LAB_SCRATCH/link"
ln -s ../edge "$LAB_SCRATCH/link/tool"
# shellcheck disable=SC2016 # the script is to expand it
echo 'echo "$0 $(id -G)" >>"$1"' >"$edges.begin"
grouped=$(getent group | awk -F: '$4 != "" { split($4, user, ","); print user[1]; exit }')
ways_conf() { # [LINE]
	vrrp_conf 1 $VIP "global_defs {
		    startup_script \"$LAB_SCRATCH/link/tool $edges begin\" ${grouped:-root}
		    ${1:-}
		}" | write_conf a
}
run_once() { # [LINE]
	: >"$edges"
	ways_conf "$@"
	start_edge
	poll_until "startup script" 10 grep -q ' ' "$edges" && poll_until "its end" 10 in_log_since a 'startup_script succeeded'
	stop a TERM
}
: >"$edges"
chmod 666 "$edges"
run_once
expect_eq path-is-followed "$(realpath "$LAB_SCRATCH/edge") $(id -g "${grouped:-root}")" "$(tail -1 "$edges")"
run_once 'use_symlink_paths
set_supplementary_groups'
expect_eq path-as-written "$LAB_SCRATCH/link/tool $(id -G "${grouped:-root}")" "$(tail -1 "$edges")"

say "receive buffers"
buffers_conf() { # BYTES-1 BYTES-2 [GLOBAL LINE]
	{
		vrrp_conf 1 $VIP "global_defs {
			    ${3:-}
			}" | sed "s/interface eth0/&\nkernel_rx_buf_size $1/"
		vrrp_conf 2 $VIP2 | sed "s/interface eth0/&\nkernel_rx_buf_size $2/"
	} | sed '/kernel_rx_buf_size 0/d' | write_conf a
}
rcvbufs_are() { # FAMILY PROTOCOL BYTES...
	[ "$("$BUILD/test/lab/rcvbufs" "$(role_pid a vrrp)" | awk -v s="$1 $2" '$1 " " $2 == s { print $3 }' | sort -n | paste -sd' ')" = "${*:3}" ]
}
buffers_conf 0 0
start_director a -P
expect_soon buffer-usual 10 rcvbufs_are inet 112 1048576
buffers_conf 20000 30000
reload_director a
expect_soon buffer-as-written 10 rcvbufs_are inet 112 50000
buffers_conf 20000 0 'vrrp_rx_bufs_policy 2000000'
reload_director a
expect_soon buffer-policy-bytes 10 rcvbufs_are inet 112 2020000
buffers_conf 0 0 'vrrp_rx_bufs_policy MTU'
reload_director a
expect_soon buffer-policy-is-enough 10 rcvbufs_are inet 112 1048576
buffers_conf 0 0 'vrrp_rx_bufs_policy MTU
vrrp_rx_bufs_multiplier 1000'
reload_director a
expect_soon buffer-policy-mtu 10 rcvbufs_are inet 112 4024000
ipn a link set eth0 mtu 1000
expect_soon buffer-follows-mtu 10 rcvbufs_are inet 112 3024000
ipn a link set eth0 mtu 1500
buffers_conf 0 0 'vrrp_netlink_monitor_rcv_bufs 300000'
reload_director a
expect_soon buffer-monitor 10 rcvbufs_are netlink 0 300000 1048576
limit=$(cat /proc/sys/net/core/rmem_max)
buffers_conf 0 0 "vrrp_netlink_monitor_rcv_bufs $((limit + 10000000))"
reload_director a
expect_soon buffer-monitor-beyond 10 rcvbufs_are netlink 0 1048576 $((limit > 8388608 ? limit : 8388608))
expect buffer-monitor-is-said in_log a "vrrp_netlink_monitor_rcv_bufs: the kernel allows [0-9]* bytes of $((limit + 10000000)), vrrp_netlink_monitor_rcv_bufs_force"
buffers_conf 0 0 "vrrp_netlink_monitor_rcv_bufs $((limit + 10000000))
vrrp_netlink_monitor_rcv_bufs_force"
reload_director a
expect_soon buffer-monitor-forced 10 rcvbufs_are netlink 0 1048576 $((limit + 10000000))
expect_soon buffer-master 5 has_address a $VIP
stop a TERM

say "reload_file"
vrrp_conf 1 $VIP "global_defs {
	    reload_file $LAB_DIR/a/reloading
	}" | write_conf a
mark_log a
start_director a -P
expect_soon reload-file-master 10 has_address a $VIP
expect reload-file-not-yet eval "[ ! -e '$LAB_DIR/a/reloading' ]"
pid=$(role_pid a vrrp)
kill -STOP "$pid"
reload_director a
expect_soon reload-file-exists 5 test -e "$LAB_DIR/a/reloading"
expect reload-file-in-progress eval "! in_log_since a 'Reload complete'"
kill -CONT "$pid"
expect_soon reload-file-complete 10 in_log_since a 'Reload complete'
expect_soon reload-file-is-gone 2 eval "[ ! -e '$LAB_DIR/a/reloading' ]"
echo 'nonsense' >>"$LAB_DIR/a/keepalived.conf"
reload_director a
expect_soon reload-file-refused 5 in_log_since a 'Reload refused'
expect_soon reload-file-gone-again 2 eval "[ ! -e '$LAB_DIR/a/reloading' ]"
stop a TERM

say "-R: ends with its child"
vrrp_conf 1 $VIP | write_conf a
mark_log a
start_director a -P -R
expect_soon respawn-none-runs 10 in_log_since a 'Entering MASTER STATE'
parent=$(parent_of)
kill -KILL "$(role_pid a vrrp)"
expect_soon respawn-none-ends 10 is_gone "$parent"
expect respawn-none-address-is-gone lacks_address a $VIP

say "two copies: net_namespace and instance in the files"
run=$LAB_DIR/a/run
mkdir -p "$run"
vrrp_conf 1 $VIP "net_namespace $(ns a)
	instance one" >"$run/one.conf"
vrrp_conf 2 $VIP2 "net_namespace $(ns a)
	instance two" >"$run/two.conf"
for copy in one two; do
	"$DIARCH" -n -l -P -f "$run/$copy.conf" -p "$run/$copy.pid" -r "$run/$copy-vrrp.pid" \
		"--control=$run/$copy.sock" >"$run/$copy.log" 2>&1 </dev/null &
	LAB_PID[$copy]=$!
done
expect_soon copies-in-namespace 10 eval "has_address a $VIP && has_address a $VIP2"
expect copy-status eval "'$DIARCHCTL' --control='$run/two.sock' status | grep -q 'VI_2.*MASTER'"
sed -i 's/instance one/instance other/' "$run/one.conf"
kill -HUP "${LAB_PID[one]}"
expect_soon copy-keeps-its-name 5 grep -q 'Reload refused: instance cannot change' "$run/one.log"
"$DIARCH" -n -P -s "$(ns none)" -f "$run/two.conf" -p "$run/none.pid" >"$run/none.log" 2>&1
expect_eq no-such-namespace 1 $?
stop one TERM
stop two TERM
expect copies-clean-up eval "lacks_address a $VIP && lacks_address a $VIP2"

say "one VRID for two instances: a multicast one and a unicast one"
shared_conf() { # NODE PEER MULTICAST-PRIORITY UNICAST-PRIORITY; no multicast instance with priority 0
	local common="interface eth0
		virtual_router_id 9
		version 3
		advert_int 0.2"

	write_conf "$1" <<-END
		$([ "$3" = 0 ] || echo "vrrp_instance MULTI {
		$common
		priority $3
		virtual_ipaddress { $VIP/24 }
		}")
		vrrp_instance UNI {
		$common
		priority $4
		unicast_peer { $2 }
		virtual_ipaddress { $VIP2/24 }
		}
	END
}
each_has_its_own() { has_address a $VIP && lacks_address a $VIP2 && has_address b $VIP2 && lacks_address b $VIP; }
shared_conf a 192.168.195.131 150 100
shared_conf b 192.168.195.130 100 150
start_director a
start_director b
expect_soon vrid-is-shared 10 each_has_its_own
expect_stays vrid-stays-shared 2 each_has_its_own
pid=$(role_pid a vrrp)
kill -KILL "$pid"
expect_soon vrid-child-is-back 10 is_respawned a vrrp "$pid"
expect_stays vrid-each-adopts-its-own 2 each_has_its_own
shared_conf a 192.168.195.131 0 100
reload_director a
expect_soon vrid-multicast-moves 10 has_address b $VIP
expect vrid-unicast-stays lacks_address a $VIP2
expect_eq vrid-unicast-is-backup BACKUP "$(status_of a '.vrrp[] | select(.instance == "UNI") | .state')"
