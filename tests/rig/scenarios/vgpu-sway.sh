#!/bin/bash
# patched mbochs on sway/vkms: flips, mode switches, the plane off and on, a VMM that ends, a vGPU that is removed.
. /rig/guestplane.sh

# How often each buffer is got from the kernel; by number too, for a strace that does not know the names.
# The guest flips from the start until the show ends: frames of a guest that does not flip are counted too.
count_gets() {
	local trace

	trace=$(mktemp)
	"$DRIVER" --uuid "$MBOCHS_UUID" --then-exec 3 mode=1024x768 flip=60,100000 -- \
		strace -f --seccomp-bpf -e trace=ioctl -o "$trace" \
		"$GUESTPLANE" show fd:3 --fullscreen --frames 120 --report "$SHARE/gets.json" 2>"$SHARE/gets.err"
	echo $? >"$SHARE/gets.rc"
	grep -cE 'VFIO_DEVICE_GET_GFX_DMABUF|0x3b, 0x73' "$trace" >"$SHARE/gets.gets"
	grep -cE 'VFIO_DEVICE_QUERY_GFX_PLANE|0x3b, 0x72' "$trace" >"$SHARE/gets.queries"
}

# guestplane opens the vGPU by its UUID; the driver drives its guest through a borrowed descriptor.
# 640x480 is a whole number of pages. mbochs also makes dma-bufs of other sizes, which llvmpipe cannot map: it crashes the
# compositor when it composites one.
switch_modes() {
	local process

	show_start modes "vfio:$MBOCHS_UUID" --fullscreen
	process=$(show_process)
	"$DRIVER" --pid "$process" mode=1024x768 flip=60,60 mode=640x480 flip=60,60 mode=1024x768 flip=60,60
	fds_of "$process" >"$SHARE/modes.fds-before"
	"$DRIVER" --pid "$process" mode=640x480 flip=60,60 off wait=200 on mode=1024x768 flip=60,60
	fds_of "$process" >"$SHARE/modes.fds-after"
	# llvmpipe compiles shaders when it first composites, which has been seen to block the compositor for 1.4 s.
	wait_until 10 is_scanned_out 1024x768
	drm_state >"$SHARE/modes.drm"
	show_stop
}

# The VMM that owns the device ends while guestplane shows it.
vmm_ends() {
	local vmm

	"$DRIVER" --uuid "$MBOCHS_UUID" mode=1024x768 flip=60,30 hold >"$SHARE/vmm.driver" &
	vmm=$!
	wait_until 5 grep -q step=flip "$SHARE/vmm.driver"
	show_start vmm "pid:$vmm" --fullscreen
	kill -KILL "$vmm"
	show_end
	# No descriptor of ours keeps the group busy.
	"$DRIVER" --uuid "$MBOCHS_UUID" mode=1024x768 >"$SHARE/vmm-after.driver" 2>&1
	echo $? >"$SHARE/vmm-after.rc"
}

# A VMM closes the vGPU and goes on, as QEMU does after device_del. The driver, its parent, flips on.
vmm_closes_it() {
	local driver orders

	orders=$(mktemp -u) && mkfifo "$orders"
	# shellcheck disable=SC2016 # expanded by the VMM
	"$DRIVER" --uuid "$MBOCHS_UUID" --then-exec 3 mode=1024x768 flip=60,100000 -- \
		bash -c 'exec 4<>"$1"; echo $$ >"$1.pid"; read -r _ <&4; exec 3>&-; read -r _ <&4' vmm "$orders" >"$SHARE/closes.driver" &
	driver=$!
	wait_until 5 test -s "$orders.pid"
	show_start closes "pid:$(cat "$orders.pid")" --fullscreen
	echo close >"$orders"
	show_end
	echo end >"$orders"
	kill "$driver"
	wait "$driver"
	rm -f "$orders" "$orders.pid"
}

# A new vGPU is removed while its VMM and guestplane have it open: the removal waits for both.
vmm_loses_it() {
	local vmm remover SHOW_TIMEOUT=60

	echo "$MBOCHS_UUID" >/sys/class/mbochs/mbochs/mdev_supported_types/mbochs-medium/create
	wait_until 5 mdev_ready "$MBOCHS_UUID"
	"$DRIVER" --uuid "$MBOCHS_UUID" mode=1024x768 flip=60,30 hold >"$SHARE/loses.driver" &
	vmm=$!
	wait_until 5 grep -q step=flip "$SHARE/loses.driver"
	show_start loses "pid:$vmm" --fullscreen
	bash -c "echo 1 >/sys/bus/mdev/devices/$MBOCHS_UUID/remove" &
	remover=$!
	show_end
	kill -KILL "$vmm"
	wait "$vmm" "$remover"
}

# Reported before guestplane connects to a compositor.
busy() {
	"$DRIVER" --uuid "$MBOCHS_UUID" mode=1024x768 hold >/dev/null &
	wait_until 5 holds_group "$!"
	show busy "vfio:$MBOCHS_UUID"
	kill %%
	wait %%
}

edid() {
	show_start edid "vfio:$MBOCHS_UUID" --fullscreen --edid 1280x720@50,300x200mm --seconds 8
	show_end
	show edid-large "vfio:$MBOCHS_UUID" --edid 3840x2160
}

monitor_is() { "$DRIVER" --pid "$(show_process)" monitor | grep -qx "monitor=$1"; }

# The window is resized, the vGPU's monitor with it, and the guest takes the monitor's mode.
follows() {
	show_start follows "vfio:$MBOCHS_UUID"
	swaymsg '[app_id=guestplane]' floating enable, resize set 800 640 >/dev/null
	wait_until 10 monitor_is 800x640
	"$DRIVER" --pid "$(show_process)" mode=monitor flip=60,30 wait=500 >"$SHARE/follows.driver"
	show_stop
}

# Removing a vGPU waits until it is closed.
removed() {
	show_start removed "vfio:$MBOCHS_UUID" --fullscreen
	"$DRIVER" --pid "$(show_process)" mode=1024x768 flip=60,30
	timeout 10 bash -c "echo 1 >/sys/bus/mdev/devices/$MBOCHS_UUID/remove"
	echo $? >"$SHARE/removed.remove-rc"
	show_end
}

not_permitted() {
	setpriv --reuid 65534 --regid 65534 --clear-groups "$GUESTPLANE" show "vfio:$MBOCHS_UUID" 2>"$SHARE/denied.err"
	echo $? >"$SHARE/denied.rc"
}

mdpy() {
	load_mdpy xga
	show_start mdpy "vfio:$MDPY_UUID" --fullscreen
	screenshot "$SHARE/mdpy.png"
	show_stop
}

# The display's own rate, and nobody waits for an answer. The second flip comes while the first image, which had to be imported, is
# on its way.
pushed() { show pushed pattern:memory=udmabuf,size=1024x768,rate=60,buffers=4,no-cursor,still --fullscreen --frames 600; }

everything() {
	"$GUESTPLANE" list >"$SHARE/list.txt"
	flip_600 flips
	pushed
	count_gets
	switch_modes
	last_flip last
	vmm_ends
	vmm_closes_it
	busy
	not_permitted
	edid
	follows
	removed
	vmm_loses_it
	mdpy
}

udev_start
load_vkms
load_mbochs patched
on sway-vkms everything
