# shellcheck shell=bash
# guestplane's pattern guest, which draws each image once (`still`), and bench/client, doing the same commits on one host. Sourced by
# bench/run, and in the rig by bench/rig.sh. Wants GUESTPLANE, CLIENT and OUT, a directory for what they said.

# User-mode Linux alone needs a system call to read a clock.
readonly COUNT_CALLS='strace -f -c -U calls,name -e trace=!clock_gettime'
readonly SHORT=100 LONG=400 # flips of the two runs whose difference is what a flip costs, without the start

# play WHO NAME SIZE RATE FLIPS [PATTERN-OPTION]: WHO is client or guestplane; leaves NAME.json. TRACER runs it.
play() {
	local who=$1 name=$2 size=$3 rate=$4 flips=$5 option=${6-}

	case $who in
	client) ${TRACER-} "$CLIENT" "$size" "$rate" "$flips" fullscreen >"$OUT/$name.json" 2>"$OUT/$name.err" ;;
	guestplane)
		${TRACER-} "$GUESTPLANE" show "pattern:size=$size,rate=$rate,buffers=2,no-cursor,still$option" --fullscreen --fixed \
			--frames "$flips" --report "$OUT/$name.json" 2>"$OUT/$name.err"
		;;
	esac
}

# number FILE FIELD: of a report; FIELD.p99 is one of a latency.
number() {
	if [[ $2 = *.* ]]; then
		sed -nE "s/.*\"${2%.*}\":\{[^}]*\"${2#*.}\":([0-9]+).*/\1/p" "$1"
	else
		sed -nE "s/.*\"$2\":([0-9]+).*/\1/p" "$1"
	fi
}

median() { sort -n | awk '{ v[NR] = $1 } END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'; }

# over A B DIGITS
over() { awk -v a="$1" -v b="$2" -v d="$3" 'BEGIN { printf "%.*f", d, b ? a / b : 0 }'; }

# medians NAME ROUNDS FIELD WHO: of the rounds of one of them.
medians() {
	local round

	for ((round = 1; round <= $2; round++)); do
		# shellcheck disable=SC2005 # the newline: guestplane's file has none at its end
		echo "$(number "$OUT/$1-$4-$round.json" "$3")"
	done | median
}

# spread: the median of the numbers that it reads, and the middle three of five. Where those differ by more than a quarter of it, it
# says so: then no budget is judged by it.
spread() {
	sort -n | awk '{ v[NR] = $1 } END {
		low = v[1 + int(NR / 4)]; high = v[NR - int(NR / 4)]; middle = NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2
		printf((high - low > middle / 4 ? "too noisy: " : "") "%.2f (%.2f to %.2f)", middle, low, high)
	}'
}

# ratios NAME ROUNDS FIELD: guestplane's ÷ the client's, of each pair.
ratios() {
	local round

	for ((round = 1; round <= $2; round++)); do
		over "$(number "$OUT/$1-guestplane-$round.json" "$3")" "$(number "$OUT/$1-client-$round.json" "$3")" 3
		echo
	done | spread
}

# pairs NAME SIZE RATE FLIPS ROUNDS: A B A B …
pairs() {
	local round who

	for ((round = 1; round <= $5; round++)); do
		for who in client guestplane; do
			play "$who" "$1-$who-$round" "$2" "$3" "$4"
		done
	done
}

# calls WHO SIZE RATE: system calls of one flip.
calls() {
	local flips total=()

	for flips in "$SHORT" "$LONG"; do
		TRACER="$COUNT_CALLS -o $OUT/calls-$1-$flips" play "$1" "calls-$1-$flips.run" "$2" "$3" "$flips"
		total+=("$(awk '$2 == "total" { print $1 }' "$OUT/calls-$1-$flips")")
	done
	over $((total[1] - total[0])) $((LONG - SHORT)) 2
}

# calls_by_name WHO: "1.00 sendmsg, …", of one flip.
calls_by_name() {
	awk -v n=$((LONG - SHORT)) 'FNR == NR { before[$2] = $1; next } $1 + 0 > 0 && $2 != "total" && ($1 - before[$2]) / n > 0.02 {
		printf "%s%.2f %s", s, ($1 - before[$2]) / n, $2; s = ", " }' "$OUT/calls-$1-$SHORT" "$OUT/calls-$1-$LONG"
}

# instructions WHO: in user space, of one flip at 640x480; nothing without valgrind.
instructions() {
	local flips total=()

	command -v valgrind >/dev/null || return 0
	for flips in "$SHORT" "$LONG"; do
		TRACER="valgrind --tool=callgrind --callgrind-out-file=/dev/null --log-file=$OUT/instructions" \
			play "$1" "instructions-$1-$flips" 640x480 30 "$flips"
		total+=("$(sed -nE 's/.*Collected : ([0-9]+).*/\1/p' "$OUT/instructions")")
	done
	over $((total[1] - total[0])) $((LONG - SHORT)) 0
}

# memory WHO SIZE: "RSS anonymous shared" in KiB, in the middle of a run. Shared is the guest's memory, which the pattern has drawn.
memory() {
	local pid

	play "$1" "memory-$1" "$2" 30 150 &
	pid=$!
	sleep 3
	awk '/^VmRSS/ { rss = $2 } /^RssAnon/ { anonymous = $2 } /^RssShmem/ { shared = $2 } END { print rss, anonymous, shared }' \
		"/proc/$(pgrep -P "$pid")/status"
	wait "$pid"
}

# first WHO NAME: µs from exec to the plane's first commit, by libwayland's own protocol log, which stamps both alike.
first() {
	local began

	began=$(date +%s%N)
	WAYLAND_DEBUG=client play "$1" "$2" 640x480 60 5
	# [µs of the day's clock, modulo 2^32, with a dot before the last three digits]
	sed -nE 's/^\[ *([0-9]+)\.([0-9]+)\] +-> wp_presentation[@#][0-9]+\.feedback.*/\1\2/p' "$OUT/$2.err" | head -n 1 |
		awk -v began=$((began / 1000 % 4294967296)) '{ d = $1 - began; print d < 0 ? d + 4294967296 : d }'
}

# first_pairs ROUNDS: A B A B …
first_pairs() {
	local round who

	for ((round = 1; round <= $1; round++)); do
		for who in client guestplane; do
			first "$who" "first-$who-$round" >>"$OUT/first-$who"
		done
	done
}

# compare RATE ROUNDS SIZE: the table of all that.
compare() {
	local who cpu=() count=() start=() rss=() anonymous=() which=() ran=() row

	pairs pair "$3" "$1" $((60 + 7 * $1)) "$2"
	first_pairs $((2 * $2))
	for who in client guestplane; do
		cpu+=("$(medians pair "$2" cpuNsPerFlip "$who")")
		count+=("$(calls "$who" "$3" "$1")")
		which+=("$(calls_by_name "$who")")
		ran+=("$(instructions "$who")")
		start+=("$(median <"$OUT/first-$who")")
		rss+=("$(memory "$who" "$3")")
	done
	echo "| $3 at $1 Hz | C client | guestplane | ratio |"
	echo "|---|---|---|---|"
	echo "| CPU per flip, µs | $(over "${cpu[0]}" 1000 1) | $(over "${cpu[1]}" 1000 1) | $(ratios pair "$2" cpuNsPerFlip) |"
	[[ -z ${ran[0]} ]] ||
		echo "| instructions in user space per flip | ${ran[0]} | ${ran[1]} | $(over "${ran[1]}" "${ran[0]}" 2) |"
	echo "| system calls per flip | ${count[0]} | ${count[1]} | $(over "${count[1]}" "${count[0]}" 2) |"
	echo "| exec to first commit, ms | $(over "${start[0]}" 1000 1) | $(over "${start[1]}" 1000 1) | $(over "${start[1]}" "${start[0]}" 2) |"
	for row in 0 1; do
		# shellcheck disable=SC2086 # three numbers
		set -- ${rss[row]}
		rss[row]=$(($1 - $3)) anonymous[row]=$2
	done
	echo "| RSS without the guest's images, MiB | $(over "${rss[0]}" 1024 1) | $(over "${rss[1]}" 1024 1) | $(over "${rss[1]}" "${rss[0]}" 1) |"
	echo "| anonymous, MiB | $(over "${anonymous[0]}" 1024 1) | $(over "${anonymous[1]}" 1024 1) | $(over "${anonymous[1]}" "${anonymous[0]}" 1) |"
	echo
	echo "Calls, C client: ${which[0]}; guestplane: ${which[1]}."
}
