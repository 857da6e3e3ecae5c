#!/bin/bash
# A window's life on each host: mapped, made another size, full screen and back, closed; by a user's hands or by the host's own
# commands, as far as it has any. In NAME.err is the whole conversation with the host (WAYLAND_DEBUG), by which this waits.
. /rig/guestplane.sh

# A flip per second into many buffers: what a slow host still reads is not drawn over.
SHOWN=("pattern:memory=udmabuf,no-cursor,rate=1,buffers=8,size=640x480")
SUITE=$(. /etc/os-release && echo "$VERSION_CODENAME")
# Debian 13's llvmpipe does not survive a dma-buf that is composited on vkms.
[[ $SUITE != trixie ]] || SHOWN+=(--transport shm)

# ---- what can be done to a window ----------------------------------------

# The program's own key; weston, labwc, sway and cage have the user's keyboard.
press_f11() { input tap=KEY_F11; }

# drag MODIFIER: by the lower right part of the window, 60,45 outwards. weston puts a window anywhere: where it is tells the pointer, which is
# over it in the middle of the screen. A busy host hears of the button before the key, if both are new to it.
drag() {
	local x y keys

	input move=512,384
	wait_until 20 pointed || { echo "$SHOW_NAME: no pointer over the window"; return; }
	x=$((512 - POINTED[0] + 560)) y=$((384 - POINTED[1] + 420))
	keys=$(said 'wl_keyboard.*\.key(')
	input "move=$x,$y" "press=$1"
	wait_until 5 more 'wl_keyboard.*\.key(' "$keys"
	input press=BTN_RIGHT wait=300 "move=$((x + 20)),$((y + 15))" wait=300 "move=$((x + 60)),$((y + 45))" wait=300 release=BTN_RIGHT wait=300 \
		"release=$1"
}

# POINTED: where in the window the pointer was last.
pointed() {
	read -r -a POINTED < <(sed -nE 's/.*wl_pointer.*\.(enter|motion)\(.* ([0-9]+)\.[0-9]+, ([0-9]+)\.[0-9]+\)$/\2 \3/p' \
		"$SHARE/$SHOW_NAME.err" 2>/dev/null | tail -n 1)
	((${#POINTED[@]} == 2))
}

sway_resize() { swaymsg '[app_id=guestplane] resize set 800 600' >/dev/null; }
sway_close() { swaymsg '[app_id=guestplane] kill' >/dev/null; }

# The modifier of some versions, and of others.
labwc_resize() {
	drag KEY_LEFTALT
	drag KEY_LEFTMETA
}
labwc_close() { input press=KEY_LEFTALT tap=KEY_F4 release=KEY_LEFTALT; }

weston_resize() { drag KEY_LEFTMETA; }

kwin_resize() { kwin_script 'it.frameGeometry = { x: 60, y: 40, width: 800, height: 640 }'; }
kwin_fullscreen() { kwin_script 'it.fullScreen = !it.fullScreen'; }
kwin_close() { kwin_script 'it.closeWindow()'; }

# By the keyboard that mutter lets a remote desktop have. Alt+F10 is as large as it gets.
mutter_resize() { /rig/mutter-keys LEFTALT+F10; }
mutter_restore() { mutter_resize; }
mutter_fullscreen() { /rig/mutter-keys F11; }
mutter_close() { /rig/mutter-keys LEFTALT+F4; }

# ---- what has become of it -----------------------------------------------

# said PATTERN: how often the host did; or the program to it. By 9p a file that is written to cannot be read at times.
said() {
	local count

	until count=$(grep -c "$1" "$SHARE/$SHOW_NAME.err" 2>/dev/null) || [[ $? = 1 ]]; do :; done
	echo "$count"
}

more() { (($(said "$1") > $2)); }

# Two frames that were committed after this are on the screen.
shown() { wait_until 30 more 'wp_presentation_feedback.*\.presented(' "$(($(said 'wp_presentation_feedback.*\.presented(') + 1))"; }

# after COMMAND…: what the host is told, and what it answers the window; with that on the screen.
after() {
	local before

	before=$(said 'xdg_toplevel.*\.configure(')
	"$@"
	wait_until 20 more 'xdg_toplevel.*\.configure(' "$before" || echo "$SHOW_NAME: no configure after $*"
	shown
}

picture() { screenshot "$SHARE/$SHOW_NAME-$1.png"; }

has() { declare -F "$1" >/dev/null; }

# life NAME FULLSCREEN…: FULLSCREEN… makes it full screen, and a window again.
life() {
	local kind=${1%%-*}

	# Out of the way of the picture.
	input move=2,2
	open "$1"
	shown
	picture window
	if has "${kind}_resize"; then
		after "${kind}_resize"
		picture resized
	fi
	! has "${kind}_restore" || after "${kind}_restore"
	after "${@:2}"
	picture fullscreen
	after "${@:2}"
	picture back
	close
}

# open NAME ARGUMENT…
open() { WAYLAND_DEBUG=1 show_start "$1" "${SHOWN[@]}" "${@:2}"; }

# By the host, where it has a command for it; it asks, and the program ends.
close() {
	local kind=${SHOW_NAME%%-*}

	if ! has "${kind}_close"; then
		show_stop
		return
	fi
	"${kind}_close"
	show_end
}

# A host that nobody can tell anything: a window, and another that begins full screen.
unattended() {
	open "$1"
	shown
	picture window
	show_stop
	open "$1-full" --fullscreen
	shown
	screenshot "$SHARE/$1-fullscreen.png"
	show_stop
}

# whole NAME FUNCTION…: the host's log of that; and of a client that breaks the protocol, so that a test knows how this host speaks
# of one.
whole() {
	local log=$SHARE/host-$HOST_NAME.log

	"$2" "$1" "${@:3}"
	cp "$log" "$SHARE/$1.log"
	/rig/bad-client
	tail -n "+$(($(wc -l <"$SHARE/$1.log") + 1))" "$log" >"$SHARE/$1.bad-log"
}

# sway.conf has neither frames nor windows that lie freely.
sway_life() {
	swaymsg 'for_window [app_id=guestplane] floating enable' >/dev/null
	swaymsg 'for_window [app_id=guestplane] border normal' >/dev/null
	life "$1" press_f11
}

udev_start
load_vkms
input_start
export WESTON_SHELL=desktop
on sway-input whole sway sway_life
on labwc-vkms whole labwc life press_f11
on cage-vkms whole cage life press_f11
on weston-drm whole weston life press_f11
on weston-headless whole weston-headless unattended
# Debian 13's has no card without logind.
[[ $SUITE = trixie ]] || on kwin-drm whole kwin life kwin_fullscreen
on kwin-virtual whole kwin-virtual life kwin_fullscreen
on mutter-headless whole mutter life mutter_fullscreen
