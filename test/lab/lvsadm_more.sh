#!/bin/bash
#
# What lvsadm has beyond ipvsadm, on the kernel's table: JSON, diff and apply of a save file, watch.
#
# calm
. "${BASH_SOURCE[0]%/*}/lab.sh"
need_ipvs "$@"
need ip jq script
need_built "$LVSADM"

make_ns table
ip -n "$(ns table)" link add sync0 type dummy
ip -n "$(ns table)" link set dev sync0 up
FILE=$LAB_DIR/desired

lvsadm() { in_ns table "$LVSADM" "$@"; }
seen() { lvsadm "$@" 2>&1; }

say "a save file as the state that should be"
cat >"$FILE" <<'END'
# two services
--set 800 100 200
--start-daemon backup --mcast-interface sync0 --syncid 5
-A -t 10.0.0.1:80 -s rr
-a -t 10.0.0.1:80 -r 1.0.0.1 -w 3
-a -t 10.0.0.1:80 -r 1.0.0.2 -m
-A -f 7 -6 -s mh -p 60
-a -f 7 -6 -r 2001:db8::1 -i --tun-type gue --tun-port 6080
END
lvsadm -A -u 10.0.0.9:53
lvsadm diff "$FILE" >"$LAB_DIR/changes"
expect_eq diff-status 1 $?
expect_eq diff-changes 8 "$(wc -l <"$LAB_DIR/changes")"
lvsadm apply --only-listed "$FILE"
expect_eq apply-status 0 $?
expect_eq apply-keeps-others "-D -u 10.0.0.9:53" "$(lvsadm diff "$FILE")"
lvsadm diff --only-listed "$FILE" >/dev/null
expect_eq diff-same 0 $?
lvsadm apply -v "$FILE" >"$LAB_DIR/done"
expect_eq apply-minimal "-D -u 10.0.0.9:53" "$(cat "$LAB_DIR/done")"
expect_eq apply-timeouts "Timeout (tcp tcpfin udp): 800 100 200" "$(lvsadm -L --timeout)"
expect_eq apply-daemon 1 "$(lvsadm -L --daemon | grep -c 'backup sync daemon (mcast=sync0, syncid=5')"
lvsadm -S -n --all >"$LAB_DIR/all"
lvsadm diff "$LAB_DIR/all" >/dev/null
expect_eq save-all-is-the-state 0 $?

say "the changes of a diff are commands"
lvsadm -C
lvsadm diff "$FILE" | lvsadm -R
lvsadm diff "$FILE" >/dev/null
expect_eq diff-restored 0 $?
lvsadm -e -t 10.0.0.1:80 -r 1.0.0.1 -w 9
lvsadm -d -t 10.0.0.1:80 -r 1.0.0.2
expect_eq diff-minimal "-a -t 10.0.0.1:80 -r 1.0.0.2:80 -m -w 1; -e -t 10.0.0.1:80 -r 1.0.0.1:80 -g -w 3; " \
	"$(lvsadm diff "$FILE" | sed 's/$/; /' | tr -d '\n')"
expect_eq diff-json "add server,edit server" \
	"$(lvsadm diff --json "$FILE" | jq -r '[.changes[].action] | join(",")')"

say "mistakes"
printf -- '-A -t 10.0.0.1:80\n\n-a -t 10.0.0.2:80 -r 1.0.0.1\n' >"$LAB_DIR/bad"
expect_eq mistake-line "bad:3: Service not defined" "$(cd "$LAB_DIR" && seen apply bad)"
lvsadm apply "$LAB_DIR/bad" 2>/dev/null
expect_eq mistake-status 2 $?
# What cannot be added keeps what it should replace.
printf -- '-A -t 10.0.0.1:443 -s nosuch\n' >"$LAB_DIR/bad"
lvsadm apply "$LAB_DIR/bad" 2>"$LAB_DIR/errors"
expect_eq refused-status 255 $?
expect_eq refused-cause 1 "$(grep -c 'module ip_vs_nosuch is missing' "$LAB_DIR/errors")"
expect_eq refused-keeps 1 "$(lvsadm -Sn | grep -c -- '-A -t 10.0.0.1:80')"

say "JSON"
lvsadm apply "$FILE"
expect_eq json-services "10.0.0.1:80 rr,7 mh" "$(lvsadm -L --json |
	jq -r '[.services[] | (if .fwmark then "\(.fwmark)" else "\(.address):\(.port)" end) + " " + .scheduler] | join(",")')"
expect_eq json-tunnel 6080 "$(lvsadm -L --json | jq '.services[1].servers[0].tunnel.port')"
expect_eq json-timeouts 100 "$(lvsadm -L --timeout --json | jq .timeouts.tcp_fin_s)"
expect_eq json-daemons sync0 "$(lvsadm -L --daemon --json | jq -r '.sync_daemons[0].interface')"
expect_eq json-connections 0 "$(lvsadm -L -c --json | jq '.connections | length')"

say "watch"
lvsadm watch --count=2 >"$LAB_DIR/plain"
expect_eq watch-plain 2 "$(grep -c 'services 2, servers 3' "$LAB_DIR/plain")"
expect_eq watch-no-escapes 0 "$(grep -c $'\033' "$LAB_DIR/plain")"
# On a terminal of its own: a key ends it, and the terminal is as before.
{
	wait_for "the first picture" 20 grep -q 'servers 3' "$LAB_DIR/screen" >&2
	printf q
	wait_for "the end of watch" 20 grep -q 'ended 0' "$LAB_DIR/screen" >&2
} | in_ns table script -qfc "stty rows 8 cols 60; $LVSADM watch; echo ended \$?; stty -a" \
	"$LAB_DIR/screen" >/dev/null
expect_eq watch-q 1 "$(grep -c 'ended 0' "$LAB_DIR/screen")"
expect_eq watch-one-screen 0 "$(grep -c 'HEALTH' "$LAB_DIR/screen")"
expect_eq watch-terminal-restored 1 "$(grep -c ' icanon' "$LAB_DIR/screen")"
