#!/bin/bash
# testgpu by guestplane share on sway/vkms: what a share adds to a flip's time, and three viewers that may open no device.
. /rig/guestplane.sh
. /rig/share.sh

# swaymsg waits three seconds for its answer, which is not always enough here.
tell_sway() { wait_until 20 swaymsg -q "$*"; }

uptime_s() { cut -d' ' -f1 /proc/uptime; }

# flip NAME [FUNCTION]: 600 flips at 60 Hz, with when they began and ended, between FUNCTION before and FUNCTION after. The flips ahead
# of them are not measured: the compositor compiles its shaders, and all get to know the buffers.
flip() {
	testgpu "flip 60 120" wait
	[[ -z ${2-} ]] || "$2" before
	uptime_s >"$SHARE/$1.times"
	testgpu "flip 60 600" wait
	uptime_s >>"$SHARE/$1.times"
	[[ -z ${2-} ]] || "$2" after
	# The last one is presented.
	sleep 0.5
}

# The same flips, shown directly and by a share.
latency() {
	show_start direct "vfio:$TESTGPU_UUID" --fullscreen --trace "$SHARE/direct.trace"
	flip direct
	show_stop
	share_start one "vfio:$TESTGPU_UUID"
	viewer_start shared --fullscreen --trace "$VIEWERS/user/shared.trace"
	flip shared
	viewer_end shared stop
	share_stop
}

# One viewer is full screen, two are windows side by side on the other output: so that none covers another.
three_viewers() {
	local gets

	# Small, so that composing it by CPU takes less than a refresh.
	tell_sway output Virtual-2 mode --custom 320x240@60Hz
	gets=$(testgpu_state gets)
	share_start share "vfio:$TESTGPU_UUID"
	tell_sway focus output Virtual-1
	viewer_start share-full --fullscreen --trace "$VIEWERS/user/share-full.trace"
	tell_sway focus output Virtual-2
	viewer_start share-left --trace "$VIEWERS/user/share-left.trace"
	viewer_start share-right --trace "$VIEWERS/user/share-right.trace"
	flip share share_figures
	testgpu_state frame >"$SHARE/share.frame"
	wait_until 10 is_scanned_out 1024x768
	drm_state >"$SHARE/share.drm"
	grim -o Virtual-1 "$SHARE/share.png"
	viewer_end share-full stop
	viewer_end share-left stop
	# Who looks when the device is no longer shared is told so.
	share_stop
	viewer_end share-right end
	echo $(($(testgpu_state gets) - gets)) >"$SHARE/share.gets"
	show share-after "vfio:$TESTGPU_UUID" --fullscreen --seconds 1
}

on_sway() {
	testgpu "show primary 1024x768 XR24 2"
	latency
	three_viewers
}

udev_start
make_vkms 2 primary cursor
load_testgpu mbochs
on sway-vkms on_sway
