#!/bin/bash
# The second leg, within what Debian 13's llvmpipe survives: full-screen scanout on sway and weston, nothing composited.
. /rig/guestplane.sh

flips() {
	"$DRIVER" --uuid "$MBOCHS_UUID" --then-exec 3 mode=1024x768 wait=2000 flip=60,700 hold -- \
		"$GUESTPLANE" show fd:3 --fullscreen --frames 600 --report "$SHARE/$1.json" 2>"$SHARE/$1.err"
	echo $? >"$SHARE/$1.rc"
}

udev_start
load_vkms
load_mbochs patched
on sway-vkms flips sway-vkms
on weston-drm flips weston-drm
