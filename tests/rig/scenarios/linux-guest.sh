# An ordinary VM: a text console, then on demand a desktop (sway or KWin on virtio-gpu) and an agent for its clipboard. It runs the
# lines that come on a port of its own: tests/Rig/LinuxGuest.cs sends them.

readonly PORT=/dev/virtio-ports/guestplane

# desktop_start: returns when the desktop, its two programs and the agent are there.
desktop_start() {
	cat >/run/sway.conf <<-'EOF'
		output * bg #2e5266 solid_color
		default_border none
		focus_on_window_activation none
		input type:keyboard repeat_rate 0
		seat * hide_cursor 1000
	EOF
	cat >/run/notebook <<-'EOF'
		#!/bin/sh
		stty -icanon
		exec cat >/run/typed
	EOF
	chmod +x /run/notebook
	HOST_NAME=linux-guest wlroots_start virtio_gpu pixman sway -c /run/sway.conf || return
	SWAYSOCK=$(find "$XDG_RUNTIME_DIR" -name 'sway-ipc.*.sock' | head -n 1)
	export SWAYSOCK
	weston-terminal --shell=/run/notebook >/share/terminal.log 2>&1 </dev/null &
	stdbuf -oL weston-eventdemo --log-motion --log-button --log-axis >/run/events 2>/share/eventdemo.log </dev/null &
	wait_until 60 has_window eventdemo && wait_until 60 has_window wayland-terminal && agent_start
}

# following_desktop_start: of a compositor that takes the mode that its output prefers whenever that changes. sway does not.
following_desktop_start() {
	HOST_NAME=linux-guest-kwin kwin_drm_start virtio_gpu || return
	weston-eventdemo >/dev/null 2>/share/eventdemo.log </dev/null &
}

# The programs' app_ids differ in this last word.
has_window() { swaymsg -t get_tree | grep -q "app_id.*$1\""; }

# agent_start: of the daemon and of the session; the second one is a program for X. There is no login manager that could tell of
# sessions (-X).
agent_start() {
	export DISPLAY=:0
	mkdir -p /run/spice-vdagentd
	spice-vdagentd -X -x -d >/share/vdagentd.log 2>&1 </dev/null &
	wait_until 60 test -S /run/spice-vdagentd/spice-vdagent-sock && agent_login
}

# agent_login: the session's, again if it is there, as when a user logs in. The daemon connects to QEMU with it.
agent_login() {
	local before

	before=$(agent_connections)
	! pidof spice-vdagent >/dev/null || kill "$(pidof spice-vdagent)"
	spice-vdagent -x >/share/vdagent.log 2>&1 </dev/null &
	wait_until 60 eval '(($(agent_connections) > before))'
}

agent_connections() { grep -c 'opening vdagent' /share/vdagentd.log; }

# await_power_button: turns the VM off when it is pressed, as a login manager would.
await_power_button() {
	local name

	modprobe button && udevadm settle
	name=$(grep -l 'Power Button' /sys/class/input/event*/device/name) || return
	name=${name%/device/name}
	# An event is read whole or not at all (linux/input.h, struct input_event).
	head -c 24 "/dev/input/${name##*/}" >/dev/null && busybox poweroff -f
}

# serve: answers each line with what it prints, and then a line of its own with its status. The first answer is to nothing: it says
# that somebody is here.
serve() {
	local line=true

	while :; do
		{ eval "$line"; } 8>&- 2>&1
		printf '\n\004%d\n' "$?"
		# While nobody is at the other end, a read finds the end of the file.
		until read -r line <&8; do sleep 0.1; done
	done >&8
}

modprobe -a virtio_input evdev uinput virtio_console
udev_start
udevadm trigger --action=add --subsystem-match=virtio-ports
udevadm settle
echo 'This is the console of a VM.' >/dev/tty0
await_power_button &
exec 8<>"$PORT"
serve
