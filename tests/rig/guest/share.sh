# shellcheck shell=bash
# For scenarios, after guestplane.sh: guestplane share as root, and viewers that are another user, who may open no device.

VIEWERS=/run/viewers
SHARE_SOCKET=$VIEWERS/socket
VIEWER_USER=65534
TRACING=/sys/kernel/tracing

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
}

# run_ns PID: what its threads have run, ns.
run_ns() { cat "/proc/$1"/task/*/schedstat | awk '{ n += $1 } END { printf "%.0f\n", n }'; }

# own_memory PID: its anonymous memory, KiB.
own_memory() { awk '$1 == "Anonymous:" { print $2 }' "/proc/$1/smaps_rollup"; }

# watch_gets: records each VFIO_DEVICE_GET_GFX_DMABUF from now on. A strace of three viewers would be too slow for them.
watch_gets() {
	mount -t tracefs none "$TRACING" 2>/dev/null
	echo 'cmd == 0x3b73' >"$TRACING/events/syscalls/sys_enter_ioctl/filter"
	echo 1 >"$TRACING/events/syscalls/sys_enter_ioctl/enable"
}

# gets PID|'[0-9]+': how many of that process, or of all.
gets() { grep -cE -- "-$1 +\[[0-9]+\] .*sys_ioctl" "$TRACING/trace"; }

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

# swaymsg waits three seconds for its answer, which is not always enough here.
tell_sway() { wait_until 20 swaymsg -q "$*"; }

# One viewer is full screen on the card, two are windows on a small output that exists only in memory: so that none covers another.
three_viewers() {
	tell_sway "output HEADLESS-1 mode --custom 320x240@60Hz"
	watch_gets
	share_start share "vfio:$MBOCHS_UUID"
	"$DRIVER" --pid "$SHARE_PID" mode=1024x768 >/dev/null
	tell_sway focus output Virtual-1
	viewer_start share-full --fullscreen
	tell_sway focus output HEADLESS-1
	viewer_start share-left
	viewer_start share-right
	# All know both buffers then.
	"$DRIVER" --pid "$SHARE_PID" mode=1024x768 flip=60,120 >/dev/null
	share_figures before
	"$DRIVER" --pid "$SHARE_PID" mode=1024x768 flip=60,600 wait=1500 >"$SHARE/share.driver"
	share_figures after
	wait_until 10 is_scanned_out 1024x768
	drm_state >"$SHARE/share.drm"
	grim -o Virtual-1 "$SHARE/share.png"
	gets "$SHARE_PID" >"$SHARE/share.gets"
	gets '[0-9]+' >"$SHARE/share.all-gets"
	viewer_end share-full stop
	viewer_end share-left stop
	# Who looks when the device is no longer shared is told so.
	share_stop
	viewer_end share-right end
	"$DRIVER" --uuid "$MBOCHS_UUID" mode=1024x768 >"$SHARE/share-after.driver" 2>&1
	echo $? >"$SHARE/share-after.rc"
}
