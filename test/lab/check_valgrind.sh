#!/bin/bash
# calm
# plain
#
# The checker under valgrind, which sees what sanitizers do not: memory that is read before anything was written to it. The
# corpora of the parsers are replayed under it, then the hostile servers of check_hostile.sh are met by a checker child
# that runs in it. Any invalid access and any definite leak fails.
. "${BASH_SOURCE[0]%/*}/lab.sh"
need valgrind
need_director
SHIM=$BUILD/test/lab/undervalgrind
REPLAYS=(http agent checks)
need_built "$SHIM" "${REPLAYS[@]/#/$BUILD/test/fuzz/replay_}"

LIMIT_S=120
ARGS="--leak-check=full --show-leak-kinds=definite --errors-for-leak-kinds=definite --error-exitcode=99"

# expect_clean NAME LOG: valgrind has run to its end and found nothing
expect_clean() {
	local summary
	summary=$(sed -n 's/^==[0-9]*== ERROR SUMMARY: //p' "$2" 2>/dev/null | tail -1)
	case $summary in
	"0 errors "*) ok "$1" "$(sed -n 's/^==[0-9]*== *total heap usage: //p' "$2" | tail -1)" ;;
	*)
		grep -vE 'unhandled|README_MISSING|You may be able|Nevertheless|it at http' "$2" | head -60
		not_ok "$1" "${summary:-no summary: it did not come to its end}"
		;;
	esac
}

say "Corpora of the parsers"
for name in "${REPLAYS[@]}"; do
	# shellcheck disable=SC2086 # words
	part "$name" env srcdir="$TOP" timeout $LIMIT_S valgrind $ARGS --log-file="$LAB_DIR/replay-$name" "$BUILD/test/fuzz/replay_$name"
done
join_parts
for name in "${REPLAYS[@]}"; do
	expect_clean "corpus-$name" "$LAB_DIR/replay-$name"
done

say "Hostile servers"
cat >"$LAB_DIR/diarch" <<EOF
#!/bin/sh
export VALGRIND_ARGS="$ARGS --log-file=$LAB_DIR/checker.%p" LD_PRELOAD=$SHIM
exec $DIARCH "\$@"
EOF
chmod 755 "$LAB_DIR/diarch"
begun_s=$SECONDS
mkdir "$LAB_DIR/hostile"
DIARCH=$LAB_DIR/diarch LAB_LOG_DIR=$LAB_DIR/hostile LAB_IS_SLOW=1 timeout $LIMIT_S "$TOP/test/lab/check_hostile.sh" >"$LAB_DIR/hostile.out" 2>&1
status=$?
expect_most in-time $LIMIT_S $((SECONDS - begun_s)) s
grep -E '^not ok|passed,' "$LAB_DIR/hostile.out"
expect_eq verdicts 0 $status
expect_eq one-checker 1 "$(find "$LAB_DIR" -maxdepth 1 -name 'checker.*' | wc -l)"
for log in "$LAB_DIR"/checker.*; do expect_clean checker "$log"; done
