#!/bin/bash
# Compositors whose report on zero-copy means nothing, and Mir, which reports nothing: what the kernel has on the display's planes, for
# a bare client of one surface and for guestplane; the cursor's place; the life of a window; the verdicts.
. /rig/guestplane.sh
. /rig/window.sh

# One flip per second into many buffers, so that a slow compositor never reads a buffer that is being drawn into.
# shellcheck disable=SC2034 # read by window.sh
SHOWN=("pattern:memory=udmabuf,no-cursor,rate=1,buffers=8,size=640x480")

# bare HOST: what is on the planes while the bare client is shown.
bare() {
	local client

	/rig/bare-client 1024x768 >"$SHARE/$1-bare.log" 2>&1 &
	client=$!
	wait_until 20 grep -qs frames "$SHARE/$1-bare.log" || cat "$SHARE/$1-bare.log"
	# A compositor may draw its first frames.
	wait_until 10 is_imported "$1-bare"
	kill "$client"
	wait "$client"
}

# is_imported NAME: writes down what is on the planes, and whether that is a client's memory.
is_imported() {
	drm_state >"$SHARE/$1.drm"
	grep -q 'imported=yes' "$SHARE/$1.drm"
}

# with_cursor HOST: guestplane with a cursor plane; one flip per second, as above.
with_cursor() {
	show_start "$1-cursor" "pattern:memory=udmabuf,rate=1,buffers=16" --fullscreen
	sleep 2
	screenshot "$SHARE/$1-cursor.png"
	drm_state >"$SHARE/$1-cursor.drm"
	show_stop
}

# verdicts HOST ARGUMENT…: the base case is the primary plane alone. A compositor without a GPU is busy for seconds with what it draws.
verdicts() { matrix "$1-matrix" --formats XR24 --sizes 1024x768 --cursors none "${@:2}"; }

hyprland_resize() { hyprland_dispatch 'hl.dsp.window.resize({ x = 800, y = 600 })'; }
hyprland_fullscreen() { hyprland_dispatch 'hl.dsp.window.fullscreen()'; }
hyprland_close() { hyprland_dispatch 'hl.dsp.window.close()'; }

hyprland() {
	bare hyprland
	with_cursor hyprland
	verdicts hyprland --windows letterbox --seconds 6
	whole hyprland-life life hyprland_fullscreen
}

# always_zero_copy HOST: one that reports every frame as zero-copy, wl_shm too.
always_zero_copy() {
	bare "$1"
	with_cursor "$1"
	verdicts "$1" --windows fullscreen --seconds 4
	show "$1-shm" pattern:no-cursor --fullscreen --transport shm --require zero-copy=1% --seconds 3
	whole "$1-life" life press_f11
}

wayfire_resize() { /rig/wayfire-view configure-view '{"geometry": {"x": 60, "y": 40, "width": 800, "height": 600}}'; }
wayfire_close() { /rig/wayfire-view close-view; }

# It draws a frame or two a second.
mir() {
	# shellcheck disable=SC2034 # read by window.sh
	local SEEN_BY='wl_callback.*\.done('

	bare mir
	with_cursor mir
	verdicts mir --windows fullscreen --seconds 4
	whole mir-life life press_f11
}

udev_start
load_vkms
input_start
on hyprland-vkms hyprland
on phoc-vkms always_zero_copy phoc
on wayfire-vkms always_zero_copy wayfire
on mir-vkms mir
