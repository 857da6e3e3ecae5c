#!/bin/bash
# Explicit synchronisation on sway: its card has sync objects; the test pattern imitates a slow GPU (vgem's fences), and testgpu is one.
. /rig/guestplane.sh

traced() { show "$1" "pattern:memory=udmabuf,no-cursor,$2" --fullscreen --trace "$SHARE/$1.trace" "${@:3}"; }

explicit() {
	traced explicit rate=60 --seconds 5
	traced in-place in-place,rate=20 --seconds 5
	# Ten a second: a frame that is late by less than 100 ms delays no other frame.
	traced late rate=10,buffers=8,fence=70/5 --frames 60
	# vgem signals after ten seconds by itself, as drivers reset a hanging GPU.
	traced hung rate=10,buffers=8,fence=60000/40 --seconds 20
	traced implicit rate=10,buffers=8,fence=70/5 --frames 60 --sync implicit
}

# The compositor stands still after the first frame: most of the sixteen buffers are made when the program is warm.
stalled() {
	show_start stalled pattern:memory=udmabuf,no-cursor,rate=30,buffers=16 --fullscreen --seconds 7
	kill -STOP "$HOST_PID"
	sleep 2.5
	kill -CONT "$HOST_PID"
	show_end
}

# The GPU goes away while it synchronises the image; the compositor keeps what it has of it.
unplugged() {
	LD_PRELOAD=$SHARE/unplug.so UNPLUG=60 show unplugged pattern:memory=udmabuf,no-cursor,rate=30 --fullscreen --seconds 6
	LD_PRELOAD=$SHARE/unplug.so UNPLUG=60 show unplugged-again pattern:memory=udmabuf,no-cursor,rate=30 --fullscreen --reconnect --seconds 8
}

# fenced NAME RATE COUNT LATE ARGUMENT…: flips that are shown LATE ms before they are drawn to their end, and what was on screen in each
# frame. With eight buffers a compositor may read one for seven more flips.
fenced() {
	swaymsg -q "output * mode --custom 640x480"
	testgpu "late 0" "show primary 640x480 XR24 8"
	testgpu_state frame >"$SHARE/$1.first"
	show_start "$1" "vfio:$TESTGPU_UUID" --fullscreen "${@:5}"
	checksums_start "$SHARE/$1.crc"
	testgpu "late $4" "flip $2 $3" wait
	testgpu_settle
	checksums_stop
	testgpu_state frame >"$SHARE/$1.last"
	show_stop
}

on_hardware() {
	fenced fenced 30 600 20
	fenced fenced-implicit 20 60 30 --sync implicit
}

# Drawn by CPU, which takes its time.
drawn() {
	fenced fenced-drawn 4 40 150
	fenced fenced-drawn-implicit 4 40 150 --sync implicit
}

udev_start
modprobe vgem
load_vkms_syncobj
load_testgpu gvt "$(card_of vkms)"
on sway-vkms explicit
on sway-vkms stalled
on sway-vkms unplugged
on sway-vkms on_hardware
WLR_SCENE_DISABLE_DIRECT_SCANOUT=1 on sway-vkms drawn
