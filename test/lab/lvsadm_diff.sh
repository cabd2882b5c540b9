#!/bin/bash
#
# lvsadm beside Debian's ipvsadm: both get the same commands, one after the other, on an empty table in a namespace.
# After each command the output, the errors, the exit status and the kernel's table must be the same byte by byte, and
# after each group what Debian's `ipvsadm -Sn` says.
#
#	lvsadm_diff.sh [LVSADM]
#
# Where lvsadm differs on purpose, the reason stands in the list of commands; there it must differ.
#
# calm

# --- the commands ---
#
#	# TITLE     the table is emptied
#	#! TITLE    a group in a namespace of its own: connections stay for long, and the order of tables depends on it
#	~ REASON    the next command differs on purpose
#	ARGUMENTS   a command line; with $TOOL in it, a shell command

commands() {
	cat <<'END'
# services
-A -t 10.0.0.1:80
-A -t 10.0.0.1:80
-A -t 10.0.0.1:81 -s rr
-A -u 10.0.0.1:53 -s wrr -o
-A -u 10.0.0.1:5060 -s lc -p 60 --pe sip -o
-A --sctp-service 10.0.0.1:2905 -s sed
-A -t [2001:db8::1]:80 -s sh -b sh-port,sh-fallback
-A -t [2001:db8::1]:443 -p 300 -M 64
-A -t 10.0.0.1:443 -p -M 255.255.255.0
-A -t 10.0.0.1:8443 -p20 -M 24
-A -t 10.0.0.2:0 -p
-A -t 10.0.0.3:81 -b sh-port -s sh
-A -t 10.0.0.4:81 -s wlc -b flag-1,flag-3
-A -f 7
-A -f 7 -6
-A -f 8 -6 -s mh -p 30 -M 64 -b mh-fallback,mh-port
-A -f 9 -o
--add-service --tcp-service=10.0.0.5:80 --scheduler=rr --persistent=20
--add-service --tcp-service 10.0.0.5:81 --persistent 20
-At 10.0.0.6:80 -srr
-A -t 10.0.0.6:http-alt
-A -t localhost:81
-A -t 10.1:82
-A -t 100.0.0.1:80 -M 255.0.0.0
-A -s rr -t 10.0.0.7:80
-Ln
-L -n --nosort
-Sn
-E -t 10.0.0.1:80 -s nq
-E -t 10.0.0.1:443
-E -t 10.0.0.1:81 -p 50 -M 255.255.0.0
-E -t 10.0.0.3:81 -s rr
-E -f 7 -s sh -b sh-port -p 50
-E -u 10.0.0.1:5060 -s rr
-E -t 10.0.0.99:80
-E -f 99
-E -t 10.0.0.2:0
-Ln -t 10.0.0.1:443
-Ln -f 8 -6
-D -t 10.0.0.1:80
-D -t 10.0.0.1:80
-D -f 8
-D -f 8 -6
-Z
-Z -t 10.0.0.1:81
-Z -t 10.0.0.99:80
-L
-S
-C
-Ln

# services that are refused
-A
-A -t
-At
-A -t 10.0.0.1
-A -t 10.0.0.1:0
-A -t 10.0.0.1:99999
-A -t 10.0.0.1:nosuch
-A -t 10.0.0.256:80
-A -t nosuch.invalid:80
-A -t 10.0.0.1:80x
-A -t 10.0.0.1:-1
-A -t 10.0.0.1:
-A -t :80
-A -t 2001:db8::80:80
-A -t [2001:db8::80]
-A -t [2001:db8::zz]:80
-A -t [fe80::1%lo]:80
-A -t 10.0.0.2:80 -s nosuch
-A -t 10.0.0.2:80 -s averyveryverylongschedulername
-A -t 10.0.0.2:81 -p 0
-A -t 10.0.0.2:82 -p -5
-A -t 10.0.0.2:83 -p abc
-A -t 10.0.0.2:84 -p 2678401
-A -t [2001:db8::81]:80 -p 10 -M 0
-A -t [2001:db8::81]:80 -p 10 -M 129
-A -t 10.0.0.2:85 -p 10 -M foo
-A -u 10.0.0.3:80 -p 10 --pe nosuch
-A -t 10.0.0.3:81 -o
-A -f 0
-A -f -1
-A -f abc
-A -f 4294967296
-A -f 0x10
-A -6 -f 5
-A -t 10.0.0.4:80 -6
-A -t 10.0.0.4:81 -s sh -b mh-port
-A -t 10.0.0.4:82 -s rr -b sh-port
-A -t 10.0.0.4:84 -s sh -b bogus
-A -t 10.0.0.4:84 -s sh -b 'sh-port, sh-fallback'
-A -t 10.0.0.4:87 -w 1
-A -t 10.0.0.4:87 -r 1.1.1.1
-A -t 10.0.0.4:87 -u 10.0.0.4:88
-A -A -t 10.0.0.4:87
-A -D -t 10.0.0.4:87
-AD -t 10.0.0.4:87
-A -t 10.0.0.4:87 extra
-A -t 10.0.0.4:88 -p 10 extra
-A -t 10.0.0.4:89 -s rr -s wrr
-A -t 10.0.0.4:90 --bogus
-A -t 10.0.0.4:90 -q
-A -- -t 10.0.0.4:90
-A -t -- -s rr
-A -w abc -b bogus
-C -w 1 -n
-D
-E -t 10.0.0.1:0
-D -t 10.0.0.9:80 -s rr

# servers
-A -t 10.0.0.9:80 -s rr
-A -t [2001:db8::9]:80
-A -t 10.0.0.10:0 -p 100
-A -f 7
-A -f 8 -6
-a -t 10.0.0.9:80 -r 1.0.0.1
-a -t 10.0.0.9:80 -r 1.0.0.1
-a -t 10.0.0.9:80 -r 1.0.0.2:8080 -g -w 5
-a -t 10.0.0.9:80 -r 1.0.0.3:8080 -i
-a -t 10.0.0.9:80 -r 1.0.0.4:8080 -m -w 0
-a -t 10.0.0.9:80 -r 1.0.0.5:0 -m
-a -t 10.0.0.9:80 -r 1.0.0.6:http-alt -m
-a -t 10.0.0.9:80 -r 1.0.0.7 -m -w 2147483647
-a -t 10.0.0.9:80 -r localhost:8080
-A -t 10.0.0.11:80
-a -t 10.0.0.11:80 -r [2001:db8::5]:80 -i
-a -t 10.0.0.11:80 -r 2001:db8::5 -i
-a -t [2001:db8::9]:80 -r 2001:db8::5 -m
-a -t [2001:db8::9]:80 -r [2001:db8::6]:8080
-a -t [2001:db8::9]:80 -r 1.0.0.5 -i
-a -t 10.0.0.10:0 -r 1.0.0.1:80
-a -t 10.0.0.10:0 -r 1.0.0.2:80 -m
-a -f 7 -r 1.0.0.1
-a -f 7 -r 1.0.0.2:80
-a -f 8 -6 -r [2001:db8::5]:0
-a -t 10.0.0.9:80 -r 1.0.1.1 -i --tun-type gue --tun-port 6080
-a -t 10.0.0.9:80 -r 1.0.1.2 -i --tun-type gue --tun-port 6080 --tun-csum
-a -t 10.0.0.9:80 -r 1.0.1.3 -i --tun-type gue --tun-port 6080 --tun-remcsum
-a -t 10.0.0.9:80 -r 1.0.1.4 -i --tun-type gre
-a -t 10.0.0.9:80 -r 1.0.1.5 --tun-type gre --tun-csum -i
-Ln
-L -n --tun-info
-Ln --stats
-Ln --rate --exact
-L -n --persistent-conn -t 10.0.0.9:80
-Ln --nosort
-Sn
-S
-L
-e -t 10.0.0.9:80 -r 1.0.0.1 -w 9
-e -t 10.0.0.9:80 -r 1.0.0.1 -m
-e -t 10.0.0.9:80 -r 1.0.0.4:8080 -w 4
-e -t 10.0.0.9:80 -r 1.0.0.4:8080 -m -w 4
-e -t 10.0.0.9:80 -r 1.0.1.2 -w 3
-e -t 10.0.0.9:80 -r 1.0.0.99 -w 9
-e -t 10.0.0.99:80 -r 1.0.0.1
-d -t 10.0.0.9:80 -r 1.0.0.4
-d -t 10.0.0.9:80 -r 1.0.0.4:8080
-d -t 10.0.0.11:80 -r 2001:db8::5
-d -t 10.0.0.99:80 -r 1.0.0.1
-d -f 7 -r 1.0.0.1
-a -t 10.0.0.9:80 -r 1.0.2.1 -x 2000 -y 1000
-e -t 10.0.0.9:80 -r 1.0.0.2 -x 70000
-Ln --thresholds
-Ln --thresholds --persistent-conn --tun-info
-D -t 10.0.0.9:80

# servers that are refused
-A -t 10.0.0.9:80 -s rr
-A -t [2001:db8::9]:80
-a
-a -t 10.0.0.9:80
-a -r 1.1.1.1
-a -s rr
-d -t 10.0.0.9:80
-d -t 10.0.0.9:80 -r 1.1.1.1 -w 4
-a -t 10.0.0.77:80 -r 1.1.1.1
-a -t 10.0.0.9:80 -r 1.0.0.7:99999 -m
-a -t 10.0.0.9:80 -r 1.0.0.300
-a -t 10.0.0.9:80 -r nosuch.invalid
-a -t 10.0.0.9:80 -r 0.0.0.0
-a -t 10.0.0.9:80 -r 224.0.0.5
-a -t 10.0.0.9:80 -r 255.255.255.255
-a -t 10.0.0.9:80 -r [2001:db8::5]:80 -g
-a -t [2001:db8::9]:80 -r [2001:db8::5]
-a -t [2001:db8::9]:80 -r 10.0.0.5 -g
-a -t 10.0.0.9:80 -r 1.0.0.1 -w -1
-a -t 10.0.0.9:80 -r 1.0.0.1 -w 2147483648
-a -t 10.0.0.9:80 -r 1.0.0.1 -w 1.5
-a -t 10.0.0.9:80 -r 1.0.0.1 -x -1
-a -t 10.0.0.9:80 -r 1.0.0.1 -y abc
-a -t 10.0.0.9:80 -r 1.0.0.1 -x 10 -y 20
-a -t 10.0.0.9:80 -r 1.0.0.1 -y 10
-a -t 10.0.0.9:80 -r 1.0.0.1 -g -m
-a -t 10.0.0.9:80 -r 1.0.0.1 --tun-type gue
-a -t 10.0.0.9:80 -r 1.0.0.1 -i --tun-type gue
-a -t 10.0.0.9:80 -r 1.0.0.1 -i --tun-type gue --tun-port 0
-a -t 10.0.0.9:80 -r 1.0.0.1 -i --tun-type bogus
-a -t 10.0.0.9:80 -r 1.0.0.1 -i --tun-type ipip --tun-port 5
-a -t 10.0.0.9:80 -r 1.0.0.1 -i --tun-csum
-a -t 10.0.0.9:80 -r 1.0.0.1 -i --tun-type gre --tun-remcsum
-a -t 10.0.0.9:80 -r 1.0.0.1 -i --tun-type gue --tun-port 7 --tun-csum --tun-remcsum
-a -t 10.0.0.9:80 -r 1.0.0.1 -i --tun-type gre --tun-csum --tun-nocsum
-a -t 10.0.0.9:80 -r 1.0.0.1 -s rr
-a -t 10.0.0.9:80 -r 1.0.0.1 -p

# lists and other words
-L -t 10.0.0.9:80
-L -f 9
-L extra
-L -w 3
-L -l
-L --list
-L -n -n
-L --stats --stats
-L --numeric=1
-L --numer
-L -exact
-Lq
-L -n=1
-L --sort --nosort
-L --stats --rate --exact
-L -6
-l
--list -n
$TOOL
-n
-nL
-W
--bogus
x
extra -L
--list=1
-Z -w 1
-C extra
-C -n
-S --exact
-S extra
-R extra

# time-outs
-L --timeout
--set 1000 0 77
-L --timeout
--set 0 130 0
-Ln --timeout
--set 0 0 0
-L --timeout --nosort --exact
--set
--set 1 2
--set 1 2 3 4
--set -1 2 3
--set a 2 3
--set 1 a b c
--set 1.5 1 1
--set '' 1 1
--set 0x10 1 1
--set 010 1 1
--set ' 5' 1 1
--set 2678400 1 1
-L --timeout
--set 2678401 1 1
--set 1 21474836 1
--set 1 1 99999999
--set 1 -- -1 1
--set 1 -n 2 3
--set a 1 1 -n
--set 1 2 3 -q
--set 1 2 3 -L
--set 1 2 3 --timeout
--set 1 2 3 -t 10.0.0.1:80
--set=1 2 3
-L --set 1 2 3
--timeout
-L --timeout extra
-L --timeout --timeout
-S --timeout
-A -t 10.0.0.1:80 --timeout
printf -- '--set 5 6 7\n-L --timeout\n' | $TOOL -R
--set 900 120 300

# sync daemons
ip link add sync0 type dummy && ip link set sync0 up && $TOOL -L --daemon
--start-daemon master --mcast-interface sync0
-L --daemon
--start-daemon master --mcast-interface sync0 --syncid 3
--start-daemon backup --mcast-interface sync0 --syncid 8 --sync-maxlen 1400 --mcast-group 239.1.1.1 --mcast-port 9999 --mcast-ttl 3
-Ln --daemon
--stop-daemon master
-L --daemon
--stop-daemon backup
--stop-daemon backup
--stop-daemon master
--start-daemon=master --mcast-interface=sync0 --mcast-group=ff02::81
-L --daemon
--stop-daemon=master
--start-daemon master
--start-daemon
--start-daemon bogus
--start-daemon MASTER
--start-daemon master backup
--start-daemon master --stop-daemon master
--start-daemon master --syncid 256
--start-daemon master --syncid -1
--start-daemon master --syncid x
--start-daemon master --mcast-interface nosuch
--start-daemon master --mcast-interface averyveryverylongname
--start-daemon master --mcast-interface sync0 --mcast-ttl 0
--start-daemon master --mcast-interface sync0 --mcast-ttl 256
--start-daemon master --mcast-interface sync0 --mcast-port 0
--start-daemon master --mcast-interface sync0 --mcast-port 65536
--start-daemon master --mcast-interface sync0 --sync-maxlen 0
--start-daemon master --mcast-interface sync0 --sync-maxlen 65508
--start-daemon master --mcast-interface sync0 --mcast-group 10.0.0.1
--start-daemon master --mcast-interface sync0 --mcast-group nonsense
--start-daemon master --mcast-interface sync0 --mcast-group 2001:db8::1
--start-daemon master --mcast-interface sync0 --mcast-group ff02::zz
--start-daemon master --mcast-interface sync0 --syncid 1 --syncid 2
--start-daemon master --mcast-interface sync0 -n
--start-daemon master -t 10.0.0.1:80
--start-daemon master --timeout
-L --daemon
--stop-daemon
--stop-daemon bogus
--stop-daemon master extra
--stop-daemon master --syncid 3
--stop-daemon master --mcast-interface sync0
--stop-daemon master --mcast-ttl 3
--stop-daemon master -n
-L --daemon --timeout
-L --daemon --daemon
-L --daemon --stats
-L --daemon -t 10.0.0.1:80
-L --syncid 3
-L --sync-maxlen 3
-A -t 10.0.0.1:80 --mcast-group 224.0.0.1
-C --mcast-port 3
ip link del sync0 && $TOOL -L --daemon

#! connections
ip addr add 10.0.0.1/32 dev lo; ip addr add 2001:db8::1/128 dev lo nodad; sysctl -q net.ipv4.ip_local_port_range="40001 40001"; $TOOL -L -c
$TOOL -R <$DIR/conns; talk
$TOOL -L -c | tidy
$TOOL -Lnc | tidy
$TOOL -Ln --connection --persistent-conn | tidy
$TOOL -Lc --persistent-conn --sort | tidy
$TOOL -l -c -n --nosort --exact --tun-info | tidy
-Ln --stats
-Ln --stats --exact
-Ln --stats -u 10.0.0.1:5060
-Ln --persistent-conn
-Z -u 10.0.0.1:5060
-Ln --stats
--zero
-Ln --stats --exact
-L -c --stats
-L -c --rate
-L -c --thresholds
-L -c -t 10.0.0.1:80
-L -c -f 3
-L -c --timeout
-L -c --daemon
-L -c -c
-c
-S -c

# the order of checks
-C -n -c -t 10.0.0.1:80 -s rr
-C -r 1.1.1.1 -g -w 1 -x 1
-C -x 1 -y 1 --mcast-interface lo
-C --mcast-interface lo --timeout
-C --timeout --daemon
-C --daemon --stats --rate
-C --thresholds --persistent-conn --nosort
-C --nosort --syncid 3
-C --syncid 3 --exact -o
-C --pe sip --sync-maxlen 3
-C --sync-maxlen 3 --mcast-group 224.0.0.1
-C --mcast-group 224.0.0.1 --mcast-port 3
-C --mcast-port 3 --mcast-ttl 3
-C --mcast-ttl 3 -b flag-1
-C --tun-info --tun-type gre
-C --mcast-ttl 3 --tun-info -b flag-1
-C -o --pe sip --exact
-L -6 -c

# restore
printf -- '-A -t 10.0.0.1:80 -s rr\n-a -t 10.0.0.1:80 -r 1.1.1.1 -m -w 3' | $TOOL -R
printf -- 'ipvsadm -A -t 10.0.0.2:80\n\n \t\n\tipvsadm  -A\t-t 10.0.0.3:80 \r\n' | $TOOL -R
printf -- '-A -t 10.0.0.1:80\n-A -t 10.0.0.4:80\n' | $TOOL -R
printf -- '-A -t 10.0.0.5:80\n-D -t 9.9.9.9:80\n' | $TOOL -R
printf -- '-A -t 10.0.0.6:80 -w 1\n-A -t 10.0.0.7:80\n' | $TOOL -R
printf -- '# comment\n-A -t 10.0.0.7:80\n' | $TOOL -R
printf -- 'bogus\n-A -t 10.0.0.7:80\n' | $TOOL -R
printf -- '-A bogus\n-A -t 10.0.0.7:80\n' | $TOOL -R
printf -- '-A -t "10.0.0.8:80"\n-A -t 10.0.0.7:80\n' | $TOOL -R
printf -- '-A -t 10.0.0.8:80 # tail\n-A -t 10.0.0.7:80\n' | $TOOL -R
printf -- '-R\n-A -t 10.0.0.7:80\n' | $TOOL -R
printf -- '-S -n\n-L -t 8.8.8.8:8\n' | $TOOL -R
printf -- '-C\n-A -t 10.0.0.9:80\n' | $TOOL -R
$TOOL -R </dev/null
$TOOL -Sn | $TOOL -R
-A -t 10.0.0.1:0 -p -M 255.0.0.0 -s mh -b mh-port
-a -t 10.0.0.1:0 -r 1.1.1.1 -i --tun-type gue --tun-port 9
$TOOL -Sn >$DIR/saved && $TOOL -C && $TOOL -R <$DIR/saved && $TOOL -Sn

# the names of the scripts
-A -t 10.0.0.1:0 -p -M 255.0.0.0 -s mh -b mh-port
-a -t 10.0.0.1:0 -r 1.1.1.1 -i --tun-type gue --tun-port 9
-A -t localhost:81
$TOOL-save
$TOOL-save -n
$TOOL-save extra
$TOOL-save -n extra
~ own text
$TOOL-save -x
$TOOL-save -n >$DIR/saved && $TOOL-restore <$DIR/saved && $TOOL-save -n
printf -- '# hi\n\n-A -t 10.0.0.1:81\n#-A -t 10.0.0.1:82\n' | $TOOL-restore -n
printf -- '# hi\n  # x\n-A -t 10.0.0.1:83\n' | $TOOL-restore
printf -- '-A -t 10.0.0.1:84\n-A -t 10.0.0.1:84\n' | $TOOL-restore extra
printf -- '-A -t 10.0.0.1:84 -w 1\n' | $TOOL-restore
$TOOL-restore </dev/null

# a script that sets a director up
$TOOL -C; $TOOL -A -t 192.168.0.200:http -s rr; for rip in 192.168.0.134 192.168.0.135; do $TOOL -a -t 192.168.0.200:http -r $rip -g -w 1; done
$TOOL
$TOOL -L -n

# names
mount --bind $DIR/hosts /etc/hosts
-A -t vip:http
-a -t vip:http -r rs1:http-alt -m
-a -t vip:http -r 10.0.0.9 -m
-A -t [2001:db8::1]:https
-a -t [2001:db8::1]:443 -r [::1]:443
-A -u vip:53
-A --sctp-service vip:80
-A -f 3
-a -f 3 -r rs1:80
-A -t only6:80
-L
-L --stats
-L -t vip:80
umount /etc/hosts

# differences: thresholds
-A -t 10.0.0.1:80
-a -t 10.0.0.1:80 -r 10.0.0.1 -x 20 -y 10
~ thresholds are saved too, or a restore would lose them
-Sn

# differences: order
-A -t 10.0.0.1:80
-a -t 10.0.0.1:80 -r 10.0.0.1
-a -t 10.0.0.1:80 -r 192.168.0.1
~ addresses are sorted as unsigned numbers, 10.x before 192.x
-Ln

# differences: ports
-A -t 10.0.0.1:80
~ a port that was not given is the service's wherever -r stands
-a -r 1.0.0.1 -m -t 10.0.0.1:80

# differences: marks
-A -f 4294967295
~ marks are unsigned: -f -1 could not be restored
-Sn
~ marks are unsigned
-Ln
~ marks are unsigned, and can be restored
$TOOL -Sn >$DIR/saved; $TOOL -C; $TOOL -R <$DIR/saved

# differences: masks
~ a prefix length counts wherever it stands
-A -M 64 -t [2001:db8::1]:80 -p

# differences: numbers
~ junk behind a number is refused
-A -t [2001:db8::2]:80 -p -M 64x

# differences: brackets
~ brackets around what is not IPv6 are refused as such
-A -t [10.0.0.9]:80
mount --bind $DIR/hosts /etc/hosts
~ brackets may hold a name, as in what -S writes
-A -t [vip6]:8080

# differences: blanks
umount /etc/hosts
~ blanks behind an address are refused
-A -t '10.0.0.1 :80'

# differences: flags
-A -t 10.0.0.1:81 -s sh -b flag-3
~ all flags are shown and saved, flag-3 of sh and mh too
-Sn

# differences: other words
~ own text
-h
~ own text
--version
~ lists come in JSON too
-L --json
~ any mistake in a file ends it
printf -- '-A -t 10.0.0.1:80 -q\n-A -t 10.0.0.2:80\n' | $TOOL -R
~ a table that was not written is no success
$TOOL -Sn >/dev/full
END
}

# --- one tool plays the list ---

# What /proc does not show; counts as part of the last command.
end_group() { # DIR NUMBER
	[ "$2" -eq 0 ] || "$REFERENCE" -Sn >>"$1/$2.table"
	"$REFERENCE" -C
}

# Some connections, which stay, and their statistics, which the kernel gathers every two seconds.
talk() {
	local to
	for to in 10.0.0.1/5060 10.0.0.1/5061 2001:db8::1/53; do echo x >"/dev/udp/$to"; done
	printf 'OPTIONS sip:a@b SIP/2.0\r\nCall-ID: call-1@host\r\n\r\n' >/dev/udp/10.0.0.1/5062
	sleep 2.5
}

# Connections without the time that is left, and in an order that does not depend on the namespace.
tidy() { sed -E 's/ [0-9]{2}:[0-9]{2} / mm:ss /' | sort; }

is_played() { # GROUP-LINE WANTED
	case $1 in
	'#! '*) [ "$2" = alone ] ;;
	*) [ "$2" = together ] ;;
	esac
}

# Numbers the commands; keeps N.out, N.err, N.status and the kernel's table as N.table.
# The tool is DIR/bin/ipvsadm: its name is part of some messages.
play() { # DIR together|alone
	local TOOL=ipvsadm DIR=$1 number=0 last=0 is_on= line table REFERENCE
	REFERENCE=$(command -v ipvsadm)
	PATH=$DIR/bin:$PATH
	printf '%s\n' '127.0.0.1 localhost' '10.0.0.1 vip.example.org vip' '2001:db8::1 vip6.example.org vip6' \
		'1.0.0.1 rs1' '10.0.0.9 a-long-name.of.a.server.in.a.long.domain.example.org' \
		'2001:db8::5 only6' '::1 localhost' >"$DIR/hosts"
	printf '%s\n' '-A -u 10.0.0.1:5060 -s rr' '-a -u 10.0.0.1:5060 -r 10.0.0.1:53 -m' \
		'-A -u 10.0.0.1:5061 -s rr -p 100' '-a -u 10.0.0.1:5061 -r 10.0.0.1:5070 -m' \
		'-A -u 10.0.0.1:5062 -s rr -p 100 --pe sip' '-a -u 10.0.0.1:5062 -r 10.0.0.1:5070 -m' \
		'-A -u [2001:db8::1]:53 -s rr' '-a -u [2001:db8::1]:53 -r [2001:db8::1]:5060 -m' \
		'-A -t 10.0.0.1:80' '-a -t 10.0.0.1:80 -r 10.0.0.1:8080 -m' >"$DIR/conns"
	while IFS= read -r line; do
		case $line in
		'' | '~ '*) continue ;;
		'# '* | '#! '*)
			end_group "$DIR" $last
			last=0
			is_on=
			! is_played "$line" "$2" || is_on=1
			continue
			;;
		*TOOL* | mount* | umount*) ;;
		*) line="\$TOOL $line" ;;
		esac
		number=$((number + 1))
		[ -n "$is_on" ] || continue
		eval "$line" >"$DIR/$number.out" 2>"$DIR/$number.err" </dev/null
		echo $? >"$DIR/$number.status"
		table=()
		[ "$2" = alone ] || mapfile table </proc/net/ip_vs
		printf '%s' "${table[@]}" >"$DIR/$number.table"
		last=$number
	done < <(commands)
	end_group "$DIR" $last
}

if [ "${1:-}" = --play ]; then
	play "$2" "$3"
	exit
fi

. "${BASH_SOURCE[0]%/*}/lab.sh"
need_ipvs "$@"
need ip ipvsadm
LVSADM=$(realpath "${1:-$LVSADM}")
need_built "$LVSADM"

# --- comparison, without a process for each file: in a guest a fork takes long ---

same() { # FILE
	local theirs ours
	mapfile theirs <"$LAB_DIR/theirs/$1"
	mapfile ours <"$LAB_DIR/ours/$1"
	[ "${theirs[*]}" = "${ours[*]}" ]
}

show() { # TITLE FILE
	sed "s/^/     $1 /" "$2"
}

# VERDICT is what the options of the command are counted under.
compare() { # NUMBER LINE REASON
	local part differing=
	for part in out err status table; do
		same "$1.$part" || differing="$differing $part"
	done
	VERDICT=failed
	if [ -n "$3" ] && [ -n "$differing" ]; then
		ok "$1 $2" "differs: $3"
		VERDICT=meant
	elif [ -n "$3" ]; then
		not_ok "$1 $2" "does not differ, although: $3"
	elif [ -z "$differing" ]; then
		ok "$1 $2"
		VERDICT=equal
	else
		not_ok "$1 $2" "differs in:$differing"
		for part in $differing; do
			show theirs "$LAB_DIR/theirs/$1.$part"
			show ours "$LAB_DIR/ours/$1.$part"
		done
	fi
}

# --- which options that tells about: those of the help of ipvsadm ---

declare -A long_of count
options=(--version)

read_options() {
	local line
	while IFS= read -r line; do
		[[ $line =~ ^\ +(--[a-z0-9-]+)(([ |])+-([A-Za-z0-9])(\|-([a-z]))?)? ]] || continue
		options+=("${BASH_REMATCH[1]}")
		[ -z "${BASH_REMATCH[4]}" ] || long_of[${BASH_REMATCH[4]}]=${BASH_REMATCH[1]}
		[ -z "${BASH_REMATCH[6]}" ] || long_of[${BASH_REMATCH[6]}]=${BASH_REMATCH[1]}
	done < <(ipvsadm -h)
}

note_option() { # OPTION
	local key="$1 $VERDICT"
	count[$key]=$((${count[$key]:-0} + 1))
}

note_letters() { # LETTERS
	local i
	for ((i = 0; i < ${#1}; i++)); do
		[ -n "${long_of[${1:i:1}]:-}" ] || return
		note_option "${long_of[${1:i:1}]}"
		[[ ${1:i:1} != [tufspMrwxyb] ]] || return # the rest is its argument
	done
}

note_options() { # LINE
	local word words
	read -ra words <<<"${1//\\n/ }"
	for word in "${words[@]}"; do
		word=${word//[\"\']/}
		case $word in
		--*) note_option "${word%%=*}" ;;
		-?*) note_letters "${word#-}" ;;
		esac
	done
}

show_options() {
	local option equal meant failed lacking=
	note "$(printf '%-20s %9s %12s %8s' 'option, in lines' 'as theirs' 'otherwise*' verdict)"
	for option in "${options[@]}"; do
		equal=${count["$option equal"]:-0} meant=${count["$option meant"]:-0}
		failed=${count["$option failed"]:-0}
		[ $((equal + failed + meant)) -gt 0 ] || lacking="$lacking $option"
		note "$(printf '%-20s %9d %12d %8s' "$option" "$equal" "$meant" \
			"$([ "$failed" -eq 0 ] && echo pass || echo FAIL)")"
	done
	note "* on purpose; the reasons stand with the lines"
	expect_eq options-covered "" "$lacking"
}

# --- files of one tool for the other ---

exchange() { # WRITER READER
	local bin=$LAB_DIR
	in_ns table "$bin/$1/bin/ipvsadm" -C
	in_ns table "$bin/$1/bin/ipvsadm" -R <"$LAB_DIR/all"
	in_ns table "$bin/$1/bin/ipvsadm" -Sn >"$LAB_DIR/written"
	in_ns table "$bin/$2/bin/ipvsadm" -C
	in_ns table "$bin/$2/bin/ipvsadm" -R <"$LAB_DIR/written"
	in_ns table "$bin/$2/bin/ipvsadm" -Sn >"$LAB_DIR/read"
	if [ -s "$LAB_DIR/written" ] && cmp "$LAB_DIR/written" "$LAB_DIR/read"; then
		ok "exchange-$1-$2" "$(wc -l <"$LAB_DIR/read") lines, byte for byte"
	else
		not_ok "exchange-$1-$2"
	fi
}

say "$LVSADM beside $(command -v ipvsadm)"
make_ns table
mkdir -p "$LAB_DIR/theirs/bin" "$LAB_DIR/ours/bin"
for name in ipvsadm ipvsadm-save ipvsadm-restore; do
	ln -s "$(command -v $name)" "$LAB_DIR/theirs/bin/$name"
	ln -s "$LVSADM" "$LAB_DIR/ours/bin/$name"
done
for tool in theirs ours; do
	make_ns "$tool-alone"
	in_ns table "$0" --play "$LAB_DIR/$tool" together
	in_ns "$tool-alone" "$0" --play "$LAB_DIR/$tool" alone
done

read_options
number=0
reason=
while IFS= read -r line; do
	case $line in
	'') ;;
	'# '* | '#! '*) say "${line#* }" ;;
	'~ '*) reason=${line#??} ;;
	*)
		number=$((number + 1))
		compare $number "$line" "$reason"
		note_options "$line"
		reason=
		;;
	esac
done < <(commands)

say "files of one for the other"
cat >"$LAB_DIR/all" <<'END'
-A -t 10.0.0.1:80 -s rr
-a -t 10.0.0.1:80 -r 1.0.0.1 -w 5
-a -t 10.0.0.1:80 -r 1.0.0.2:8080 -m -w 0
-a -t 10.0.0.1:80 -r 1.0.0.3 -i
-a -t 10.0.0.1:80 -r 1.0.0.4 -i --tun-type gue --tun-port 6080 --tun-remcsum
-a -t 10.0.0.1:80 -r 1.0.0.5 -i --tun-type gre --tun-csum
-a -t 10.0.0.1:80 -r 2001:db8::5 -i
-A -u 10.0.0.1:53 -s wrr -o
-A -u 10.0.0.1:5060 -p 60 --pe sip
-A --sctp-service 10.0.0.1:2905 -s sed
-A -t 10.0.0.2:0 -p 400 -M 255.255.0.0
-A -t [2001:db8::1]:443 -p 300 -M 64 -s sh -b sh-fallback,sh-port
-a -t [2001:db8::1]:443 -r [2001:db8::6]:443 -g -w 2147483647
-A -f 7 -s mh -b mh-port
-a -f 7 -r 1.0.0.1:81
-A -f 8 -6 -s wlc -b flag-1,flag-3
END
exchange theirs ours
exchange ours theirs

say "every option of ipvsadm"
show_options
