#!/bin/bash
# patched mbochs on the other compositors with a card: weston, kwin (whose scanout only the kernel reports). Then stock
# mbochs, which no compositor can show.
. /rig/guestplane.sh

# The mode outlives the driver, so guestplane has an image from the start.
mode() { "$DRIVER" --uuid "$MBOCHS_UUID" mode=1024x768; }

# flips NAME [SIZE]: 300 at 60 Hz, with the kernel's state in the middle of them, or once an image of that size is scanned out.
flips() {
	show_start "$1" "vfio:$MBOCHS_UUID" --fullscreen
	"$DRIVER" --pid "$(show_process)" mode=1024x768 flip=60,300 >"$SHARE/$1.driver" &
	sleep 3
	[[ -z ${2:-} ]] || wait_until 10 is_scanned_out "$2"
	drm_state >"$SHARE/$1.drm"
	wait $!
	show_stop
}

# unseen NAME: flips until guestplane says that nothing is seen of it, however slow the compositor is.
unseen() {
	show_start "$1" "vfio:$MBOCHS_UUID" --fullscreen
	"$DRIVER" --pid "$(show_process)" mode=1024x768 flip=60,100000 >"$SHARE/$1.driver" &
	wait_until 30 grep -q 'cannot be shown' "$SHARE/$1.err"
	drm_state >"$SHARE/$1.drm"
	kill $!
	wait $!
	show_stop
}

udev_start
load_vkms
load_mbochs patched
mode
on weston-drm flips weston-drm 1024x768
on kwin-drm flips kwin-drm 1024x768
on sway-pixman flips sway-pixman

unload_mdevs
load_mbochs stock
mode
# shellcheck disable=SC2034 # read by show_start
FIRST_FRAME_TIMEOUT=10
on sway-vkms unseen stock-sway
on weston-drm unseen stock-weston
