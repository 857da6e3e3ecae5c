#!/bin/bash
# patched mbochs on sway/vkms, opened by its node in /dev/vfio/devices and an iommufd: flips, a second opener, permissions, and
# removal. While guestplane has the node open nobody can open the group, so the driver borrows its descriptor.
. /rig/guestplane.sh

flips() {
	local process guest

	show_start flips "vfio:$MBOCHS_NODE" --fullscreen --frames 720
	process=$(show_process)
	"$DRIVER" --pid "$process" mode=1024x768 wait=1500 flip=60,1500 >"$SHARE/flips.driver" &
	guest=$!
	sleep 4
	wait_until 10 is_scanned_out 1024x768
	drm_state >"$SHARE/flips.drm"
	watch_fds "$process" flips
	show_end
	# The borrowed descriptor keeps the device open.
	kill "$guest"
	wait "$guest"
}

# try NAME SOURCE: a second guestplane while one shows the device.
try() {
	timeout "$SHOW_TIMEOUT" "$GUESTPLANE" show "$2" 2>"$SHARE/$1.err"
	echo $? >"$SHARE/$1.rc"
}

# A second opener by node, by group and by process id, and the list.
others_while_shown() {
	show_start shown "vfio:$MBOCHS_NODE" --fullscreen
	try busy-node "vfio:$MBOCHS_NODE"
	try busy-group "vfio:$MBOCHS_UUID"
	"$GUESTPLANE" list >"$SHARE/list-busy.txt"
	timeout "$SHOW_TIMEOUT" "$GUESTPLANE" show "pid:$(show_process)" --fullscreen --seconds 8 \
		--report "$SHARE/borrowed.json" 2>"$SHARE/borrowed.err"
	echo $? >"$SHARE/borrowed.rc"
	show_stop
}

node_while_group_is_held() {
	"$DRIVER" --uuid "$MBOCHS_UUID" mode=1024x768 hold >/dev/null &
	wait_until 5 holds_group "$!"
	try busy-by-group "vfio:$MBOCHS_NODE"
	kill %%
	wait %%
}

# As a user with the permissions of a udev rule: to neither, to the node, to both. With both only the compositor is missing.
permissions() {
	try_as_nobody denied-node
	chown nobody "$MBOCHS_NODE"
	try_as_nobody denied-iommu
	chown nobody /dev/iommu
	try_as_nobody permitted
	chown root "$MBOCHS_NODE" /dev/iommu
}

try_as_nobody() {
	XDG_RUNTIME_DIR=/nonexistent setpriv --reuid nobody --regid nogroup --clear-groups "$GUESTPLANE" \
		show "vfio:$MBOCHS_NODE" 2>"$SHARE/$1.err"
	echo $? >"$SHARE/$1.rc"
}

# Removing a vGPU waits until it is closed.
removed() {
	show_start removed "vfio:$MBOCHS_NODE" --fullscreen
	"$DRIVER" --pid "$(show_process)" mode=1024x768 flip=60,30
	timeout 10 bash -c "echo 1 >/sys/bus/mdev/devices/$MBOCHS_UUID/remove"
	echo $? >"$SHARE/removed.remove-rc"
	show_end
}

everything() {
	# The mode outlives the driver, so guestplane has an image from the start.
	"$DRIVER" --uuid "$MBOCHS_UUID" mode=1024x768
	"$GUESTPLANE" list >"$SHARE/list.txt"
	flips
	last_flip last "vfio:$MBOCHS_NODE"
	others_while_shown
	node_while_group_is_held
	permissions
	removed
}

udev_start
load_vkms
load_mbochs_cdev
on sway-vkms everything
