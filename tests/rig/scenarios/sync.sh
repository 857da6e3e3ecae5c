#!/bin/bash
# Explicit synchronisation on sway: its card has sync objects, and the test pattern imitates a slow GPU (vgem's fences).
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

udev_start
modprobe vgem
load_vkms_syncobj
on sway-vkms explicit
