# shellcheck shell=bash
# For scenarios: runs guestplane in the VM and leaves what it said in the share: NAME.json (the report),
# NAME.err (its messages), NAME.rc (its exit code). A test outside reads them.

SHARE=/share
GUESTPLANE=$SHARE/guestplane
DRIVER=$SHARE/mbochs-driver

# A guest that the rig stops is stopped by SIGTERM within this; a script whose guest plays for longer sets more.
SHOW_TIMEOUT=90

# The command that shows: show or kiosk.
SHOW_COMMAND=show

# Seconds until show_start gives up the first frame; a script that expects none sets fewer.
FIRST_FRAME_TIMEOUT=30

# show NAME ARGUMENT…: one run, to its end.
show() {
	show_start "$@"
	show_end
}

# show_start NAME ARGUMENT…: starts it and returns when its first frame is on screen, or when it has ended.
show_start() {
	local ready

	SHOW_NAME=$1
	shift
	ready=$(mktemp -u) && mkfifo "$ready"
	# Opened for both, so that neither side's open waits for the other; the program's copy alone decides on the end.
	timeout "$SHOW_TIMEOUT" "$GUESTPLANE" "$SHOW_COMMAND" "$@" --report "$SHARE/$SHOW_NAME.json" --ready-fd 9 \
		2>"$SHARE/$SHOW_NAME.err" 9>"$ready" &
	SHOW_PID=$!
	read -r -t "$FIRST_FRAME_TIMEOUT" _ <"$ready" || echo "$SHOW_NAME: no frame on screen" >&2
	rm -f "$ready"
}

# The program itself: timeout(1) is its parent.
show_process() { pgrep -P "$SHOW_PID" guestplane; }

# show_stop: SIGTERM, as a session manager would.
show_stop() {
	kill -TERM "$SHOW_PID" 2>/dev/null
	show_end
}

show_end() {
	local code=0

	wait "$SHOW_PID" || code=$?
	echo "$code" >"$SHARE/$SHOW_NAME.rc"
	echo "$SHOW_NAME: exit $code, $(tail -n 1 "$SHARE/$SHOW_NAME.err")"
}

# fds_of PID: how many descriptors it has open.
fds_of() { find "/proc/$1/fd" -mindepth 1 -maxdepth 1 | wc -l; }

# holds_group PID: whether it has a device open that it opened by group.
holds_group() { find "/proc/$1/fd" -lname 'anon_inode:\[vfio-device\]' | grep -q .; }

# watch_fds PID NAME: leaves in NAME.fds how many it had open, a line per second for five.
watch_fds() {
	for _ in {1..5}; do
		fds_of "$1"
		sleep 1
	done >"$SHARE/$2.fds"
}

# flip_600 NAME: at 60 Hz between two offsets. guestplane is the VMM's child, has its device by fd:N, and ends the flips by
# its own end; it counts as a flip what may be one, also while the guest stands still at the start.
flip_600() {
	"$DRIVER" --uuid "$MBOCHS_UUID" --then-exec 3 mode=1024x768 wait=1500 flip=60,1500 hold -- \
		"$GUESTPLANE" show fd:3 --fullscreen --frames 720 --report "$SHARE/$1.json" \
		>"$SHARE/$1.driver" 2>"$SHARE/$1.err" &
	# From its first frame on; the flips begin when the driver has waited, and then it has both buffers.
	wait_until 20 grep -qs 'goes by' "$SHARE/$1.err"
	sleep 2.5
	drm_state >"$SHARE/$1.drm"
	watch_fds "$(pgrep -x guestplane)" "$1"
	wait $!
	echo $? >"$SHARE/$1.rc"
}

# last_flip NAME [SOURCE]: the last flip stands still, so that what a screenshot shows is known.
last_flip() {
	show_start "$1" "${2:-vfio:$MBOCHS_UUID}" --fullscreen
	"$DRIVER" --pid "$(show_process)" mode=1024x768 flip=60,37 wait=1500 >"$SHARE/$1.driver"
	screenshot "$SHARE/$1.png"
	show_stop
}

# on HOST FUNCTION…: a host, what is to be done on it, and its end.
on() {
	host_start "$1" || return
	shift
	"$@"
	host_stop
}
