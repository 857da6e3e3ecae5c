#!/bin/bash
# One guest pixel on one device pixel of outputs whose scale is no whole number: the host's screenshot has to be the card, byte for byte.
. /rig/guestplane.sh

# still NAME WxH ARGUMENT…: a card of that size, and what the host then shows. Slowly: a host may say of the very first frame that it was not shown.
still() {
	show_start "$1" "pattern:memory=udmabuf,no-cursor,rate=0.5,buffers=8,size=$2" "${@:3}"
	[[ $1 != kwin-*-window ]] || kwin_script 'it.noBorder = true; it.frameGeometry = { x: 80, y: 40, width: it.width, height: it.height }'
	drm_state >"$SHARE/$1.drm"
	screenshot "$SHARE/$1.png"
	show_stop
}

# at NAME: the whole screen; a card in the middle of it, which is a whole number of logical pixels; one that is not; and a window.
at() {
	still "$1-fit" 1680x1050 --fullscreen
	still "$1-1:1" 840x630 --fullscreen --scale 1:1
	still "$1-integer" 840x630 --fullscreen --scale integer
	still "$1-odd" 652x517 --fullscreen --scale 1:1
	still "$1-window" 840x630 --scale 1:1
}

# swaymsg waits for three seconds only; sway does it all the same, and answers when it has.
tell() {
	swaymsg "$1" >/dev/null 2>&1
	wait_until 60 swaymsg -t get_version >/dev/null 2>&1
}

# 1680x1050 is a whole number of logical pixels by each of these scales: else grim itself would scale what it saves.
# A window lies where a device pixel begins.
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
# Its sizes are logical.
kwin() { KWIN_OPTIONS="--scale $1 --width $2 --height $3" on kwin-virtual at "kwin-$1"; }

kwin 1.25 1344 840
kwin 1.5 1120 700
kwin 1.75 960 600
