#!/bin/bash
# The second suite, as far as Debian 13's llvmpipe does not crash: full-screen scanout on sway and weston, nothing composited.
. /rig/guestplane.sh

udev_start
load_vkms
load_mbochs patched
on sway-vkms flip_600 sway-vkms
on weston-drm flip_600 weston-drm
