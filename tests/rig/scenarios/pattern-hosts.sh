#!/bin/bash
# The test pattern over udmabuf on every compositor of the rig: flipping at 60 Hz, and then with its cursor plane.
. /rig/guestplane.sh
. /rig/window.sh

# Without a GPU these are seconds behind on a busy machine, and a screenshot stops weston for as long.
is_slow() { [[ $1 = weston-* || $1 = kwin-* || $1 = mutter-* ]]; }

# plain HOST: runs longer where few frames are presented, because a share of few frames means little. From its first frame on.
plain() {
	local seconds=4

	! is_slow "$1" || seconds=8
	show_start "$1" pattern:memory=udmabuf,no-cursor --fullscreen
	sleep "$seconds"
	show_stop
}

# with_cursor HOST: flips slowly between many buffers. The pattern does not wait for the compositor: at 60 Hz it would draw over the
# buffer that a compositor without a GPU still reads, and the bar code in a screenshot would not match the cursor's position.
with_cursor() {
	show_start "$1-cursor" pattern:memory=udmabuf,rate=1.5,buffers=16 --fullscreen
	sleep 4
	screenshot "$SHARE/$1-cursor.png"
	show_stop
}

# still HOST: a single flip, in a window, whose first frame a compositor may discard.
still() {
	show_start "$1-still" pattern:memory=udmabuf,no-cursor,rate=0.01
	sleep 2
	show_stop
}

# attacked HOST: a VM whose dma-bufs are memory that it takes away while they are on the screen; then a client that a dead compositor
# would not show.
attacked() {
	local socket=$XDG_RUNTIME_DIR/$1.sock fifo=$XDG_RUNTIME_DIR/$1.fifo share viewer

	# A second try has what the first one left.
	rm -f "$socket" "$fifo" && mkfifo "$fifo"
	LD_PRELOAD=$SHARE/shrink.so SHRINK=$fifo "$GUESTPLANE" share pattern:memory=udmabuf,no-cursor,rate=10 --socket "$socket" \
		2>"$SHARE/$1-share.err" &
	share=$!
	wait_until 20 test -S "$socket"
	show_start "$1-attacked" "qemu:socket=$socket" --fullscreen
	viewer=$SHOW_PID
	echo >"$fifo"
	show "$1-after" pattern:memory=udmabuf,no-cursor --fullscreen --frames 20
	SHOW_NAME=$1-attacked SHOW_PID=$viewer
	show_stop
	# It may have read the memory itself, to send it as bytes.
	kill "$share" 2>/dev/null
	wait "$share"
}

# colours HOST FORMAT MODEL [SITING]: a YUV image, as the display converts it, which only weston lets one see, and as the compositor draws it.
# The screenshot is the last, because compositors draw for it what they would else scan out.
colours() {
	local name=$1-$2-$3

	WAYLAND_DEBUG=1 show_start "$name" "pattern:memory=udmabuf,no-cursor,rate=2,buffers=8,format=$2,color=$3" --fullscreen \
		--color "$3${4:+-$4}"
	shown
	# vkms cannot scan YUYV out.
	[[ $HOST_NAME != *-drm && $HOST_NAME != *-vkms || $2 = YUYV ]] || wait_until 30 is_scanned_out 1024x768 || echo "$name: not scanned out"
	cat /sys/kernel/debug/dri/[0-9]/state >"$SHARE/$name.state"
	[[ $HOST_NAME != weston-* ]] || weston_screenshot "$SHARE/$name-written.png" --source-type=writeback
	screenshot "$SHARE/$name.png"
	show_stop
}

weston_colours() {
	local model

	for model in bt601 bt709 bt601-full bt709-full; do
		colours weston NV12 "$model"
	done
	colours weston P010 bt2020 topleft
	colours weston YUYV bt709
}

# sway cannot be told: what probe says is compared with the kernel.
sway_colours() {
	probe sway-NV12 pattern:memory=udmabuf,no-cursor,format=NV12 --seconds 3
	colours sway NV12 bt601
}

# weston-managed is the same without being told.
weston_hdr() {
	probe weston-managed pattern:memory=udmabuf,no-cursor,rate=10 --seconds 3
	probe weston-hdr pattern:memory=udmabuf,no-cursor,rate=10 --hdr pq --seconds 3
}

all() {
	plain "$1"
	still "$1"
	with_cursor "$1"
}

udev_start
load_vkms
for host in sway-vkms cage-vkms labwc-vkms sway-pixman kwin-drm kwin-virtual; do
	on "$host" all "$host"
done
# The kiosk shell of weston 16 shows one client in its lifetime; mutter is busy for seconds with a closed window.
for host in weston-drm weston-headless mutter-headless; do
	on "$host" plain "$host"
	on "$host" with_cursor "$host"
done
WESTON_SHELL=desktop on weston-drm weston_colours
sed 's/^.core.$/&\ncolor-management=true/' /rig/weston.ini >/run/weston-hdr.ini
WESTON_INI=/run/weston-hdr.ini WESTON_SHELL=desktop on weston-drm weston_hdr
on sway-vkms sway_colours
on mutter-headless colours mutter NV12 bt601-full center
on weston-drm show weston-drm-overlay pattern:memory=udmabuf --fullscreen --seconds 12
# weston 16's kiosk shell crashes by itself when one of two clients ends.
for host in labwc-vkms kwin-virtual weston-headless; do
	WESTON_SHELL=desktop on "$host" attacked "$host"
done
