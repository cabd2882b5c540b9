#!/bin/bash
#
# One network namespace with an empty IPVS table: the kernel backend loads 2000 destinations in one go, repairs
# drift, survives errors, time-outs and a table that changes while it is read.
#
# calm
. "${BASH_SOURCE[0]%/*}/lab.sh"
need_ipvs "$@"
need ip
need_built "$BUILD/test/lab/ipvs_nl_test"

make_ns table
ip -n "$(ns table)" link add sync0 type dummy # for sync daemons; IPv6 multicast needs a route
ip -n "$(ns table)" link set dev sync0 up
say "the kernel backend against the kernel"
in_ns table "$BUILD/test/lab/ipvs_nl_test" >"$LAB_DIR/table/test.out" 2>&1
status=$?
while read -r line; do
	case $line in
	"ok "*) ok "${line#ok }" ;;
	"not ok "*) not_ok "${line#not ok }" ;;
	*) note "$line" ;;
	esac
done <"$LAB_DIR/table/test.out"
expect_eq exit-status 0 "$status"
