# shellcheck shell=bash
# For scenarios: runs guestplane in the VM and leaves its output in the share: NAME.json (the report), NAME.err (its messages),
# NAME.rc (its exit code). A test outside reads them.

SHARE=/share
GUESTPLANE=$SHARE/guestplane
DRIVER=$SHARE/mbochs-driver

# The rig stops guestplane with SIGTERM within this time; a script that runs longer sets more.
SHOW_TIMEOUT=400

# The command: show or kiosk.
SHOW_COMMAND=show

# Seconds until show_start gives up waiting for the first frame; a script that expects none sets fewer.
FIRST_FRAME_TIMEOUT=120

# show NAME ARGUMENT…: runs guestplane to its end.
show() {
	show_start "$@"
	show_end
}

# show_start NAME ARGUMENT…: starts guestplane and returns when its first frame is on screen, or when it has ended.
show_start() {
	local ready

	SHOW_NAME=$1
	shift
	ready=$(mktemp -u) && mkfifo "$ready"
	# Opened for reading and writing, so that neither side's open blocks; the end is when the program closes its own copy.
	timeout "$SHOW_TIMEOUT" "$GUESTPLANE" "$SHOW_COMMAND" "$@" --report "$SHARE/$SHOW_NAME.json" --ready-fd 9 \
		2>"$SHARE/$SHOW_NAME.err" 9>"$ready" &
	SHOW_PID=$!
	read -r -t "$FIRST_FRAME_TIMEOUT" _ <"$ready" || echo "$SHOW_NAME: no frame on screen" >&2
	rm -f "$ready"
}

# The program's own pid: timeout(1) is its parent.
show_process() {
	local pid name

	# The file has a line without an end, which read takes for a failure.
	read -r pid _ <"/proc/$SHOW_PID/task/$SHOW_PID/children"
	[[ -n $pid ]] && read -r name <"/proc/$pid/comm" && [[ $name == guestplane ]] && echo "$pid"
}

# show_stop: sends SIGTERM, as a session manager would.
show_stop() {
	kill -TERM "$SHOW_PID" 2>/dev/null
	show_end
}

show_end() {
	local code=0

	wait "$SHOW_PID" || code=$?
	echo "$code" >"$SHARE/$SHOW_NAME.rc"
	echo "$SECONDS s: $SHOW_NAME: exit $code, $(tail -n 1 "$SHARE/$SHOW_NAME.err")"
}

# fds_of PID: the number of its open descriptors.
fds_of() {
	local fds=("/proc/$1/fd/"*)

	echo "${#fds[@]}"
}

# holds_group PID: true if it has a device open by group.
holds_group() { find "/proc/$1/fd" -lname 'anon_inode:\[vfio-device\]' | grep -q .; }

# watch_fds PID NAME: writes the number of its open descriptors to NAME.fds, once a second for five seconds.
watch_fds() {
	for _ in {1..5}; do
		fds_of "$1"
		sleep 1
	done >"$SHARE/$2.fds"
}

# flip_600 NAME: 600 flips at 60 Hz between two offsets. guestplane is a child of the VMM, gets its device by fd:N, and its end ends
# the flips. It counts everything that may be a flip, also before the guest flips at all.
flip_600() {
	"$DRIVER" --uuid "$MBOCHS_UUID" --then-exec 3 mode=1024x768 wait=1500 flip=60,1500 hold -- \
		"$GUESTPLANE" show fd:3 --fullscreen --frames 720 --report "$SHARE/$1.json" \
		>"$SHARE/$1.driver" 2>"$SHARE/$1.err" &
	# From its first frame on; the flips begin after the driver has waited, when guestplane knows both buffers.
	wait_until 20 grep -qs 'goes by' "$SHARE/$1.err"
	sleep 2.5
	wait_until 10 is_scanned_out 1024x768
	drm_state >"$SHARE/$1.drm"
	watch_fds "$(pgrep -x guestplane)" "$1"
	wait $!
	echo $? >"$SHARE/$1.rc"
}

# last_flip NAME [SOURCE]: the last flip stays on screen, so that a screenshot has a known frame.
last_flip() {
	show_start "$1" "${2:-vfio:$MBOCHS_UUID}" --fullscreen
	"$DRIVER" --pid "$(show_process)" mode=1024x768 flip=60,37 wait=1500 >"$SHARE/$1.driver"
	screenshot "$SHARE/$1.png"
	show_stop
}

# probe NAME ARGUMENT…: guestplane probe, to its end.
probe() {
	local name=$1 code=0

	shift
	timeout 240 "$GUESTPLANE" probe "$@" --json >"$SHARE/$name.json" 2>"$SHARE/$name.err" || code=$?
	echo "$code" >"$SHARE/$name.rc"
	echo "$SECONDS s: $name: exit $code"
}

# matrix NAME ARGUMENT…: guestplane scanout-test, to its end.
matrix() {
	local name=$1 code=0

	shift
	timeout 400 "$GUESTPLANE" scanout-test "$@" --json "$SHARE/$name.json" --junit "$SHARE/$name.xml" --html "$SHARE/$name.html" \
		>"$SHARE/$name.txt" 2>"$SHARE/$name.err" || code=$?
	echo "$code" >"$SHARE/$name.rc"
	echo "$SECONDS s: $name: exit $code"
	cat "$SHARE/$name.txt"
}

# two_heads NAME: each on its output; and where the compositor puts them.
two_heads() {
	local outputs source=pattern:memory=udmabuf,heads=2,no-cursor

	mapfile -t outputs < <(basename -a "/sys/class/drm/$(basename "$(card_of vkms)")"-Virtual-* | cut -d- -f2-)
	show_start "$1-shown" "$source" --layout "0=${outputs[0]},1=${outputs[1]}"
	wait_until 30 both_are_scanned_out "$SHARE/$1.drm"
	show_stop
	probe "$1" "$source" --layout "0=${outputs[0]},1=${outputs[1]}" --seconds 4
	# KWin takes long for this, and is as sway in it.
	[[ $1 = kwin-* ]] || probe "$1-anywhere" "$source" --seconds 4
}

# both_are_scanned_out FILE: leaves the kernel's state in it.
both_are_scanned_out() {
	drm_state >"$1"
	(($(grep -c 'fb=1024x768 imported=yes' "$1") == 2))
}

# on HOST FUNCTION…: starts a compositor, runs the function, stops it. A compositor that then stands still gets another try: under
# emulation KWin is seen to wait for ever for a page flip. What a dead compositor left is what the tests read.
on() {
	local host=$1
	shift

	host_start "$host" || return
	"$@"
	if ! host_answers; then
		complain "host $host stands still; once more"
		host_stop
		host_start "$host" || return
		"$@"
	fi
	host_stop
}
