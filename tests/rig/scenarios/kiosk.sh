#!/bin/bash
# The kiosk drills on sway/vkms: everything that guestplane depends on goes away and comes back. A round ends when the screen shows
# the round's last frame, whose number is in no other round. Each drill writes NAME.rounds, a line per round: milliseconds from the
# peer's return until then, descriptors without dma-bufs, RSS in KiB, dma-bufs; and NAME.cpu, the CPU milliseconds in two idle seconds.
. /rig/guestplane.sh
. /rig/qemu.sh

# shellcheck disable=SC2034 # read by guestplane.sh
SHOW_COMMAND=kiosk SHOW_TIMEOUT=1500

# The frames of round 0: enough for each of its buffers to be shown.
FIRST_FRAME=10

MDEV_TYPE=/sys/class/mbochs/mbochs/mdev_supported_types/mbochs-medium

# A QMP monitor for guestplane; the other one also takes one client at a time, and is used by the rig.
KIOSK_QMP=/run/kiosk.qmp
KIOSK_QEMU=(-qmp "unix:$KIOSK_QMP,server=on,wait=off" "${BLOB_DEVICE[@]}")

milliseconds() { echo $((${EPOCHREALTIME/./} / 1000)); }

# Scanned out from the guest's memory: neither the splash nor the dimmed image is shown any more.
is_not_scanned_out() { ! is_scanned_out; }

# shows NUMBER: a line through the bar code (README.md) has this number. White must be bright: a dimmed bar code does not count.
shows() {
	grim -t ppm -g '16,24 296x1' - | tail -c 888 | od -An -v -tu1 -w24 | awk -v wanted="$1" '
		{ bit[NR] = $10 > 200 }
		END {
			for (i = 3; i <= 34; i++)
				number = number * 2 + bit[i]
			exit !(NR == 37 && bit[1] && !bit[2] && !bit[36] && bit[37] && number == wanted)
		}'
}

# said NAME TIMES SENTENCE: guestplane has printed this sentence that often.
said() { (($(grep -c "$3" "$SHARE/$1.err") >= $2)); }

# count_fds PID: sets OTHERS, the number of its descriptors that are no dma-bufs, and DMABUFS, of its dma-bufs.
count_fds() {
	local file info

	OTHERS=0 DMABUFS=0
	for file in "/proc/$1/fdinfo/"*; do
		info=
		{ read -r -d '' info <"$file"; } 2>/dev/null
		# It has been closed.
		[[ -n $info ]] || continue
		if [[ $info == *exp_name:* ]]; then DMABUFS=$((DMABUFS + 1)); else OTHERS=$((OTHERS + 1)); fi
	done
}

rss_of() { awk '/^VmRSS:/ { print $2 }' "/proc/$1/status"; }

# play ROUND: the vGPU's guest flips to this round's frame, which stays.
play() { "$DRIVER" --pid "$(show_process)" mode=1024x768 flip=30,$((FIRST_FRAME + $1)) >"$SHARE/$SHOW_NAME.driver" 2>&1; }

# shown ROUND SINCE: waits until the round's frame is on screen, and records the round.
shown() {
	local process took fds

	if ! wait_until 20 is_scanned_out || ! wait_until 20 shows $((FIRST_FRAME + $1)); then
		complain "$SHOW_NAME: round $1 is not shown"
		drm_state >&2
		return 1
	fi
	took=$(($(milliseconds) - $2))
	process=$(show_process)
	fds=$(fewest_fds "$process")
	echo "$took ${fds% *} $(rss_of "$process") ${fds#* }" >>"$SHARE/$SHOW_NAME.rounds"
}

# fewest_fds PID: pending imports and messages have additional descriptors for a moment: the fewest of ten counts, or the first that is
# no more than the fewest since the second round.
fewest_fds() {
	local known

	known=$(tail -n +2 "$SHARE/$SHOW_NAME.rounds" 2>/dev/null | cut -d' ' -f2 | sort -n | head -n 1)
	for _ in {1..10}; do
		count_fds "$1"
		echo "$OTHERS $DMABUFS"
		((OTHERS > ${known:-0})) || break
		pause 0.05
	done | sort -n | head -n 1
}

remove_vgpu() { timeout 20 bash -c "echo 1 >/sys/bus/mdev/devices/$MBOCHS_UUID/remove" && wait_until 20 said "$SHOW_NAME" "$1" 'Waiting for it'; }

create_vgpu() { echo "$MBOCHS_UUID" >"$MDEV_TYPE/create" && wait_until 5 mdev_ready "$MBOCHS_UUID"; }

kill_host() {
	kill -KILL "$HOST_PID"
	host_stop
	wait_until 20 said "$SHOW_NAME" "$1" 'went away'
}

# The guest continues in the meantime.
host() {
	kill_host "$1" && play "$1" && host_start sway-vkms && shown "$1" "$(milliseconds)"
}

stalled() {
	kill -STOP "$HOST_PID"
	sleep 3
	play "$1"
	kill -CONT "$HOST_PID"
	shown "$1" "$(milliseconds)"
}

# switch_output enable|disable: swaymsg waits for three seconds, and sway may be busy for longer. What it does is waited for.
switch_output() { swaymsg -q output "$OUTPUT" "$1" || true; }

output() {
	switch_output disable
	wait_until 10 is_not_scanned_out && play "$1" && switch_output enable && shown "$1" "$(milliseconds)"
}

# As output, but it is the kernel that says that the monitor is gone.
plug() {
	unplug_monitor
	wait_until 10 is_not_scanned_out && play "$1" && plug_monitor && shown "$1" "$(milliseconds)"
}

# The kernel asks the process that has it open to release it, and waits.
vgpu() {
	local since

	remove_vgpu "$1" && create_vgpu || return
	since=$(milliseconds)
	play "$1" && shown "$1" "$since"
}

# Nobody sees the window: the guest takes another mode, and the vGPU is removed before the output is back.
unseen() {
	local since

	switch_output disable
	wait_until 10 is_not_scanned_out &&
		"$DRIVER" --pid "$(show_process)" mode=640x480 flip=30,5 mode=1024x768 flip=30,5 >"$SHARE/unseen.driver" 2>&1 &&
		remove_vgpu "$1" && switch_output enable && create_vgpu || return
	since=$(milliseconds)
	play "$1" && shown "$1" "$since"
}

# The compositor crashes while the vGPU is away.
both() {
	local since

	remove_vgpu "$1" && kill_host "$1" && host_start sway-vkms &&
		wait_until 20 said both "$1" 'The Wayland compositor is back' && create_vgpu || return
	since=$(milliseconds)
	play "$1" && shown "$1" "$since"
}

play_qemu() { "$QTEST_DRIVER" "$(qemu_qtest kiosk)" blob mode=1024x768 flip=30,$((FIRST_FRAME + $1)) >"$SHARE/qemu.driver" 2>&1; }

qemu() {
	local since

	kill -KILL "$QEMU_PID"
	qemu_stop
	wait_until 20 said qemu "$1" 'Waiting for it' && qemu_p2p kiosk on "${KIOSK_QEMU[@]}" || return
	since=$(milliseconds)
	play_qemu "$1" && shown "$1" "$since"
}

# rounds ROUND COUNT: runs that many rounds; then measures idle CPU, and checks for zombies.
rounds() {
	local number process before

	for ((number = 1; number <= $2; number++)); do
		"$1" "$number" || return
	done
	screenshot "$SHARE/$SHOW_NAME.png"
	process=$(show_process)
	# A VM that does not run counts the time as that of its process: the lesser of two counts.
	for _ in 1 2; do
		before=$(cpu_ms "$process")
		sleep 2
		echo $(($(cpu_ms "$process") - before))
	done | sort -n | head -n 1 >"$SHARE/$SHOW_NAME.cpu"
	pgrep -c -P "$process" --runstates Z >"$SHARE/$SHOW_NAME.zombies"
}

# drill ROUND COUNT [SOURCE [ARGUMENT…]]
drill() {
	local name=$1 count=$2
	shift 2

	show_start "$name" "${@:-vfio:$MBOCHS_UUID}"
	rounds "$name" "$count"
	show_stop
	# Left over from a round that failed.
	[[ -e /sys/bus/mdev/devices/$MBOCHS_UUID ]] || create_vgpu
}

# swaymsg waits for three seconds, and sway may be busy for longer.
name_output() {
	OUTPUT=$(swaymsg -r -t get_outputs | sed -n 's/^ *"name": "\(.*\)",$/\1/p' | head -n 1)
	[[ -n $OUTPUT ]]
}

drill_output() {
	wait_until 20 name_output
	drill output 5 "vfio:$MBOCHS_UUID" --output "$OUTPUT"
	drill unseen "${UNSEEN:-5}" "vfio:$MBOCHS_UUID" --output "$OUTPUT"
}

drill_plug() {
	# A round that failed has left it unplugged.
	plug_monitor
	wait_until 20 name_output
	drill plug "${PLUGS:-5}" "vfio:$MBOCHS_UUID" --output "$OUTPUT"
}

drill_qemu() {
	qemu_p2p kiosk on "${KIOSK_QEMU[@]}" && play_qemu 0 && drill qemu 10 "qemu:qmp=$KIOSK_QMP" --fixed
	qemu_stop
}

udev_start
load_vkms
load_mbochs patched
# A new vGPU shows no image.
"$DRIVER" --uuid "$MBOCHS_UUID" mode=1024x768
on sway-vkms drill host 10
on sway-vkms drill vgpu 10
on sway-vkms drill both 3
on sway-vkms drill stalled 5
on sway-vkms drill_output
on sway-vkms drill_qemu
load_vkms_with_plug && on sway-vkms drill_plug
