#!/bin/bash
# The demo of ./run rig: patched mbochs on sway, flipped at 60 Hz for ten seconds.
. /rig/guestplane.sh

demo() {
	show_start demo "vfio:$MBOCHS_UUID" --fullscreen
	"$DRIVER" --pid "$(show_process)" mode=1024x768 flip=60,600
	screenshot "$SHARE/demo.png"
	show_stop
	return "$(<"$SHARE/demo.rc")"
}

udev_start
load_vkms
load_mbochs patched
host_start sway-vkms
demo
