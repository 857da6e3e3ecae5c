#!/bin/bash
# One guest pixel on one device pixel of outputs with fractional scales: the compositor's screenshot must have the test pattern, byte for byte.
. /rig/guestplane.sh

# still NAME WxH ARGUMENT…: a screenshot of a test pattern of that size. It flips slowly, because a compositor may discard the very first frame.
still() {
	show_start "$1" "pattern:memory=udmabuf,no-cursor,rate=1,buffers=8,size=$2" "${@:3}"
	[[ $1 != kwin-*-window ]] || kwin_script 'it.noBorder = true; it.frameGeometry = { x: 80, y: 40, width: it.width, height: it.height }'
	[[ $1 != sway-hd ]] || wait_until 20 is_scanned_out "$2"
	drm_state >"$SHARE/$1.drm"
	screenshot "$SHARE/$1.png"
	show_stop
}

# at NAME: patterns of the whole screen, of a whole number of logical pixels in its middle, of a size that is not, and in a window.
at() {
	still "$1-fit" 1680x1050 --fullscreen
	still "$1-1:1" 840x630 --fullscreen --scale 1:1
	still "$1-integer" 840x630 --fullscreen --scale integer
	still "$1-odd" 652x517 --fullscreen --scale 1:1
	still "$1-window" 840x630 --scale 1:1
}

# swaymsg only waits three seconds; sway still executes the command, and answers when it is done.
tell() {
	swaymsg "$1" >/dev/null 2>&1
	wait_until 60 swaymsg -t get_version >/dev/null 2>&1
}

# 1680x1050 is a whole number of logical pixels at each of these scales; otherwise grim itself would scale the screenshot.
# A window is placed at the start of a device pixel.
sway() {
	local scale

	tell 'for_window [app_id=guestplane] floating enable'
	tell 'for_window [app_id=guestplane] move absolute position 80 40'
	for scale in 1.25 1.5 1.75; do
		tell "output * mode 1680x1050 scale $scale"
		at "sway-$scale"
	done
	tell "output * mode 1920x1080"
	still sway-hd 1920x1080 --fullscreen
}

udev_start
load_vkms
on sway-vkms sway
# Its sizes are in logical pixels.
kwin() { KWIN_OPTIONS="--scale $1 --width $2 --height $3" on kwin-virtual at "kwin-$1"; }

kwin 1.25 1344 840
kwin 1.5 1120 700
kwin 1.75 960 600
