#!/bin/bash
#
#	   192.168.199.0/24, VIP .200, mail .2
#	 ┌────── sw (br0) ──────┐
#	 │                      │
#	a .130                peer .2
#	diarch                a mail server, and a router that comes and goes
#
# What is told of an instance, a group and servers: scripts in order and never two at once over many flaps, the last one
# for the real state; lines in FIFOs that survive a reload; mail, also when a recipient is refused and after the
# server was away.
#
# calm
. "${BASH_SOURCE[0]%/*}/lab.sh"
need_director
need busybox
[ "$LAB_DIRECTOR" = diarch ] || skip_lab "the lines are keepalived's, the order is ours"
MAILBOX=$BUILD/test/lab/mailbox
need_built "$MAILBOX"

VIP=192.168.199.200
DIR=$LAB_DIR/a

conf() { # PRIORITY MORE
	cat <<-EOF
		global_defs {
		    router_id a
		    script_user root
		    notify_fifo $DIR/all
		    lvs_notify_fifo $DIR/lvs
		    lvs_notify_fifo_script "$DIR/reader"
		    notification_email {
		        ops@example.org nobody@example.org
		        "Night shift <night@example.org>"
		    }
		    notification_email_from a@example.org
		    smtp_server 192.168.199.2 2525
		    smtp_connect_timeout 5
		    fifo_write_vrrp_states_on_reload
		    vrrp_notify_priority_changes
		}
		vrrp_instance VI_1 {
		    interface eth0
		    virtual_router_id 51
		    version 3
		    priority $1
		    advert_int 0.1
		    smtp_alert
		    notify "$DIR/script general"
		    notify_master "$DIR/script master"
		    virtual_ipaddress {
		        $VIP/24
		    }
		}
		vrrp_sync_group G1 {
		    group {
		        VI_1
		    }
		    notify "$DIR/script group"
		}
		virtual_server $VIP 80 {
		    protocol TCP
		    lvs_sched rr
		    lvs_method NAT
		    delay_loop 0.2
		    omega
		    smtp_alert
		    quorum_up "$DIR/script quorum up"
		    quorum_down "$DIR/script quorum down"
		    real_server 192.168.199.2 8080 {
		        notify_up "$DIR/script server up"
		        notify_down "$DIR/script server down"
		        TCP_CHECK {
		            connect_timeout 1
		            retry 0
		        }
		    }
		}
		${2:-}
	EOF
}
# Each run of the script leaves two lines; what runs beside it would come between.
make_script() {
	cat >"$DIR/script" <<-EOF
		#!/bin/sh
		exec >>"$DIR/\$1.out"
		echo "begin \$*"
		[ ! -e "$DIR/slow" ] || sleep 0.05
		echo "end \$*"
	EOF
	cat >"$DIR/reader" <<-EOF
		#!/bin/sh
		exec cat "\$1" >>"$DIR/reader.out"
	EOF
	chmod 755 "$DIR/script" "$DIR/reader"
}
# pairs_are_whole FILE: each "begin" is followed by its own "end"
pairs_are_whole() {
	awk '$1 == "begin" { if (open) exit 1; $1 = ""; open = $0 }
		$1 == "end" { $1 = ""; if ($0 != open) exit 1; open = "" }
		END { exit open != "" }' "$1"
}
last_of() { tail -1 "$DIR/$1.out" 2>/dev/null; }
last_is() { [ "$(last_of "$1")" = "end $2" ]; }
fifo_has() { grep -qxF -- "$1" "$DIR/all.out"; }
mails() { grep -cF -- "Subject: [a] $1" "$LAB_DIR/peer/mail" 2>/dev/null; }
has_mail() { [ "$(mails "$1")" -ge "${2:-1}" ]; }
state() { status_of a '.vrrp[0].state'; }
is_state() { [ "$(state)" = "$1" ]; }

make_switch sw
make_node a sw 192.168.199.130/24
make_node peer sw 192.168.199.2/24
make_script
start peer web busybox httpd -f -p 192.168.199.2:8080 -h "$(node_dir peer)"

say "start: first states; the mail server is not there yet"
conf 100 | write_conf a
start_director a
poll_until "the FIFO is there" 10 test -p "$DIR/all" || give_up "no FIFO"
start a fifo-all cat "$DIR/all"
ln -s fifo-all.log "$DIR/all.out"
expect_soon is-master 10 is_state MASTER
expect_soon scripts-of-master 5 last_is master master
expect_soon script-of-all 5 last_is general "general INSTANCE VI_1 MASTER 100"
expect_soon script-of-group 5 last_is group "group GROUP G1 MASTER 0"
expect_soon fifo-master 5 fifo_has 'INSTANCE "VI_1" MASTER 100'
expect_soon fifo-group 5 fifo_has 'GROUP "G1" MASTER 0'
expect quorum-up-at-start last_is quorum "quorum up"
expect_soon mail-waits 5 in_log a event=mail_postponed
start peer mail "$MAILBOX" 192.168.199.2 2525 "$(node_dir peer)/mail" nobody@
expect_soon mail-comes-later 30 has_mail "VRRP Instance VI_1 - Entering MASTER state"
expect mail-body grep -qxF '=> VRRP Instance is now owning VRRP VIPs <=' "$LAB_DIR/peer/mail"
expect refused-one-is-named in_log a 'to nobody@example.org was refused'
expect others-got-it grep -q '^RCPT TO:<night@example.org>' "$LAB_DIR/peer/mail"

say "a server fails and returns"
stop web
expect_soon server-down 5 last_is server "server down"
expect_soon quorum-down 5 last_is quorum "quorum down"
expect_soon fifo-server 5 fifo_has "RS [192.168.199.2]:tcp:8080 [$VIP]:tcp:80 DOWN"
expect_soon fifo-service 5 fifo_has "VS [$VIP]:tcp:80 DOWN"
expect_soon reader-of-lvs 5 grep -qxF "VS [$VIP]:tcp:80 DOWN" "$DIR/reader.out"
expect reader-hears-no-vrrp eval "! grep -q INSTANCE $DIR/reader.out"
expect_soon mail-server 5 has_mail "Realserver [192.168.199.2]:tcp:8080 of virtual server [$VIP]:tcp:80 - DOWN"
expect_soon mail-service 5 has_mail "Virtualserver [$VIP]:tcp:80 - DOWN"
expect mail-has-the-reason grep -q '^reason: ' "$LAB_DIR/peer/mail"
expect mail-has-the-quorum grep -qxF '=> Lost quorum 1-0=1 > 0 <=' "$LAB_DIR/peer/mail"
start peer web busybox httpd -f -p 192.168.199.2:8080 -h "$(node_dir peer)"
expect_soon server-up 5 last_is server "server up"
expect_soon mail-server-up 5 has_mail "Realserver [192.168.199.2]:tcp:8080 of virtual server [$VIP]:tcp:80 - UP"

say "reload: another priority; FIFOs and readers stay"
reader=$(pgrep -f "cat $DIR/lvs" | head -1)
conf 110 | write_conf a
reload_director a
expect_soon fifo-priority 5 fifo_has 'INSTANCE "VI_1" MASTER_PRIORITY 110'
expect_soon fifo-states-again 5 fifo_has 'INSTANCE "VI_1" MASTER 110'
expect_eq same-reader "$reader" "$(pgrep -f "cat $DIR/lvs" | head -1)"
expect fifo-reader-saw-no-end eval '! is_gone "${LAB_PID[fifo-all]}"'

say "flaps: 1000 times the link goes down and up, with scripts that take their time"
touch "$DIR/slow"
in_ns a bash -c 'for ((i = 0; i < 1000; i++)); do
		ip link set dev eth0 down; ip link set dev eth0 up
	done'
rm "$DIR/slow"
expect_soon after-flaps-master 20 is_state MASTER
expect_soon after-flaps-last 30 last_is general "general INSTANCE VI_1 MASTER 110"
note "$(grep -c '^begin' "$DIR/general.out") runs of the script; $(status_of a '.vrrp[0].transitions') transitions"
expect never-two-at-once pairs_are_whole "$DIR/general.out"
expect never-two-at-once-group pairs_are_whole "$DIR/group.out"
expect_stays it-stays-the-last 1 last_is general "general INSTANCE VI_1 MASTER 110"

say "an instance that a reload removes, and the end"
conf 110 | sed 's/notify_master/notify_deleted/' | write_conf a
reload_director a
poll_until reloaded 5 in_log_since a 'Reload complete' || :
conf 110 | sed '/^vrrp_instance/,/^}/d; /^vrrp_sync_group/,/^}/d' | write_conf a
reload_director a
expect_soon deleted 10 fifo_has 'INSTANCE "VI_1" DELETED 110'
expect_eq deleted-is-the-last 'INSTANCE "VI_1" DELETED 110' "$(grep INSTANCE "$DIR/all.out" | tail -1)"
expect_eq deleted-has-no-state 0 "$(status_of a '.vrrp | length')"
expect_soon deleted-mail 10 has_mail "VRRP Instance VI_1 - Deleted"
stop a TERM
expect_eq stop-status 0 "$STATUS"
expect omega-server last_is server "server down"
expect omega-quorum last_is quorum "quorum down"
expect fifo-is-removed eval '[ ! -e "$DIR/all" ]'

say "a stop waits for what it starts, beyond child_wait_time, and for nothing else"
stop mail
cat >"$DIR/unmount" <<-EOF
	#!/bin/sh
	for i in 1 2 3 4 5 6 7 8; do sleep 0.5; done
	echo done >>"$DIR/unmount.out"
EOF
chmod 755 "$DIR/unmount"
last_conf() {
	echo child_wait_time 1
	conf 110 | sed "s|notify_master .*|notify_master \"/bin/sleep 50\"\nnotify_stop $DIR/unmount|"
}
last_conf | write_conf a
mark_log a
start_director a -P
expect_soon last-master 10 is_state MASTER
expect_soon last-mail-waits 10 in_log_since a event=mail_postponed
tell_time
begin=$NOW_MS
stop a TERM
tell_time
expect_eq last-script-is-waited-for done "$(cat "$DIR/unmount.out")"
expect_most last-stop-ends 30000 $((NOW_MS - begin)) ms

say "a stop ends although the child hangs and mail waits"
last_conf | sed '/notify_stop/d' | write_conf a
mark_log a
start_director a -P
expect_soon hang-master 10 is_state MASTER
expect_soon hang-mail-waits 10 in_log_since a event=mail_postponed
kill -STOP "$(role_pid a vrrp)"
tell_time
begin=$NOW_MS
stop a TERM
tell_time
expect_most hang-stop-ends 15000 $((NOW_MS - begin)) ms
expect hang-mail-is-named in_log_since a 'mails were not sent before the end'

say "a stop does not wait for a mail server that is away"
last_conf | sed '/notify_stop/d; /bin.sleep/d; s/child_wait_time 1/child_wait_time 60/' | write_conf a
mark_log a
start_director a -P
expect_soon away-master 10 is_state MASTER
expect_soon away-mail-waits 10 in_log_since a event=mail_postponed
tell_time
begin=$NOW_MS
stop a TERM
tell_time
expect_most away-stop-ends 15000 $((NOW_MS - begin)) ms
