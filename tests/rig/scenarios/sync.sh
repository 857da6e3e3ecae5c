#!/bin/bash
# Explicit synchronisation on sway: its card has sync objects, and the pattern guest a GPU that is late (vgem's fences).
. /rig/guestplane.sh

traced() { show "$1" "pattern:memory=udmabuf,no-cursor,$2" --fullscreen --trace "$SHARE/$1.trace" "${@:3}"; }

explicit() {
	traced explicit rate=60 --seconds 5
	traced in-place in-place,rate=20 --seconds 5
	# Ten a second: a frame that is late by less than that is in nobody's way but its own.
	traced late rate=10,buffers=8,fence=70/5 --frames 60
	# vgem gives up after ten seconds, as drivers reset a GPU that hangs.
	traced hung rate=10,buffers=8,fence=60000/40 --seconds 20
	traced implicit rate=10,buffers=8,fence=70/5 --frames 60 --sync implicit
}

udev_start
modprobe vgem
load_vkms_syncobj
on sway-vkms explicit
