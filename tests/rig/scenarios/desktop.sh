#!/bin/bash
# The life of a window on each compositor: mapped, resized, full screen and back, closed, by user input or by the compositor's
# own commands, as far as it has any.
. /rig/guestplane.sh
. /rig/window.sh

# A life takes less than two minutes on a busy machine; what is longer is a compositor that stands still.
SHOW_TIMEOUT=240

# Few flips, into many buffers: each is drawn into again after eight seconds, so that a slow compositor never reads a buffer that is
# being drawn into.
SHOWN=("pattern:memory=udmabuf,no-cursor,rate=2,buffers=16,size=640x480")
SUITE=$(. /etc/os-release && echo "$VERSION_CODENAME")
# Debian 13's llvmpipe crashes when it composites a dma-buf on vkms.
[[ $SUITE != trixie ]] || SHOWN+=(--transport shm)

# ---- actions on a window -------------------------------------------------

# The messages by which a compositor says where the pointer is.
MOVED_BY='wl_pointer.*\.\(enter\|motion\)('

# drag MODIFIER: drags the lower right part of the window outwards by 60,45. weston places windows anywhere; the pointer, which is over
# the window in the middle of the screen, tells where it is. A busy compositor may get the button before the key if both are new.
drag() {
	local x y keys moves

	moves=$(said "$MOVED_BY")
	input move=512,384
	wait_until 20 more "$MOVED_BY" "$moves"
	wait_until 20 pointed || { echo "$SHOW_NAME: no pointer over the window"; return; }
	x=$((512 - POINTED[0] + 560)) y=$((384 - POINTED[1] + 420))
	keys=$(said 'wl_keyboard.*\.key(')
	input "move=$x,$y" "press=$1"
	wait_until 5 more 'wl_keyboard.*\.key(' "$keys"
	input press=BTN_RIGHT wait=300 "move=$((x + 20)),$((y + 15))" wait=300 "move=$((x + 60)),$((y + 45))" wait=300 release=BTN_RIGHT wait=300 \
		"release=$1"
}

# POINTED: the pointer's last position in the window.
pointed() {
	read -r -a POINTED < <(sed -nE 's/.*wl_pointer.*\.(enter|motion)\(.* ([0-9]+)\.[0-9]+, ([0-9]+)\.[0-9]+\)$/\2 \3/p' \
		"$SHARE/$SHOW_NAME.err" 2>/dev/null | tail -n 1)
	((${#POINTED[@]} == 2))
}

sway_resize() { swaymsg '[app_id=guestplane] resize set 800 600' >/dev/null; }
sway_close() { swaymsg '[app_id=guestplane] kill' >/dev/null; }

# The modifier key of some versions, and of others.
labwc_resize() {
	drag KEY_LEFTALT
	drag KEY_LEFTMETA
}
labwc_close() { input press=KEY_LEFTALT tap=KEY_F4 release=KEY_LEFTALT; }

weston_resize() { drag KEY_LEFTMETA; }

kwin_resize() { kwin_script 'it.frameGeometry = { x: 60, y: 40, width: 800, height: 640 }'; }
kwin_fullscreen() { kwin_script 'it.fullScreen = !it.fullScreen'; }
kwin_close() { kwin_script 'it.closeWindow()'; }

# mutter_key KEY: by the keyboard of mutter's remote desktop interface, which comes with the first key and goes with the window.
mutter_key() {
	[[ -n ${MUTTER_KEYS:-} ]] || exec {MUTTER_KEYS}> >(exec /rig/mutter-keys)
	echo "$1" >&"$MUTTER_KEYS"
}

# Alt+F10 maximises.
mutter_resize() { mutter_key LEFTALT+F10; }
mutter_restore() { mutter_resize; }
mutter_fullscreen() { mutter_key F11; }
mutter_close() { mutter_key LEFTALT+F4; }

mutter_life() {
	life "$@"
	[[ -z ${MUTTER_KEYS:-} ]] || exec {MUTTER_KEYS}>&-
	unset MUTTER_KEYS
}

# For a compositor without commands: a window, and another that starts full screen.
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

# sway.conf has neither decorations nor floating windows.
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
# Debian 13's needs logind to have a card.
[[ $SUITE = trixie ]] || on kwin-drm whole kwin life kwin_fullscreen
on kwin-virtual whole kwin-virtual life kwin_fullscreen
on mutter-headless whole mutter mutter_life mutter_fullscreen
