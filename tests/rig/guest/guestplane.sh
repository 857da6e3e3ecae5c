# shellcheck shell=bash
# For scenarios: runs guestplane in the VM and leaves what it said in the share: NAME.json (the report),
# NAME.err (its messages), NAME.rc (its exit code). A test outside reads them.

SHARE=/share
GUESTPLANE=$SHARE/guestplane
DRIVER=$SHARE/mbochs-driver

# A guest that the rig stops is stopped by SIGTERM within this, and by SIGKILL after it.
readonly SHOW_TIMEOUT=90

# show NAME ARGUMENT…: one run, to its end.
show() {
	show_start "$@"
	show_end
}

# show_start NAME ARGUMENT…: starts it and returns when its first frame is on screen, or when it has ended.
show_start() {
	local ready line

	SHOW_NAME=$1
	shift
	ready=$(mktemp -u) && mkfifo "$ready"
	# Opened for both, so that neither side's open waits for the other; the program's copy alone decides on the end.
	timeout "$SHOW_TIMEOUT" "$GUESTPLANE" show "$@" --report "$SHARE/$SHOW_NAME.json" --ready-fd 9 \
		2>"$SHARE/$SHOW_NAME.err" 9>"$ready" &
	SHOW_PID=$!
	read -r -t 30 line <"$ready" || echo "$SHOW_NAME: no frame on screen" >&2
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

# on HOST FUNCTION…: a host, what is to be done on it, and its end.
on() {
	host_start "$1" || return
	shift
	"$@"
	host_stop
}
