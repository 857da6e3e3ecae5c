#!/bin/bash
# User input on sway/vkms: the pointer as the compositor shows it, and which keys, buttons and motion reach QEMU.
. /rig/guestplane.sh
. /rig/qemu.sh

# wander: moves the pointer all over the screen for five seconds.
wander() {
	local i

	for i in {1..100}; do
		input "move=$((100 + i * 8)),$((80 + i * 6))" wait=50
	done
}

# at_rest NAME: the pointer at 300,200. A separate run, because sway composites during a screenshot, and the other counts zero-copy.
at_rest() {
	input move=300,200 wait=1000
	screenshot "$SHARE/$1.png" -c
}

# cursor_is_at NAME X Y: writes the kernel's planes to NAME.drm; true if one is there, with its hotspot where wander ends.
cursor_is_at() { drm_state >"$SHARE/$1.drm" && grep -q "+$2+$3" "$SHARE/$1.drm"; }

# The cursor plane as the compositor's pointer image.
pointer() {
	show_start pointer pattern:memory=udmabuf --fullscreen --cursor pointer
	wander
	wait_until 10 cursor_is_at pointer 892 672
	show_stop
	show_start pointer-still pattern:memory=udmabuf,rate=10 --fullscreen --cursor pointer
	at_rest pointer-still
	show_stop
}

# The same with the cursor of a QEMU guest.
guest_pointer() {
	local driver

	input_devices guest-pointer absolute
	qemu_on_bus guest-pointer on "${BLOB_DEVICE[@]}" "${INPUT_DEVICES[@]}" || return
	qemu_run guest-pointer
	"$QTEST_DRIVER" "$(qemu_qtest guest-pointer)" blob mode=1024x768 cursor=700,500 wait=6000 flip=60,300 hold \
		>"$SHARE/guest-pointer.driver" 2>&1 &
	driver=$!
	show_start guest-pointer qemu: --fullscreen --fixed
	wait_until 60 grep -q step=wait "$SHARE/guest-pointer.driver"
	wander
	wait_until 10 cursor_is_at guest-pointer 895 674
	show_stop
	wait_until 60 grep -q step=flip "$SHARE/guest-pointer.driver"
	show_start guest-pointer-still qemu: --fullscreen --fixed
	at_rest guest-pointer-still
	show_stop
	kill "$driver"
	wait "$driver"
	qemu_stop
}

# played_on NAME absolute|relative FUNCTION [DEVICE…]: runs user input on a QEMU.
played_on() {
	input_devices "$1" "$2"
	qemu_on_bus "$1" on "${VGA_DEVICE[@]}" "${INPUT_DEVICES[@]}" "${@:4}" || return
	qemu_run "$1"
	"$QTEST_DRIVER" "$(qemu_qtest "$1")" vga mode=1024x768 >"$SHARE/$1.driver" 2>&1
	show_start "$1" qemu: --fullscreen --fixed
	input move=512,384 wait=1000
	TOLD=0
	told "$1" start 0
	"$3" "$1"
	show_stop
	qemu_stop
}

# The vGPU of a QEMU that does not display it: the planes come from the QEMU's process, and keys and pointer go to its D-Bus display.
# The screen is a little faster than the flips.
planes_and_input() {
	swaymsg -q "output * mode --custom 640x480@75Hz"
	testgpu "show primary 640x480 XR24 4"
	input_devices vgpu absolute
	qemu_on_bus vgpu on "${VGA_DEVICE[@]}" "${VFIO_DEVICE[@]/display=on/display=off}" "${INPUT_DEVICES[@]}" || return
	qemu_run vgpu
	show_start vgpu "pid:$QEMU_PID" --input qemu: --fullscreen --trace "$SHARE/vgpu.trace"
	input move=100,100 wait=1000
	TOLD=0
	told vgpu start 0
	input move=300,200 wait=300 tap=BTN_LEFT tap=KEY_A
	told vgpu hands 6
	# Seconds since the boot, as in the trace.
	cat /proc/uptime >"$SHARE/vgpu.times"
	testgpu "flip 60 600" wait
	cat /proc/uptime >>"$SHARE/vgpu.times"
	testgpu_settle
	show_stop
	qemu_stop
}

tapped() {
	input touch=300,200
	told "$1" tap "$([[ $1 = touched-screen ]] && echo 5 || echo 4)"
}

# told NAME WORD COUNT: records the input that QEMU received since the last call, how often sway itself took F9
# (sway-input.conf), and sway's windows. It waits for so many events, and a second more for those that should not come.
told() {
	local all=$SHARE/qemu-$1.input

	wait_until 20 has_told "$all" "$3"
	sleep 1
	tail -n "+$((TOLD + 1))" "$all" >"$SHARE/$1-$2.input"
	TOLD=$((TOLD + $(wc -l <"$SHARE/$1-$2.input")))
	wc -l <"$SHARE/shortcuts" >"$SHARE/$1-$2.shortcuts"
	wait_until 60 tree "$SHARE/$1-$2.tree"
}

has_told() { (($(tail -n "+$((TOLD + 1))" "$1" | grep -c 'input_event_[a-z_]* con [0-9]*, ') >= $2)); }

# has_shortcuts COUNT: sway itself has taken F9 so often.
has_shortcuts() { (($(wc -l <"$SHARE/shortcuts") >= $1)); }

# The title says that input is grabbed, or that it is not.
is_grabbed() { tree "$SHARE/tree" && grep -q 'Ctrl+Alt lets go' "$SHARE/tree"; }
is_free() { tree "$SHARE/tree" && ! grep -q 'Ctrl+Alt lets go' "$SHARE/tree"; }

# swaymsg only waits three seconds.
tree() { swaymsg -t get_tree >"$1" 2>/dev/null; }

grab_chord() { input press=KEY_LEFTCTRL press=KEY_LEFTALT wait=50 release=KEY_LEFTALT release=KEY_LEFTCTRL; }

absolute() {
	local button

	input move=100,50 wait=300 move=1023,767
	told "$1" places 4
	for button in LEFT RIGHT MIDDLE SIDE EXTRA; do
		input "tap=BTN_$button"
	done
	input wheel=1 wait=100 wheel=-2
	told "$1" buttons 16
	input tap=KEY_A press=KEY_LEFTSHIFT tap=KEY_F12 release=KEY_LEFTSHIFT tap=KEY_RIGHTALT tap=KEY_KPENTER tap=KEY_102ND
	told "$1" keys 12
	input press=KEY_B wait=4000 release=KEY_B
	wait_until 20 grep -q 'qcode b, down 0' "$SHARE/qemu-$1.input"
	told "$1" held 0
	# The compositor's own shortcut, then the guest's, then the compositor's again.
	input tap=KEY_F9
	wait_until 20 has_shortcuts 1
	told "$1" shortcut 0
	grab_chord
	wait_until 20 is_grabbed
	told "$1" grabbed 0
	input tap=KEY_F9
	told "$1" grabbed-shortcut 2
	grab_chord
	wait_until 20 is_free
	told "$1" freed 0
	input tap=KEY_F9
	wait_until 20 has_shortcuts 2
	told "$1" freed-shortcut 0
}

relative() {
	input move=600,400 wait=300 move-by=30,20
	told "$1" before 0
	input tap=BTN_LEFT
	wait_until 20 is_grabbed
	told "$1" grabbed 0
	input move-by=40,-25 wait=300 move-by=-7,3
	told "$1" moves 4
	input tap=BTN_LEFT tap=BTN_RIGHT wheel=-1
	told "$1" buttons 6
	grab_chord
	wait_until 20 is_free
	told "$1" freed 0
	input move-by=30,20 tap=BTN_RIGHT
	told "$1" after 0
}

everything() {
	: >"$SHARE/shortcuts"
	pointer
	played_on absolute absolute absolute
	played_on relative relative relative
	guest_pointer
	# QEMU 11 offers touch on the console of a VM without a touch screen, too.
	played_on touched-tablet absolute tapped
	played_on touched-screen relative tapped -device virtio-multitouch-pci
	planes_and_input
}

udev_start
load_vkms
load_testgpu mbochs "$(card_of vkms)"
vfio_device "$TESTGPU_UUID"
input_start 1024x768+touch
on sway-input everything
