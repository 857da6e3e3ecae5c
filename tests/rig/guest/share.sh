# shellcheck shell=bash
# For scenarios, after guestplane.sh: guestplane share as root, and viewers that are another user, who may open no device.

VIEWERS=/run/viewers
SHARE_SOCKET=$VIEWERS/socket
VIEWER_USER=65534

declare -A VIEWER_JOBS

# share_start NAME SOURCE: returns when clients can connect. Its pid is SHARE_PID.
share_start() {
	mkdir -pm 711 "$VIEWERS" && mkdir -pm 700 "$VIEWERS/user" && chown "$VIEWER_USER" "$VIEWERS/user"
	SHARE_NAME=$1
	"$GUESTPLANE" share "$2" --socket "$SHARE_SOCKET" --allow "$VIEWER_USER" 2>"$SHARE/$1.err" &
	SHARE_PID=$!
	wait_until 20 grep -qs 'is shared' "$SHARE/$1.err"
}

share_stop() {
	local code=0

	kill -TERM "$SHARE_PID"
	wait "$SHARE_PID" || code=$?
	echo "$code" >"$SHARE/$SHARE_NAME.rc"
}

# The program as the other user, on root's compositor.
viewer_program() {
	chmod 711 "$XDG_RUNTIME_DIR" && chmod 666 "$XDG_RUNTIME_DIR/$WAYLAND_DISPLAY"
	cat >"$VIEWERS/viewer" <<-SCRIPT
		#!/bin/bash
		export WAYLAND_DISPLAY=$XDG_RUNTIME_DIR/$WAYLAND_DISPLAY XDG_RUNTIME_DIR=$VIEWERS/user
		exec setpriv --reuid $VIEWER_USER --regid $VIEWER_USER --clear-groups $GUESTPLANE "\$@"
	SCRIPT
	chmod 755 "$VIEWERS/viewer"
}

# viewer_start NAME ARGUMENT…: as show_start.
viewer_start() {
	local SHARE=$VIEWERS/user

	viewer_program
	GUESTPLANE=$VIEWERS/viewer show_start "$1" "qemu:socket=$SHARE_SOCKET" "${@:2}"
	VIEWER_JOBS[$1]=$SHOW_PID
}

viewer_process() { pgrep -P "${VIEWER_JOBS[$1]}" guestplane; }

# viewer_end NAME stop|end: as show_stop and show_end.
viewer_end() {
	local SHARE=$VIEWERS/user SHOW_NAME=$1 SHOW_PID=${VIEWER_JOBS[$1]}

	"show_$2"
	cp "$SHARE/$1".* /share
	unset "VIEWER_JOBS[$1]"
}

# run_ns PID: what its threads have run, ns.
run_ns() { cat "/proc/$1"/task/*/schedstat | awk '{ n += $1 } END { printf "%.0f\n", n }'; }

# own_memory PID: its anonymous memory, KiB.
own_memory() { awk '$1 == "Anonymous:" { print $2 }' "/proc/$1/smaps_rollup"; }

# share_figures NAME: what share and its viewers have spent until now.
share_figures() {
	local viewer

	for viewer in "${!VIEWER_JOBS[@]}"; do
		run_ns "$(viewer_process "$viewer")" >"$SHARE/$viewer.$1-ns"
	done
	run_ns "$SHARE_PID" >"$SHARE/$SHARE_NAME.$1-ns"
	own_memory "$SHARE_PID" >"$SHARE/$SHARE_NAME.$1-kib"
	fds_of "$SHARE_PID" >"$SHARE/$SHARE_NAME.$1-fds"
}
