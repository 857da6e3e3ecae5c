#!/bin/bash
# The kiosk drills on sway/vkms: whatever guestplane depends on goes away and comes back. A round is over when the screen has
# the frame that the guest came to in it, which no other round has. Each drill leaves NAME.rounds, a line per round: milliseconds
# from the peer's return until then, descriptors, RSS in KiB; and NAME.cpu, the processor's milliseconds in two idle seconds.
. /rig/guestplane.sh
. /rig/qemu.sh

# shellcheck disable=SC2034 # read by guestplane.sh
SHOW_COMMAND=kiosk SHOW_TIMEOUT=600

# Frames that the guest of round 0 shows: enough for each of its buffers to be seen.
FIRST_FRAME=10

MDEV_TYPE=/sys/class/mbochs/mbochs/mdev_supported_types/mbochs-medium

# guestplane's own monitor of QEMU; the other has one client at a time, too, and is the rig's.
KIOSK_QMP=/run/kiosk.qmp
KIOSK_QEMU=(-qmp "unix:$KIOSK_QMP,server=on,wait=off" "${BLOB_DEVICE[@]}")

milliseconds() { echo $((${EPOCHREALTIME/./} / 1000)); }

# Scanned out from the guest's memory: neither splash nor shade is there any more.
is_scanned_out() { drm_state | grep -q imported=yes; }
is_not_scanned_out() { ! is_scanned_out; }

# shows NUMBER: a line through the bar code (README.md) has it. White is bright: a dimmed one is none.
shows() {
	grim -t ppm -g '16,24 296x1' - | tail -c 888 | od -An -v -tu1 -w24 | awk -v wanted="$1" '
		{ bit[NR] = $10 > 200 }
		END {
			for (i = 3; i <= 34; i++)
				number = number * 2 + bit[i]
			exit !(NR == 37 && bit[1] && !bit[2] && !bit[36] && bit[37] && number == wanted)
		}'
}

# said NAME TIMES SENTENCE: it has said so that often.
said() { (($(grep -c "$3" "$SHARE/$1.err") >= $2)); }

rss_of() { awk '/^VmRSS:/ { print $2 }' "/proc/$1/status"; }

# play ROUND: the vGPU's guest goes on to this round's frame, which stays.
play() { "$DRIVER" --pid "$(show_process)" mode=1024x768 flip=30,$((FIRST_FRAME + $1)) >"$SHARE/$SHOW_NAME.driver" 2>&1; }

# shown ROUND SINCE: waits until its frame is there, and writes the round down.
shown() {
	local process took fds

	if ! wait_until 20 is_scanned_out || ! wait_until 20 shows $((FIRST_FRAME + $1)); then
		complain "$SHOW_NAME: round $1 is not shown"
		drm_state >&2
		return 1
	fi
	took=$(($(milliseconds) - $2))
	process=$(show_process)
	# Imports and messages on their way have some for a moment.
	fds=$(for _ in {1..10}; do fds_of "$process"; sleep 0.05; done | sort -n | head -n 1)
	echo "$took $fds $(rss_of "$process")" >>"$SHARE/$SHOW_NAME.rounds"
}

remove_vgpu() { timeout 20 bash -c "echo 1 >/sys/bus/mdev/devices/$MBOCHS_UUID/remove" && wait_until 20 said "$SHOW_NAME" "$1" 'Waiting for it'; }

create_vgpu() { echo "$MBOCHS_UUID" >"$MDEV_TYPE/create" && wait_until 5 mdev_ready "$MBOCHS_UUID"; }

kill_host() {
	kill -KILL "$HOST_PID"
	host_stop
	wait_until 20 said "$SHOW_NAME" "$1" 'went away'
}

# Meanwhile the guest goes on.
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

output() {
	swaymsg -q output "$OUTPUT" disable && wait_until 10 is_not_scanned_out && play "$1" &&
		swaymsg -q output "$OUTPUT" enable && shown "$1" "$(milliseconds)"
}

# The kernel asks whoever has it open to let go, and waits.
vgpu() {
	local since

	remove_vgpu "$1" && create_vgpu || return
	since=$(milliseconds)
	play "$1" && shown "$1" "$since"
}

# The host crashes while the vGPU is away.
both() {
	local since

	remove_vgpu "$1" && kill_host "$1" && host_start sway-vkms &&
		wait_until 20 said both "$1" 'There is a Wayland host again' && create_vgpu || return
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

# rounds ROUND COUNT: it that often; and then what it costs to stand still, and whether it left children behind.
rounds() {
	local number process before

	for ((number = 1; number <= $2; number++)); do
		"$1" "$number" || return
	done
	screenshot "$SHARE/$SHOW_NAME.png"
	process=$(show_process)
	before=$(cpu_ms "$process")
	sleep 2
	echo $(($(cpu_ms "$process") - before)) >"$SHARE/$SHOW_NAME.cpu"
	pgrep -c -P "$process" --runstates Z >"$SHARE/$SHOW_NAME.zombies"
}

# drill ROUND COUNT [SOURCE [ARGUMENT…]]
drill() {
	local name=$1 count=$2
	shift 2

	show_start "$name" "${@:-vfio:$MBOCHS_UUID}"
	rounds "$name" "$count"
	show_stop
	# Of a round that failed.
	[[ -e /sys/bus/mdev/devices/$MBOCHS_UUID ]] || create_vgpu
}

drill_output() {
	OUTPUT=$(swaymsg -r -t get_outputs | sed -n 's/^ *"name": "\(.*\)",$/\1/p' | head -n 1)
	drill output 5 "vfio:$MBOCHS_UUID" --output "$OUTPUT"
}

drill_qemu() {
	qemu_p2p kiosk on "${KIOSK_QEMU[@]}" && play_qemu 0 && drill qemu 20 "qemu:qmp=$KIOSK_QMP" --fixed
	qemu_stop
}

udev_start
load_vkms
load_mbochs patched
# A new vGPU shows nothing.
"$DRIVER" --uuid "$MBOCHS_UUID" mode=1024x768
on sway-vkms drill host 20
on sway-vkms drill vgpu 20
on sway-vkms drill both 3
on sway-vkms drill stalled 5
on sway-vkms drill_output
on sway-vkms drill_qemu
