#!/bin/bash
# testgpu, which has GVT-g's rules, on sway and on weston: flips, planes, modes, errors, formats, memory, monitors and removals.
. /rig/guestplane.sh
. /rig/share.sh

SHOW_TIMEOUT=240

# see NAME [SIZE]: the kernel's planes, once an image of that size is scanned out; a screenshot, which may be composited; and the
# driver's counters.
see() {
	testgpu_settle
	[[ -z ${2:-} ]] || wait_until 20 is_scanned_out "$2"
	drm_state >"$SHARE/$1.drm"
	screenshot "$SHARE/$1.png"
	testgpu_state >"$SHARE/$1.state"
}

begin() { show_start "$1" "vfio:$TESTGPU_UUID" --fullscreen "${@:2}"; }

# monitor_is WIDTHxHEIGHT NAME: within two seconds; NAME.monitor has what it is.
monitor_is() {
	local file=/sys/bus/mdev/devices/$TESTGPU_UUID/testgpu/monitor

	wait_until 2 grep -qx "$1" "$file"
	cat "$file" >"$SHARE/$2.monitor"
}

# Without other planes on, sway scans the primary plane out. The monitor has the window's size.
flips() {
	testgpu "show primary 1024x768 XR24 3"
	begin flips
	monitor_is 1024x768 flips
	testgpu "flip 1000 10000" wait
	see flips 1024x768
	show_stop
}

# The same ids for other sizes, EFAULT before each mode; a guest that cannot be told for long; an id that is gone.
modes() {
	local process

	begin modes --edid 1280x720
	process=$(show_process)
	monitor_is 1280x720 modes
	testgpu "storm 24 40" wait
	fds_of "$process" >"$SHARE/modes.fds-before"
	testgpu "storm 24 40" wait
	testgpu_settle
	fds_of "$process" >"$SHARE/modes.fds-after"
	testgpu_state >"$SHARE/modes-storm.state"
	testgpu "show primary 1024x768 XR24 3" "fail get 22 1" "flip 60 30" wait
	see modes-stale
	testgpu "fail query 14 1000" "flip 60 30" wait
	wait_until 30 grep -qs warning "$SHARE/modes.err"
	testgpu "fail query 14 0" wait
	see modes
	show_stop
}

# The last three cannot be shown, at all or by this interface.
formats() {
	local format

	testgpu "show primary 1024x768 AR24 2"
	begin formats
	for format in AR24 XR30 RG16 YUYV; do
		testgpu "show primary 1024x768 $format 2" "flip 60 20" wait
		see "format-$format"
	done
	for format in C8 NV12 P010; do
		testgpu "show primary 1024x768 $format 1"
		wait_until 20 grep -qs "cannot be shown.*$format" "$SHARE/formats.err"
		testgpu "show primary 1024x768 XR24 2"
		testgpu_settle
	done
	show_stop
}

# Nobody can map this, and a card that composites by CPU cannot scan it out.
memory() {
	local FIRST_FRAME_TIMEOUT=1

	testgpu "memory device" "show primary 1024x768 XR24 2" "flip 60 100000"
	begin memory
	wait_until 60 grep -qs "cannot be shown" "$SHARE/memory.err"
	show_stop
	# The flip that was under way comes after the stop, but before the next job's.
	testgpu stop "flip 60 1" wait "memory cpu"
}

# As its bytes lie in memory; and to the program, whose compositor reads no tiles. Then without.
tiles() {
	local tiling FIRST_FRAME_TIMEOUT=1

	for tiling in x y; do
		testgpu "tiling $tiling" "show primary 336x240 XR24 1"
		/rig/plane-bytes "$TESTGPU_UUID" >"$SHARE/tiles-$tiling.bytes"
	done
	begin tiles
	wait_until 60 grep -qs "cannot be shown" "$SHARE/tiles.err"
	testgpu "tiling none" "show primary 1024x768 XR24 2" "flip 60 20" wait
	see tiles
	show_stop
}

# A console in a region, which is drawn in place.
region() {
	load_testgpu region >/dev/null
	testgpu "show primary 1024x768 XR24 1"
	begin region
	testgpu "flip 30 30" wait "redraw primary"
	see region
	testgpu "show primary 1024x768 RG16 1" "redraw primary"
	see region-format
	testgpu "off primary"
	see region-off
	testgpu "on primary"
	show_stop
}

# removal NAME RULES COMMAND…: a new vGPU, which is removed after the commands.
removal() {
	local name=$1

	load_testgpu "$2" >/dev/null
	testgpu "show primary 1024x768 XR24 3"
	begin "$name"
	testgpu "${@:3}"
	settle_call "$name"
	timeout 20 bash -c "echo 1 >/sys/bus/mdev/devices/$TESTGPU_UUID/remove"
	echo $? >"$SHARE/$name.remove-rc"
	show_end
}

# In the middle of each ioctl, and while it is shown; in-tree drivers tell nothing, so sysfs does.
removals() {
	removal removed-shown gvt "flip 60 1000000"
	removal removed-query gvt "removal told" "stall query 20000 1"
	removal removed-get gvt "removal told" "stall get 20000 1" "show primary 800x600 XR24 3"
}

# A call that is to be late has begun.
settle_call() { [[ $1 = removed-shown ]] || wait_until 10 has_stalled; }

has_stalled() { (($(testgpu_state stalled) > 0)); }

mbochs() {
	load_testgpu mbochs >/dev/null
	testgpu "show primary 1024x768 XR24 3" "show cursor 64x64 AR24 1" "at cursor 500 -20" "show overlay 384x128 XR24 2" \
		"at overlay 320 512"
	begin mbochs
	testgpu "flip 60 20" wait "show primary 640x480 XR24 2" "flip 60 20" wait "show primary 1024x768 XR24 3" "flip 60 20" wait
	see mbochs
	show_stop
}

# planes_begin NAME [COMMAND]: overlay and cursor above the primary plane; begin, or another command, shows them.
planes_begin() {
	testgpu "show primary 1024x768 XR24 2" "show overlay 384x128 XR24 2" "at overlay 320 512" \
		"show cursor 64x64 AR24 1" "at cursor 200 300"
	"${2:-begin}" "$1"
	testgpu "flip 30 30 primary overlay" wait
	see "$1-all"
}

# At the edges as GVT-g tells it, and redrawn in place.
sway_planes() {
	planes_begin sway
	testgpu "at cursor 700 -20" "redraw cursor"
	see sway-edge
	show_stop
	testgpu "off cursor" "off overlay"
}

begin_viewer() { viewer_start "$1" --fullscreen; }

# The same for a viewer without rights.
shared_planes() {
	share_start shared-server "vfio:$TESTGPU_UUID"
	planes_begin shared begin_viewer
	viewer_end shared stop
	share_stop
	testgpu "off cursor" "off overlay"
}

# One of them at a time, and only then the primary plane is scanned out.
weston_planes() {
	planes_begin weston
	testgpu "off cursor"
	see weston-overlay 1024x768
	testgpu "on cursor" "off overlay" "at cursor -30 300" "redraw cursor"
	see weston-cursor 1024x768
	show_stop
}

on_sway() {
	local first

	flips
	modes
	formats
	memory
	tiles
	sway_planes
	shared_planes
	first=$TESTGPU_UUID
	removals
	mbochs
	region
	TESTGPU_UUID=$first
}

# The vGPUs are the card's, so that GVT-g's memory is for the compositor that draws with it.
udev_start
load_vkms
load_testgpu gvt-overlay "$(card_of vkms)"
on sway-vkms on_sway
on weston-drm weston_planes
