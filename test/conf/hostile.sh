#!/bin/bash
# Files that are no configuration, or mean harm: each must give a clear error in little time and memory.
#
# Limits: TIME seconds each, MEMORY KiB of address space (not with AddressSanitizer, whose shadow is larger).
set -u
DIARCH=$(realpath "${DIARCH:-./diarch}")
TIME=60
MEMORY=600000
dir=$(mktemp -d)
trap 'chmod -R u+rwx "$dir"; rm -rf "$dir"' EXIT
cd "$dir" || exit 1
n=0 failed=0
case $(ldd "$DIARCH") in *asan*) MEMORY=unlimited ;; esac

# Expects an exit status and a text in what is printed.
refuses() { # STATUS TEXT FILE [OPTION...]
	local status=$1 text=$2 file=$3 got
	shift 3
	n=$((n + 1))
	(ulimit -v $MEMORY && timeout $TIME "$DIARCH" -t "$@" -f "$file") >out 2>&1
	got=$?
	if [ $got != "$status" ] || ! grep -aqF -- "$text" out; then
		echo "FAIL $file: status $got, expected $status and \"$text\"; printed:"
		head -c 500 out
		failed=$((failed + 1))
	fi
}

# What is no text file.
truncate -s 1G sparse
refuses 6 "sparse: the configuration is larger than 64 MiB" sparse
yes '# comment' | head -c 70M >large
refuses 6 "large: the configuration is larger than 64 MiB" large
head -c 40M large >half
printf 'include half\ninclude half\n' >halves
refuses 5 "half: the configuration is larger than 64 MiB" halves -i none
mkfifo fifo
refuses 6 "fifo: is not a regular file" fifo
refuses 6 "$dir: is a directory" "$dir"
refuses 6 "/dev/zero: is not a regular file" /dev/zero
refuses 6 "/dev/tty: is not a regular file" /dev/tty
refuses 6 "nowhere: no such file" nowhere
printf 'include fifo\nincluder fifo\nincluder .\nincluder /dev/zero\n' >around
refuses 5 "around:2:10: error: fifo: is not a regular file" around
refuses 5 "around:3:10: error: .: is a directory" around
refuses 5 "around:4:10: error: /dev/zero: is not a regular file" around
echo '# executable' >program
chmod 755 program
refuses 6 "program: is executable" program
if [ "$(id -u)" != 0 ]; then
	echo '# secret' >secret
	chmod 0 secret
	refuses 6 "secret: Permission denied" secret
fi

# Bytes.
printf 'global_defs {\n\n\0\n}\n' >nul
refuses 5 "nul:3: error: the file holds a NUL byte" nul
printf '# caf\xe9\nglobal_defs {\n\trouter_id caf\xe9\n}\n' >latin1
refuses 5 "latin1:3:12: error: \"caf" latin1
refuses 0 "latin1:3:12: warning: \"caf" latin1 --tolerant
printf 'global_defs {\n\trouter_id \xed\xa0\x80\n\trouter_id \xc0\xaf\n}\n' >overlong
refuses 5 "overlong:2:12: error:" overlong
refuses 5 "overlong:3:12: error:" overlong

# Sizes.
long=$(head -c 1M /dev/zero | tr '\0' a)
printf 'global_defs {\n%s 1\nzork\n}\n' "$long" >line
refuses 5 'line:2:1: error: unknown keyword "aaaa' line
refuses 5 'line:3:1: error: unknown keyword "zork"' line
printf 'global_defs {\nrouter_id %s\nzork\n}\n' "$long" >value
refuses 5 'value:3:1: error: unknown keyword "zork"' value
printf 'include %s\n' "$long" >name
refuses 5 "has a name that is too long" name
yes 'a {' | head -100000 >deep
refuses 5 "deep:65:3: error: too many blocks inside each other" deep
yes zork | head -1000000 >errors
refuses 5 "errors:1:1: error: unknown keyword" errors
yes 'a a a a a a a a a a' | head -500000 >words
refuses 5 "too many words" words

# Includes.
echo 'include self' >self
refuses 5 "self:1:9: error: the file includes itself: self -> self" self
echo 'include b' >a
echo 'include c' >b
echo 'include a' >c
refuses 5 "the file includes itself: a -> b -> c -> a" a
ln self twin
echo 'include twin' >self
refuses 5 "includes itself" self
: >tiny
yes 'include tiny' | head -1000000 >million
refuses 5 "million:10000:9: error: tiny: too many files" million
for ((i = 0; i < 40; i++)); do echo "include level$((i + 1))" >"level$i"; done
refuses 5 "too many includes inside each other" level0
mkdir many
(cd many && seq 1 2000 | xargs touch)
yes 'include many/*none' | head -2000 >patterns
refuses 5 "too many files to look at" patterns

# Definitions.
for ((i = 0; i < 30; i++)); do echo "\$A$((i + 1))=\${A$i}\${A$i}"; done >double
printf '$A0=aaaaaaaaaa\nglobal_defs {\nrouter_id ${A30}\n}\n' >>double
refuses 5 "double:33:11: error: definitions make a line too long" double
echo '$A=${A}' >itself
echo 'global_defs { router_id ${A} }' >>itself
refuses 5 "more than 32 deep" itself
echo '~SEQ(i,1,1000000000) zork $i' >sequence
refuses 5 "definitions and generators make too much" sequence

echo "$n files, $failed failures"
exit $((failed > 0))
